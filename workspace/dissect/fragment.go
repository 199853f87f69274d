package dissect

import (
	"net/netip"
	"slices"
	"time"

	"netshare/workspace/trace"
)

// Bounds of what is held of datagrams in fragments. The oldest goes for one
// more. A datagram that does not become whole is no event, as with Zeek.
const (
	maxDatagrams    = 1 << 10
	maxFragmentAll  = 16 << 20 // bytes of all
	maxDatagram     = 65535    // bytes of one
	fragmentTimeout = 60 * time.Second
)

// fragments puts datagrams together.
type fragments struct {
	open  map[fragmentKey]*datagram
	order []fragmentKey // by age; those that are gone are skipped
	bytes int
	whole trace.Packet // the last that was put together
}

type fragmentKey struct {
	src, dst netip.Addr
	id       uint32
	proto    uint8
}

// datagram is one that is being put together.
type datagram struct {
	at     time.Time     // of the fragment that came first
	first  *trace.Packet // the one with the transport header, with a payload of its own
	pieces []piece       // the others, by offset, without overlap
	header int           // bytes of the others' IP headers
	size   int           // bytes of IP payload, 0 until the last fragment comes
	bytes  int           // held
}

// piece is a later fragment's part of the IP payload.
type piece struct {
	from, to int
	payload  []byte
}

func newFragments() *fragments { return &fragments{open: map[fragmentKey]*datagram{}} }

// clear drops what is not whole.
func (f *fragments) clear() { *f = *newFragments() }

// add takes in a fragment, and returns the packet that it makes whole, or nil.
// The packet is used again.
func (f *fragments) add(p *trace.Packet) *trace.Packet {
	if p.PayloadLen < 0 || p.Length < p.PayloadLen {
		return nil
	}
	key := fragmentKey{p.SrcIP, p.DstIP, p.ID, p.Proto}
	f.expire(p.Time)
	d := f.open[key]
	if d == nil {
		d = &datagram{at: p.Time}
		f.open[key] = d
		f.order = append(f.order, key)
	}
	payload := p.Payload[:min(len(p.Payload), p.PayloadLen)]
	if from := p.FragmentOffset * 8; from > 0 {
		g := piece{from, from + p.PayloadLen, payload}
		if g.to > maxDatagram {
			f.drop(key, d)
			return nil
		}
		d.header = p.Length - p.PayloadLen
		if !p.MoreFragments && d.size == 0 {
			d.size = g.to
		}
		f.bytes += d.insert(g)
	} else if d.first == nil {
		first := *p
		first.Payload = slices.Clone(payload)
		d.first, d.bytes = &first, d.bytes+len(payload)+segmentCost
		f.bytes += len(payload) + segmentCost
	}
	if !d.join(&f.whole) {
		return nil
	}
	f.whole.Number, f.whole.Time = p.Number, p.Time
	f.drop(key, d)
	return &f.whole
}

// insert adds what is new of a piece, and returns the bytes that it takes.
func (d *datagram) insert(g piece) (bytes int) {
	i := len(d.pieces)
	for i > 0 && d.pieces[i-1].from > g.from {
		i--
	}
	if i > 0 && d.pieces[i-1].to > g.from || i < len(d.pieces) && d.pieces[i].from < g.to {
		return 0 // what came first stands; an overlap is an attack or a repetition
	}
	g.payload = slices.Clone(g.payload)
	d.pieces = slices.Insert(d.pieces, i, g)
	d.bytes += len(g.payload) + segmentCost
	return len(g.payload) + segmentCost
}

// join makes the packet that the fragments are of, once all have come.
func (d *datagram) join(whole *trace.Packet) bool {
	if d.first == nil || d.size == 0 {
		return false
	}
	end := d.first.Length - d.header // of the first one's IP payload, which begins with the transport header
	begin := end - d.first.PayloadLen
	if begin < 0 {
		return false
	}
	for _, g := range d.pieces {
		if g.from != end {
			return false
		}
		end = g.to
	}
	if end != d.size {
		return false
	}
	payload := append(whole.Payload[:0], d.first.Payload...)
	captured := len(d.first.Payload) == d.first.PayloadLen
	for _, g := range d.pieces {
		if !captured {
			break // the capture cut the rest
		}
		payload = append(payload, g.payload...)
		captured = len(g.payload) == g.to-g.from
	}
	*whole = *d.first
	whole.MoreFragments, whole.Payload = false, payload
	whole.PayloadLen, whole.Length = d.size-begin, d.header+d.size
	return true
}

// expire drops what is too old or too much.
func (f *fragments) expire(now time.Time) {
	for len(f.order) > 0 {
		key := f.order[0]
		d := f.open[key]
		old := d != nil && now.Sub(d.at) > fragmentTimeout
		if d != nil && !old && len(f.open) < maxDatagrams && f.bytes < maxFragmentAll && len(f.order) < 2*maxDatagrams {
			return
		}
		if d != nil {
			f.drop(key, d)
		}
		f.order = f.order[1:]
	}
}

func (f *fragments) drop(key fragmentKey, d *datagram) {
	delete(f.open, key)
	f.bytes -= d.bytes
}
