package pcapio

import (
	"encoding/binary"
	"fmt"
	"io"
)

// The block types of pcapng. Source: draft-ietf-opsawg-pcapng-02, section 4.
const (
	blockInterface = 1
	blockPacket    = 2 // obsolete
	blockSimple    = 3
	blockEnhanced  = 6
	blockSection   = magicSection
)

const (
	maxBlock      = 128 << 20 // bytes; Wireshark's limit for a block's length
	maxInterfaces = 1 << 16   // of a section; further ones are not kept
)

// ngInterface is what packets need of their interface.
type ngInterface struct {
	link    linkType
	snapLen int64
	clock   clock
}

// ng reads the packets of a pcapng file.
type ng struct {
	in         *input
	notes      *notes
	order      binary.ByteOrder
	interfaces []ngInterface // of this section
}

// newNG reads up to the first packet, so that the first interface is known.
func newNG(name string, in *input, notes *notes) (*ng, error) {
	g := &ng{in: in, notes: notes, order: binary.LittleEndian}
	for len(g.interfaces) == 0 {
		head, err := in.peek(12)
		if err != nil && in.offset == 0 {
			if err == io.EOF {
				return nil, fmt.Errorf("%s: pcapng section header cut short: %d bytes: the file is damaged", name, len(head))
			}
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if err != nil || isPacket(g.order.Uint32(head)) {
			break // Read says what is wrong
		}
		var rec record
		if err := g.block(&rec); err != nil {
			if bad, ok := asBadRecord(err); ok {
				return nil, fmt.Errorf("%s: block at byte %d: %s: %s", name, bad.offset, bad.reason, bad.detail)
			}
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return g, nil
}

func isPacket(blockType uint32) bool {
	return blockType == blockPacket || blockType == blockSimple || blockType == blockEnhanced
}

func (g *ng) next(rec *record) error {
	for {
		rec.data = nil
		if err := g.block(rec); err != nil || rec.data != nil {
			return err
		}
	}
}

// block reads one block; rec.data stays nil where it holds no packet.
func (g *ng) block(rec *record) error {
	head, err := g.in.peek(12)
	at := g.in.offset
	bad := func(reason, format string, args ...any) error {
		return &badRecord{at, false, true, reason, fmt.Sprintf(format, args...)}
	}
	if err != nil {
		if err != io.EOF || len(head) == 0 {
			return err
		}
		return bad("block header cut short", "%d of 12 bytes", len(head))
	}
	if binary.BigEndian.Uint32(head) == blockSection {
		if err := g.section(head[8:], bad); err != nil {
			return err
		}
	}
	kind, length := g.order.Uint32(head), int64(g.order.Uint32(head[4:]))
	if length < 12 || length%4 != 0 || length > maxBlock {
		return bad("impossible block length", "%d bytes", length)
	}
	body, err := g.in.take(length)
	if err != nil {
		if err == io.EOF || cutShort(err) {
			err := bad("block cut short at the end of the file", "want %d bytes", length).(*badRecord)
			err.packet = isPacket(kind)
			return err
		}
		return err
	}
	if int64(len(body)) == length { // the end of a larger one is not at hand
		if trailer := int64(g.order.Uint32(body[length-4:])); trailer != length {
			err := bad("the block's two lengths differ", "%d and %d", length, trailer).(*badRecord)
			err.packet = isPacket(kind)
			return err
		}
		body = body[:length-4]
	}
	return g.content(kind, body[8:], length-12, at, rec)
}

// section begins a section, whose byte order its magic tells.
func (g *ng) section(magic []byte, bad func(reason, format string, args ...any) error) error {
	switch {
	case binary.LittleEndian.Uint32(magic) == 0x1a2b3c4d:
		g.order = binary.LittleEndian
	case binary.BigEndian.Uint32(magic) == 0x1a2b3c4d:
		g.order = binary.BigEndian
	default:
		return bad("section header without a byte order", "magic %x", magic[:4])
	}
	g.interfaces = g.interfaces[:0]
	return nil
}

// content reads a block's content; size is its full length, of which body may
// hold the beginning only.
func (g *ng) content(kind uint32, body []byte, size, at int64, rec *record) error {
	need := func(n int) error {
		if len(body) >= n {
			return nil
		}
		return &badRecord{at, isPacket(kind), false, "block too short for its type", fmt.Sprintf("%d of %d bytes", len(body), n)}
	}
	switch kind {
	case blockSection:
		if err := need(16); err != nil {
			return err
		}
		if major := g.order.Uint16(body[4:]); major != 1 {
			return &badRecord{at, false, true, "unsupported pcapng version", fmt.Sprintf("%d.%d", major, g.order.Uint16(body[6:]))}
		}
	case blockInterface:
		if err := need(8); err != nil {
			return err
		}
		if len(g.interfaces) < maxInterfaces {
			g.interfaces = append(g.interfaces, g.describe(body))
		}
	case blockEnhanced, blockPacket:
		if err := need(20); err != nil {
			return err
		}
		id := int64(g.order.Uint32(body))
		if kind == blockPacket {
			id = int64(g.order.Uint16(body))
		}
		units := uint64(g.order.Uint32(body[4:]))<<32 | uint64(g.order.Uint32(body[8:]))
		rec.wireLen = int64(g.order.Uint32(body[16:]))
		return g.packet(rec, id, int64(g.order.Uint32(body[12:])), body[20:], size-20, at, &units)
	case blockSimple:
		if err := need(4); err != nil {
			return err
		}
		rec.wireLen = int64(g.order.Uint32(body))
		capLen := min(rec.wireLen, size-4)
		if len(g.interfaces) > 0 && g.interfaces[0].snapLen > 0 {
			capLen = min(capLen, g.interfaces[0].snapLen)
		}
		return g.packet(rec, 0, capLen, body[4:], size-4, at, nil)
	}
	return nil
}

// packet fills rec from a packet block's fields; units is nil where the block
// has no time.
func (g *ng) packet(rec *record, id, capLen int64, data []byte, room, at int64, units *uint64) error {
	bad := func(reason, format string, args ...any) error {
		return &badRecord{at, true, false, reason, fmt.Sprintf(format, args...)}
	}
	if id >= int64(len(g.interfaces)) {
		return bad("packet of an interface that was not described", "interface %d of %d", id, len(g.interfaces))
	}
	if capLen > room {
		return bad("captured length exceeds its block", "%d bytes in a block with room for %d", capLen, room)
	}
	if capLen == 0 && rec.wireLen == 0 {
		return bad("empty record", "")
	}
	face := &g.interfaces[id]
	rec.timed = units != nil
	if rec.timed {
		t, ok := face.clock.time(*units)
		if !ok {
			return bad("time beyond the years 1677 to 2262", "%d units", *units)
		}
		rec.time = t
		if face.clock.tooFine() {
			g.notes.add(noteResolution, at)
		}
	} else {
		g.notes.add(noteNoTime, at)
	}
	if face.snapLen > 0 && capLen > face.snapLen {
		g.notes.add(noteOverSnap, at)
	}
	if capLen > rec.wireLen {
		g.notes.add(noteOverWire, at)
	}
	rec.offset, rec.link, rec.capLen = at, face.link, capLen
	rec.wireLen = max(rec.wireLen, capLen)
	rec.data = data[:min(capLen, int64(len(data)))]
	if rec.data == nil {
		rec.data = []byte{}
	}
	return nil
}

// describe reads an interface description.
func (g *ng) describe(body []byte) ngInterface {
	face := ngInterface{
		link:    linkType(g.order.Uint16(body)),
		snapLen: int64(g.order.Uint32(body[4:])),
		clock:   clock{resolution: 6},
	}
	for opts := body[8:]; len(opts) >= 4; {
		code, n := g.order.Uint16(opts), int(g.order.Uint16(opts[2:]))
		opts = opts[4:]
		if code == 0 || n > len(opts) {
			break
		}
		switch {
		case code == 9 && n >= 1: // if_tsresol
			face.clock.resolution = opts[0]
		case code == 14 && n >= 8: // if_tsoffset
			face.clock.offset = int64(g.order.Uint64(opts))
		}
		opts = opts[min(len(opts), (n+3)&^3):]
	}
	return face
}
