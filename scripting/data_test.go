package scripting

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"netshare/workspace/trace"
)

// readColumn returns a column of a sample as its file has it: of a CSV, a Zeek
// log in JSON or in Zeek's own format.
func readColumn(t *testing.T, file, column string) []any {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "testdata", file))
	if err != nil {
		t.Skipf("no sample: %v", err)
	}
	var out []any
	index, split := -1, ","
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		line := lines.Text()
		if line[0] == '{' {
			var record map[string]any
			if err := json.Unmarshal([]byte(line), &record); err != nil {
				t.Fatal(err)
			}
			out = append(out, record[column])
			continue
		}
		if header, ok := strings.CutPrefix(line, "#fields\t"); ok {
			split = "\t"
			index = slices.Index(strings.Split(header, split), column)
			continue
		}
		if line[0] == '#' {
			continue
		}
		if index < 0 {
			index = slices.Index(strings.Split(line, split), column)
			continue
		}
		out = append(out, strings.Split(line, split)[index])
	}
	if len(out) == 0 {
		t.Fatalf("%s has no column %s", file, column)
	}
	return out
}

func exampleField(t *testing.T, example, name string) trace.Field {
	t.Helper()
	s, err := Load(t.Context(), filepath.Join("..", "examples", example, "recipe.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range s.Recipe.Fields() {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("%s has no field %s", example, name)
	return trace.Field{}
}

// TestExamplesOnSamples holds that the examples understand every value of the
// samples that their READMEs run them on, and write it back as it was.
func TestExamplesOnSamples(t *testing.T) {
	for _, c := range []struct{ example, file, column string }{
		{"modbus", "modbus.log", "func"},
		{"zeek-conn", "conn.log", "conn_state"},
	} {
		t.Run(c.example, func(t *testing.T) {
			in := readColumn(t, c.file, c.column)
			f := exampleField(t, c.example, c.column)
			parsed, errs, err := Parse(t.Context(), f, in)
			if err := errors.Join(append(errs, err)...); err != nil {
				t.Fatal(err)
			}
			back, err := Format(t.Context(), f, parsed)
			if err != nil || !reflect.DeepEqual(in, back) {
				t.Errorf("column %s does not come back: %v", c.column, err)
			}
		})
	}
	t.Run("netflow", func(t *testing.T) {
		choices := exampleField(t, "netflow", "type").Choices
		for i, v := range readColumn(t, "netflow.csv", "type") {
			if !slices.Contains(choices, v.(string)) {
				t.Fatalf("record %d: %v is not among %q", i+1, v, choices)
			}
		}
	})
}

// FuzzCheck holds that no text brings down the checks that come before
// running, and that each fault has a place.
func FuzzCheck(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txtar")
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, a := range archive.Files {
			if strings.HasSuffix(a.Name, ".go") {
				f.Add(string(a.Data))
			}
		}
	}
	f.Fuzz(func(t *testing.T, source string) {
		p, err := check("fuzz.go", source, Host{})
		if err == nil {
			if p.recipe == nil {
				t.Fatal("accepted without a recipe")
			}
			return
		}
		var fault *Error
		if !errors.As(err, &fault) || fault.Line == 0 || strings.Contains(fault.Message, "can't cope") {
			t.Errorf("got %v", err)
		}
	})
}
