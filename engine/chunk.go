package engine

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"

	"netshare/engine/calibrate"
	"netshare/engine/codec"
	"netshare/engine/dgan"
	"netshare/workspace/trace"
)

// Chunks says how a trace is cut into slices of time, each of which networks of
// its own learn. The zero value cuts nothing. What columns are like, and what
// generation is calibrated to, is learnt of the whole trace all the same.
type Chunks struct {
	// Count is how many there are [n_chunks]; 0 and 1 for the trace as a whole.
	// Those without a record have no networks. Default 0; source: measured, see
	// the README.
	Count int
	// By says where the trace is cut [df2chunks]. Default fixed_time.
	By ChunkBy
	// Tags says what is learnt of a session that goes on in other chunks
	// [split_name]. Default multichunk_dep_v2.
	Tags ChunkTags
	// Warm has the networks of later chunks begin as those of the first ended
	// [pretrain_non_dp]. Default true.
	Warm bool
	// Reduce is how many times shorter later chunks are learnt where Warm is true
	// [pretrain_non_dp_reduce_time]. Default 4; source: NetShare.
	Reduce float64
	// SkipFirst leaves the networks of the first chunk as Options.Pretrain has
	// them [skip_chunk0_train]. Default false.
	SkipFirst bool
}

// ChunkBy says where a trace is cut.
type ChunkBy string

// The ways to cut a trace.
const (
	FixedTime ChunkBy = "fixed_time" // into equal spans of time
	FixedSize ChunkBy = "fixed_size" // into as many records
)

// ChunkTags are what a stretch of a session, which one chunk holds, tells of the
// others.
type ChunkTags string

// The tags. Both tell whether the session begins in the chunk, and the chunks
// that it is in: the second in each of them, the first where it begins.
const (
	TagsV1 ChunkTags = "multichunk_dep_v1"
	TagsV2 ChunkTags = "multichunk_dep_v2"
)

// DefaultChunks are the options of chunks where there are to be some.
func DefaultChunks() Chunks {
	return Chunks{By: FixedTime, Tags: TagsV2, Warm: true, Reduce: 4}
}

// On reports whether the trace is to be cut.
func (c Chunks) On() bool { return c.Count > 1 }

// maxChunks bounds the number of chunks, each of which has networks.
const maxChunks = 1000

// validate returns all faults.
func (c Chunks) validate() (errs []error) {
	if c.Count < 0 || c.Count > maxChunks {
		errs = append(errs, fmt.Errorf("n_chunks is %d: want 0 to %d", c.Count, maxChunks))
	}
	if !c.On() {
		if c.SkipFirst {
			errs = append(errs, errors.New("skip_chunk0_train is true without chunks: want n_chunks above 1"))
		}
		return errs
	}
	if c.By != FixedTime && c.By != FixedSize {
		errs = append(errs, fmt.Errorf("df2chunks is %q: want %s or %s", c.By, FixedTime, FixedSize))
	}
	if c.Tags != TagsV1 && c.Tags != TagsV2 {
		errs = append(errs, fmt.Errorf("split_name is %q: want %s or %s", c.Tags, TagsV1, TagsV2))
	}
	if !(c.Reduce >= 1 && c.Reduce <= 1e9) {
		errs = append(errs, fmt.Errorf("pretrain_non_dp_reduce_time is %g: want 1 or more", c.Reduce))
	}
	return errs
}

// chunks are those of a trace that is cut.
type chunks struct {
	Tags  ChunkTags
	Edges []float64 // ticks at which chunks begin, but for the first, ascending
	// Samples is how many samples of the real trace each chunk has.
	Samples []int
	// Lengths counts the real sessions that begin in each chunk by their class of
	// length, and Arrivals are how those follow each other.
	Lengths  [][]int
	Arrivals []arrivals
	// Networks are those of each chunk as dgan.Model.MarshalTrained has them; empty
	// where it has no sample.
	Networks [][]byte
	nets     []*dgan.Model // while sessions are generated
}

// newChunks cuts a trace by the times of its sessions, or of a sample of them.
func newChunks(o Chunks, c *codec.Codec, sessions []trace.Session) (*chunks, error) {
	if c.Clock == nil {
		return nil, fmt.Errorf("n_chunks is %d, and the trace has no time column to be cut by: want 1", o.Count)
	}
	x := &chunks{Tags: o.Tags, Samples: make([]int, o.Count), Networks: make([][]byte, o.Count)}
	var times []float64
	if o.By == FixedSize {
		for _, s := range sessions {
			times = append(times, c.Clock.Times(s.Series)...)
		}
		slices.Sort(times)
	}
	for k := 1; k < o.Count; k++ {
		edge := math.Ceil((c.Span() + 1) * float64(k) / float64(o.Count))
		if o.By == FixedSize {
			edge = times[k*len(times)/o.Count]
		}
		x.Edges = append(x.Edges, edge)
	}
	var lengths []int
	for _, s := range sessions {
		lengths = append(lengths, len(s.Series))
		for _, t := range x.cut(c.Clock, s) {
			lengths = append(lengths, len(t.session.Series))
		}
	}
	c.FitLengths(lengths)
	return x, nil
}

// stretches are what the chunks hold of a session; of a trace that is one, the
// session.
func (m *Model) stretches(s trace.Session) []stretchOf {
	if m.chunks == nil {
		return []stretchOf{{session: s}}
	}
	return m.chunks.cut(m.Codec.Clock, s)
}

// of is the chunk of a time in ticks.
func (x *chunks) of(t float64) int {
	return sort.Search(len(x.Edges), func(i int) bool { return x.Edges[i] > t })
}

// bounds are the first and the last tick of a chunk, in a trace whose last tick
// is given.
func (x *chunks) bounds(k int, last float64) (lo, hi float64) {
	hi = last
	if k > 0 {
		lo = x.Edges[k-1]
	}
	if k < len(x.Edges) {
		hi = x.Edges[k] - 1
	}
	return lo, max(lo, hi)
}

// stretchOf is what one chunk holds of a session.
type stretchOf struct {
	chunk   int
	session trace.Session
	tags    []float32
}

// cut returns the stretches of a session, in the order of the chunks. Records
// keep their order within a chunk.
func (x *chunks) cut(clock *codec.Clock, s trace.Session) []stretchOf {
	by := map[int][]trace.Row{}
	for i, t := range clock.Times(s.Series) {
		k := x.of(t)
		by[k] = append(by[k], s.Series[i])
	}
	in := make([]int, 0, len(by))
	for k := range by {
		in = append(in, k)
	}
	slices.Sort(in)
	out := make([]stretchOf, len(in))
	for i, k := range in {
		out[i] = stretchOf{k, trace.Session{Meta: s.Meta, Series: by[k]}, x.tags(i == 0, in)}
	}
	return out
}

// heads are those of the tags: whether the session begins in the chunk, and for
// each chunk whether it is in it.
func (x *chunks) heads() []codec.Head {
	return slices.Repeat([]codec.Head{{Classes: 2}}, 1+len(x.Samples))
}

// tags are the codes of the tags of a session that is in some chunks.
func (x *chunks) tags(begins bool, in []int) []float32 {
	code := make([]float32, 1+len(x.Samples))
	if begins {
		code[0] = 1
	}
	if begins || x.Tags == TagsV2 {
		for _, k := range in {
			code[1+k] = 1
		}
	}
	return code
}

// apportion splits n in proportion to weights.
func apportion(n int, weights []int) []int {
	all, before := max(1, total(weights)), 0
	out := make([]int, len(weights))
	for i, w := range weights {
		out[i] = n*(before+w)/all - n*before/all
		before += w
	}
	return out
}

func total(xs []int) (all int) {
	for _, x := range xs {
		all += x
	}
	return all
}

// begun counts the real sessions that begin in each chunk.
func (x *chunks) begun() []int {
	out := make([]int, len(x.Lengths))
	for k, n := range x.Lengths {
		out[k] = total(n)
	}
	return out
}

// fitLengths counts where sessions begin and how long they are.
func (x *chunks) fitLengths(c *codec.Codec, sessions []trace.Session) {
	head := c.LengthHead()
	x.Lengths = make([][]int, len(x.Samples))
	for k := range x.Lengths {
		x.Lengths[k] = make([]int, c.MetaHeads()[head].Classes)
	}
	code := make([]float32, len(c.MetaHeads()))
	for _, s := range sessions {
		c.SetRecords(code, len(s.Series))
		x.Lengths[x.of(c.Clock.Times(s.Series)[0])][int(code[head])]++
	}
}

// fitStarts learns how the sessions of each chunk follow each other.
func (x *chunks) fitStarts(starts []float64) {
	by := make([][]float64, len(x.Samples))
	for _, t := range starts {
		k := x.of(t)
		by[k] = append(by[k], t)
	}
	x.Arrivals = make([]arrivals, len(by))
	for k, ts := range by {
		if x.Arrivals[k] = fitArrivals(ts); len(x.Arrivals[k].Gaps) == 0 && len(ts) > 0 {
			x.Arrivals[k].Edges = []float64{slices.Min(ts), slices.Max(ts)}
		}
	}
}

// starts draws n of them, ascending, of each chunk as many as of the real ones.
// Those of a few sessions are drawn evenly between the first and the last.
func (x *chunks) starts(n int, r *rand.Rand) (out []float64) {
	for k, n := range apportion(n, x.begun()) {
		a := &x.Arrivals[k]
		ts := a.draw(n, r)
		if ts == nil && n > 0 {
			for range n {
				ts = append(ts, math.Round(a.Edges[0]+r.Float64()*(a.Edges[1]-a.Edges[0])))
			}
			slices.Sort(ts)
		}
		out = append(out, ts...)
	}
	return out
}

// strata are the classes of length by chunk, with the real trace's shares.
func (x *chunks) strata(candidates []candidate, head int) calibrate.Strata {
	classes := len(x.Lengths[0])
	s := calibrate.Strata{Of: make([]int, len(candidates))}
	for i, c := range candidates {
		s.Of[i] = c.stretches[0].chunk*classes + int(c.meta[head])
	}
	for _, lengths := range x.Lengths {
		for _, n := range lengths {
			s.Shares = append(s.Shares, float64(n))
		}
	}
	return s
}

// load makes the networks of their bytes, for generating.
func (x *chunks) load(s dgan.Shape) (err error) {
	if x.nets != nil {
		return nil
	}
	nets := make([]*dgan.Model, len(x.Networks))
	for k, data := range x.Networks {
		if len(data) == 0 {
			continue
		}
		if nets[k], err = dgan.Load(s, data); err == nil {
			err = nets[k].Shrink()
		}
		if err != nil {
			return fmt.Errorf("chunk %d: %w", k, err)
		}
	}
	x.nets = nets
	return nil
}
