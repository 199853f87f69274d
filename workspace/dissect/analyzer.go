package dissect

import (
	"time"

	"netshare/workspace/trace"
)

// analyzer reads one connection's payload. The bytes it is given are valid
// during the call only.
type analyzer interface {
	// data is, for TCP, the bytes of one direction in order and each once, in
	// pieces of any size; for UDP one datagram, those alone that were captured
	// whole.
	// orig says that the originator sent it, at is when its packet was captured.
	// The error is that of emit only.
	data(at time.Time, orig bool, b []byte) error

	// gap says that the next n bytes of a TCP direction were never captured:
	// lost segments, or the rest of one that the snapshot length cut.
	gap(at time.Time, orig bool, n int64)

	// end is called once, when the connection is over: closed, timed out, or
	// open at the end of the capture.
	end(at time.Time) error
}

// protocol is one protocol whose events can be had.
type protocol struct {
	name    string // Zeek's log path
	columns string // Zeek's fields of that log in order, each as name:type, separated by blanks

	tcp, udp []uint16 // responder's ports whose connections are read without further ado

	// match recognises other TCP connections by their content, as Zeek's
	// signatures do. It is given what each direction has sent so far, up to
	// sniffBytes of it, and called again when there is more; nil where ports
	// are all there is.
	match func(orig, resp []byte) verdict

	// midstream says that TCP connections whose beginning was not captured are
	// read as well.
	midstream bool

	// analyze begins to read a connection. Rows are given to emit, which keeps
	// nothing of them.
	analyze func(c *conn, emit func(trace.Row) error) analyzer
}

// verdict is what a protocol's match says of a connection.
type verdict int

const (
	undecided verdict = iota // until there is more
	matched
	unmatched
)

// sniffBytes bounds what is kept of each direction until a connection is
// recognised by its content (Zeek's dpd_buffer_size).
const sniffBytes = 1024
