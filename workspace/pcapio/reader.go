package pcapio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"netshare/workspace/packed"
	"netshare/workspace/trace"
)

// Reader reads the packets of one capture as rows of a packet table. It
// implements trace.Reader, streams in constant memory and is not safe for
// concurrent use.
type Reader struct {
	name    string
	schema  trace.Schema
	source  source
	release func()
	notes   *notes
	reasons map[string]int64 // of rejected packets
	packets int64            // records seen
	rows    int64            // of them, made rows
	broken  string           // why reading ended early, "" where it didn't
	maker   *rowMaker
	take    Header
}

// Open opens the capture at path, compressed by gzip or zstd or not.
//
// Its errors wrap those of os.Open for a file that can't be opened, and
// ErrNotCapture for content that is no capture; others say what is wrong with
// the capture's header. The caller closes the reader.
func Open(path string) (*Reader, error) {
	file, err := os.Open(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s: %w: check the path", path, fs.ErrNotExist)
		}
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a directory: name a capture file in it", path)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	r, err := NewReader(path, file)
	if err != nil {
		file.Close()
		return nil, err
	}
	release := r.release
	r.release = func() { release(); file.Close() }
	return r, nil
}

// NewReader reads a capture from a stream such as standard input, which it
// does not close. The name stands in errors and rejects.
func NewReader(name string, stream io.Reader) (*Reader, error) {
	content, err := packed.NewReader(stream)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	release := func() { content.Close() }
	r := &Reader{
		name: name, release: release,
		notes: new(notes), reasons: map[string]int64{}, maker: newRowMaker(),
	}
	if err := r.begin(newInput(content)); err != nil {
		release()
		return nil, err
	}
	return r, nil
}

// begin reads the file's header and makes the schema.
func (r *Reader) begin(in *input) error {
	head, err := in.peek(4)
	if err != nil && err != io.EOF {
		return r.streamError(err)
	}
	if len(head) > 0 && len(head) < 4 && !isText(head) {
		return fmt.Errorf("%s: file header cut short: %d bytes: %w", r.name, len(head), ErrNotCapture)
	}
	if !Detect(head) {
		line, _ := in.peek(32)
		return notCapture(r.name, line)
	}
	props := map[string]string{PropResolution: "us"}
	r.schema = trace.Schema{Columns: Columns(), Props: props}
	var link linkType
	var snapLen int64
	known := true
	if _, _, _, ok := classicMagic(head); ok {
		c, err := newClassic(r.name, in, r.notes)
		if err != nil {
			return err
		}
		if c.nano {
			props[PropResolution] = "ns"
		}
		r.source, r.schema.Format, link, snapLen = c, FormatPcap, c.link, c.snapLen
	} else {
		g, err := newNG(r.name, in, r.notes)
		if err != nil {
			return err
		}
		r.source, r.schema.Format = g, FormatPcapng
		if known = len(g.interfaces) > 0; known {
			face := g.interfaces[0]
			link, snapLen = face.link, face.snapLen
			if face.clock.nanos() {
				props[PropResolution] = "ns"
			}
		}
	}
	if known {
		// Other interfaces of a pcapng file may be readable where the first is not.
		if !link.supported() && r.schema.Format == FormatPcap {
			return fmt.Errorf("%s: unsupported link type %v: capture on an Ethernet, Wi-Fi or IP interface", r.name, link)
		}
		props[PropLinkType], props[PropLinkName] = strconv.Itoa(int(link)), link.name()
		props[PropSnapLen] = strconv.FormatInt(snapLen, 10)
	}
	return nil
}

func isText(head []byte) bool { _, ok := textOf(head); return ok }

// Schema returns the packet table's schema, whose Format is pcap or pcapng by
// the file's magic number and whose Props are those of this package.
func (r *Reader) Schema() trace.Schema { return r.schema }

// Read implements trace.Reader. A record that is no readable IP packet is a
// reject with the packet's number from 1 and the byte offset of its record in
// the decompressed file. The error is that of emit or ctx, that of the stream
// (a gzip stream that ends early among them), or one that wraps ErrNoPackets
// where the whole file gave no row.
func (r *Reader) Read(ctx context.Context, emit func(trace.Row) error, reject func(trace.Reject)) error {
	return r.each(ctx, func(rec *record, p *packet, vlan int) error {
		return emit(r.maker.row(rec, p, vlan))
	}, reject)
}

// Packets reads as Read does, with the same rejects, errors and choice of
// header, and gives packets with their payload in place of rows. The packet and
// its payload are used again after emit. A packet whose record has no time has
// the zero time.
func (r *Reader) Packets(ctx context.Context, emit func(*trace.Packet) error, reject func(trace.Reject)) error {
	var out trace.Packet
	return r.each(ctx, func(rec *record, p *packet, _ int) error {
		p.describe(&out)
		out.Number, out.Time = r.packets, time.Time{}
		if rec.timed {
			out.Time = rec.time
		}
		return emit(&out)
	}, reject)
}

// each calls emit for each packet that can be read, with the identifier of its
// outermost VLAN or -1, and reject for the others.
func (r *Reader) each(ctx context.Context, emit func(rec *record, p *packet, vlan int) error, reject func(trace.Reject)) error {
	var rec record
	var p packet
	for {
		if r.packets&0x3ff == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		err := r.source.next(&rec)
		if err == io.EOF {
			return r.end()
		}
		bad, isBad := asBadRecord(err)
		if err != nil && !isBad {
			return r.streamError(err)
		}
		if isBad {
			if bad.packet {
				r.packets++
			}
			r.reject(reject, bad.packet, bad.offset, unusable{bad.reason, bad.detail})
			if bad.fatal {
				r.broken = bad.reason
				return r.end()
			}
			continue
		}
		r.packets++
		f := frame{data: rec.data, vlan: -1}
		why := f.toIP(rec.link)
		if why.ok() {
			why = p.decode(f.data, rec.wireLen-int64(f.passed))
		}
		if why.ok() && r.take == Innermost && p.mayTunnel() {
			r.enter(&p, &f, rec.wireLen)
		}
		if !why.ok() {
			r.reject(reject, true, rec.offset, why)
			continue
		}
		if p.odd != numNotes {
			r.notes.add(p.odd, rec.offset)
		}
		r.rows++
		if err := emit(&rec, &p, f.vlan); err != nil {
			return err
		}
	}
}

// enter reads the innermost packet in place of p where there is one.
func (r *Reader) enter(p *packet, f *frame, wireLen int64) {
	var inner packet
	at := innermost(f.data)
	if at > 0 && inner.decode(f.data[at:], wireLen-int64(f.passed+at)).ok() {
		*p = inner
	}
}

func (r *Reader) reject(reject func(trace.Reject), isPacket bool, offset int64, why unusable) {
	r.reasons[why.reason]++
	number := int64(0)
	if isPacket {
		number = r.packets
	}
	if reject != nil {
		reject(trace.Reject{File: r.name, Line: number, Offset: offset, Reason: why.reason, Detail: why.detail})
	}
}

// streamError says how far the stream got before it broke.
func (r *Reader) streamError(err error) error {
	return fmt.Errorf("%s: after packet %d: %w", r.name, r.packets, err)
}

// end tells a file that gave rows from one that gave none.
func (r *Reader) end() error {
	if r.rows > 0 {
		return nil
	}
	if r.packets == 0 && len(r.reasons) == 0 {
		return fmt.Errorf("%s: %w: the file has a header and nothing after it", r.name, ErrNoPackets)
	}
	reasons := slices.SortedFunc(maps.Keys(r.reasons), func(a, b string) int {
		if d := r.reasons[b] - r.reasons[a]; d != 0 {
			return int(max(-1, min(1, d)))
		}
		return strings.Compare(a, b)
	})
	var counts []string
	for i, reason := range reasons {
		if i == 8 {
			counts = append(counts, fmt.Sprintf("%d reasons more", len(reasons)-i))
			break
		}
		counts = append(counts, fmt.Sprintf("%s (%d)", reason, r.reasons[reason]))
	}
	return fmt.Errorf("%s: %w among %d: %s", r.name, ErrNoPackets, r.packets, strings.Join(counts, ", "))
}

// Notes returns a line for each kind of oddity among the packets that were
// read all the same, with its count and the byte offset of the first: what a
// front end shows as warnings. It is complete after Read.
func (r *Reader) Notes() []string { return r.notes.lines(r.name) }

// Truncated returns why reading ended before the file's end, "" where it
// didn't; the same reason was given to reject.
func (r *Reader) Truncated() string { return r.broken }

// Close closes what Open opened.
func (r *Reader) Close() error {
	if r.release != nil {
		r.release()
		r.release = nil
	}
	return nil
}
