package eval

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"netshare/workspace/trace"
)

func compared(t testing.TB, real, synth []trace.Row) *Report {
	t.Helper()
	r, err := Compare(context.Background(), table(t, "real", flowColumns(), real), table(t, "synthetic", flowColumns(), synth), flowOptions())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func property(t testing.TB, r *Report, name string) PropertyScore {
	t.Helper()
	for _, p := range r.Properties {
		if p.Property == name {
			return p
		}
	}
	t.Fatalf("no property %s", name)
	return PropertyScore{}
}

// TestHalvesOfTheSame compares two draws of one source: as good as real.
func TestHalvesOfTheSame(t *testing.T) {
	rows := flows(6000, 5)
	sessions := map[string][]trace.Row{}
	var order []string
	for _, r := range rows {
		k := strings.Join([]string{r[0].(string), r[1].(string), text(r[2]), text(r[3])}, " ")
		if sessions[k] == nil {
			order = append(order, k)
		}
		sessions[k] = append(sessions[k], r)
	}
	rand.New(rand.NewPCG(9, 9)).Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	var a, b []trace.Row
	for i, k := range order {
		if i%2 == 0 {
			a = append(a, sessions[k]...)
		} else {
			b = append(b, sessions[k]...)
		}
	}
	r := compared(t, a, b)
	if r.Overall.Score < 94 {
		t.Errorf("one half against the other scores %.1f ± %.1f; worst %+v", r.Overall.Score, r.Overall.Spread, r.Worst)
	}
	if r.Overall.Baseline < 94 {
		t.Errorf("halves score %.1f as baseline", r.Overall.Baseline)
	}
}

// TestIndependentColumns keeps every column and loses what is between them.
func TestIndependentColumns(t *testing.T) {
	real := flows(4000, 1)
	synth := flows(4000, 1)
	rng := rand.New(rand.NewPCG(2, 2))
	for col := range flowColumns() {
		for i := range synth {
			j := rng.IntN(i + 1)
			synth[i][col], synth[j][col] = synth[j][col], synth[i][col]
		}
	}
	r := compared(t, real, synth)
	if p := property(t, r, Columns); p.Score < 99.9 {
		t.Errorf("columns score %.1f, want 100", p.Score)
	}
	for _, name := range []string{Pairs, Joint, Sessions} {
		if p := property(t, r, name); p.Score > 45 {
			t.Errorf("%s score %.1f without any association", name, p.Score)
		}
	}
	if r.Overall.Score > 75 {
		t.Errorf("overall %.1f", r.Overall.Score)
	}
}

// TestShuffledTime loses what hangs on time, and keeps columns.
func TestShuffledTime(t *testing.T) {
	synth := flows(4000, 1)
	rng := rand.New(rand.NewPCG(2, 2))
	rng.Shuffle(len(synth), func(i, j int) { synth[i][5], synth[j][5] = synth[j][5], synth[i][5] })
	r := compared(t, flows(4000, 1), synth)
	if p := property(t, r, Columns); p.Score < 99.9 {
		t.Errorf("columns score %.1f, want 100", p.Score)
	}
	if s := find(t, r, "interarrival_ks", "interarrival time"); s.Score > 30 {
		t.Errorf("interarrival times of shuffled records score %.1f", s.Score)
	}
	if s := find(t, r, "session_length_ks", "session length"); s.Score < 99.9 {
		t.Errorf("session lengths score %.1f, want 100", s.Score)
	}
}

// TestPlantedFaults names each fault among the first five, in words.
func TestPlantedFaults(t *testing.T) {
	const start = 1458298072364000
	sizes := func(col int, factor float64) func([]trace.Row) []trace.Row {
		return each(func(_ int, r trace.Row) { r[col] = int64(float64(r[col].(int64)) * factor) })
	}
	port := func(from, to int64) func([]trace.Row) []trace.Row {
		return each(func(_ int, r trace.Row) {
			if r[3] == from {
				r[3] = to
			}
		})
	}
	slower := func(factor float64) func([]trace.Row) []trace.Row {
		return each(func(_ int, r trace.Row) { r[5] = start + int64(float64(r[5].(int64)-start)*factor) })
	}
	faults := []struct {
		name  string
		plant func([]trace.Row) []trace.Row
		want  []string // all in one finding
	}{
		{"frequent port moved", port(53, 5353), []string{"dstport 53 ", "do not occur"}},
		{"port moved", port(443, 8443), []string{"dstport 443 ", "do not occur"}},
		{"rare port moved", port(22, 2222), []string{"dstport 22 ", "do not occur"}},
		{"port twice as often", func(rows []trace.Row) []trace.Row {
			for i, r := range rows {
				if r[3] != int64(53) && i%2 == 0 {
					rows[i] = slices.Clone(rows[i])
					rows[i][3] = int64(53)
				}
			}
			return rows
		}, []string{"dstport 53", "times too many"}},
		{"bytes doubled", sizes(8, 2), []string{"synthetic byt is ", "times too large"}},
		{"bytes halved", sizes(8, .5), []string{"synthetic byt is ", "times too small"}},
		{"packets doubled", sizes(7, 2), []string{"synthetic pkt is ", "times too large"}},
		{"sessions halved, every second record elsewhere", func(rows []trace.Row) []trace.Row {
			seen := map[string]int{}
			for _, r := range rows {
				k := text(r[0]) + text(r[1]) + text(r[2]) + text(r[3])
				if seen[k]++; seen[k]%2 == 0 {
					r[2] = int64(1024 + r[2].(int64)%30000)
				}
			}
			return rows
		}, []string{"session length", "too small"}},
		{"sessions halved, the later half elsewhere", func(rows []trace.Row) []trace.Row {
			of, seen := map[string]int{}, map[string]int{}
			key := func(r trace.Row) string { return text(r[0]) + text(r[1]) + text(r[2]) + text(r[3]) }
			for _, r := range rows {
				of[key(r)]++
			}
			for _, r := range rows {
				k := key(r)
				if seen[k]++; seen[k] > (of[k]+1)/2 {
					r[2] = int64(1024 + r[2].(int64)%30000)
				}
			}
			return rows
		}, []string{"session length", "too small"}},
		{"frequent category dropped", without(9, "web"), []string{"type is web", "do not occur"}},
		{"category dropped", without(9, "ssh"), []string{"type is ssh", "do not occur"}},
		{"rare category dropped", without(9, "ping"), []string{"type is ping", "do not occur"}},
		{"time compressed", slower(.5), []string{"trace lasts"}},
		{"time compressed tenfold", slower(.1), []string{"trace lasts"}},
		{"time stretched", slower(2), []string{"trace lasts"}},
		{"heavy hitter removed", without(1, "192.0.2.1"), []string{"dstip is 192.0.2.1", "do not occur"}},
		{"heavy source removed", without(0, "10.0.0.1"), []string{"srcip is 10.0.0.1", "do not occur"}},
		{"numbers missing", each(func(i int, r trace.Row) {
			if i%3 == 0 {
				r[6] = nil
			}
		}), []string{"td is missing in 33.4 %"}},
	}
	for _, f := range faults {
		for _, seed := range []uint64{1, 2} {
			t.Run(fmt.Sprintf("%s/%d", f.name, seed), func(t *testing.T) {
				r := compared(t, flows(4000, seed), f.plant(flows(4000, seed)))
				if r.Overall.Score > 99.5 {
					t.Errorf("scores %.1f all the same", r.Overall.Score)
				}
				at := slices.IndexFunc(r.Worst, func(w Finding) bool {
					return !slices.ContainsFunc(f.want, func(s string) bool { return !strings.Contains(w.Words, s) })
				})
				if at >= 0 {
					t.Logf("place %d", at+1)
					return
				}
				t.Errorf("no finding says %q", f.want)
				t.Errorf("the first five don't name it: want %q in one", f.want)
				for i, w := range r.Worst {
					t.Logf("%d. %s (%s %.0f)", i+1, w.Words, w.Metric, w.Score)
				}
				for _, s := range r.Scores {
					if s.Computed && s.Counted && s.Score < 97 && len(s.Columns) < 2 {
						t.Logf("     %s %s %s %.1f", s.Property, s.Metric, s.Target, s.Score)
					}
				}
			})
		}
	}
}

// without drops the records that have a value in a column.
func without(col int, value string) func([]trace.Row) []trace.Row {
	return func(rows []trace.Row) []trace.Row {
		return slices.DeleteFunc(rows, func(r trace.Row) bool { return r[col] == value })
	}
}

func each(f func(i int, r trace.Row)) func([]trace.Row) []trace.Row {
	return func(rows []trace.Row) []trace.Row {
		for i, r := range rows {
			f(i, r)
		}
		return rows
	}
}

// TestSameSeed gives the same report twice.
func TestSameSeed(t *testing.T) {
	a, b := compared(t, flows(800, 1), flows(700, 2)), compared(t, flows(800, 1), flows(700, 2))
	if a.Overall != b.Overall || len(a.Scores) != len(b.Scores) {
		t.Fatalf("%+v and %+v", a.Overall, b.Overall)
	}
	for i := range a.Scores {
		if a.Scores[i].Score != b.Scores[i].Score {
			t.Errorf("%s of %s differs", a.Scores[i].Metric, a.Scores[i].Target)
		}
	}
}
