package pcapio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// classic reads the records of a pcap file.
// Source: draft-ietf-opsawg-pcap-03.
type classic struct {
	in      *input
	notes   *notes
	order   binary.ByteOrder
	nano    bool
	header  int // bytes of a record header: 16, or 24 in the modified form
	snapLen int64
	link    linkType
}

// newClassic reads the file's header.
func newClassic(name string, in *input, notes *notes) (*classic, error) {
	head, err := in.take(24)
	if err != nil {
		if err == io.EOF || cutShort(err) {
			return nil, fmt.Errorf("%s: pcap file header cut short: %d of 24 bytes: the file is damaged", name, len(head))
		}
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	order, nano, modified, ok := classicMagic(head)
	if !ok {
		return nil, notCapture(name, head)
	}
	if major, minor := order.Uint16(head[4:]), order.Uint16(head[6:]); major != 2 {
		return nil, fmt.Errorf("%s: pcap version %d.%d is not supported: write it anew as version 2.4", name, major, minor)
	}
	c := &classic{
		in: in, notes: notes, order: order, nano: nano, header: 16,
		snapLen: int64(order.Uint32(head[16:])),
		// The upper half holds the length of the frame check sequence.
		link: linkType(order.Uint32(head[20:]) & 0xffff),
	}
	if modified {
		c.header = 24
	}
	return c, nil
}

func (c *classic) next(rec *record) error {
	head, err := c.in.take(int64(c.header))
	at := c.in.offset
	if err != nil {
		if cutShort(err) {
			return &badRecord{at, true, true, "record header cut short", fmt.Sprintf("%d of %d bytes", len(head), c.header)}
		}
		return err
	}
	seconds, fraction := int64(c.order.Uint32(head)), int64(c.order.Uint32(head[4:]))
	capLen, wireLen := int64(c.order.Uint32(head[8:])), int64(c.order.Uint32(head[12:]))
	if capLen == 0 && wireLen == 0 {
		return &badRecord{offset: at, packet: true, reason: "empty record"}
	}
	if !believable(capLen, c.snapLen) {
		return &badRecord{
			at, true, true, "record longer than the snapshot length",
			fmt.Sprintf("%d bytes, snapshot length %d", capLen, c.snapLen),
		}
	}
	data, err := c.in.take(capLen)
	if err != nil {
		if err == io.EOF || cutShort(err) {
			return &badRecord{at, true, true, "packet cut short at the end of the file", fmt.Sprintf("want %d bytes", capLen)}
		}
		return err
	}
	if c.snapLen > 0 && capLen > c.snapLen {
		c.notes.add(noteOverSnap, at)
	}
	if capLen > wireLen {
		c.notes.add(noteOverWire, at)
	}
	unit := int64(time.Microsecond)
	if c.nano {
		unit = 1
	}
	if fraction*unit >= int64(time.Second) {
		c.notes.add(noteFraction, at)
	}
	rec.offset, rec.time, rec.timed = at, time.Unix(seconds, fraction*unit).UTC(), true
	rec.link, rec.capLen, rec.wireLen, rec.data = c.link, capLen, max(wireLen, capLen), data
	return nil
}

// asBadRecord returns err's bad record, if it is one.
func asBadRecord(err error) (*badRecord, bool) {
	if err == nil {
		return nil, false
	}
	var bad *badRecord
	ok := errors.As(err, &bad)
	return bad, ok
}
