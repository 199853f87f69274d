package flow

import "time"

// packet is one packet of a plan.
type packet struct {
	side    int
	time    time.Time
	length  int64 // of the IP packet
	flags   int
	payload int64 // of TCP
}

// more reports whether there are packets left; p.time is then that of the next.
func (p *plan) more() bool { return p.at < p.total }

// next returns the next packet.
func (p *plan) next() packet {
	var side, flags int
	var extra int64
	middles := p.middles[out].packets + p.middles[in].packets
	k := p.at - int64(p.before)
	if k >= 0 && k < middles {
		// Each side's share is spread over the middle, the source's first.
		if n := p.middles[out].packets; mulMod(k, n, middles) >= n {
			side = in
		}
		extra, flags = p.middles[side].next()
	} else {
		i := p.at
		if k >= 0 {
			i -= middles
		}
		st := &p.steps[i]
		side, extra, flags = st.side, st.extra, st.flags
	}
	n := p.sides[side].packets
	if p.sent[side] == 0 {
		flags |= p.first[side]
	}
	if p.sent[side] == n-1 {
		flags |= p.last[side]
	}
	payload := extra
	if words := p.options[side]; words > 0 {
		extra = 4 * (words / n)
		if p.sent[side] < words%n {
			extra += 4
		}
		payload = 0
	}
	p.sent[side]++
	pk := packet{side: side, time: p.time, length: p.header() + extra, flags: flags, payload: payload}
	p.at++
	p.advance()
	return pk
}

// advance sets the time of the next packet: packets are spread over the
// record's time, some sooner and some later than evenly.
func (p *plan) advance() {
	if p.at >= p.total-1 {
		p.time = p.end
		return
	}
	gap := float64(p.lasts) / float64(p.total-1)
	at := gap * float64(p.at)
	if n := p.handshake(); n > 0 {
		quick := min(gap, float64(roundTrip)/2)
		if at = quick * float64(p.at); p.at >= n {
			before := quick * float64(n-1)
			gap = (float64(p.lasts) - before) / float64(p.total-n)
			at = before + gap*float64(p.at-n+1)
		} else {
			gap = quick
		}
	}
	if gap < float64(wobbleBelow) {
		h := uint64(p.number)*0x9e3779b97f4a7c15 + uint64(p.at)*0xbf58476d1ce4e5b9
		h ^= h >> 31
		h *= 0x94d049bb133111eb
		at += gap * (float64(h>>40)/(1<<24) - .5) / 2
	}
	offset := time.Duration(at)
	t := p.start.Add(offset)
	if !p.fine {
		t = t.Truncate(time.Microsecond)
	}
	if t.Before(p.time) {
		t = p.time
	}
	if t.After(p.end) {
		t = p.end
	}
	p.time = t
}

// roundTrip is the time between the ends of a connection that its opening
// takes, where it lasts as long.
const roundTrip = 40 * time.Millisecond

// handshake is how many packets open a connection of which both directions are
// known, 0 of others.
func (p *plan) handshake() int64 {
	n := 0
	for n < min(p.before, 3) && p.steps[n].letter == "SHA"[n] {
		n++
	}
	if n < 2 || int64(n) >= p.total {
		return 0
	}
	return int64(n)
}

// wobbleBelow is the mean time between packets up to which they are spread
// unevenly: with half as much again it stays below the inactive timeout, so
// that a record stays one.
const wobbleBelow = 10 * time.Second

// mulMod is a*b mod m for numbers whose product may not fit.
func mulMod(a, b, m int64) int64 {
	if a < 1<<31 && b < 1<<31 {
		return a * b % m
	}
	var r int64
	for a %= m; b > 0; b >>= 1 {
		if b&1 == 1 {
			r = (r + a) % m
		}
		a = 2 * a % m
	}
	return r
}
