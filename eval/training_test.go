package eval

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAddTraining draws what was measured in epochs, whatever it is called, and
// an earlier report's figures are gone from the folder.
func TestAddTraining(t *testing.T) {
	r := compared(t, flows(200, 1), flows(200, 2))
	r.AddTraining([]float64{1, 2, 3}, map[string][]float64{
		"critic_loss": {1, .5, .2}, "generator_loss": {0, 1, math.NaN()}, "penalty": {.1, .2, .1}, "fidelity": {40, 60, 70},
		"iteration": {10, 20, 30}, "seconds": {1, 2, 3}, "same": {1, 1, 1}, "none": {math.NaN(), math.NaN(), math.NaN()},
	})
	dir := t.TempDir()
	for name, text := range map[string]string{"99-old.svg": "old", "notes.svg": "mine"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.WriteFigures(dir); err != nil {
		t.Fatal(err)
	}
	for name, there := range map[string]bool{
		"epochs-loss.svg": true, "epochs-loss.png": true, "epochs-penalty.svg": true, "epochs-fidelity.svg": true, "epochs-same.svg": false,
		"epochs-none.svg": false, "epochs-iteration.svg": false, "99-old.svg": false, "notes.svg": true,
	} {
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != there {
			t.Errorf("%s: %v", name, err)
		}
	}
	var html bytes.Buffer
	if err := r.WriteHTML(&html); err != nil {
		t.Fatal(err)
	}
	whole, columns := strings.Index(html.String(), "Fidelity over epochs"), strings.Index(html.String(), "Column by column")
	if whole < 0 || whole > columns {
		t.Errorf("the figure stands at %d, the columns at %d", whole, columns)
	}
}

// TestPortMap puts ports where the labels say.
func TestPortMap(t *testing.T) {
	for port, want := range map[float64]int{0: 0, 63: 0, 64: 1, 1023: 15, 1024: 16, 65535: 31, -1: -1, 65536: -1} {
		if got := portCell(port); got != want {
			t.Errorf("port %g: part %d, want %d", port, got, want)
		}
	}
	if portCell(math.NaN()) != -1 {
		t.Error("a missing port is somewhere")
	}
}
