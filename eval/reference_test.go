package eval

import (
	"context"
	"encoding/json"
	"math"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"netshare/workspace/trace"
)

// TestReferenceTables compares with an independent scorer (score.py) on the reference implementation's own outputs.
func TestReferenceTables(t *testing.T) {
	base := shared(t, "baseline")
	script := filepath.Join(shared(t, "prototype"), "score.py")
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 to run the independent scorer")
	}
	sets := []struct {
		name, time    string
		rank, cat     []string
		key, num, syn []string
	}{
		{
			"ugr16-small", "ts",
			[]string{"srcip", "dstip"},
			[]string{"srcport", "dstport", "proto", "type"},
			[]string{"srcip", "dstip", "srcport", "dstport", "proto"},
			[]string{"td", "pkt", "byt"},
			[]string{"ref_default", "ref_long", "independent", "half_half", "real"},
		},
		{
			"caida-small", "time",
			[]string{"srcip", "dstip"},
			[]string{"srcport", "dstport", "proto", "flag"},
			[]string{"srcip", "dstip", "srcport", "dstport", "proto"},
			[]string{"pkt_len", "tos", "id", "ttl"},
			[]string{"ref_default", "row_bootstrap"},
		},
		{
			"modbus", "ts",
			[]string{"id.orig_h", "id.resp_h"},
			[]string{"id.orig_p", "id.resp_p", "func"},
			[]string{"id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p"},
			nil,
			[]string{"ref_default"},
		},
	}
	for _, set := range sets {
		numbers, kinds := map[string]trace.Kind{set.time: trace.KindTimestamp}, map[string]trace.Kind{}
		for _, n := range set.num {
			numbers[n] = trace.KindReal
		}
		for _, n := range set.rank {
			kinds[n] = trace.KindAddress
		}
		realPath := filepath.Join(base, set.name+".real.csv")
		real := readCSV(t, realPath, numbers, kinds)
		opts := DefaultOptions()
		opts.Key, opts.Time, opts.Splits, opts.DetectorRows, opts.MaxTriples = set.key, set.time, 2, 0, 0
		for _, syn := range set.syn {
			t.Run(set.name+"/"+syn, func(t *testing.T) {
				path := filepath.Join(base, set.name+"."+syn+".csv")
				out, err := exec.Command(python, script, realPath, path, "--key", strings.Join(set.key, ","), "--time", set.time,
					"--rank", strings.Join(set.rank, ","), "--cat", strings.Join(set.cat, ","), "--num", strings.Join(set.num, ",")).Output()
				if err != nil {
					t.Fatal(err)
				}
				var want map[string]any
				if err := json.Unmarshal(out, &want); err != nil {
					t.Fatal(err)
				}
				r, err := Compare(context.Background(), real, readCSV(t, path, numbers, kinds), opts)
				if err != nil {
					t.Fatal(err)
				}
				check := func(key, metric, target string) {
					t.Helper()
					s := find(t, r, metric, target)
					if w := want[key].(float64); math.Abs(s.Value-w) > 1e-9 {
						t.Errorf("%s: got %.12g, the independent scorer has %.12g", key, s.Value, w)
					}
				}
				for _, c := range set.rank {
					check("JSDrank "+c, "jsd_rank", c)
				}
				for _, c := range set.cat {
					check("JSD "+c, "jsd", c)
				}
				for _, c := range set.num {
					check("nEMD "+c, "emd", c)
				}
				check("nEMD session_size", "session_length_emd", "session length")
				check("nEMD session_duration", "session_duration_emd", "session duration")
				check("nEMD time", "time_emd", set.time)
				if n := int(want["sessions_real"].(float64)); r.Real.Sessions != n {
					t.Errorf("real sessions: got %d, want %d", r.Real.Sessions, n)
				}
				if n := int(want["sessions_syn"].(float64)); r.Synthetic.Sessions != n {
					t.Errorf("synthetic sessions: got %d, want %d", r.Synthetic.Sessions, n)
				}
				t.Logf("overall %.1f ± %.1f", r.Overall.Score, r.Overall.Spread)
			})
		}
	}
}
