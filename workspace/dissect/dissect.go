package dissect

import (
	"fmt"
	"slices"
	"strings"

	"netshare/workspace/trace"
)

// Protocols returns the protocols whose events can be had, by the names of
// Zeek's logs, in order. New also knows ssl as tls.
func Protocols() []string {
	names := []string{"conn"}
	for _, p := range protocols() {
		names = append(names, p.name)
	}
	slices.Sort(names)
	return names
}

// Dissector makes the events of one protocol from the packets of a capture. It
// is not safe for concurrent use. Its memory is bounded whatever it is given:
// see the package comment.
type Dissector struct {
	schema    trace.Schema
	table     *table
	fragments *fragments
	emit      func(trace.Row) error // of the call that is under way
}

// New returns a dissector of one of Protocols, in whatever case it is written.
func New(name string) (*Dissector, error) {
	path := strings.ToLower(name)
	if path == "tls" {
		path = "ssl"
	}
	d := &Dissector{fragments: newFragments()}
	if path == "conn" {
		d.schema = schemaOf("conn", connLogColumns)
		d.table = newTable(nil, d.forward)
		return d, nil
	}
	for _, p := range protocols() {
		if p.name == path {
			d.schema = schemaOf(path, p.columns)
			d.table = newTable(&p, d.forward)
			return d, nil
		}
	}
	return nil, fmt.Errorf("protocol %q: choose one of %s", name, strings.Join(Protocols(), ", "))
}

// Schema returns the columns of the events: those of Zeek's log of the
// protocol, as package zeekio gives them when it reads one.
func (d *Dissector) Schema() trace.Schema { return d.schema }

// Packet takes in the capture's next packet and calls emit for each event that
// it completes. Packets come in the order of capture. The row is used again,
// its lists are not. The error is that of emit, after which the dissector is
// of no more use.
func (d *Dissector) Packet(p *trace.Packet, emit func(trace.Row) error) error {
	d.emit = emit
	if p.FragmentOffset > 0 || p.MoreFragments {
		if p = d.fragments.add(p); p == nil {
			return nil
		}
	}
	return d.table.packet(p)
}

// Flush ends the capture and calls emit for the events of what is still open.
// Packets that come after it begin anew.
func (d *Dissector) Flush(emit func(trace.Row) error) error {
	d.emit = emit
	d.fragments.clear()
	return d.table.flush()
}

func (d *Dissector) forward(row trace.Row) error { return d.emit(row) }
