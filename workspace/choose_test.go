package workspace_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netshare/engine"
	"netshare/workspace"
)

// TestChoiceAmongSettings: of several settings those of the greatest fidelity are
// taken, to held-out sessions unless it is asked for otherwise, and then learnt of
// all sessions; none of it leaves tables behind.
func TestChoiceAmongSettings(t *testing.T) {
	dir := t.TempDir()
	var b strings.Builder
	b.WriteString("ts,srcip,dstport,bytes\n")
	for i := range 600 {
		fmt.Fprintf(&b, "%d,10.0.%d.%d,%d,%d\n", 1700000000+i, i/250, i%250, []int{53, 53, 443}[i%3], []int{80, 80, 1400}[i%3]+i%7)
	}
	flows := filepath.Join(dir, "flows.csv")
	if err := os.WriteFile(flows, []byte(b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	still, able := quick(), quick()
	still.GAN.MetaRate, still.GAN.SeriesRate = 0, 0 // it learns nothing
	able.Epochs = 12
	for _, c := range []struct {
		name   string
		change func(*engine.Options)
		trials string // of each whether it held sessions out
		again  bool
	}{
		{"held out", func(*engine.Options) {}, "[true true false]", true},
		{"learnt ones", func(o *engine.Options) { o.Choose = engine.ChooseTrained }, "[false false]", false},
		{"held out by itself", func(o *engine.Options) { o.Choose = engine.ChooseBest }, "[true true]", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			ws := open(t, filepath.Join(t.TempDir(), "lab.duckdb"))
			defer ws.Close()
			a, b := still, able
			c.change(&a)
			c.change(&b)
			var held []bool
			var tries []workspace.Trained
			s := workspace.Synth{Load: workspace.Load{Files: []string{flows}}, Train: a, Try: []engine.Options{b}, Generate: workspace.Generate{Options: engine.DefaultGenerateOptions()}}
			s.Hooks.Trained = func(t workspace.Trained) { held = append(held, t.Held) }
			s.Hooks.Tried = func(_, _ int, t workspace.Trained) { tries = append(tries, t) }
			s.Hooks.Chosen = func(n int, again bool) {
				if n != 2 || again != c.again {
					t.Errorf("try %d is chosen, again %v, of %+v", n, again, tries)
				}
			}
			out, err := ws.Synth(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			if fmt.Sprint(held) != c.trials || len(tries) != 2 || out.Trained.Sessions != 600 {
				t.Errorf("held out %v, want %s; the model: %+v", held, c.trials, out.Trained)
			}
			if !c.again && out.Trained.ID != tries[1].ID {
				t.Errorf("the model is %d, want that of the second try, %d", out.Trained.ID, tries[1].ID)
			}
			if info, err := ws.Tables(t.Context()); err != nil || len(info) != 2 {
				t.Errorf("tables are %v, %v", info, err)
			}
		})
	}
	none := still
	none.Measures = 0
	ws := open(t, filepath.Join(dir, "none.duckdb"))
	defer ws.Close()
	if _, err := ws.Synth(t.Context(), workspace.Synth{Load: workspace.Load{Files: []string{flows}}, Train: able, Try: []engine.Options{none}}); err == nil || !strings.Contains(err.Error(), "2 settings can't be chosen from where fidelity is not measured") {
		t.Errorf("without fidelity: %v", err)
	}
}
