package eval

import (
	"context"
	"math"
	"slices"

	"netshare/workspace/trace"
)

// SDMetrics is what the single-table reports of SDMetrics (version 0.32) say
// of two tables, and its three metrics of sequences. Scores are 0 to 1, 1 is
// best; SDMetrics compares with no baseline, so that 1 is out of reach.
//
// Integers, reals and times are continuous, addresses, ports, protocols,
// categories and booleans discrete; free text is left out, as SDMetrics leaves
// out what is no statistical column. The time that orders records has no
// boundary to adhere to.
type SDMetrics struct {
	Quality          float64 `json:"quality"`            // mean of the two below
	ColumnShapes     float64 `json:"column_shapes"`      // mean over columns
	ColumnPairTrends float64 `json:"column_pair_trends"` // mean over pairs
	Diagnostic       float64 `json:"diagnostic"`         // mean of the two below
	DataValidity     float64 `json:"data_validity"`      // mean over columns
	DataStructure    float64 `json:"data_structure"`     // share of columns that both have, of one kind

	Scores []SDScore `json:"scores"`
	Notes  []string  `json:"notes,omitempty"`
}

// SDScore is one score of SDMetrics.
type SDScore struct {
	Property string   `json:"property"` // "column shapes", "column pair trends", "data validity", "data structure" or "sequences"
	Metric   string   `json:"metric"`   // SDMetrics' name
	Columns  []string `json:"columns,omitempty"`
	Score    float64  `json:"score"`    // 0 where not computed
	Computed bool     `json:"computed"` // false where SDMetrics has NaN or an error
}

const (
	sdBins = 10 // of a continuous column in a pair with a discrete one
	// below these the real columns have no trend to be met, and the pair has
	// no score
	sdCorrelation, sdAssociation = 0.5, 0.3
)

// SDMetricsOf computes the scores of SDMetrics for two tables. opts says which
// columns are the key and the time, and with Strict that the scores are
// SDMetrics' own where it has a fault: it cuts a continuous column into ten
// parts of the range of each table for itself, so that equal values of the
// two tables are told apart where the ranges differ. Without Strict both are
// cut by the real range, and a missing value is a part of its own. At most
// opts.MaxPairs pairs are compared.
func SDMetricsOf(ctx context.Context, real, synth *Trace, opts Options) (*SDMetrics, error) {
	c := &comparison{opts: opts, clock: -1}
	c.fields, c.real, c.synth, _ = match(real, synth)
	_, key := c.roles()
	parallel(ctx, 2, func(i int) {
		s := []*side{c.real, c.synth}[i]
		s.sess = s.group(key, c.clock)
	})
	return c.sdmetrics(ctx, real, synth)
}

// sdShape is what a column is to SDMetrics.
type sdShape int

const (
	sdNone sdShape = iota
	sdContinuous
	sdDiscrete
)

func (f *field) shape() sdShape {
	switch {
	case f.numeric:
		return sdContinuous
	case f.Column.Kind == trace.KindText || f.Column.Kind == trace.KindTimestamp:
		return sdNone
	}
	return sdDiscrete
}

func (c *comparison) sdmetrics(ctx context.Context, real, synth *Trace) (*SDMetrics, error) {
	r := &SDMetrics{}
	// Each side counts times from an origin of its own; SDMetrics does not.
	later := make([]float64, len(c.fields))
	for f := range c.fields {
		if !c.fields[f].time {
			continue
		}
		a, b := real.Column(c.fields[f].Column.Name), synth.Column(c.fields[f].Column.Name)
		if later[f] = b.offset()*b.unitSeconds()/a.unitSeconds() - a.offset(); a.Type == b.Type && a.Unit == b.Unit {
			scale := 1.0
			if a.Type == trace.TypeTime {
				scale = 1e-9
			}
			later[f] = float64(b.origin-a.origin) * scale // to the last digit
		}
	}
	columns := make([][]SDScore, len(c.fields))
	err := parallel(ctx, len(c.fields), func(f int) { columns[f] = c.sdColumn(f, later[f]) })
	if err != nil {
		return nil, err
	}
	for _, s := range columns {
		r.Scores = append(r.Scores, s...)
	}
	var pairs [][2]int
	for a := range c.fields {
		for b := a + 1; b < len(c.fields); b++ {
			if c.fields[a].shape() != sdNone && c.fields[b].shape() != sdNone {
				pairs = append(pairs, [2]int{a, b})
			}
		}
	}
	if n := len(pairs); n > c.opts.MaxPairs {
		step := float64(n) / float64(c.opts.MaxPairs)
		for i := range c.opts.MaxPairs {
			pairs[i] = pairs[int(float64(i)*step)]
		}
		pairs = pairs[:c.opts.MaxPairs]
		r.Notes = append(r.Notes, short(float64(len(pairs)))+" of "+short(float64(n))+" pairs were compared, evenly spread")
	}
	found := make([]SDScore, len(pairs))
	cut := c.sdCuts()
	if err := parallel(ctx, len(pairs), func(i int) { found[i] = c.sdPair(pairs[i][0], pairs[i][1], cut) }); err != nil {
		return nil, err
	}
	r.Scores = append(r.Scores, found...)
	r.Scores = append(r.Scores, SDScore{Property: "data structure", Metric: "TableStructure", Score: structure(real, synth), Computed: true})
	r.Scores = append(r.Scores, c.sdSequences()...)
	mean := func(property string) float64 {
		var sum, n float64
		for _, s := range r.Scores {
			if s.Property == property && s.Computed {
				sum += s.Score
				n++
			}
		}
		return sum / max(n, 1)
	}
	r.ColumnShapes, r.ColumnPairTrends = mean("column shapes"), mean("column pair trends")
	r.DataValidity, r.DataStructure = mean("data validity"), mean("data structure")
	r.Quality, r.Diagnostic = (r.ColumnShapes+r.ColumnPairTrends)/2, (r.DataValidity+r.DataStructure)/2
	return r, nil
}

// settled fills a score, which is not computed where it is NaN.
func (s SDScore) settled(x float64) SDScore {
	if finite(x) {
		s.Score, s.Computed = x, true
	}
	return s
}

// sdColumn scores one column; the synthetic times are later by so much.
func (c *comparison) sdColumn(f int, later float64) []SDScore {
	fd := &c.fields[f]
	name := []string{fd.Column.Name}
	switch fd.shape() {
	case sdContinuous:
		x, y := sampled(c.real.numbers[f], nil).values, sampled(c.synth.numbers[f], nil).values
		if later != 0 {
			y = slices.Clone(y)
			for i := range y {
				y[i] += later
			}
		}
		out := []SDScore{SDScore{Property: "column shapes", Metric: "KSComplement", Columns: name}.settled(1 - kolmogorovSmirnov(x, y))}
		if f == c.clock {
			return out
		}
		adherence := math.NaN()
		if len(x) > 0 {
			within := 0.0
			for _, v := range y {
				if v >= x[0] && v <= x[len(x)-1] {
					within++
				}
			}
			of := float64(c.synth.rows)
			if len(x) < c.real.rows { // the real column has missing values, so the synthetic one may
				of = float64(len(y))
			}
			adherence = within / of
		}
		return append(out, SDScore{Property: "data validity", Metric: "BoundaryAdherence", Columns: name}.settled(adherence))
	case sdDiscrete:
		slot := fd.slot()
		p, q := tally(c.real.codes[f], slot), tally(c.synth.codes[f], slot)
		shape := slices.Clone(p[:slot])
		if c.opts.Strict { // which adds this to what the real column has not
			for i := range shape {
				if shape[i] == 0 && q[i] > 0 {
					shape[i] = 1e-6
				}
			}
		}
		out := []SDScore{SDScore{Property: "column shapes", Metric: "TVComplement", Columns: name}.settled(1 - TotalVariation(shape, q[:slot]))}
		within := 0.0
		for i, n := range q {
			if p[i] > 0 {
				within += n
			}
		}
		return append(out, SDScore{Property: "data validity", Metric: "CategoryAdherence", Columns: name}.settled(within/float64(c.synth.rows)))
	}
	return nil
}

// sdCuts holds the continuous columns of both sides in ten parts.
func (c *comparison) sdCuts() [2][][]int32 {
	var out [2][][]int32
	for i, s := range []*side{c.real, c.synth} {
		out[i] = make([][]int32, len(c.fields))
		for f := range c.fields {
			if c.fields[f].shape() != sdContinuous {
				continue
			}
			of := c.real
			if c.opts.Strict {
				of = s
			}
			out[i][f] = cutRange(s.numbers[f], sampled(of.numbers[f], nil).values, c.opts.Strict)
		}
	}
	return out
}

// cutRange returns the part of each value, as numpy.digitize of x by
// numpy.histogram_bin_edges of the sorted values does: 0 below the range, 1 to
// 10 within, 11 at its end or above. Missing values are 11 when strict, as
// there, and 12 otherwise, when the end of the range belongs to the last part.
func cutRange(x, sorted []float64, strict bool) []int32 {
	lo, hi := 0.0, 1.0
	if len(sorted) > 0 {
		if lo, hi = sorted[0], sorted[len(sorted)-1]; lo == hi {
			lo, hi = lo-.5, hi+.5
		}
	}
	var edges [sdBins + 1]float64
	for i := range edges {
		edges[i] = lo + (hi-lo)*(float64(i)/sdBins)
	}
	edges[sdBins] = hi
	out := make([]int32, len(x))
	for i, v := range x {
		switch {
		case v != v && strict:
			out[i] = sdBins + 1
		case v != v:
			out[i] = sdBins + 2
		case v == hi && !strict:
			out[i] = sdBins
		default:
			k := int32(0)
			for k <= sdBins && edges[k] <= v {
				k++
			}
			out[i] = k
		}
	}
	return out
}

// sdPair scores one pair of columns.
func (c *comparison) sdPair(a, b int, cuts [2][][]int32) SDScore {
	s := SDScore{Property: "column pair trends", Metric: "ContingencySimilarity", Columns: []string{c.fields[a].Column.Name, c.fields[b].Column.Name}}
	sa, sb := c.fields[a].shape(), c.fields[b].shape()
	if sa == sdContinuous && sb == sdContinuous {
		s.Metric = "CorrelationSimilarity"
		r, t := Pearson(c.real.numbers[a], c.real.numbers[b]), Pearson(c.synth.numbers[a], c.synth.numbers[b])
		if math.Abs(r) <= sdCorrelation {
			return s
		}
		return s.settled(1 - math.Abs(r-t)/2)
	}
	size := func(f int) int {
		if c.fields[f].shape() == sdContinuous {
			return sdBins + 3
		}
		return c.fields[f].slot() + 1
	}
	codes := func(i, f int) []int32 {
		if c.fields[f].shape() == sdContinuous {
			return cuts[i][f]
		}
		return []*side{c.real, c.synth}[i].codes[f]
	}
	ra, rb := codes(0, a), codes(0, b)
	distance, v := tableDistance(ra, rb, codes(1, a), codes(1, b), size(a), size(b))
	if !(v > sdAssociation) {
		return s
	}
	return s.settled(1 - distance)
}

// tableDistance is the total variation between the joint distributions of two
// pairs of codes below sizes m and n, and Cramér's V of the first.
func tableDistance(ra, rb, sa, sb []int32, m, n int) (distance, v float64) {
	if len(ra) == 0 || len(sa) == 0 {
		return math.NaN(), math.NaN()
	}
	keys := make([]uint64, 0, len(ra)+len(sa)) // the cell, and a last bit for the synthetic side
	for i, x := range ra {
		keys = append(keys, (uint64(x)*uint64(n)+uint64(rb[i]))<<1)
	}
	for i, x := range sa {
		keys = append(keys, (uint64(x)*uint64(n)+uint64(sb[i]))<<1|1)
	}
	cells := countCells(keys, uint64(m)*uint64(n)*2)
	rows, cols := make([]float64, m), make([]float64, n)
	for _, x := range ra {
		rows[x]++
	}
	for _, x := range rb {
		cols[x]++
	}
	wr, ws := 1/float64(len(ra)), 1/float64(len(sa))
	var sum, chi float64
	for _, c := range cells {
		sum += math.Abs(c.real*wr - c.synth*ws)
		if c.real > 0 {
			chi += c.real * c.real / (rows[c.key/uint64(n)] * cols[c.key%uint64(n)])
		}
	}
	some := func(x []float64) (k float64) {
		for _, n := range x {
			if n > 0 {
				k++
			}
		}
		return k
	}
	return sum / 2, math.Sqrt(max(0, chi-1) / (min(some(rows), some(cols)) - 1))
}

// cell is how often a pair of values occurs on each side.
type cell struct {
	key         uint64
	real, synth float64
}

// countCells counts keys below size whose last bit is their side, in rising
// order: in a table where it is small, by sorting otherwise.
func countCells(keys []uint64, size uint64) []cell {
	var out []cell
	if size <= 1<<21 {
		n := make([]float64, size)
		for _, k := range keys {
			n[k]++
		}
		for k := uint64(0); k < size; k += 2 {
			if n[k] > 0 || n[k+1] > 0 {
				out = append(out, cell{k >> 1, n[k], n[k+1]})
			}
		}
		return out
	}
	slices.Sort(keys)
	for _, k := range keys {
		if len(out) == 0 || out[len(out)-1].key != k>>1 {
			out = append(out, cell{key: k >> 1})
		}
		if k&1 == 0 {
			out[len(out)-1].real++
		} else {
			out[len(out)-1].synth++
		}
	}
	return out
}

// sdSequences scores the sessions by SDMetrics' metrics of sequences.
func (c *comparison) sdSequences() []SDScore {
	if len(c.opts.Key) == 0 {
		return nil
	}
	ks := func(metric string, columns []string, x, y []float64) SDScore {
		s := SDScore{Property: "sequences", Metric: metric, Columns: columns}
		return s.settled(1 - kolmogorovSmirnov(sampled(x, nil).values, sampled(y, nil).values))
	}
	out := []SDScore{ks("SequenceLengthSimilarity", nil, c.real.sess.length, c.synth.sess.length)}
	for f := range c.fields {
		if fd := &c.fields[f]; fd.numeric && !fd.time && !slices.Contains(c.opts.Key, fd.Column.Name) {
			r, s := c.real.course(f), c.synth.course(f)
			out = append(out, ks("StatisticMSAS", []string{fd.Column.Name}, r.mean, s.mean),
				ks("InterRowMSAS", []string{fd.Column.Name}, r.changes, s.changes))
		}
	}
	return out
}

// structure is the share of columns, by name and type, that both tables have.
func structure(real, synth *Trace) float64 {
	both := 0
	for i := range real.Columns {
		if b := synth.Column(real.Columns[i].Name); b != nil && b.Type == real.Columns[i].Type {
			both++
		}
	}
	return float64(both) / float64(max(1, len(real.Columns)+len(synth.Columns)-both))
}
