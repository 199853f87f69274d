package dissect

import (
	"encoding/binary"
	"time"

	"netshare/workspace/trace"
)

// dnsProtocol is Zeek's dns.log: DNS over UDP and TCP, multicast DNS, LLMNR and
// the NetBIOS name service.
func dnsProtocol() protocol {
	return protocol{
		name: "dns",
		columns: connColumns + `proto:enum trans_id:count rtt:interval query:string qclass:count qclass_name:string
			qtype:count qtype_name:string rcode:count rcode_name:string AA:bool TC:bool RD:bool RA:bool Z:count
			answers:vector[string] TTLs:vector[interval] rejected:bool`,
		tcp: []uint16{53},
		udp: []uint16{53, netbiosPort, 5353, 5355},
		analyze: func(c *conn, emit func(trace.Row) error) analyzer {
			return &dnsAnalyzer{c: c, emit: emit}
		},
	}
}

const (
	netbiosPort     = 137
	dnsPendingSame  = 50      // unmatched messages of one transaction (DNS::max_pending_msgs)
	dnsPendingIDs   = 50      // transactions with unmatched messages (DNS::max_pending_query_ids)
	dnsPendingBytes = 1 << 16 // of text in unmatched messages
	dnsMaxQuestions = 25      // a message with more is no DNS (dns_max_queries)
)

// dnsAnalyzer pairs the queries and replies of one connection.
type dnsAnalyzer struct {
	c       *conn
	emit    func(trace.Row) error
	row     [24]any
	message dnsMessage
	started bool

	stream [2][]byte // of TCP: the beginning of a message
	lost   [2]bool   // of TCP: where the next message begins is not known

	// One query that waits for its reply is kept apart, as Zeek does: it decides
	// which of several with the same transaction is answered first.
	first   *dnsEvent
	queries dnsQueue
	replies dnsQueue
}

// dnsEvent is a query, its reply, or both.
type dnsEvent struct {
	ts    time.Time
	id    uint16
	named bool // query is known
	query string

	asked         bool // the question was seen
	class, kind   uint16
	kindName      string
	rd, tc        bool
	z             uint8
	answered      bool // the reply's header was seen
	rcode         uint8
	aa, ra        bool
	rtt           time.Duration
	answers, ttls []any
	rejected      bool

	sawQuery, sawReply bool      // to the end
	bytes              int       // of text
	queue              *dnsQueue // that it waits in
}

// data implements analyzer.
func (a *dnsAnalyzer) data(at time.Time, orig bool, b []byte) error {
	if a.c.proto() != "tcp" {
		return a.read(at, orig, b)
	}
	s := side(orig)
	for len(b) > 0 && !a.lost[s] {
		have := a.stream[s]
		if len(have) == 0 && len(b) >= 2 { // most messages come in one piece
			if n := 2 + int(binary.BigEndian.Uint16(b)); len(b) >= n {
				if err := a.read(at, orig, b[2:n]); err != nil {
					return err
				}
				b = b[n:]
				continue
			}
		}
		want := 2
		if len(have) >= 2 {
			want += int(binary.BigEndian.Uint16(have))
		}
		n := min(want-len(have), len(b))
		have, b = append(have, b[:n]...), b[n:]
		a.stream[s] = have
		if len(have) < 2 || len(have) < 2+int(binary.BigEndian.Uint16(have)) {
			continue
		}
		a.stream[s] = nil
		if err := a.read(at, orig, have[2:]); err != nil {
			return err
		}
	}
	return nil
}

// gap implements analyzer.
func (a *dnsAnalyzer) gap(_ time.Time, orig bool, _ int64) {
	a.lost[side(orig)], a.stream[side(orig)] = true, nil
}

// end implements analyzer: what has no counterpart is logged alone.
func (a *dnsAnalyzer) end(time.Time) error {
	if a.first != nil {
		if err := a.log(a.first); err != nil {
			return err
		}
		a.first = nil
	}
	for _, q := range []*dnsQueue{&a.queries, &a.replies} {
		if err := a.logAll(q.take(nil)); err != nil {
			return err
		}
	}
	return nil
}

// read takes in one message.
func (a *dnsAnalyzer) read(at time.Time, orig bool, raw []byte) error {
	m := &a.message
	if !m.header(raw) {
		return nil
	}
	respH, respP := a.c.resp()
	if !a.started && m.reply && orig && !respH.IsMulticast() {
		a.c.flip() // a reply whose query was not captured
		_, respP = a.c.resp()
	}
	a.started, m.netbios = true, respP == netbiosPort
	if m.opcode != 0 { // neither update nor notification nor NetBIOS registration is logged
		return nil
	}
	e, err := a.event(at, m)
	if err != nil {
		return err
	}
	a.fill(at, m, e)
	if m.reply {
		e.sawReply = true
	} else {
		e.sawQuery = true
	}
	if e.sawQuery && e.sawReply {
		return a.log(e)
	}
	if pending := a.replies.bytes + a.queries.bytes; pending > dnsPendingBytes {
		if err := a.logAll(a.queries.take(nil)); err != nil {
			return err
		}
		return a.logAll(a.replies.take(nil))
	}
	return nil
}

// event returns the event that a message belongs to: that of its counterpart
// with the same transaction, or a new one.
func (a *dnsAnalyzer) event(at time.Time, m *dnsMessage) (*dnsEvent, error) {
	if !m.reply {
		if e := a.replies.pop(m.id); e != nil {
			return e, nil
		}
		e := &dnsEvent{ts: at, id: m.id}
		if a.first == nil {
			a.first = e
			return e, nil
		}
		return e, a.logAll(a.queries.push(e))
	}
	var e *dnsEvent
	var err error
	switch {
	case a.first != nil && a.first.id == m.id:
		e, a.first = a.first, a.queries.pop(m.id)
		if a.first == nil {
			a.first = a.queries.popAny()
		}
	default:
		if e = a.queries.pop(m.id); e == nil {
			e = &dnsEvent{ts: at, id: m.id}
			err = a.logAll(a.replies.push(e))
		}
	}
	e.answered, e.rcode = true, m.rcode
	if m.rcode != 0 && m.questions == 0 {
		e.rejected = true
	}
	return e, err
}

// fill adds a message's questions and answers to its event.
func (a *dnsAnalyzer) fill(at time.Time, m *dnsMessage, e *dnsEvent) {
	if m.questions > dnsMaxQuestions {
		return
	}
	for range m.questions {
		if !m.question() {
			return
		}
		switch {
		case !m.reply:
			e.ask(m)
			a.account(e, len(e.query))
		case m.answers == 0 && m.authorities == 0 && m.additionals == 0:
			e.rejected = true
		}
	}
	for range m.answers {
		value, logged, ok := m.answer()
		if logged && ok && m.reply {
			if !e.named {
				e.named, e.query = true, text(m.name)
			}
			e.aa, e.ra = m.aa, m.ra
			if e.rtt == 0 {
				e.rtt = at.Sub(e.ts)
			}
			if value != "" {
				e.answers = append(e.answers, value)
				e.ttls = append(e.ttls, float64(m.ttl))
				a.account(e, len(value)+64)
			}
		}
		if !ok {
			return
		}
	}
}

// account counts text that an event holds.
func (a *dnsAnalyzer) account(e *dnsEvent, n int) {
	e.bytes += n
	if e.queue != nil {
		e.queue.bytes += n
	}
}

// ask sets what a query's question says; of several the last one stays.
func (e *dnsEvent) ask(m *dnsMessage) {
	e.asked, e.named = true, true
	e.rd, e.tc, e.z = m.rd, m.tc, m.z
	e.class, e.kind, e.kindName = m.class, m.kind, dnsTypeName(m.kind)
	if !m.netbios {
		e.query = text(m.name)
		return
	}
	e.query = netbiosName(m.name)
	if e.kindName == "SRV" { // the same number meant this before there was SRV
		e.kindName = "NBSTAT"
	}
}

func (a *dnsAnalyzer) logAll(events []*dnsEvent) error {
	for _, e := range events {
		if err := a.log(e); err != nil {
			return err
		}
	}
	return nil
}

// log emits an event.
func (a *dnsAnalyzer) log(e *dnsEvent) error {
	row := trace.Row(a.row[:])
	a.c.head(row, e.ts)
	row[6], row[7] = a.c.proto(), int64(e.id)
	row[8] = optional(e.rtt != 0, e.rtt.Seconds())
	row[9] = optional(e.named, e.query)
	row[10], row[11] = optional(e.asked, int64(e.class)), optional(e.asked, dnsClassName(e.class))
	row[12], row[13] = optional(e.asked, int64(e.kind)), optional(e.asked, e.kindName)
	row[14], row[15] = optional(e.answered, int64(e.rcode)), optional(e.answered, dnsErrorName(e.rcode))
	row[16], row[17], row[18], row[19], row[20] = e.aa, e.tc, e.rd, e.ra, int64(e.z)
	row[21], row[22] = optional(e.answers != nil, e.answers), optional(e.ttls != nil, e.ttls)
	row[23] = e.rejected
	return a.emit(row)
}
