package flow

import (
	"container/heap"
	"fmt"
	"slices"
	"strings"
	"time"

	"netshare/workspace/trace"
)

// The positions of the columns of an Expander's packets.
const (
	pkTime = iota
	pkSrcIP
	pkDstIP
	pkSrcPort
	pkDstPort
	pkProto
	pkLength
	pkToS
	pkFlags
	pkICMPType
	pkICMPCode
	pkPayload
	numPacketColumns
)

// packetColumns are some of a packet table's columns, in its order and by its
// names.
func packetColumns() []trace.Column {
	integer := func(name string, kind trace.Kind) trace.Column {
		return trace.Column{Name: name, Type: trace.TypeInt, Kind: kind}
	}
	return []trace.Column{
		pkTime:     {Name: "time", Type: trace.TypeTime, Kind: trace.KindTimestamp},
		pkSrcIP:    {Name: "srcip", Type: trace.TypeText, Kind: trace.KindAddress},
		pkDstIP:    {Name: "dstip", Type: trace.TypeText, Kind: trace.KindAddress},
		pkSrcPort:  integer("srcport", trace.KindPort),
		pkDstPort:  integer("dstport", trace.KindPort),
		pkProto:    {Name: "proto", Type: trace.TypeText, Kind: trace.KindProtocol},
		pkLength:   integer("pkt_len", trace.KindInteger),
		pkToS:      integer("tos", trace.KindCategory),
		pkFlags:    integer("tcp_flags", trace.KindCategory),
		pkICMPType: integer("icmp_type", trace.KindCategory),
		pkICMPCode: integer("icmp_code", trace.KindCategory),
		pkPayload:  integer("payload_len", trace.KindInteger),
	}
}

// Expander makes packets of flow records, in the order of time if the records
// come in that of their start. It holds the records that are under way, and no
// packets; of a table that has the records' ends and not their starts, all
// records. It is not safe for concurrent use.
type Expander struct {
	reader   recordReader
	rows     int64
	warnings [numReasons]Warning
	open     planHeap
	held     []*plan // all records of a table without starts
	opened   *openings
	row      trace.Row
	fine     bool
}

// NewExpander takes records of a table of the given schema. Nanoseconds says
// that packets between a record's first and last may have times finer than a
// microsecond; see Finer. The error names the columns that a flow table must
// have and this one has not.
func NewExpander(s trace.Schema, nanoseconds bool) (*Expander, error) {
	sh := newShape(s)
	if missing := sh.missing(); missing != nil {
		return nil, fmt.Errorf("flow table without %s: it has %s", strings.Join(missing, ", "), strings.Join(s.Names(), ", "))
	}
	e := &Expander{opened: newOpenings(), row: make(trace.Row, numPacketColumns), fine: nanoseconds}
	e.reader = recordReader{shape: sh, protocols: newProtocols(), warn: e.warn}
	return e, nil
}

// TimeColumns returns the names of the columns that Finer looks at.
func (e *Expander) TimeColumns() []string {
	var names []string
	for _, r := range []role{roleStart, roleEnd, roleDuration} {
		if i := e.reader.at[r]; i >= 0 {
			names = append(names, e.reader.columns[i].Name)
		}
	}
	return names
}

// Finer reports whether a record, of which the values of TimeColumns are given,
// begins or ends at a time that is finer than a microsecond.
func (e *Expander) Finer(times trace.Row) bool {
	rr := recordReader{shape: &shape{unit: e.reader.unit, micros: e.reader.micros}, warn: func(Reason) {}, row: times}
	k := 0
	for r := range rr.at {
		rr.at[r] = -1
	}
	for _, r := range []role{roleStart, roleEnd, roleDuration} {
		if e.reader.has(r) {
			rr.at[r] = k
			k++
		}
	}
	var rec record
	return rr.times(&rec) && (rec.start.Nanosecond()%1000 != 0 || rec.lasts%time.Microsecond != 0)
}

// Schema is that of the packets: columns of a packet table, to be written as a
// capture.
func (e *Expander) Schema() trace.Schema {
	s := trace.Schema{Format: "pcap", Columns: packetColumns(), Props: map[string]string{"resolution": "us"}}
	if e.fine {
		s.Props["resolution"] = "ns"
	}
	return s
}

// warn counts a warning about the record being read.
func (e *Expander) warn(r Reason) {
	w := &e.warnings[r]
	if w.Count == 0 {
		w.Reason, w.First = r, e.rows
	}
	w.Count++
}

// Warnings returns what could not be done as the records say, in the order of
// the reasons. It is complete after Flush.
func (e *Expander) Warnings() []Warning {
	return slices.DeleteFunc(slices.Clone(e.warnings[:]), func(w Warning) bool { return w.Count == 0 })
}

// Row takes the next record, and emits the packets that come before it. emit
// must not keep the row. The error is emit's.
func (e *Expander) Row(row trace.Row, emit func(trace.Row) error) error {
	e.rows++
	p := &plan{number: e.rows, fine: e.fine}
	if !e.reader.read(row, &p.record) {
		return nil
	}
	if !e.reader.has(roleStart) {
		e.held = append(e.held, p)
		return nil
	}
	return e.begin(p, emit)
}

// begin lays a record out and puts it among those under way.
func (e *Expander) begin(p *plan, emit func(trace.Row) error) error {
	p.lay(e.opened.answers(&p.record), e.warn)
	for len(e.open) > 0 && e.open[0].time.Before(p.start) {
		if err := e.step(emit); err != nil {
			return err
		}
	}
	heap.Push(&e.open, p)
	return nil
}

// Flush emits the packets that are left.
func (e *Expander) Flush(emit func(trace.Row) error) error {
	slices.SortStableFunc(e.held, func(a, b *plan) int { return a.start.Compare(b.start) })
	for _, p := range e.held {
		if err := e.begin(p, emit); err != nil {
			return err
		}
	}
	e.held = nil
	for len(e.open) > 0 {
		if err := e.step(emit); err != nil {
			return err
		}
	}
	return nil
}

// step emits the next packet of those under way.
func (e *Expander) step(emit func(trace.Row) error) error {
	p := e.open[0]
	pk := p.next()
	if p.more() {
		heap.Fix(&e.open, 0)
	} else {
		heap.Pop(&e.open)
	}
	v := e.row
	clear(v)
	src, dst, srcPort, dstPort := p.src, p.dst, p.srcPort, p.dstPort
	if pk.side == in {
		src, dst, srcPort, dstPort = dst, src, dstPort, srcPort
	}
	set := func(column int, n int64) {
		if n >= 0 {
			v[column] = n
		}
	}
	v[pkTime], v[pkSrcIP], v[pkDstIP] = pk.time, src.String(), dst.String()
	set(pkSrcPort, srcPort)
	set(pkDstPort, dstPort)
	v[pkProto] = e.reader.protocols.names[p.proto]
	set(pkLength, pk.length)
	set(pkToS, p.sides[pk.side].tos)
	if p.proto == protoTCP {
		set(pkFlags, int64(pk.flags))
		set(pkPayload, pk.payload)
	}
	if isICMP(p.proto) {
		set(pkICMPType, int64(p.icmpType[pk.side]))
		set(pkICMPCode, int64(p.icmpCode))
	}
	return emit(v)
}

// planHeap orders records by the time of their next packet, then as they came.
type planHeap []*plan

func (h planHeap) Len() int      { return len(h) }
func (h planHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *planHeap) Push(x any)   { *h = append(*h, x.(*plan)) }
func (h planHeap) Less(i, j int) bool {
	if c := h[i].time.Compare(h[j].time); c != 0 {
		return c < 0
	}
	return h[i].number < h[j].number
}

// Pop implements heap.Interface.
func (h *planHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return last
}

// openings remembers which TCP connections were opened lately, and from which
// side, so that of two records of one connection the second answers.
type openings struct{ young, old map[trace.FiveTuple]bool }

// maxOpenings bounds the connections of one generation; two are held.
const maxOpenings = 1 << 16

func newOpenings() *openings {
	return &openings{map[trace.FiveTuple]bool{}, map[trace.FiveTuple]bool{}}
}

// answers reports whether a record of one direction is the responder's: that
// of the other came before it, or else its port is a server's.
func (o *openings) answers(r *record) bool {
	if r.proto != protoTCP || r.sides[in].packets > 0 {
		return false
	}
	t := trace.FiveTuple{SrcIP: r.src, DstIP: r.dst, SrcPort: int32(r.srcPort), DstPort: int32(r.dstPort), Proto: r.proto}
	back := t.Reverse()
	answered, known := o.young[back]
	if !known {
		answered, known = o.old[back]
	}
	answers := !answered
	if !known {
		answers = r.srcPort < 1024 && r.dstPort >= 1024
	}
	if len(o.young) >= maxOpenings {
		o.young, o.old = map[trace.FiveTuple]bool{}, o.young
	}
	o.young[t] = answers
	return answers
}
