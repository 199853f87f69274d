package eval

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"netshare/workspace/trace"
)

// TestTasks: what learnt from another draw of the same source does a task as
// well, what learnt from records whose types were shuffled does not.
func TestTasks(t *testing.T) {
	opts := flowOptions()
	opts.Tasks, opts.DetectorRows = true, 0
	real := table(t, "real", flowColumns(), flows(3000, 1))
	good := written(t, real, table(t, "synthetic", flowColumns(), flows(3000, 2)), opts)
	if good.Tasks == nil || good.Tasks.Classification == nil || good.Tasks.Anomalies == nil || len(good.Tasks.Sketches) == 0 {
		t.Fatalf("%+v", good.Tasks)
	}
	c := good.Tasks.Classification
	if c.Label != "type" || len(c.Models) != 5 || len(good.Tasks.Anomalies.Detectors) != 5 {
		t.Errorf("%+v", c)
	}
	for _, m := range c.Models {
		if m.Real < c.Majority || m.Synthetic < m.Real-.1 {
			t.Errorf("%s of the same source: %.3f against %.3f, always the most frequent %.3f", m.Model, m.Synthetic, m.Real, c.Majority)
		}
	}
	for _, s := range good.Scores {
		if s.Property == Tasks && (s.Counted || s.Metric == "") {
			t.Errorf("a task counts: %+v", s)
		}
	}
	rows := flows(3000, 2)
	rand.New(rand.NewPCG(3, 3)).Shuffle(len(rows), func(i, j int) { rows[i][9], rows[j][9] = rows[j][9], rows[i][9] })
	bad := written(t, real, table(t, "synthetic", flowColumns(), rows), opts)
	for i, m := range bad.Tasks.Classification.Models {
		if m.Real != c.Models[i].Real {
			t.Errorf("%s: real accuracy depends on the synthetic table: %.3f and %.3f", m.Model, m.Real, c.Models[i].Real)
		}
		if m.Synthetic > m.Real-.15 {
			t.Errorf("%s learns %.3f of shuffled types, %.3f of real ones", m.Model, m.Synthetic, m.Real)
		}
	}
	without := opts
	without.Tasks = false
	if r := written(t, real, table(t, "synthetic", flowColumns(), flows(3000, 2)), without); r.Overall != good.Overall {
		t.Errorf("tasks change the overall score: %+v, %+v", good.Overall, r.Overall)
	}
	var text bytes.Buffer
	if err := good.WriteText(&text); err != nil || !strings.Contains(text.String(), "predicting type: accuracy on") {
		t.Errorf("%v\n%s", err, text.String())
	}
}

// TestOddTasks says why a task can't be done.
func TestOddTasks(t *testing.T) {
	opts := DefaultOptions()
	opts.Tasks = true
	numbers := []trace.Column{{Name: "x", Type: trace.TypeReal, Kind: trace.KindReal}, {Name: "who", Type: trace.TypeText, Kind: trace.KindText}}
	rng := rand.New(rand.NewPCG(1, 1))
	var rows []trace.Row
	for range 300 {
		rows = append(rows, trace.Row{rng.NormFloat64(), "one"})
	}
	real := table(t, "real", numbers, rows)
	if r := written(t, real, real, opts); r.Tasks.Classification != nil || r.Tasks.Anomalies == nil || len(r.Tasks.Notes) != 2 {
		t.Errorf("%+v", r.Tasks)
	}
	if r := written(t, real, table(t, "synthetic", numbers, rows[:3]), opts); len(r.Tasks.Notes) != 1 || !strings.Contains(r.Tasks.Notes[0], "got 300 and 3") {
		t.Errorf("%+v", r.Tasks)
	}
	texts := table(t, "real", numbers[1:], make300("one"))
	if r := written(t, texts, texts, opts); r.Tasks.Anomalies != nil || len(r.Tasks.Notes) != 3 {
		t.Errorf("%+v", r.Tasks)
	}
}

func make300(v any) []trace.Row {
	rows := make([]trace.Row, 300)
	for i := range rows {
		rows[i] = trace.Row{v}
	}
	return rows
}

// TestSideBySide puts the better table first.
func TestSideBySide(t *testing.T) {
	opts := flowOptions()
	real := table(t, "raw.real", flowColumns(), flows(1500, 1))
	bad := written(t, real, table(t, "synth.bad", flowColumns(), spoiled(flows(1500, 2))), opts)
	good := written(t, real, table(t, "synth.<good>", flowColumns(), flows(1500, 3)), opts)
	c, err := NewSideBySide([]*Report{bad, good})
	if err != nil {
		t.Fatal(err)
	}
	if c.Tables[0] != good || c.Tie() || !strings.HasPrefix(c.Verdict(), "synth.<good> is the best") {
		t.Errorf("%s", c.Verdict())
	}
	var html, text, js bytes.Buffer
	if err := c.WriteHTML(&html, func(r *Report) string { return "x/report.html" }); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"synth.&lt;good&gt;", "Where they differ most", `<a href="x/report.html">`, "prefers-color-scheme:dark"} {
		if !strings.Contains(html.String(), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if err := c.WriteText(&text); err != nil || !strings.Contains(text.String(), "where they differ most") {
		t.Errorf("%v\n%s", err, text.String())
	}
	if err := c.WriteJSON(&js); err != nil || !strings.Contains(js.String(), `"tables"`) {
		t.Error(err)
	}
	if rows := c.Apart(); len(rows) == 0 || rows[0].Cells[0].Score-rows[0].Cells[1].Score < 20 {
		t.Errorf("%+v", rows)
	}
	if same, err := NewSideBySide([]*Report{good, good}); err != nil || !same.Tie() || len(same.Apart()) > 0 {
		t.Errorf("a table against itself: %v", err)
	}
	if _, err := NewSideBySide(nil); err == nil {
		t.Error("no table at all")
	}
	other := written(t, table(t, "raw.other", flowColumns(), flows(300, 1)), real, opts)
	if _, err := NewSideBySide([]*Report{good, other}); err == nil || !strings.Contains(err.Error(), "compare tables with one real table") {
		t.Error(err)
	}
}
