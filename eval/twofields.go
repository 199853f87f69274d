package eval

import (
	"fmt"
	"math"

	"netshare/workspace/trace"
)

// crossing is the contingency table of two fields on each side, and on each
// half of each halving, row by row.
type crossing struct {
	rows, cols         int
	real, synth, indep []float64
	halves             [][2][]float64 // of wide rows and columns
	wideR, wideC       int
}

// crossed counts the codes of fields a and b together.
func (c *comparison) crossed(p *prepared, a, b int) crossing {
	t := crossing{rows: p.size[a], cols: p.size[b], wideR: p.wide[a], wideC: p.wide[b]}
	whole := func(side int) []float64 {
		n := make([]float64, t.rows*t.cols)
		x, y := p.codes[side][a], p.codes[side][b]
		for i := range x {
			n[int(x[i])*t.cols+int(y[i])]++
		}
		return n
	}
	t.real, t.synth, t.indep = whole(0), whole(1), whole(2)
	for k := range c.halves.splits {
		x, y := p.split[a][k], p.split[b][k]
		h := [2][]float64{make([]float64, t.wideR*t.wideC), make([]float64, t.wideR*t.wideC)}
		for i := range x {
			h[c.halves.row[i]>>k&1][int(x[i])*t.wideC+int(y[i])]++
		}
		t.halves = append(t.halves, h)
	}
	return t
}

// association is Cramér's V on each side and half.
func (t crossing) association() association {
	as := association{
		real: CramersV(t.real, t.rows, t.cols), synth: CramersV(t.synth, t.rows, t.cols), indep: CramersV(t.indep, t.rows, t.cols),
	}
	for _, h := range t.halves {
		as.halves = append(as.halves, [2]float64{CramersV(h[0], t.wideR, t.wideC), CramersV(h[1], t.wideR, t.wideC)})
	}
	return as
}

// tableScores compares contingency tables: as a whole, and where b changes
// within sessions and a does not, or the other way round, given what does not.
func (c *comparison) tableScores(p *prepared, a, b int, t crossing) []Score {
	fa, fb := &c.fields[a], &c.fields[b]
	if !varied(t.real, t.rows, t.cols) {
		return nil // a constant column: its other scores say all
	}
	score := func(metric string, distance func(real, synth []float64, rows, cols int) float64, words string) Score {
		s := Score{
			Property: Pairs, Metric: metric, Target: fa.Column.Name + ", " + fb.Column.Name,
			Columns: []string{fa.Column.Name, fb.Column.Name}, Counted: true, Words: words,
		}
		got := measured{value: distance(t.real, t.synth, t.rows, t.cols), independent: distance(t.real, t.indep, t.rows, t.cols), uniform: math.NaN(), worst: 1}
		if c.synth.rows == 0 {
			got.value = 1
		}
		for _, h := range t.halves {
			got.bases = append(got.bases, distance(h[0], h[1], t.wideR, t.wideC))
		}
		s.settle(got)
		return s
	}
	out := []Score{score("contingency", func(p, q []float64, _, _ int) float64 { return TotalVariation(p, q) }, c.wordsForCell(p, a, b, t))}
	given := func(x, y *field) string {
		return "given " + quote(x.Column.Name) + ", records differ in " + quote(y.Column.Name)
	}
	switch {
	case p.constant[a] && p.series[b]:
		out = append(out, score("given", GivenDistance, given(fa, fb)))
	case p.constant[b] && p.series[a]:
		out = append(out, score("given", func(p, q []float64, rows, cols int) float64 {
			return GivenDistance(turned(p, rows, cols), turned(q, rows, cols), cols, rows)
		}, given(fb, fa)))
	}
	return out
}

// varied reports whether a contingency table has two rows and two columns in
// which anything is.
func varied(t []float64, rows, cols int) bool {
	r, k := 0, 0
	for i := range rows {
		if total(t[i*cols:(i+1)*cols]) > 0 {
			r++
		}
	}
	for j := range cols {
		for i := range rows {
			if t[i*cols+j] > 0 {
				k++
				break
			}
		}
	}
	return r > 1 && k > 1
}

// turned swaps the rows and columns of a table.
func turned(t []float64, rows, cols int) []float64 {
	out := make([]float64, len(t))
	for i := range rows {
		for j := range cols {
			out[j*rows+i] = t[i*cols+j]
		}
	}
	return out
}

// GivenDistance is the mean over the rows of a real contingency table, by their
// share, of the total variation of each to the same row of a synthetic one, 0 to
// 1; a row that is empty there counts 1. Both tables are given row by row. It is
// NaN for an empty real table.
func GivenDistance(real, synth []float64, rows, cols int) float64 {
	var sum, all float64
	for i := range rows {
		p, q := real[i*cols:(i+1)*cols], synth[i*cols:(i+1)*cols]
		n := total(p)
		if n == 0 {
			continue
		}
		d := 1.0
		if total(q) > 0 {
			d = TotalVariation(p, q)
		}
		sum += n * d
		all += n
	}
	return sum / all
}

// wordsForCell names the pair of values whose share is most off.
func (c *comparison) wordsForCell(p *prepared, a, b int, t crossing) string {
	np, nq := total(t.real), total(t.synth)
	if np == 0 || nq == 0 {
		return ""
	}
	worst := 0
	for i := range t.real {
		if math.Abs(t.real[i]/np-t.synth[i]/nq) > math.Abs(t.real[worst]/np-t.synth[worst]/nq) {
			worst = i
		}
	}
	name := func(f int, code int) string {
		fd := &c.fields[f]
		if fd.numeric {
			return "a part of " + quote(fd.Column.Name)
		}
		if code == p.size[f]-1 {
			return "another " + quote(fd.Column.Name)
		}
		for i, codes := 0, p.codes[0][f]; i < len(codes); i++ {
			if int(codes[i]) == code {
				if v := c.real.codes[f][i]; int(v) < fd.slot() {
					return quote(fd.Column.Name) + " " + quote(fd.values[v])
				}
				return "no " + quote(fd.Column.Name)
			}
		}
		return quote(fd.Column.Name)
	}
	return fmt.Sprintf("records with %s and %s are %s against %s in the real trace",
		name(a, worst/t.cols), name(b, worst%t.cols), percent(t.synth[worst]/nq), percent(t.real[worst]/np))
}

// equalLeast is the share of records with equal values from which two columns
// are compared by it.
const equalLeast = .001

// equality scores how often two columns of one kind hold the same value; false
// where they can't, or hardly do on either side.
func (c *comparison) equality(a, b int) (Score, bool) {
	fa, fb := &c.fields[a], &c.fields[b]
	if fa.Column.Kind != fb.Column.Kind || fa.numeric != fb.numeric || fa.time || fa.unit != fb.unit ||
		fa.Column.Kind == trace.KindBoolean {
		return Score{}, false
	}
	same := func(s *side, i int) bool { return s.numbers[a][i] == s.numbers[b][i] && finite(s.numbers[a][i]) }
	if !fa.numeric {
		of := make(map[string]int32, len(fa.values))
		for i, v := range fa.values {
			of[v] = int32(i)
		}
		as := make([]int32, len(fb.values)+1) // code of b -> code of a
		common := false
		for i := range as {
			as[i] = -1
			if i < len(fb.values) {
				if code, ok := of[fb.values[i]]; ok {
					as[i], common = code, true
				}
			}
		}
		if !common {
			return Score{}, false
		}
		same = func(s *side, i int) bool { return as[s.codes[b][i]] == s.codes[a][i] }
	}
	share := func(s *side) float64 {
		n := 0.0
		for i := range s.rows {
			if same(s, i) {
				n++
			}
		}
		return n / float64(max(1, s.rows))
	}
	r, q := share(c.real), share(c.synth)
	if max(r, q) < equalLeast {
		return Score{}, false
	}
	s := Score{
		Property: Pairs, Metric: "equal", Target: fa.Column.Name + ", " + fb.Column.Name,
		Columns: []string{fa.Column.Name, fb.Column.Name}, Counted: true,
	}
	got := measured{value: math.Abs(r - q), independent: math.Abs(r - share(c.indep)), uniform: math.NaN(), worst: max(r, 1-r)}
	var n, equal [32][2]float64
	for i := range c.real.rows {
		e := 0.0
		if same(c.real, i) {
			e = 1
		}
		for k := range c.halves.splits {
			h := c.halves.row[i] >> k & 1
			n[k][h]++
			equal[k][h] += e
		}
	}
	for k := range c.halves.splits {
		got.bases = append(got.bases, math.Abs(equal[k][0]/n[k][0]-equal[k][1]/n[k][1]))
	}
	s.Words = fmt.Sprintf("%s equals %s in %s of synthetic records against %s of real ones", quote(fa.Column.Name), quote(fb.Column.Name), percent(q), percent(r))
	s.settle(got)
	return s, true
}
