package pcapio

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"time"

	"netshare/workspace/trace"
)

// WriterOptions refine how rows become packets. The zero value is what a
// synthetic table wants.
type WriterOptions struct {
	// KeepSequence writes tcp_seq and tcp_ack as the rows have them, for a
	// table that was captured. Without it, and where they are NULL, they are
	// made to follow from the flags and lengths of each flow's packets.
	KeepSequence bool

	// KeepLength writes pkt_len as the rows have it wherever the headers fit,
	// for a table whose lengths add up to something. Without it a TCP payload
	// may grow to what the dissector of its port takes for whole.
	KeepLength bool
}

// snapLength is the snapshot length that files are written with, in bytes, and
// the most that is written of a packet.
const snapLength = 262144

// Writer writes rows of a packet table as packets. It implements trace.Writer
// and is not safe for concurrent use.
//
// Rows should come in the order of their time. A row without a time gets that
// of the row before it. Lengths and checksums are made right: a pkt_len below
// what the packet's headers need is raised to it, and a payload_len that
// doesn't fit it is disregarded; one that does is met by padding the headers
// with empty options. Payloads are bytes of this package's making, never of a
// trace: zero, or a minimal message where a dissector would call zero bytes
// malformed. A packet of more than 65,535 bytes is written as segmentation
// offload shows it: length field 0, and only its headers captured. A row with
// an IPv4 and an IPv6 address is written as IPv6 with the former mapped.
type Writer struct {
	cells    *cells
	opts     WriterOptions
	builder  *builder
	out      *container
	file     io.Closer // of Create
	classic  bool
	rows     int64
	last     time.Time
	spec     spec
	closed   bool
	firstErr error
}

// NewWriter writes to w a capture in the schema's Format, pcap or pcapng, from
// rows of the schema, which needs the columns time, srcip, dstip, proto and
// pkt_len and may have any other of Columns. Of its Props the link type is
// kept where it is Ethernet, raw IP, BSD loopback or Linux cooked, and is
// Ethernet otherwise; so is the resolution of its times.
func NewWriter(w io.Writer, schema trace.Schema, opts WriterOptions) (*Writer, error) {
	cells, err := newCells(schema)
	if err != nil {
		return nil, err
	}
	link := linkEthernet
	if text, ok := schema.Props[PropLinkType]; ok {
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			return nil, fmt.Errorf("schema: %s %q is not a link type's number", PropLinkType, text)
		}
		link = writable(linkType(n))
	}
	if schema.Format != FormatPcap && schema.Format != FormatPcapng {
		return nil, fmt.Errorf("schema: format %q is not a capture's: want %s or %s", schema.Format, FormatPcap, FormatPcapng)
	}
	ng := schema.Format == FormatPcapng
	out, err := newContainer(w, ng, schema.Props[PropResolution] == "ns", link)
	if err != nil {
		return nil, err
	}
	return &Writer{
		cells: cells, opts: opts, builder: newBuilder(link), out: out, classic: !ng, last: time.Unix(0, 0),
	}, nil
}

// Create makes a capture file at path, in place of one that is there.
func Create(path string, schema trace.Schema, opts WriterOptions) (*Writer, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	w, err := NewWriter(file, schema, opts)
	if err != nil {
		file.Close()
		os.Remove(path)
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	w.file = file
	return w, nil
}

// Write implements trace.Writer. Its errors name the row by number, from 1,
// and the column.
func (w *Writer) Write(row trace.Row) error {
	if w.firstErr != nil {
		return w.firstErr
	}
	w.rows++
	s := &w.spec
	*s = spec{}
	if err := w.cells.read(row, s); err != nil {
		return fmt.Errorf("row %d: %w", w.rows, err)
	}
	if !s.timed {
		s.time = w.last
	}
	if err := w.checkTime(s.time); err != nil {
		return fmt.Errorf("row %d: %w", w.rows, err)
	}
	w.last = s.time
	data, wireLen := w.builder.build(s, &w.opts)
	if err := w.out.write(s.time, data, wireLen); err != nil {
		w.firstErr = fmt.Errorf("row %d: %w", w.rows, err)
		return w.firstErr
	}
	return nil
}

// checkTime refuses what the format can't hold.
func (w *Writer) checkTime(t time.Time) error {
	limit, until := int64(maxSeconds), "2262: correct the time"
	if w.classic {
		limit, until = math.MaxUint32, "2106: write a pcapng file"
	}
	if s := t.Unix(); s < 0 || s > limit {
		return fmt.Errorf("column %q: %s is outside the years 1970 to %s", "time", t.UTC().Format(time.RFC3339), until)
	}
	return nil
}

// Close writes what is held back. It closes the file of Create, and leaves
// open what NewWriter was given.
func (w *Writer) Close() error {
	if w.closed {
		return nil
	}
	w.closed = true
	err := w.out.w.Flush()
	if w.file != nil {
		err = errors.Join(err, w.file.Close())
	}
	return err
}
