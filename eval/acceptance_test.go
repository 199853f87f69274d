package eval

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"netshare/workspace/trace"
)

// within reports whether a score reaches the target less so many of its
// spreads; a spread under half a point counts as half a point.
func within(score, spread, target float64) bool { return score >= target-2*max(spread, .5) }

// TestTableAgainstItself scores 100 whatever the trace.
func TestTableAgainstItself(t *testing.T) {
	for _, n := range []int{60, 600, 4000} {
		for _, seed := range []uint64{1, 2, 3} {
			r := compared(t, flows(n, seed), flows(n, seed))
			if r.Overall.Score < 100-max(r.Overall.Spread, .1) {
				t.Errorf("%d records, seed %d: %.2f ± %.2f, want 100", n, seed, r.Overall.Score, r.Overall.Spread)
			}
			for _, s := range r.Scores {
				if s.Computed && s.Counted && !strings.HasPrefix(s.Metric, "detection") && s.Score < 100 {
					t.Errorf("%d records, seed %d: %s of %s scores %.2f", n, seed, s.Metric, s.Target, s.Score)
				}
			}
			if len(r.Worst) > 0 {
				t.Errorf("%d records, seed %d: the summary names %+v", n, seed, r.Worst[0])
			}
		}
	}
}

// bySession deals the sessions of a trace at random to two halves.
func bySession(rows []trace.Row, seed uint64) (a, b []trace.Row) {
	rng := rand.New(rand.NewPCG(seed, 9))
	side := map[string]bool{}
	for _, r := range rows {
		k := text(r[0]) + " " + text(r[1]) + " " + text(r[2]) + " " + text(r[3]) + " " + text(r[4])
		if _, ok := side[k]; !ok {
			side[k] = rng.IntN(2) == 0
		}
		if side[k] {
			a = append(a, r)
		} else {
			b = append(b, r)
		}
	}
	return a, b
}

// TestHalvesAreReal scores one half of a trace against the other as real.
func TestHalvesAreReal(t *testing.T) {
	for _, seed := range []uint64{1, 2, 3, 4, 5, 6} {
		a, b := bySession(flows(6000, seed), seed)
		r := compared(t, a, b)
		t.Logf("seed %d: %.2f ± %.2f, a half as baseline %.2f", seed, r.Overall.Score, r.Overall.Spread, r.Overall.Baseline)
		for _, p := range r.Properties {
			t.Logf("   %-10s %.2f ± %.2f (half %.2f, %d)", p.Property, p.Score, p.Spread, p.Baseline, p.Counted)
		}
		if !within(r.Overall.Score, r.Overall.Spread, 100) {
			t.Errorf("seed %d: %.2f ± %.2f, want 100 within the spread; worst %+v", seed, r.Overall.Score, r.Overall.Spread, r.Worst)
		}
		for _, m := range []string{"detection", "detection_logistic"} {
			if s := find(t, r, m, "records"); s.Score < 90 || s.Raw > .6 {
				t.Errorf("seed %d: %s tells two real halves apart: score %.1f, AUC %.3f", seed, m, s.Score, s.Raw)
			}
		}
	}
}

// TestShuffledTimeLosesTimeOnly keeps all that does not hang on time.
func TestShuffledTimeLosesTimeOnly(t *testing.T) {
	synth := flows(4000, 1)
	rng := rand.New(rand.NewPCG(2, 2))
	rng.Shuffle(len(synth), func(i, j int) { synth[i][5], synth[j][5] = synth[j][5], synth[i][5] })
	r := compared(t, flows(4000, 1), synth)
	onTime := func(s Score) bool {
		m := s.Metric
		return s.Property == TimeOrder || s.Property == Series || slices.Contains(s.Columns, "ts") ||
			strings.HasPrefix(m, "detection") || m == "volume" || m == "burstiness" || s.Target == "session duration" || s.Target == "interarrival time"
	}
	for _, s := range r.Scores {
		if s.Computed && s.Counted && !onTime(s) && s.Score < 99 {
			t.Errorf("%s of %s scores %.1f though it does not hang on time", s.Metric, s.Target, s.Score)
		}
	}
	for _, target := range []string{"interarrival time", "session duration"} {
		for _, s := range r.Scores {
			if s.Target == target && s.Computed && s.Counted && s.Metric != "interarrival_coverage_range" && s.Score > 60 {
				t.Errorf("%s of %s scores %.1f of shuffled times", s.Metric, target, s.Score)
			}
		}
	}
	for i, w := range r.Worst {
		t.Logf("%d. %s (%.0f)", i+1, w.Words, w.Score)
	}
}

// TestReferenceRanking ranks the reference implementation's outputs as they
// were measured: real halves above its longer training above its default one.
func TestReferenceRanking(t *testing.T) {
	base := shared(t, "baseline")
	sets := []struct {
		name, time string
		numbers    []string
		addresses  []string
		ports      []string
		key        []string
		order      []string // falling
	}{
		{
			"ugr16-small", "ts",
			[]string{"td", "pkt", "byt"},
			[]string{"srcip", "dstip"},
			[]string{"srcport", "dstport"},
			[]string{"srcip", "dstip", "srcport", "dstport", "proto"},
			[]string{"real", "row_bootstrap", "ref_long", "ref_default"},
		},
		{
			"caida-small", "time",
			[]string{"pkt_len", "tos", "id", "off", "ttl"},
			[]string{"srcip", "dstip"},
			[]string{"srcport", "dstport"},
			[]string{"srcip", "dstip", "srcport", "dstport", "proto"},
			[]string{"real", "row_bootstrap", "independent", "ref_default"},
		},
		{
			"modbus", "ts",
			nil,
			[]string{"id.orig_h", "id.resp_h"},
			[]string{"id.orig_p", "id.resp_p"},
			[]string{"id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p"},
			[]string{"real", "row_bootstrap", "ref_default"},
		},
	}
	for _, set := range sets {
		t.Run(set.name, func(t *testing.T) {
			numbers, kinds := map[string]trace.Kind{set.time: trace.KindTimestamp}, map[string]trace.Kind{}
			for _, n := range set.numbers {
				numbers[n] = trace.KindReal
			}
			for _, n := range set.addresses {
				kinds[n] = trace.KindAddress
			}
			for _, n := range set.ports {
				kinds[n] = trace.KindPort
			}
			real := readCSV(t, filepath.Join(base, set.name+".real.csv"), numbers, kinds)
			opts := DefaultOptions()
			opts.Key, opts.Time = set.key, set.time
			last := 101.0
			for _, name := range set.order {
				r, err := Compare(context.Background(), real, readCSV(t, filepath.Join(base, set.name+"."+name+".csv"), numbers, kinds), opts)
				if err != nil {
					t.Fatal(err)
				}
				props := map[string]int{}
				for _, p := range r.Properties {
					props[p.Property] = int(p.Score + .5)
				}
				t.Logf("%-14s %5.1f ± %.1f %v", name, r.Overall.Score, r.Overall.Spread, props)
				if r.Overall.Score >= last {
					t.Errorf("%s scores %.1f, want less than the one before it (%.1f)", name, r.Overall.Score, last)
				}
				last = r.Overall.Score
			}
		})
	}
}
