package scripting

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestRunaway holds that recipes which take ever more memory or stack are
// stopped, where they are, before the process is.
func TestRunaway(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/runaway/runaway.txtar")
	if err != nil {
		t.Fatal(err)
	}
	places := map[string]int{
		"endless-recursion.go": 12, "endless-mutual-recursion.go": 0, "endless-closure.go": 13,
		"endless-append.go": 14, "doubling-string.go": 13,
	}
	lim := defaultLimits()
	lim.call, lim.heap, lim.stack = 20*time.Second, 96<<20, 64<<20
	for _, f := range archive.Files {
		t.Run(f.Name, func(t *testing.T) {
			s, err := Host{}.load(t.Context(), f.Name, f.Data, lim)
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = Parse(t.Context(), s.Recipe.Series[0], []any{"a"})
			var fault *Error
			if !errors.As(err, &fault) {
				t.Fatalf("want a fault, got %v", err)
			}
			if !strings.Contains(fault.Message, "without end") && !strings.Contains(fault.Message, "of memory") {
				t.Errorf("want a message on memory, got %q", fault.Message)
			}
			if want := places[f.Name]; want != 0 && (fault.Line < want-1 || fault.Line > want) {
				t.Errorf("want line %d, got %v", want, fault)
			}
		})
	}
}
