package workspace

import (
	"slices"
	"strings"
	"testing"

	"netshare/engine"
	"netshare/workspace/trace"
)

// TestSamples: sessions to look at are kept of the last measurement, the real
// ones as the table has them, after a transform there and back too.
func TestSamples(t *testing.T) {
	ws := open(t)
	recipe := trace.Recipe{
		Name: "netflow", Time: trace.Epoch("ts", trace.Microsecond),
		Metadata: []trace.Field{trace.IP("srcip"), trace.IP("dstip"), trace.Port("srcport"), trace.Port("dstport"), trace.Protocol("proto")},
		Series: []trace.Field{
			trace.Real("td"), trace.Integer("byt").Transform(func(xs []float64) []float64 { return times(2, xs) }, func(xs []float64) []float64 { return times(.5, xs) }),
			trace.Category("type"),
		},
	}
	if _, err := ws.Load(t.Context(), Load{Table: "flows", Files: []string{"../testdata/netflow.csv"}, Recipe: &recipe}); err != nil {
		t.Fatal(err)
	}
	o := engine.DefaultOptions()
	o.Epochs, o.MeasureEpochs = 4, 2
	o.GAN.MetaUnits, o.GAN.CriticUnits, o.GAN.AttributeCriticUnits, o.GAN.LSTMUnits = 16, 16, 16, 8
	var runs []int64
	trained, err := ws.Train(t.Context(), "flows", o, engine.Hooks{Progress: func(p engine.Progress) error {
		if p.Examples == nil {
			return nil
		}
		s, err := ws.Samples(t.Context(), p.Run) // are there by now
		if err != nil || s.Epoch != p.Epoch {
			t.Errorf("in epoch %d the samples are of epoch %d, %v", p.Epoch, s.Epoch, err)
		}
		runs = append(runs, p.Run)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(runs, []int64{trained.Run, trained.Run}) {
		t.Errorf("samples came with runs %v, want twice %d", runs, trained.Run)
	}
	s, err := ws.Samples(t.Context(), trained.Run)
	if err != nil || s.Epoch != 4 || len(s.Sessions) != 8 || len(s.Columns) != len(recipe.Fields()) {
		t.Fatalf("%+v, %v", s, err)
	}
	kinds := map[bool]int{}
	for _, x := range s.Sessions {
		kinds[x.Real]++
		if len(x.Rows) == 0 || len(x.Rows) > min(12, x.Records) {
			t.Errorf("%d rows of %d are shown", len(x.Rows), x.Records)
		}
		if !x.Real {
			continue
		}
		for _, row := range x.Rows {
			var where []string
			for c, v := range row {
				where = append(where, `"`+s.Columns[c]+`"::VARCHAR IS NOT DISTINCT FROM `+quotedOrNull(v))
			}
			if n := table(t, ws, "SELECT count(*) FROM raw.flows WHERE "+strings.Join(where, " AND ")); n == "0\n" {
				t.Errorf("no real record has %s", strings.Join(where, " AND "))
			}
		}
	}
	if kinds[true] != 4 || kinds[false] != 4 {
		t.Errorf("real and synthetic sessions: %v", kinds)
	}
	if n := table(t, ws, "SELECT count(*) >= 8 FROM netshare.samples WHERE fields->>'byt' IS NOT NULL"); n != "true\n" {
		t.Error("in SQL there are fewer than 8 records with bytes")
	}
	if none, err := ws.Samples(t.Context(), trained.Run+1); err != nil || len(none.Sessions) != 0 {
		t.Errorf("a run that is none has %v, %v", none, err)
	}
}

func times(by float64, xs []float64) []float64 {
	out := make([]float64, len(xs))
	for i, x := range xs {
		out[i] = by * x
	}
	return out
}

func quotedOrNull(v *string) string {
	if v == nil {
		return "NULL"
	}
	return "'" + strings.ReplaceAll(*v, "'", "''") + "'"
}
