package dissect

// The letters that a connection's history has once at most; the responder's are
// the same, shifted by sideShift.
const (
	seenSYN uint32 = 1 << iota
	seenFIN
	seenRST
	seenFINRST
	seenData
	seenACK
	seenFlags
	sideShift = 16
)

// maxHistory bounds a connection's history: letters that repeat with each new
// sequence number would let it grow for as long as someone sends resets.
const maxHistory = 1 << 10

// write appends a letter to the history.
func (c *conn) write(letter byte) {
	if len(c.history) < maxHistory {
		c.history = append(c.history, letter)
	}
}

// note records that an end has done something, in upper case for the
// originator, and reports whether it had done so before.
func (c *conn) note(orig bool, bit uint32, letter byte) bool {
	if !orig {
		bit, letter = bit<<sideShift, letter|0x20
	}
	if c.seen&bit != 0 {
		return true
	}
	c.seen |= bit
	c.write(letter)
	return false
}

// again records what had been recorded before.
func (c *conn) again(orig bool, letter byte) {
	if !orig {
		letter |= 0x20
	}
	c.write(letter)
}

// tally counts what the history has at its first, tenth, hundredth time and so
// on.
type tally struct{ n, next uint32 }

func (c *conn) count(t *tally, orig bool, letter byte) {
	if t.next == 0 {
		t.next = 1
	}
	if t.n++; t.n != t.next {
		return
	}
	c.again(orig, letter)
	if t.next < 1e9 {
		t.next *= 10
	}
}
