package eval

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAgainstItself(t *testing.T) {
	real := table(t, "real", flowColumns(), flows(2000, 1))
	r, err := Compare(context.Background(), real, table(t, "same", flowColumns(), flows(2000, 1)), flowOptions())
	if err != nil {
		t.Fatal(err)
	}
	if r.Overall.Score < 99.99 {
		t.Errorf("a table against itself scores %.3f, want 100", r.Overall.Score)
	}
	for _, s := range r.Scores {
		if s.Computed && !strings.HasPrefix(s.Metric, "detection") && s.Value > 1e-12 {
			t.Errorf("%s of %s: distance %g of a table to itself", s.Metric, s.Target, s.Value)
		}
	}
	if len(r.Worst) > 0 {
		t.Errorf("something is said to be off: %+v", r.Worst)
	}
}

// TestLook writes a report to the folder named by NETSHARE_LOOK, to be looked at.
func TestLook(t *testing.T) {
	dir := os.Getenv("NETSHARE_LOOK")
	if dir == "" {
		t.Skip("NETSHARE_LOOK names no folder")
	}
	real := table(t, "raw.flows", flowColumns(), flows(5000, 1))
	synth := table(t, "synth.flows", flowColumns(), spoiled(flows(4200, 2)))
	r, err := Compare(context.Background(), real, synth, flowOptions())
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "report.html"), b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteFigures(filepath.Join(dir, "figures")); err != nil {
		t.Fatal(err)
	}
	var txt bytes.Buffer
	if err := r.WriteText(&txt); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + txt.String())
}
