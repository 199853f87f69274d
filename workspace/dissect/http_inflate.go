package dissect

import "bytes"

// inflateCounter counts the bytes that a compressed body unpacks to without
// unpacking them: it reads the symbols of DEFLATE (RFC 1951) and adds up their
// lengths, so that it needs no window and no memory beyond its tables, and can
// stop after any byte and go on later.
type inflateCounter struct {
	in    []byte // what is not yet understood
	pos   int    // of the next bit in it
	stage inflateStage
	gzip  bool
	last  bool  // the block under way is the last one
	left  int   // bytes to come of a stored block
	out   int64 // bytes so far

	literals, distances huffman
}

// inflateStage is what comes next in a compressed stream.
type inflateStage int

const (
	inflateHeader inflateStage = iota
	inflateBlock
	inflateStored
	inflateSymbols
	inflateOver // at the end, or where it went wrong
)

// inflateHeaderBytes bounds the header of a stream.
const inflateHeaderBytes = 1 << 16

// newInflateCounter returns a counter for gzip (RFC 1952), or for zlib (RFC
// 1950) and bare DEFLATE, both of which servers send as "deflate".
func newInflateCounter(gzip bool) *inflateCounter { return &inflateCounter{gzip: gzip} }

// add takes in the next bytes of the stream and returns by how many bytes what
// it unpacks to has grown.
func (z *inflateCounter) add(b []byte) int64 {
	if z.stage == inflateOver {
		return 0
	}
	before := z.out
	z.in = append(z.in, b...)
	for z.stage != inflateOver && z.step() {
	}
	if z.stage == inflateOver {
		z.in = nil
		return z.out - before
	}
	z.in = z.in[:copy(z.in, z.in[z.pos/8:])]
	z.pos &= 7
	return z.out - before
}

// step goes on by one stage; false where that needs more bytes.
func (z *inflateCounter) step() bool {
	switch z.stage {
	case inflateHeader:
		return z.header()
	case inflateBlock:
		start := z.pos
		if !z.block() {
			z.pos = start
			return false
		}
		return true
	case inflateStored:
		n := min(z.left, len(z.in)-z.pos/8)
		z.left -= n
		z.pos += 8 * n
		z.out += int64(n)
		if z.left > 0 {
			return false
		}
		z.next()
		return true
	case inflateSymbols:
		for {
			start := z.pos
			if !z.symbol() {
				z.pos = start
				return false
			}
			if z.stage != inflateSymbols {
				return true
			}
		}
	}
	return false
}

// next goes on after a block.
func (z *inflateCounter) next() {
	z.stage = inflateBlock
	if z.last {
		z.stage = inflateOver
	}
}

// fail gives up.
func (z *inflateCounter) fail() bool {
	z.stage = inflateOver
	return true
}

// header reads what stands before the first block.
func (z *inflateCounter) header() bool {
	if !z.gzip {
		if len(z.in) < 2 {
			return false
		}
		if z.in[0]&15 == 8 && (int(z.in[0])<<8|int(z.in[1]))%31 == 0 {
			z.pos = 16
		}
		z.stage = inflateBlock
		return true
	}
	if n := min(len(z.in), 3); !bytes.Equal(z.in[:n], []byte{0x1f, 0x8b, 8}[:n]) {
		return z.fail()
	}
	if len(z.in) < 10 {
		return false
	}
	flags, rest := z.in[3], z.in[10:]
	skip := func(n int) bool {
		if len(rest) < n {
			return false
		}
		rest = rest[n:]
		return true
	}
	whole := true
	if flags&4 != 0 { // extra fields
		whole = len(rest) >= 2 && skip(2+int(rest[0])+int(rest[1])<<8)
	}
	for _, text := range []byte{8, 16} { // name and comment
		if whole && flags&text != 0 {
			end := bytes.IndexByte(rest, 0)
			whole = end >= 0 && skip(end+1)
		}
	}
	if whole && flags&2 != 0 { // check sum
		whole = skip(2)
	}
	if !whole {
		return len(z.in) > inflateHeaderBytes && z.fail()
	}
	z.pos = 8 * (len(z.in) - len(rest))
	z.stage = inflateBlock
	return true
}

// take reads n bits, at most 16; false where there are too few.
func (z *inflateCounter) take(n int) (v int, ok bool) {
	if z.pos+n > 8*len(z.in) {
		return 0, false
	}
	var word uint32
	at := z.pos / 8
	for i, c := range z.in[at:min(at+4, len(z.in))] {
		word |= uint32(c) << (8 * i)
	}
	v = int(word >> (z.pos & 7) & (1<<n - 1))
	z.pos += n
	return v, true
}

// block reads a block's header, RFC 1951 section 3.2.3.
func (z *inflateCounter) block() bool {
	head, ok := z.take(3)
	if !ok {
		return false
	}
	last := head&1 != 0
	switch head >> 1 {
	case 0:
		z.pos = (z.pos + 7) &^ 7
		size, ok1 := z.take(16)
		complement, ok2 := z.take(16)
		if !ok1 || !ok2 {
			return false
		}
		if size^complement != 0xffff {
			return z.fail()
		}
		z.last, z.left, z.stage = last, size, inflateStored
	case 1:
		var lengths [288 + 30]byte
		for i := range lengths {
			switch {
			case i >= 288:
				lengths[i] = 5
			case i < 144, i >= 280:
				lengths[i] = 8
			case i < 256:
				lengths[i] = 9
			default:
				lengths[i] = 7
			}
		}
		z.literals.build(lengths[:288])
		z.distances.build(lengths[288:])
		z.last, z.stage = last, inflateSymbols
	case 2:
		if !z.codes() {
			return false
		}
		if z.stage != inflateOver {
			z.last, z.stage = last, inflateSymbols
		}
	default:
		return z.fail()
	}
	return true
}

// codes reads the codes of a dynamic block, RFC 1951 section 3.2.7.
func (z *inflateCounter) codes() bool {
	order := [...]byte{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
	counts, ok := z.take(14)
	if !ok {
		return false
	}
	literals, distances, lengthCodes := counts&31+257, counts>>5&31+1, counts>>10+4
	var lengths [320]byte
	for i := range lengthCodes {
		n, ok := z.take(3)
		if !ok {
			return false
		}
		lengths[order[i]] = byte(n)
	}
	var code huffman
	if !code.build(lengths[:19]) {
		return z.fail()
	}
	clear(lengths[:19])
	for i := 0; i < literals+distances; {
		symbol, ok := z.decode(&code)
		if !ok {
			return false
		}
		if symbol < 0 {
			return z.fail()
		}
		if symbol < 16 {
			lengths[i] = byte(symbol)
			i++
			continue
		}
		var value byte
		repeat, extra := 3, 2
		switch symbol {
		case 16:
			if i == 0 {
				return z.fail()
			}
			value = lengths[i-1]
		case 17:
			extra = 3
		case 18:
			repeat, extra = 11, 7
		default:
			return z.fail()
		}
		more, ok := z.take(extra)
		if !ok {
			return false
		}
		if repeat += more; i+repeat > literals+distances {
			return z.fail()
		}
		for range repeat {
			lengths[i] = value
			i++
		}
	}
	if lengths[256] == 0 || !z.literals.build(lengths[:literals]) || !z.distances.build(lengths[literals:literals+distances]) {
		return z.fail()
	}
	return true
}

// symbol reads a literal, a copy of what was before, or a block's end.
func (z *inflateCounter) symbol() bool {
	symbol, ok := z.decode(&z.literals)
	switch {
	case !ok:
		return false
	case symbol < 0:
		return z.fail()
	case symbol < 256:
		z.out++
		return true
	case symbol == 256:
		z.next()
		return true
	case symbol > 285:
		return z.fail()
	}
	length, extra := 258, 0
	if n := symbol - 257; n < 8 {
		length = 3 + n
	} else if n < 28 {
		extra = n/4 - 1
		length = 3 + (4+n%4)<<extra
	}
	more, ok := z.take(extra)
	if !ok {
		return false
	}
	length += more
	symbol, ok = z.decode(&z.distances)
	switch {
	case !ok:
		return false
	case symbol < 0 || symbol > 29:
		return z.fail()
	}
	distance, extra := 1+symbol, 0
	if symbol >= 4 {
		extra = symbol/2 - 1
		distance = 1 + (2+symbol%2)<<extra
	}
	if more, ok = z.take(extra); !ok {
		return false
	}
	if int64(distance+more) > z.out {
		return z.fail()
	}
	z.out += int64(length)
	return true
}

// huffman is a canonical code: how many symbols each length of code has, and
// the symbols in the codes' order.
type huffman struct {
	counts  [16]uint16
	symbols [320]uint16
}

// build makes the code of the given lengths by symbol; false where there are
// more codes than fit.
func (h *huffman) build(lengths []byte) bool {
	clear(h.counts[:])
	for _, n := range lengths {
		h.counts[n]++
	}
	room := 1
	for _, n := range h.counts[1:] {
		if room = room<<1 - int(n); room < 0 {
			return false
		}
	}
	var at [16]uint16
	for n := 1; n < 15; n++ {
		at[n+1] = at[n] + h.counts[n]
	}
	for symbol, n := range lengths {
		if n != 0 {
			h.symbols[at[n]] = uint16(symbol)
			at[n]++
		}
	}
	return true
}

// decode reads one symbol, -1 where the bits are no code; false where there are
// too few.
func (z *inflateCounter) decode(h *huffman) (symbol int, ok bool) {
	code, first, index := 0, 0, 0
	for n := 1; n < 16; n++ {
		if z.pos >= 8*len(z.in) {
			return 0, false
		}
		code |= int(z.in[z.pos/8] >> (z.pos & 7) & 1)
		z.pos++
		count := int(h.counts[n])
		if code-first < count {
			return int(h.symbols[index+code-first]), true
		}
		index += count
		first = (first + count) << 1
		code <<= 1
	}
	return -1, true
}
