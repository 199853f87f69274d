package pcapio

import (
	"fmt"
	"time"
)

// record is one captured frame.
type record struct {
	offset  int64     // of its header in the decompressed file
	time    time.Time // where timed
	timed   bool
	link    linkType
	wireLen int64  // bytes on the wire, as the record says, at least capLen
	capLen  int64  // bytes in the file
	data    []byte // the frame, or as much of it as is needed; valid until the next record
}

// source yields the records of a container format.
type source interface {
	// next fills rec with the next record. Its error is io.EOF at the end of
	// the file, a *badRecord for a record that can't be read, the stream's own
	// otherwise.
	next(rec *record) error
}

// badRecord is the error of a record that can't be read.
type badRecord struct {
	offset int64  // of the record in the decompressed file
	packet bool   // it counts as a packet
	fatal  bool   // what follows can't be found
	reason string // as in trace.Reject
	detail string
}

func (e *badRecord) Error() string {
	return fmt.Sprintf("byte %d: %s: %s", e.offset, e.reason, e.detail)
}

// maxRecord is the longest frame that is believed where the file's snapshot
// length is lower, in bytes: Wireshark's WTAP_MAX_PACKET_SIZE_STANDARD.
const maxRecord = 256 << 10

// believable reports whether a frame of n captured bytes can come from a
// capture with the given snapshot length.
func believable(n, snapLen int64) bool { return n <= max(snapLen, maxRecord) }

// The span of times that a TIMESTAMP_NS can hold, in seconds since 1970.
const (
	minSeconds = -9223372036
	maxSeconds = 9223372035
)
