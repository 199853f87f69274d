package scripting

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"netshare/workspace/trace"
)

// shortLimits keep the tests of endless recipes quick.
func shortLimits() limits {
	lim := defaultLimits()
	lim.load, lim.call, lim.heap = 250*time.Millisecond, 250*time.Millisecond, 128<<20
	return lim
}

// exercise loads a recipe and calls every function that it has.
func exercise(t *testing.T, name string, source []byte) error {
	s, err := Host{}.load(t.Context(), name, source, shortLimits())
	if err != nil {
		return err
	}
	var all []error
	for _, f := range s.Recipe.Fields() {
		if f.ParseFunc != nil {
			_, _, err := Parse(t.Context(), f, []any{"a", "", "12"})
			all = append(all, err)
		}
		if f.FormatFunc != nil {
			_, err := Format(t.Context(), f, []any{"a"})
			all = append(all, err)
		}
		column, err := Forward(t.Context(), f, []float64{1, 2, 3})
		all = append(all, err)
		_, err = Inverse(t.Context(), f, column)
		all = append(all, err)
	}
	r := &s.Recipe
	for _, f := range r.Declared() {
		if f.DeriveFunc != nil {
			_, _, err := Derive(t.Context(), f, f.From, make([][]any, len(f.From)), 0)
			all = append(all, err)
			columns := make([][]any, len(f.From))
			for i := range columns {
				columns[i] = []any{int64(1), nil}
			}
			_, _, err = Derive(t.Context(), f, f.From, columns, 2)
			all = append(all, err)
		}
	}
	if r.Filter.Keep != nil {
		_, err := Keep(t.Context(), r.Filter, [][]any{{int64(1), nil}}, 2)
		all = append(all, err)
	}
	if r.Read != nil {
		content := func() *trace.Input {
			return trace.NewInput("input", strings.NewReader("a line\nanother\n"), func(trace.Reject) {})
		}
		in := content()
		in.Again = func() (*trace.Input, error) { return content(), nil }
		all = append(all, ReadFile(t.Context(), r, in, func(trace.Row) error { return nil }))
	}
	if r.Write != nil {
		_, err := WriteLine(t.Context(), r, trace.NewRecord([]string{"n"}, trace.Row{int64(1)}))
		all = append(all, err)
	}
	return errors.Join(all...)
}

// TestBad holds that each bad recipe gives one message, with its place.
func TestBad(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no bad recipes: %v", err)
	}
	update := os.Getenv("NETSHARE_UPDATE") == "1"
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i+1 < len(archive.Files); i += 2 {
			source, want := archive.Files[i], &archive.Files[i+1]
			name := strings.TrimSuffix(source.Name, ".go")
			topic := strings.TrimSuffix(filepath.Base(file), ".txtar")
			t.Run(topic+"/"+name, func(t *testing.T) {
				if want.Name != name+".want" {
					t.Fatalf("%s: %s is followed by %s", file, source.Name, want.Name)
				}
				if topic != "running" {
					t.Parallel()
				}
				text := strings.ReplaceAll(string(source.Data), `\xff`, "\xff")
				if source.Name == "empty.go" {
					text = ""
				}
				err := exercise(t, source.Name, []byte(text))
				if err == nil {
					t.Fatal("is accepted")
				}
				got := fmt.Sprintln(err)
				var placed *Error
				if !errors.As(err, &placed) || placed.Line == 0 || placed.Column == 0 || strings.Count(got, "\n") != 1 {
					t.Errorf("want one message with a place, got\n%s", got)
				}
				if update {
					want.Data = []byte(got)
				} else if got != string(want.Data) {
					t.Errorf("got  %swant %s", got, want.Data)
				}
			})
		}
		if update {
			t.Cleanup(func() {
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Error(err)
				}
			})
		}
	}
}
