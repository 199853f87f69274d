package flow

import (
	"slices"
	"strings"
	"time"
)

// mtu is the size that packets have at most, in bytes, where their number and
// their bytes allow it.
const mtu = 1500

// step is a packet of a plan that is laid out by itself.
type step struct {
	side   int
	letter byte // of its history, in upper case
	flags  int
	extra  int64 // bytes beyond the least header
}

// middle are a side's packets between the steps of its beginning and end.
type middle struct {
	packets   int64
	extra     int64 // bytes beyond their least headers, together
	carriers  int64 // packets that share them
	size      int64 // of all carriers' extra but the last
	even      bool  // all packets carry, sizes differ by one byte at most
	flags     int
	dataFlags int // of carriers
	done      int64
	carried   int64
}

// next is the extra and the flags of the next packet.
func (m *middle) next() (extra int64, flags int) {
	k := m.done
	m.done++
	flags = m.flags
	switch {
	case m.even:
		extra = m.extra / m.packets
		if k < m.extra%m.packets {
			extra++
		}
	case m.carriers > 0 && (k*m.carriers)%m.packets < m.carriers:
		if m.carried++; m.carried == m.carriers {
			extra = m.extra - (m.carriers-1)*m.size
		} else {
			extra = m.size
		}
	}
	if extra > 0 {
		flags = m.dataFlags
	}
	return extra, flags
}

// plan is the packets of a record, which it gives one by one.
type plan struct {
	record
	number  int64 // of the record
	steps   []step
	before  int // steps that come before the middle
	middles [2]middle
	options [2]int64 // four-byte words of TCP options that a side's packets share; 0 where their extra is payload
	first   [2]int   // flags that a side's first packet has besides
	last    [2]int

	total int64
	at    int64    // of the next packet in all
	sent  [2]int64 // packets of each side
	time  time.Time
	end   time.Time
	fine  bool // times in nanoseconds
}

// lay lays out a record's packets.
func (p *plan) lay(answers bool, warn func(Reason)) {
	p.total = p.sides[out].packets + p.sides[in].packets
	p.time, p.end = p.start, p.start.Add(p.lasts)
	if p.total == 1 && p.lasts > 0 {
		warn(LongSingle)
		p.end = p.start
	}
	if p.proto == protoTCP {
		p.script(answers)
	}
	for s := range p.sides {
		p.size(s, warn)
	}
}

// script makes the steps of a TCP record.
func (p *plan) script(answers bool) {
	history, given := p.course(answers)
	for s := range p.sides {
		history = fit(history, s, p.sides[s].packets)
	}
	terminal := strings.IndexAny(history, "FRfr")
	if terminal < 0 {
		terminal = len(history)
	}
	left := [2]int64{p.sides[out].packets, p.sides[in].packets}
	spoken := [2]bool{}
	for i := range len(history) {
		st := step{side: sideOf(history[i]), letter: upper(history[i])}
		st.flags = letterFlags(st.letter, spoken[1-st.side])
		spoken[st.side] = true
		p.steps = append(p.steps, st)
		left[st.side]--
	}
	p.before = terminal
	// Whoever closed first acknowledges that the other closed too.
	f, g := strings.IndexByte(history, 'F'), strings.IndexByte(history, 'f')
	if f >= 0 && g >= 0 {
		s := out
		if g < f {
			s = in
		}
		if left[s] > 0 && history[len(history)-1] != 'A' && history[len(history)-1] != 'a' {
			p.steps = append(p.steps, step{side: s, letter: 'A', flags: flagACK})
			left[s]--
		}
	}
	for s := range p.sides {
		m := &p.middles[s]
		m.packets, m.flags, m.dataFlags = left[s], flagACK, flagACK|flagPSH
		if given && p.sides[s].flags == unknown {
			switch lettersOf(history, s) {
			case "S": // asked again
				m.flags, m.dataFlags = flagSYN, flagSYN
			case "R":
				m.flags, m.dataFlags = flagRST, flagRST
			}
		}
		p.mask(s)
	}
}

// mask makes a side's flags exactly those of its record, where it has them.
func (p *plan) mask(s int) {
	mask := p.sides[s].flags
	if mask == unknown || p.sides[s].packets == 0 {
		return
	}
	only := func(flags int) int {
		if flags &= mask; flags != 0 {
			return flags
		}
		if rest := mask &^ (flagSYN | flagFIN | flagRST); rest != 0 {
			return rest
		}
		return mask
	}
	seen := 0
	for i := range p.steps {
		if p.steps[i].side == s {
			p.steps[i].flags = only(p.steps[i].flags)
			seen |= p.steps[i].flags
		}
	}
	m := &p.middles[s]
	m.flags, m.dataFlags = only(m.flags), only(m.dataFlags)
	if m.packets > 0 {
		seen |= m.flags & m.dataFlags
	}
	p.first[s] = mask &^ seen & flagSYN
	p.last[s] = mask &^ seen &^ flagSYN
}

// size shares out a side's bytes.
func (p *plan) size(s int, warn func(Reason)) {
	side, m := &p.sides[s], &p.middles[s]
	if p.proto != protoTCP {
		m.packets = side.packets
	}
	if side.packets == 0 {
		return
	}
	h := p.header()
	extra := side.bytes - side.packets*h
	if extra < 0 {
		warn(FewBytes)
		extra = 0
	}
	room := max(mtu-h, (extra+side.packets-1)/side.packets)
	if room+h > 65535 {
		warn(HugePacket)
	}
	if p.proto != protoTCP {
		m.extra, m.even = extra, true
		return
	}
	if extra > 0 && extra%4 == 0 && p.isOptions(s, extra) {
		p.options[s] = extra / 4
		return
	}
	extra = p.fill(s, "D", extra, room)
	if m.packets > 0 {
		m.extra = min(extra, room*m.packets)
		m.carriers, m.size = (m.extra+room-1)/room, room
		extra -= m.extra
	}
	for _, letters := range []string{"F", "A", "H", "S", "R"} {
		extra = p.fill(s, letters, extra, room)
	}
}

// isOptions reports whether a side's extra bytes can be nothing but options of
// TCP headers.
func (p *plan) isOptions(s int, extra int64) bool {
	n := p.sides[s].packets
	if mask := p.sides[s].flags; mask != unknown {
		return mask&flagPSH == 0 && extra <= 40*n
	}
	data := slices.ContainsFunc(p.steps, func(st step) bool { return st.side == s && st.letter == 'D' })
	return extra <= 40*n && !data || extra <= 20*n && p.history == ""
}

// fill gives the steps of a side with a letter as much of the extra as there
// is room for, and returns what is left.
func (p *plan) fill(s int, letter string, extra, room int64) int64 {
	for i := range p.steps {
		if st := &p.steps[i]; st.side == s && st.letter == letter[0] {
			st.extra = min(extra, room)
			extra -= st.extra
		}
	}
	return extra
}

// fit drops the letters of a side that it has not enough packets for.
func fit(history string, s int, packets int64) string {
	for _, drop := range "ADFRHS" {
		if int64(len(lettersOf(history, s))) <= packets {
			break
		}
		if s == in {
			drop += 'a' - 'A'
		}
		history = strings.Replace(history, string(drop), "", 1)
	}
	return history
}

// lettersOf returns the letters of a side in upper case.
func lettersOf(history string, s int) string {
	return strings.Map(func(c rune) rune {
		if sideOf(byte(c)) != s {
			return -1
		}
		return rune(upper(byte(c)))
	}, history)
}

func sideOf(letter byte) int {
	if letter >= 'a' {
		return in
	}
	return out
}

func upper(letter byte) byte { return letter &^ 0x20 }

// letterFlags are the flags of a history's packet.
func letterFlags(letter byte, peerSpoke bool) int {
	switch letter {
	case 'S':
		return flagSYN
	case 'H':
		return flagSYN | flagACK
	case 'D':
		return flagPSH | flagACK
	case 'F':
		return flagFIN | flagACK
	case 'R':
		if !peerSpoke {
			return flagRST
		}
		return flagRST | flagACK
	}
	return flagACK
}
