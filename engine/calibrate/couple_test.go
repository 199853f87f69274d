package calibrate_test

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"netshare/engine/calibrate"
)

// chained is a grid of sessions of one to five records whose columns each
// follow from the one before but for some noise. The first two columns are the
// session's. shuffled columns know nothing of each other.
func chained(sessions, columns, size int, shuffled bool, r *rand.Rand) calibrate.Grid {
	g := calibrate.Grid{Sessions: []int32{0}}
	for k := range columns {
		g.Units = append(g.Units, calibrate.Unit{PerSession: k < 2})
		g.Columns = append(g.Columns, calibrate.Column{Size: size, Unit: k})
	}
	for range sessions {
		n := 1 + r.IntN(5)
		first := []int{r.IntN(size), r.IntN(size)}
		for range n {
			v := 0
			for k := range columns {
				switch {
				case k < 2:
					v = first[k]
				case shuffled || r.IntN(5) == 0:
					v = r.IntN(size)
				default:
					v = (v + 1) % size
				}
				g.Columns[k].Bins = append(g.Columns[k].Bins, uint16(v))
			}
		}
		g.Sessions = append(g.Sessions, g.Sessions[len(g.Sessions)-1]+int32(n))
	}
	return g
}

func histogram(bins []uint16, size int) []int {
	n := make([]int, size)
	for _, b := range bins {
		n[b]++
	}
	return n
}

func TestCoupleMeetsThePairsAndKeepsTheMargins(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	real := chained(1500, 6, 8, false, r)
	pairs := calibrate.NewPairs(real, 100)
	made := chained(1500, 6, 8, true, r)
	var before [][]int
	for _, c := range made.Columns {
		before = append(before, histogram(c.Bins, c.Size))
	}
	res, err := calibrate.Couple(context.Background(), made, pairs, func(int, int, int) bool { return true }, nil, r)
	if err != nil {
		t.Fatal(err)
	}
	if res.Before < 10 || res.After > 2 || res.Exchanged == 0 {
		t.Errorf("residual %.2f, then %.2f after %d exchanges, want below that of a real half", res.Before, res.After, res.Exchanged)
	}
	for k, c := range made.Columns {
		if got := histogram(c.Bins, c.Size); k >= 2 && !slices.Equal(got, before[k]) {
			t.Errorf("column %d has %v, had %v", k, got, before[k])
		}
	}
	for s := range len(made.Sessions) - 1 {
		for _, c := range made.Columns[:2] {
			for row := made.Sessions[s]; row < made.Sessions[s+1]; row++ {
				if c.Bins[row] != c.Bins[made.Sessions[s]] {
					t.Fatalf("session %d has %v in a column that is the session's", s, c.Bins[made.Sessions[s]:made.Sessions[s+1]])
				}
			}
		}
	}
}

func TestCoupleTakesValuesOfSpareSessions(t *testing.T) {
	run := func() (calibrate.Grid, calibrate.Coupled) {
		r := rand.New(rand.NewPCG(7, 8))
		real := chained(1500, 6, 8, false, r)
		pairs := calibrate.NewPairs(real, 100)
		g := chained(6000, 6, 8, true, r)
		g.Spare = 4500
		counted := int(g.Sessions[1500])
		before := make([][]int, len(g.Columns))
		for k, c := range g.Columns {
			before[k] = histogram(c.Bins[:counted], c.Size)
		}
		kept := chained(0, 6, 8, true, r)
		kept.Sessions = g.Sessions[:1501]
		res, err := calibrate.Couple(context.Background(), g, pairs, func(int, int, int) bool { return true }, nil, r)
		if err != nil {
			t.Fatal(err)
		}
		for k, c := range g.Columns {
			kept.Columns[k].Bins = c.Bins[:counted]
		}
		columns, apart := calibrate.Apart(kept, real, pairs)
		for k, c := range kept.Columns {
			if k >= 2 { // of the record
				columns[k] = 0
				for bin, n := range histogram(c.Bins, c.Size) {
					columns[k] += math.Abs(float64(n-before[k][bin])) / float64(counted) / 2
				}
			}
			if columns[k] > .01 {
				t.Errorf("column %d is %.3f from what it should be", k, columns[k])
			}
		}
		for k, v := range apart {
			if v > .08 {
				t.Errorf("pair %d is %.3f from the real one", k, v)
			}
		}
		return kept, res
	}
	kept, res := run()
	if res.Before < 10 || res.After > 1 {
		t.Errorf("residual %.2f, then %.2f, want it below noise", res.Before, res.After)
	}
	if again, _ := run(); !slices.EqualFunc(kept.Columns, again.Columns, func(a, b calibrate.Column) bool { return slices.Equal(a.Bins, b.Bins) }) {
		t.Error("the same seed exchanged other values")
	}
}

func TestCoupleLeavesARealHalfAlone(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	pairs := calibrate.NewPairs(chained(3000, 5, 6, false, r), 100)
	half := chained(3000, 5, 6, false, r)
	res, err := calibrate.Couple(context.Background(), half, pairs, func(int, int, int) bool { return true }, nil, r)
	if err != nil {
		t.Fatal(err)
	}
	if res.Before > 3 || res.After > res.Before {
		t.Errorf("residual %.2f, then %.2f", res.Before, res.After)
	}
}

func TestCoupleExchangesOnlyWhatItMay(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	pairs := calibrate.NewPairs(chained(500, 4, 6, false, r), 100)
	made := chained(500, 4, 6, true, r)
	made.Columns[3].Unit = -1
	stays := slices.Clone(made.Columns[3].Bins)
	refused := slices.Clone(made.Columns[1].Bins)
	_, err := calibrate.Couple(context.Background(), made, pairs, func(unit, a, b int) bool {
		if unit == 3 {
			t.Errorf("unit %d exchanged between %d and %d", unit, a, b)
		}
		return unit != 1 // as a caller may refuse
	}, nil, r)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(stays, made.Columns[3].Bins) {
		t.Error("a column that stays was moved")
	}
	if !slices.Equal(refused, made.Columns[1].Bins) {
		t.Error("a unit whose exchanges were refused was moved")
	}
}

// TestCoupleRefusalsKnownBeforehand: that some exchanges are known to be refused
// changes nothing but how often exchange is asked, though what is refused depends
// on what was exchanged before.
func TestCoupleRefusalsKnownBeforehand(t *testing.T) {
	run := func(beforehand bool) (g calibrate.Grid, denied int) {
		r := rand.New(rand.NewPCG(9, 10))
		pairs := calibrate.NewPairs(chained(1500, 6, 8, false, r), 100)
		g = chained(6000, 6, 8, true, r)
		g.Spare = 4500
		var of [2][]uint16 // of the sessions' columns
		for k := range of {
			for _, row := range g.Sessions[:len(g.Sessions)-1] {
				of[k] = append(of[k], g.Columns[k].Bins[row])
			}
		}
		refuses := func(unit, a, b int) bool { // no session has the same in both
			return unit < 2 && (of[unit][a] == of[1-unit][b] || of[unit][b] == of[1-unit][a])
		}
		exchange := func(unit, a, b int) bool {
			if unit >= 2 {
				return true
			}
			if refuses(unit, a, b) {
				denied++
				return false
			}
			of[unit][a], of[unit][b] = of[unit][b], of[unit][a]
			return true
		}
		known := refuses
		if !beforehand {
			known = nil
		}
		if _, err := calibrate.Couple(context.Background(), g, pairs, exchange, known, r); err != nil {
			t.Fatal(err)
		}
		return g, denied
	}
	plain, denied := run(false)
	quick, left := run(true)
	for k := range plain.Columns {
		if !slices.Equal(plain.Columns[k].Bins, quick.Columns[k].Bins) {
			t.Errorf("column %d differs", k)
		}
	}
	if left == 0 || left > denied/3 {
		t.Errorf("%d refusals, %d where they were known", denied, left)
	}
}

func TestCoupleEmpty(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	g := calibrate.Grid{Sessions: []int32{0}}
	res, err := calibrate.Couple(context.Background(), g, nil, nil, nil, r)
	if err != nil || math.IsNaN(res.After) {
		t.Errorf("%+v, %v", res, err)
	}
	_, err = calibrate.Couple(context.Background(), chained(3, 3, 2, true, r), []calibrate.Pair{{A: 0, B: 1, Share: []float32{1}}}, nil, nil, r)
	if err == nil {
		t.Error("a pair of another size was taken")
	}
}

func BenchmarkCouple(b *testing.B) {
	for range b.N {
		r := rand.New(rand.NewPCG(1, 2))
		pairs := calibrate.NewPairs(chained(2000, 24, 24, false, r), 400)
		made := chained(2000, 24, 24, true, r)
		res, err := calibrate.Couple(context.Background(), made, pairs, func(int, int, int) bool { return true }, nil, r)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(res.Before, "before")
		b.ReportMetric(res.After, "after")
		b.ReportMetric(float64(res.Exchanged), "exchanged")
	}
}

func TestCoupleSameOnAnyThreads(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var one calibrate.Grid
	for _, threads := range []int{1, 2, 5} {
		runtime.GOMAXPROCS(threads)
		r := rand.New(rand.NewPCG(1, 2))
		pairs := calibrate.NewPairs(chained(600, 6, 8, false, r), 100)
		made := chained(600, 6, 8, true, r)
		if _, err := calibrate.Couple(context.Background(), made, pairs, func(int, int, int) bool { return true }, nil, r); err != nil {
			t.Fatal(err)
		}
		if one.Columns == nil {
			one = made
		}
		for i, c := range made.Columns {
			if !slices.Equal(c.Bins, one.Columns[i].Bins) {
				t.Fatalf("%d threads exchange other values of column %d than one", threads, i)
			}
		}
	}
}
