package flow

import (
	"errors"
	"fmt"
	"math"
	"time"

	"netshare/workspace/trace"
)

// Options say when a record ends.
type Options struct {
	// Active is the longest that a record lasts; a packet that comes later
	// begins another. Default 1800 s, as routers have it.
	Active time.Duration
	// Inactive is the longest between two packets of a record. Default 15 s, as
	// routers have it.
	Inactive time.Duration
	// MaxFlows bounds the records that are open at a time, some 400 bytes each;
	// beyond it that which is without a packet for the longest is ended early
	// (see Rollup.Evicted). Default 262,144.
	MaxFlows int
}

// DefaultOptions are those of NetFlow.
func DefaultOptions() Options {
	return Options{Active: 1800 * time.Second, Inactive: 15 * time.Second, MaxFlows: 1 << 18}
}

// Validate reports all that is wrong with the options, joined.
func (o Options) Validate() error {
	var errs []error
	if o.Active <= 0 {
		errs = append(errs, fmt.Errorf("active timeout %v: want a time above 0", o.Active))
	}
	if o.Inactive <= 0 {
		errs = append(errs, fmt.Errorf("inactive timeout %v: want a time above 0", o.Inactive))
	}
	if o.MaxFlows < 1 {
		errs = append(errs, fmt.Errorf("%d open flows at most: want 1 or more", o.MaxFlows))
	}
	return errors.Join(errs...)
}

// Rollup makes flow records of packets that come in the order of their time.
// It is not safe for concurrent use.
type Rollup struct {
	opts      Options
	open      map[key]*entry
	oldest    *entry // without a packet for the longest
	newest    *entry
	now       time.Time
	evicted   int64
	fragments *fragments
	names     [256]string
	row       trace.Row
}

// key tells records apart.
type key struct {
	trace.FiveTuple
	tos                uint8
	icmpType, icmpCode uint8
}

// entry is an open record, in a list by the time of its last packet.
type entry struct {
	key          key
	start, last  time.Time
	seen         time.Time // the latest time of any packet when its last one came
	packets      int64
	bytes        int64
	flags        uint16
	older, newer *entry
}

// NewRollup returns a Rollup without packets. The error is that of
// Options.Validate.
func NewRollup(o Options) (*Rollup, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	return &Rollup{
		opts: o, open: map[key]*entry{}, fragments: newFragments(), names: newProtocols().names, row: make(trace.Row, numColumns),
	}, nil
}

// Schema is that of the records: Columns, to be written as CSV where no other
// format is asked for.
func (r *Rollup) Schema() trace.Schema {
	return trace.Schema{Format: "csv", Columns: Columns()}
}

// Evicted is how many records were ended early because too many were open.
func (r *Rollup) Evicted() int64 { return r.evicted }

// Packet counts a packet, of which nothing is kept, and emits the records that
// are over. emit must not keep the row. The error is emit's.
func (r *Rollup) Packet(p *trace.Packet, emit func(trace.Row) error) error {
	t := p.Time
	if t.IsZero() { // a packet without a time comes with the one before
		t = r.now
	}
	if t.After(r.now) {
		r.now = t
	}
	for r.oldest != nil && r.now.Sub(r.oldest.seen) > r.opts.Inactive {
		if err := r.end(r.oldest, emit); err != nil {
			return err
		}
	}
	k := r.fragments.key(p)
	e := r.open[k]
	if e != nil && t.Sub(e.start) > r.opts.Active {
		if err := r.end(e, emit); err != nil {
			return err
		}
		e = nil
	}
	if e == nil {
		if len(r.open) >= r.opts.MaxFlows {
			r.evicted++
			if err := r.end(r.oldest, emit); err != nil {
				return err
			}
		}
		e = &entry{key: k, start: t, last: t}
		r.open[k] = e
	} else {
		r.unlink(e)
	}
	r.link(e)
	e.seen = r.now
	if t.Before(e.start) {
		e.start = t
	}
	if t.After(e.last) {
		e.last = t
	}
	e.packets++
	e.bytes += int64(p.Length)
	e.flags |= p.TCPFlags
	return nil
}

// Flush emits the records that are open, as at the end of the packets.
func (r *Rollup) Flush(emit func(trace.Row) error) error {
	for r.oldest != nil {
		if err := r.end(r.oldest, emit); err != nil {
			return err
		}
	}
	return nil
}

// link puts an entry at the new end of the list.
func (r *Rollup) link(e *entry) {
	e.older, e.newer = r.newest, nil
	if r.newest != nil {
		r.newest.newer = e
	} else {
		r.oldest = e
	}
	r.newest = e
}

func (r *Rollup) unlink(e *entry) {
	if e.older != nil {
		e.older.newer = e.newer
	} else {
		r.oldest = e.newer
	}
	if e.newer != nil {
		e.newer.older = e.older
	} else {
		r.newest = e.older
	}
}

// end emits an entry's record and forgets it.
func (r *Rollup) end(e *entry, emit func(trace.Row) error) error {
	r.unlink(e)
	delete(r.open, e.key)
	v := r.row
	clear(v)
	v[colSrcIP], v[colDstIP] = e.key.SrcIP.String(), e.key.DstIP.String()
	if e.key.SrcPort != trace.NoPort {
		v[colSrcPort], v[colDstPort] = int64(e.key.SrcPort), int64(e.key.DstPort)
	}
	v[colProto] = r.names[e.key.Proto]
	v[colTime] = e.start
	v[colDuration] = seconds(e.last.Sub(e.start))
	v[colPackets], v[colBytes] = e.packets, e.bytes
	if e.key.Proto == protoTCP {
		v[colFlags] = int64(e.flags)
	}
	v[colToS] = int64(e.key.tos)
	if isICMP(e.key.Proto) {
		v[colICMPType], v[colICMPCode] = int64(e.key.icmpType), int64(e.key.icmpCode)
	}
	return emit(v)
}

// seconds is the number nearest to d.
func seconds(d time.Duration) float64 { return float64(d) / 1e9 }

// durationOf is the whole number of nanoseconds nearest to s seconds.
func durationOf(s float64) time.Duration { return time.Duration(math.Round(s * 1e9)) }
