package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
)

// DNS types and response codes.
const (
	typeA     = 1
	typePTR   = 12
	typeMX    = 15
	typeTXT   = 16
	typeAAAA  = 28
	typeCNAME = 5

	rcodeOK       = 0
	rcodeNXDomain = 3
)

// lookup is one question to the resolver and its answer.
type lookup struct {
	id       uint16
	name     string
	kind     uint16
	rcode    uint16
	lost     bool // never answered
	answers  []answer
	asked    int64
	answered int64
}

// answer is one resource record.
type answer struct {
	kind uint16
	ttl  uint32
	addr netip.Addr // of A and AAAA
	text string     // of the others
}

func (a answer) String() string {
	switch a.kind {
	case typeA, typeAAAA:
		return a.addr.String()
	case typeTXT:
		return fmt.Sprintf("TXT %d %s", len(a.text), a.text)
	}
	return a.text
}

// dnsName encodes a name in labels.
func dnsName(name string) []byte {
	var b []byte
	for label := range strings.SplitSeq(name, ".") {
		b = append(append(b, byte(len(label))), label...)
	}
	return append(b, 0)
}

// messages returns the question and the answer as they travel (RFC 1035).
func (l *lookup) messages() (query, response []byte) {
	be := binary.BigEndian
	question := be.AppendUint16(dnsName(l.name), l.kind)
	question = be.AppendUint16(question, 1)
	header := func(flags, answers uint16) []byte {
		b := be.AppendUint16(nil, l.id)
		for _, v := range []uint16{flags, 1, answers, 0, 0} {
			b = be.AppendUint16(b, v)
		}
		return append(b, question...)
	}
	query = header(0x0100, 0)
	response = header(0x8180|l.rcode, uint16(len(l.answers)))
	owner := []byte{0xc0, 12} // the question's name
	for _, a := range l.answers {
		var data []byte
		switch a.kind {
		case typeA, typeAAAA:
			data = a.addr.AsSlice()
		case typeMX:
			data = append(be.AppendUint16(nil, 10), dnsName(a.text)...)
		case typeTXT:
			data = append([]byte{byte(len(a.text))}, a.text...)
		default:
			data = dnsName(a.text)
		}
		response = append(response, owner...)
		for _, v := range []uint16{a.kind, 1, uint16(a.ttl >> 16), uint16(a.ttl), uint16(len(data))} {
			response = be.AppendUint16(response, v)
		}
		if a.kind == typeCNAME { // the next record belongs to the alias
			owner = []byte{0xc0 | byte(len(response)>>8), byte(len(response))}
		}
		response = append(response, data...)
	}
	return query, response
}

// ask sends one question from a host to the resolver and notes it.
func (d *day) ask(h *host, at int64, l *lookup) int64 {
	r := d.w.rng
	l.id, l.asked = uint16(r.Uint32()), at
	wait := int64(lognormal(r, 350, 0.4)) // the resolver knew
	if r.Float64() < 0.4 {
		wait += int64(lognormal(r, 21e3, 0.7)) // it had to ask
	}
	if r.Float64() < 0.006 {
		l.lost = true
	}
	l.answered = at + wait
	query, response := l.messages()
	c := d.open(h.v4, netip.MustParseAddr(resolver), d.w.ephemeral(), 53, protoUDP, "dns")
	c.dns = l
	c.datagram(true, at, query)
	if l.lost {
		return at + 2e6
	}
	c.datagram(false, l.answered, response)
	return l.answered
}

// resolve looks a site's name up unless the client still remembers it, and
// returns when it is known.
func (d *day) resolve(h *host, s *site, at int64) int64 {
	if h.cache[s.name] > at {
		return at
	}
	h.cache[s.name] = at + int64(s.ttl)*1e6
	ttl := 1 + uint32(d.w.rng.IntN(int(s.ttl)))
	record := func(kind uint16, addr netip.Addr) *lookup {
		l := &lookup{name: s.name, kind: kind}
		if s.cdn != "" {
			l.answers = append(l.answers, answer{kind: typeCNAME, ttl: ttl, text: s.cdn})
		}
		if addr.IsValid() {
			l.answers = append(l.answers, answer{kind: kind, ttl: ttl, addr: addr})
		}
		return l
	}
	known := d.ask(h, at, record(typeA, s.v4))
	if h.v6.IsValid() {
		known = max(known, d.ask(h, at+40+d.w.rng.Int64N(200), record(typeAAAA, s.v6)))
	}
	return known
}

// oddLookups are the questions that no page view asks: mistyped names, names
// of addresses, mail.
func (d *day) oddLookups() {
	r := d.w.rng
	for _, at := range d.w.arrivals(170) {
		h := d.w.clients[d.w.pickClient.pick(r)]
		switch x := r.Float64(); {
		case x < 0.45:
			name := fmt.Sprintf("%s%d.corp.example", []string{"wpad", "printer", "isatap", "intranet"}[r.IntN(4)], r.IntN(6))
			d.ask(h, at, &lookup{name: name, kind: typeA, rcode: rcodeNXDomain})
		case x < 0.75:
			a := d.w.visitors[d.w.pickVisitor.pick(r)].As4()
			name := fmt.Sprintf("%d.%d.%d.%d.in-addr.arpa", a[3], a[2], a[1], a[0])
			l := &lookup{name: name, kind: typePTR, rcode: rcodeNXDomain}
			if r.Float64() < 0.6 {
				l.rcode = rcodeOK
				l.answers = []answer{{kind: typePTR, ttl: 3600, text: fmt.Sprintf("host-%d.pool.example", a[3])}}
			}
			d.ask(d.w.servers[2], at, l)
		default:
			domain := fmt.Sprintf("birch%d.example", 1+5*r.IntN(10))
			known := d.ask(d.w.servers[2], at, &lookup{
				name: domain, kind: typeMX,
				answers: []answer{{kind: typeMX, ttl: 1800, text: "mx1." + domain}},
			})
			d.ask(d.w.servers[2], known+300, &lookup{
				name: domain, kind: typeTXT,
				answers: []answer{{kind: typeTXT, ttl: 1800, text: "v=spf1 mx -all"}},
			})
		}
	}
}

var typeNames = map[uint16]string{typeA: "A", typePTR: "PTR", typeMX: "MX", typeTXT: "TXT", typeAAAA: "AAAA", typeCNAME: "CNAME"}

// dnsLog renders all lookups as Zeek's dns.log.
func dnsLog(w *world, conns []*conn) []byte {
	var b bytes.Buffer
	zeekHeader(&b, "dns", w.dayStart, [][2]string{
		{"ts", "time"},
		{"uid", "string"},
		{"id.orig_h", "addr"},
		{"id.orig_p", "port"},
		{"id.resp_h", "addr"},
		{"id.resp_p", "port"},
		{"proto", "enum"},
		{"trans_id", "count"},
		{"rtt", "interval"},
		{"query", "string"},
		{"qclass", "count"},
		{"qclass_name", "string"},
		{"qtype", "count"},
		{"qtype_name", "string"},
		{"rcode", "count"},
		{"rcode_name", "string"},
		{"AA", "bool"},
		{"TC", "bool"},
		{"RD", "bool"},
		{"RA", "bool"},
		{"Z", "count"},
		{"answers", "vector[string]"},
		{"TTLs", "vector[interval]"},
		{"rejected", "bool"},
	})
	for _, c := range conns {
		l := c.dns
		if l == nil {
			continue
		}
		rtt, rcode, rcodeName, ra, answers, ttls := "-", "-", "-", "F", "-", "-"
		if !l.lost {
			rtt, ra = seconds(l.answered-l.asked), "T"
			rcode, rcodeName = fmt.Sprint(l.rcode), map[uint16]string{rcodeOK: "NOERROR", rcodeNXDomain: "NXDOMAIN"}[l.rcode]
			var as, ts []string
			for _, a := range l.answers {
				as, ts = append(as, a.String()), append(ts, seconds(int64(a.ttl)*1e6))
			}
			if as != nil {
				answers, ttls = strings.Join(as, ","), strings.Join(ts, ",")
			}
		}
		fmt.Fprintf(&b, "%s\t%s\t%s\t%d\t%s\t%d\tudp\t%d\t%s\t%s\t1\tC_INTERNET\t%d\t%s\t%s\t%s\tF\tF\tT\t%s\t0\t%s\t%s\tF\n",
			seconds(l.asked), c.uid, c.orig.Addr(), c.orig.Port(), c.resp.Addr(), c.resp.Port(),
			l.id, rtt, l.name, l.kind, typeNames[l.kind], rcode, rcodeName, ra, answers, ttls)
	}
	fmt.Fprintf(&b, "#close\t%s\n", w.dayStart.AddDate(0, 0, 1).Format("2006-01-02-15-04-05"))
	return b.Bytes()
}
