package marginal

import (
	"math"

	"netshare/engine/privacy"
)

// edge joins an attribute to the one that it is drawn after.
type edge struct {
	Child, Parent int       // of Model.Attributes
	Mass          []float64 // [classes of parent][classes of child], sessions
}

// table is the classes of all records of all sessions.
type table struct {
	codes  [][]int32 // by attribute, of each record
	weight []int64   // of each record
	first  []bool    // it begins a session
}

// joint counts a pair of attributes, [classes of a][classes of b].
func (t *table) joint(as []attribute, a, b int) []int64 {
	n := as[b].Count
	out := make([]int64, as[a].Count*n)
	x, y := t.codes[a], t.codes[b]
	for i, w := range t.weight {
		out[int(x[i])*n+int(y[i])] += w
	}
	return out
}

// classLimit is how many classes an attribute has in pairs, so that the noise of
// a pair's counts, whose standard deviation is sigma, stays a small share of the
// sessions.
func classLimit(sessions, sigma float64) int {
	cells := noiseShare * sessions / sigma
	return min(max(int(math.Sqrt(max(cells, 0))), leastClasses), mostClasses)
}

const (
	noiseShare   = .15
	leastClasses = 3
	mostClasses  = 24

	// scoreParts is how finely the scores of pairs are rounded.
	scoreParts = 1024
)

// choose chooses the pairs of a tree over the attributes that have several
// classes, one after the other, each by an exponential mechanism: a pair scores
// by how far its counts are from those of independent columns, less what noise
// will take of it. No pair is a choice too, and the last: it scores 0.
func (f *fitter) choose(t *table, rho, sigma float64) ([][2]int, error) {
	as := f.model.Attributes
	var in []int
	for i := range as {
		if as[i].Count > 1 {
			in = append(in, i)
		}
	}
	if len(in) < 2 {
		return nil, nil
	}
	rounds := len(in) - 1
	pure := math.Sqrt(8 * rho / float64(rounds))
	var pairs [][2]int
	var scores []int64
	for i, a := range in {
		pa := as[a].classMasses()
		for _, b := range in[:i] {
			pb := as[b].classMasses()
			exact := t.joint(as, a, b)
			score := -math.Sqrt(2/math.Pi) * sigma * float64(len(exact))
			for x := range pa {
				for y := range pb {
					score += math.Abs(float64(exact[x*len(pb)+y])/weight - pa[x]*pb[y]/f.sessions)
				}
			}
			pairs = append(pairs, [2]int{a, b})
			scores = append(scores, int64(math.Round(score*scoreParts)))
		}
	}
	// exp(pure score / 2 sensitivity), the sensitivity with what rounding adds
	const fine = 1 << 24
	num := uint64(pure * fine)
	den := uint64(math.Ceil(2*f.look.options.absolute()*scoreParts+2)) * fine
	err := f.look.ledger.Add(privacy.Mechanism{Name: "which pairs of columns", Kind: privacy.Exponential, Pure: pure, Steps: rounds})
	if err != nil {
		return nil, err
	}
	group := map[int]int{}
	for _, a := range in {
		group[a] = a
	}
	var chosen [][2]int
	for range rounds {
		var open []int
		var theirs []int64
		for i, p := range pairs {
			if group[p[0]] != group[p[1]] {
				open, theirs = append(open, i), append(theirs, scores[i])
			}
		}
		k := f.look.noise.Choose(append(theirs, 0), num, den)
		if k == len(open) {
			break
		}
		p := pairs[open[k]]
		chosen = append(chosen, p)
		from, to := group[p[0]], group[p[1]]
		for a, g := range group {
			if g == from {
				group[a] = to
			}
		}
	}
	return chosen, nil
}

// fitPairs counts the chosen pairs and directs them away from a root, in an
// order in which parents come first.
func (f *fitter) fitPairs(t *table, pairs [][2]int, rho float64) error {
	as := f.model.Attributes
	mass := map[[2]int][]float64{}
	for _, p := range pairs {
		name := "pair " + as[p[0]].Def.Name + ", " + as[p[1]].Def.Name
		noised, _, err := f.look.counts(name, rho/float64(len(pairs)), 1, t.joint(as, p[0], p[1]))
		if err != nil {
			return err
		}
		settle(noised, f.sessions)
		fitTo(noised, as[p[0]].classMasses(), as[p[1]].classMasses())
		mass[p] = noised
	}
	placed := map[int]bool{}
	for len(mass) > 0 {
		found := false
		for _, p := range pairs {
			m, open := mass[p]
			if !open || placed[p[0]] == placed[p[1]] && len(placed) > 0 {
				continue
			}
			if placed[p[1]] {
				f.model.Edges = append(f.model.Edges, edge{Child: p[0], Parent: p[1], Mass: transposed(m, as[p[1]].Count)})
			} else {
				f.model.Edges = append(f.model.Edges, edge{Child: p[1], Parent: p[0], Mass: m})
			}
			placed[p[0]], placed[p[1]] = true, true
			delete(mass, p)
			found = true
		}
		if !found { // can't be in a tree
			break
		}
	}
	return nil
}

func transposed(m []float64, cols int) []float64 {
	rows := len(m) / cols
	out := make([]float64, len(m))
	for i := range rows {
		for j := range cols {
			out[j*rows+i] = m[i*cols+j]
		}
	}
	return out
}

// fitRounds is how often a table's rows and columns are scaled to their sums.
const fitRounds = 30

// fitTo scales a table's rows and columns to sums that are known better, by
// iterative proportional fitting.
func fitTo(m, rows, cols []float64) {
	total := sumOf(rows)
	n := len(cols)
	for i := range rows { // a little everywhere, so that no sum is out of reach
		for j := range cols {
			m[i*n+j] += 1e-6 * rows[i] * cols[j] / max(total, 1)
		}
	}
	for range fitRounds {
		for i, want := range rows {
			if s := sumOf(m[i*n : (i+1)*n]); s > 0 {
				for j := range n {
					m[i*n+j] *= want / s
				}
			}
		}
		for j, want := range cols {
			s := 0.0
			for i := range rows {
				s += m[i*n+j]
			}
			if s > 0 {
				for i := range rows {
					m[i*n+j] *= want / s
				}
			}
		}
	}
}
