package eval

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// topValues is how many values of a text column take part in associations;
// the rest count as one.
const topValues = 20

// small holds a text field's values by few codes: its most frequent real
// values in falling order, then one code for all others.
type small struct {
	codeOf []uint8 // value (and missing) -> code
	codes  int
}

func newSmall(counts []float64, top int) small {
	order := make([]int32, 0, len(counts))
	for i, n := range counts {
		if n > 0 {
			order = append(order, int32(i))
		}
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(counts[b], counts[a]) })
	order = order[:min(len(order), top)]
	s := small{codeOf: make([]uint8, len(counts)), codes: len(order) + 1}
	for i := range s.codeOf {
		s.codeOf[i] = uint8(len(order))
	}
	for i, v := range order {
		s.codeOf[v] = uint8(i)
	}
	return s
}

func (s small) of(codes []int32) []uint8 {
	out := make([]uint8, len(codes))
	for i, c := range codes {
		out[i] = s.codeOf[c]
	}
	return out
}

// ranks returns the mean rank of each finite value, 0 to 1, NaN for others.
func ranks(x []float64) []float64 {
	type entry struct {
		v float64
		i int32
	}
	es := make([]entry, 0, len(x))
	out := make([]float64, len(x))
	for i, v := range x {
		if finite(v) {
			es = append(es, entry{v, int32(i)})
		} else {
			out[i] = math.NaN()
		}
	}
	slices.SortFunc(es, func(a, b entry) int { return cmp.Compare(a.v, b.v) })
	n := float64(len(es))
	for i := 0; i < len(es); {
		j := i
		for j < len(es) && es[j].v == es[i].v {
			j++
		}
		for k := i; k < j; k++ {
			out[es[k].i] = (float64(i+j) / 2) / n
		}
		i = j
	}
	return out
}

// prepared holds what associations need of each field, for the real,
// synthetic and independent side.
type prepared struct {
	codes [3][][]uint8
	size  []int
	ranks [3][][]float64
	// split holds the real side's codes for each halving: the frequent values
	// are those of the first half, as the whole real trace's are for the
	// synthetic one, so that values of one session only don't flatter the
	// baseline.
	split [][][]uint8
	wide  []int // the codes of each field, at most, over all halvings

	series, constant []bool // fields that change within real sessions, and that don't
}

// smallSplit returns a text field's codes by the frequent values of the first
// half of each halving, and how many codes there are at most.
func (c *comparison) smallSplit(f, top int) (codes [][]uint8, size int) {
	for _, h := range c.halfTallies(f) {
		sm := newSmall(h[0], top)
		size = max(size, sm.codes)
		codes = append(codes, sm.of(c.real.codes[f]))
	}
	return codes, size
}

func (c *comparison) prepare(ctx context.Context) (*prepared, error) {
	n := len(c.fields)
	p := &prepared{
		size: make([]int, n), wide: make([]int, n), split: make([][][]uint8, n),
		series: make([]bool, n), constant: make([]bool, n),
	}
	sides := []*side{c.real, c.synth, c.indep}
	for i := range sides {
		p.codes[i], p.ranks[i] = make([][]uint8, n), make([][]float64, n)
	}
	err := parallel(ctx, n, func(f int) {
		if len(c.opts.Key) > 0 && c.several() && !c.fields[f].time {
			share := shareChanging(c.real.changing(f), nil)
			p.series[f], p.constant[f] = share > 0, share == 0
		}
		if c.fields[f].numeric {
			codes, size := c.parts(f)
			for i, s := range sides {
				p.ranks[i][f] = ranks(s.numbers[f])
				p.codes[i][f] = codes[i]
			}
			p.size[f], p.wide[f] = size, size
			for range c.halves.splits {
				p.split[f] = append(p.split[f], codes[0])
			}
			return
		}
		sm := newSmall(tally(c.real.codes[f], len(c.fields[f].values)), topValues)
		p.size[f] = sm.codes
		for i, s := range sides {
			p.codes[i][f] = sm.of(s.codes[f])
		}
		p.split[f], p.wide[f] = c.smallSplit(f, topValues)
	})
	return p, err
}

// association is a measure of two fields on each side and each half.
type association struct {
	real, synth, indep float64
	halves             [][2]float64
}

// pairScores compares the associations of all pairs of fields.
func (c *comparison) pairScores(ctx context.Context, p *prepared, rng *rand.Rand) ([]Score, []heatCell, error) {
	var pairs [][2]int
	for a := range c.fields {
		for b := a + 1; b < len(c.fields); b++ {
			pairs = append(pairs, [2]int{a, b})
		}
	}
	sampledOf := 0
	if len(pairs) > c.opts.MaxPairs {
		sampledOf = len(pairs)
		rng.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
		pairs = pairs[:c.opts.MaxPairs]
		slices.SortFunc(pairs, func(a, b [2]int) int { return cmp.Or(a[0]-b[0], a[1]-b[1]) })
	}
	results := make([][]Score, len(pairs))
	cells := make([]heatCell, len(pairs))
	err := parallel(ctx, len(pairs), func(i int) {
		results[i], cells[i] = c.pair(p, pairs[i][0], pairs[i][1])
	})
	if err != nil {
		return nil, nil, err
	}
	var out []Score
	var idle []Score
	for _, r := range results {
		for _, s := range r {
			if s.idle() {
				idle = append(idle, s)
			}
			out = append(out, s)
		}
	}
	if len(idle) > 0 {
		out = append(out, spurious(idle, c.halves.splits, Pairs, "pairs"))
	}
	if sampledOf > 0 {
		out = append(out, Score{
			Property: Pairs, Metric: "spurious", Target: "pairs left out",
			Note: fmt.Sprintf("%d of %d pairs were compared, drawn by the seed", len(pairs), sampledOf),
		})
	}
	return out, cells, nil
}

// idle takes a score out of the mean where the real trace shows no
// association that it could tell anything of, and reports whether it did.
func (s *Score) idle() bool {
	if !s.Computed || !s.Counted || s.YardstickKind == "independent" {
		return false
	}
	s.Counted = false
	s.note("the real trace shows no association here, so it counts under spurious")
	return true
}

// spurious is the one score of the pairs or triples that the real trace shows
// no association in.
func spurious(idle []Score, splits int, property, of string) Score {
	target := fmt.Sprintf("%d %s without association", len(idle), of)
	s := Score{Property: property, Metric: "spurious", Target: target, Counted: true}
	got := measured{uniform: math.NaN(), independent: math.NaN(), worst: 1}
	got.bases = make([]float64, splits)
	worst := 0
	for i := range idle {
		got.value += idle[i].Value / float64(len(idle))
		for k, b := range idle[i].bases[:min(len(idle[i].bases), splits)] {
			got.bases[k] += b / float64(len(idle))
		}
		if idle[i].Value > idle[worst].Value {
			worst = i
		}
	}
	s.Words = "the synthetic trace associates columns that have nothing to do with each other, most of all " + idle[worst].Target
	s.settle(got)
	return s
}

// pair scores one pair of fields.
func (c *comparison) pair(p *prepared, a, b int) ([]Score, heatCell) {
	fa, fb := &c.fields[a], &c.fields[b]
	cell := heatCell{a: a, b: b}
	var out []Score
	add := func(name string, half float64, as association) {
		s := Score{
			Property: Pairs, Metric: name, Target: fa.Column.Name + ", " + fb.Column.Name,
			Columns: []string{fa.Column.Name, fb.Column.Name}, Counted: true,
		}
		got := measured{uniform: math.NaN(), worst: 1}
		if math.IsNaN(as.real) {
			s.Note = "a column is constant in the real trace"
			got.value = math.NaN()
		} else {
			if math.IsNaN(as.synth) {
				as.synth = 0
				s.note("a column is constant in the synthetic trace")
			}
			got.value = math.Abs(as.real-as.synth) * half
			got.independent = math.Abs(as.real-orZero(as.indep)) * half
			for _, h := range as.halves {
				got.bases = append(got.bases, math.Abs(orZero(h[0])-orZero(h[1]))*half)
			}
			s.Words = wordsForPair(name, fa.Column.Name, fb.Column.Name, as)
			cell.real, cell.synth, cell.ok = as.real, as.synth, true
		}
		s.settle(got)
		out = append(out, s)
	}
	switch {
	case fa.numeric && fb.numeric:
		add("pearson", .5, c.correlate(c.real.numbers, c.synth.numbers, c.indep.numbers, a, b))
		add("spearman", .5, c.correlate(p.ranks[0], p.ranks[1], p.ranks[2], a, b))
	case !fa.numeric && !fb.numeric:
		t := c.crossed(p, a, b)
		add("cramers_v", 1, t.association())
		out = append(out, c.tableScores(p, a, b, t)...)
	case fa.numeric:
		add("correlation_ratio", 1, c.grouped(p, b, a))
		out = append(out, c.tableScores(p, b, a, c.crossed(p, b, a))...)
	default:
		add("correlation_ratio", 1, c.grouped(p, a, b))
		out = append(out, c.tableScores(p, a, b, c.crossed(p, a, b))...)
	}
	if s, ok := c.equality(a, b); ok {
		out = append(out, s)
	}
	return out, cell
}

func orZero(x float64) float64 {
	if math.IsNaN(x) {
		return 0
	}
	return x
}

// correlate is Pearson's r on each side and half.
func (c *comparison) correlate(real, synth, indep [][]float64, a, b int) association {
	x, y := real[a], real[b]
	as := association{real: Pearson(x, y), synth: Pearson(synth[a], synth[b]), indep: Pearson(indep[a], indep[b])}
	mx, my := middle(x), middle(y)
	for k := range c.halves.splits {
		var s [2]sums
		for i := range x {
			u, v := x[i]-mx, y[i]-my
			if d := u + v; d-d == 0 { // both are finite
				s[c.halves.row[i]>>k&1].add(u, v)
			}
		}
		as.halves = append(as.halves, [2]float64{s[0].correlation(), s[1].correlation()})
	}
	return as
}

func middle(x []float64) float64 {
	var s, n float64
	for _, v := range x {
		if finite(v) {
			s += v
			n++
		}
	}
	return s / max(n, 1)
}

// sums is moments for values centred beforehand: quicker, and as exact then.
type sums struct{ n, x, y, xx, yy, xy float64 }

func (s *sums) add(x, y float64) {
	s.n++
	s.x += x
	s.y += y
	s.xx += x * x
	s.yy += y * y
	s.xy += x * y
}

func (s *sums) correlation() float64 {
	if s.n < 2 {
		return math.NaN()
	}
	vx, vy := s.xx-s.x*s.x/s.n, s.yy-s.y*s.y/s.n
	if vx <= 1e-12*s.xx || vy <= 1e-12*s.yy {
		return math.NaN()
	}
	return max(-1, min(1, (s.xy-s.x*s.y/s.n)/math.Sqrt(vx)/math.Sqrt(vy)))
}

// grouped is the correlation ratio of the ranks of number b by category a.
func (c *comparison) grouped(p *prepared, a, b int) association {
	eta := func(side int) float64 {
		s := newSpreads(p.size[a])
		for i, x := range p.ranks[side][b] {
			if x == x {
				s.add(int(p.codes[side][a][i]), x)
			}
		}
		return s.ratio()
	}
	as := association{real: eta(0), synth: eta(1), indep: eta(2)}
	for k := range c.halves.splits {
		codes := p.split[a][k]
		s := [2]*spreads{newSpreads(p.wide[a]), newSpreads(p.wide[a])}
		for i, x := range p.ranks[0][b] {
			if x == x {
				s[c.halves.row[i]>>k&1].add(int(codes[i]), x)
			}
		}
		as.halves = append(as.halves, [2]float64{s[0].ratio(), s[1].ratio()})
	}
	return as
}

// heatCell is one pair's association for the heat maps.
type heatCell struct {
	a, b        int
	real, synth float64
	ok          bool
}
