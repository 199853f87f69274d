package workspace

import (
	"fmt"
	"strings"
	"testing"

	"netshare/engine"
	"netshare/workspace/trace"
)

// TestRulesOfRecipe: what a recipe declares is kept with the table, holds in
// each record that is generated, of a private model too, and is in the report.
func TestRulesOfRecipe(t *testing.T) {
	var text strings.Builder
	text.WriteString("ts,host,state,start,took,end\n")
	for i := range 300 {
		state, took := []string{"CON", "REQ", "INT"}[i%3], float64(i*37%400)/4
		if state == "CON" {
			took = float64(i*13%40) / 4
		}
		fmt.Fprintf(&text, "%d,h%d,%s,%d,%g,%g\n", 1700000000+i*7, i%60, state, i%50, took, float64(i%50)+took)
	}
	recipe := &trace.Recipe{
		Name: "t", Time: trace.Epoch("ts", trace.Second), Metadata: []trace.Field{trace.Text("host")},
		Series: []trace.Field{trace.Category("state"), trace.Real("start"), trace.Real("took"), trace.Real("end")},
		Rules:  []trace.Rule{trace.Holds("end = start + took"), trace.Holds("took <= 20").Where("state", "CON")},
	}
	ctx, ws := t.Context(), open(t)
	if _, err := ws.Load(ctx, Load{Table: "t", Recipe: recipe, Files: []string{file(t, "t.csv", text.String())}}); err != nil {
		t.Fatal(err)
	}
	if kept, err := ws.Recipe(ctx, "t"); err != nil || len(kept.Rules) != 2 {
		t.Fatalf("the table keeps %v, %v", kept, err)
	}
	for _, private := range []bool{false, true} {
		o := engine.DefaultOptions()
		o.Epochs = 1
		if private {
			o.DP.Budget.Epsilon, o.DP.Budget.Delta = 8, 1e-5
		}
		m, err := ws.Train(ctx, "t", o, engine.Hooks{})
		if err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprint("made_", private)
		if _, err := ws.Generate(ctx, m.ID, Generate{Table: name, Options: engine.DefaultGenerateOptions()}); err != nil {
			t.Fatal(err)
		}
		bad := table(t, ws, `select count(*) from synth.`+name+` where abs("end" - start - took) > 1e-6 or state = 'CON' and took > 20`)
		if bad != "0\n" {
			t.Errorf("private %v: %s records break rules", private, bad)
		}
		r, err := ws.Report(ctx, "t", name)
		if err != nil {
			t.Fatal(err)
		}
		if r.Rules == nil || r.Rules.Declared != 2 || r.Rules.Rules[0].Synthetic != 1 || r.Rules.Rules[1].Synthetic != 1 {
			t.Errorf("private %v: the report has %+v", private, r.Rules)
		}
	}
}
