package pcapio

import (
	"math/bits"
	"time"
)

// clock turns an interface's time units into times. Its resolution is that of
// the if_tsresol option: 10 to the minus of it, or 2 to the minus of its low
// seven bits where its high bit is set.
type clock struct {
	resolution byte
	offset     int64 // seconds to be added
}

// tooFine reports whether every count of units is less than a few minutes, so
// that the times can't be those of a capture since 1970.
func (c clock) tooFine() bool {
	if c.resolution&0x80 != 0 {
		return c.resolution&0x7f > 56
	}
	return c.resolution > 17
}

// nanos reports whether the resolution is finer than a microsecond.
func (c clock) nanos() bool {
	if c.resolution&0x80 != 0 {
		return c.resolution&0x7f > 20
	}
	return c.resolution > 6
}

// time returns the time of a count of units, and false where a TIMESTAMP_NS
// can't hold it.
func (c clock) time(units uint64) (time.Time, bool) {
	const giga = 1_000_000_000
	var seconds, nanos uint64
	n := uint(c.resolution & 0x7f)
	switch {
	case c.resolution&0x80 != 0 && n < 64:
		seconds = units >> n
		hi, lo := bits.Mul64(units&(1<<n-1), giga)
		if n == 0 {
			nanos = 0
		} else {
			nanos = hi<<(64-n) | lo>>n
		}
	case c.resolution&0x80 != 0:
		hi, _ := bits.Mul64(units, giga)
		nanos = hi >> (n - 64)
	case n <= 9:
		per := pow10(n)
		seconds, nanos = units/per, units%per*pow10(9-n)
	case n <= 19:
		per := pow10(n)
		seconds, nanos = units/per, units%per/pow10(n-9)
	case n <= 28:
		nanos = units / pow10(n-9)
		seconds, nanos = nanos/giga, nanos%giga
	}
	if seconds > maxSeconds {
		return time.Time{}, false
	}
	total := int64(seconds) + c.offset
	if c.offset > maxSeconds || c.offset < 2*minSeconds || total > maxSeconds || total < minSeconds {
		return time.Time{}, false
	}
	return time.Unix(total, int64(nanos)).UTC(), true
}

func pow10(n uint) uint64 {
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}
