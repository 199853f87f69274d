package workspace

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"netshare/workspace/dissect"
	"netshare/workspace/flow"
	"netshare/workspace/pcapio"
	"netshare/workspace/trace"
)

// dissector makes events from the packets of captures.
type dissector interface {
	Schema() trace.Schema
	Packet(p *trace.Packet, emit func(trace.Row) error) error
	Flush(emit func(trace.Row) error) error // at the end: of what is still open
}

// protocolFlow names the roll-up of packets into flow records.
const protocolFlow = "flow"

// Protocols returns what can be loaded of captures instead of packets: events
// by the names of Zeek's logs, and flow for records such as a router exports.
func Protocols() []string { return append(dissect.Protocols(), protocolFlow) }

func newDissector(protocol string) (dissector, error) {
	if strings.EqualFold(protocol, protocolFlow) {
		return flow.NewRollup(flow.DefaultOptions())
	}
	if d, err := dissect.New(protocol); err == nil {
		return d, nil
	}
	return nil, fmt.Errorf("protocol %q: choose one of %s (tls is ssl)", protocol, strings.Join(Protocols(), ", "))
}

// loadEvents loads the events of a protocol. Several captures are one stream of
// packets, so that a connection may go on in the next.
func (j *loadJob) loadEvents(ctx context.Context, protocol string) error {
	d, err := newDissector(protocol)
	if err != nil {
		return err
	}
	if err := j.begin(ctx, d.Schema()); err != nil {
		return err
	}
	if j.existing != nil && j.fields == nil {
		if err := fits("protocol "+protocol, d.Schema(), j.existing.Name.String(), j.schema); err != nil {
			return err
		}
	}
	a := newAdapter(d.Schema(), j.schema)
	var n int64
	emit := func(row trace.Row) error {
		n++
		if a != nil {
			fit, why := a.adapt(row)
			if why != "" {
				j.unfit(some(j.Files), n, why)
				return nil
			}
			row = fit
		}
		return j.put(ctx, j.Files[0], n, row)
	}
	var packets int64
	for i := range j.inputs {
		in := &j.inputs[i]
		err := j.reading(ctx, in, nil, func(r *openInput) error {
			return r.packets.Packets(ctx, func(p *trace.Packet) error {
				if packets++; packets&0xfff == 0 && j.Progress != nil {
					j.report(in.name)
				}
				return d.Packet(p, emit)
			}, j.reject)
		})
		if err != nil {
			return err
		}
	}
	if err := d.Flush(emit); err != nil {
		return err
	}
	if f, ok := d.(*flow.Rollup); ok && f.Evicted() > 0 {
		j.note("%d flow records were ended early: too many were open at a time", f.Evicted())
	}
	if n > 0 {
		return nil
	}
	return j.without(ctx, protocol)
}

// without says that captures hold none of a protocol, and what they hold.
func (j *loadJob) without(ctx context.Context, protocol string) error {
	what := fmt.Sprintf("%s: no %s in it", some(j.Files), protocol)
	if len(j.Files) > 1 {
		what = fmt.Sprintf("%s: no %s in them", some(j.Files), protocol)
	}
	found, err := j.protocols(ctx)
	switch {
	case err != nil:
		return err
	case len(found) == 0:
		return fmt.Errorf("%s: load the packets, without --protocol", what)
	}
	return fmt.Errorf("%s: it has %s", what, strings.Join(found, ", "))
}

// errFound ends a search.
var errFound = errors.New("found")

// protocols returns which protocols the captures have; of streams, which can't
// be read again, none.
func (j *loadJob) protocols(ctx context.Context) ([]string, error) {
	var found []string
	for _, name := range dissect.Protocols() {
		d, err := newDissector(name)
		if err != nil {
			return nil, err
		}
		emit := func(trace.Row) error { return errFound }
		for i := range j.inputs {
			if j.inputs[i].stream != nil {
				return nil, nil
			}
			r, err := readerOf(&j.inputs[i])
			if err != nil {
				return nil, err
			}
			err = r.packets.Packets(ctx, func(p *trace.Packet) error { return d.Packet(p, emit) }, nil)
			r.Close()
			if err != nil && !errors.Is(err, pcapio.ErrNoPackets) {
				if !errors.Is(err, errFound) {
					return nil, err
				}
				found = append(found, name)
				break
			}
			if i == len(j.inputs)-1 && errors.Is(d.Flush(emit), errFound) {
				found = append(found, name)
			}
		}
	}
	return found, nil
}

// sizeOf is how many bytes are to be read, 0 where a stream is among them.
func sizeOf(ins []input) int64 {
	var n int64
	for i := range ins {
		size := ins[i].size()
		if size == 0 {
			return 0
		}
		n += size
	}
	return n
}
