package scripting

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	modbus "netshare/examples/modbus"
	netflow "netshare/examples/netflow"
	conn "netshare/examples/zeek-conn"
	"netshare/workspace/trace"
)

// sample returns values of every sort that a column may have.
func sample() []any {
	return []any{
		"READ_COILS", "WRITE_SINGLE_REGISTER_EXCEPTION", "", nil, "SF", "S0", "tcp", "udp", "READ_COILS",
		int64(3), 2.5, true, "no such thing", time.Unix(1, 0).UTC(),
		[]any{"a", int64(1)},
	}
}

// TestExamples holds that each example is the same recipe compiled and
// interpreted: equal declarations, equal results.
func TestExamples(t *testing.T) {
	compiled := map[string]trace.Recipe{"modbus": modbus.Recipe, "netflow": netflow.Recipe, "zeek-conn": conn.Recipe}
	dirs, err := filepath.Glob("../examples/*/recipe.go")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for name, want := range compiled {
		t.Run(name, func(t *testing.T) {
			s, err := Load(t.Context(), filepath.Join("..", "examples", name, "recipe.go"))
			if err != nil {
				t.Fatal(err)
			}
			got := s.Recipe
			if g, w := declaration(got), declaration(want); !reflect.DeepEqual(g, w) {
				t.Errorf("interpreted: %+v\ncompiled:    %+v", g, w)
			}
			fields := want.Fields()
			for i, f := range got.Fields() {
				compareFunctions(t, f, fields[i])
			}
		})
	}
}

// declaration is a recipe without its functions.
func declaration(r trace.Recipe) trace.Recipe {
	bare := func(fs []trace.Field) (out []trace.Field) {
		for _, f := range fs {
			f.ParseFunc, f.FormatFunc, f.DeriveFunc, f.Forward, f.Inverse = nil, nil, nil, nil, nil
			out = append(out, f)
		}
		return out
	}
	r.Time = bare([]trace.Field{r.Time})[0]
	r.Metadata, r.Series, r.Derived = bare(r.Metadata), bare(r.Series), bare(r.Derived)
	r.Filter.Keep, r.Read, r.Write, r.File, r.Text = nil, nil, nil, "", ""
	return r
}

func compareFunctions(t *testing.T, got, want trace.Field) {
	t.Helper()
	if (got.ParseFunc == nil) != (want.ParseFunc == nil) || (got.FormatFunc == nil) != (want.FormatFunc == nil) || (got.Forward == nil) != (want.Forward == nil) {
		t.Fatalf("field %q has other functions when interpreted", want.Name)
	}
	if want.ParseFunc != nil {
		gIn, gOut, _ := ParsedType(got)
		wIn, wOut, err := ParsedType(want)
		if err != nil || gIn != wIn || gOut != wOut {
			t.Errorf("field %q: parsed types %s, %s and %s, %s: %v", want.Name, gIn, gOut, wIn, wOut, err)
		}
		g, gErrs, err1 := Parse(t.Context(), got, sample())
		w, wErrs, err2 := Parse(t.Context(), want, sample())
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(g, w) || fmt.Sprint(gErrs) != fmt.Sprint(wErrs) {
			t.Errorf("field %q: interpreted %v %v, compiled %v %v", want.Name, g, gErrs, w, wErrs)
		}
	}
	if want.FormatFunc != nil {
		in := []any{int64(1), int64(2), int64(134), int64(99), nil}
		g, err1 := Format(t.Context(), got, in)
		w, err2 := Format(t.Context(), want, in)
		if err := errors.Join(err1, err2); err != nil || !reflect.DeepEqual(g, w) {
			t.Errorf("field %q: formatted %v and %v: %v", want.Name, g, w, err)
		}
	}
	in := []float64{1, 2, 60, 1500, 1e6}
	g, err1 := Forward(t.Context(), got, in)
	w, err2 := Forward(t.Context(), want, in)
	gBack, err3 := Inverse(t.Context(), got, g)
	wBack, err4 := Inverse(t.Context(), want, w)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(g, w) || !reflect.DeepEqual(gBack, wBack) {
		t.Errorf("field %q: transforms differ: %v %v, %v %v", want.Name, g, w, gBack, wBack)
	}
	for i, x := range gBack {
		if math.Abs(x-in[i]) > 1e-6*in[i] {
			t.Errorf("field %q: %v comes back as %v", want.Name, in[i], x)
		}
	}
}

func TestLoadFiles(t *testing.T) {
	if _, err := Load(t.Context(), "no/such/recipe.go"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := Load(t.Context(), "testdata"); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("directory: %v", err)
	}
	big := filepath.Join(t.TempDir(), "big.go")
	if err := os.WriteFile(big, []byte("package recipe\n//"+strings.Repeat("x", maxSource)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(t.Context(), big); err == nil || !strings.Contains(err.Error(), "short Go file") {
		t.Errorf("big file: %v", err)
	}
	s, err := Load(t.Context(), "../examples/modbus/recipe.go")
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Hash) != 64 || len(s.Imports) != 3 || !strings.HasPrefix(s.Source, "// Package recipe") {
		t.Errorf("script: hash %q, imports %q", s.Hash, s.Imports)
	}
}

func TestCancelledLoad(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	const source = "package recipe\n\nimport \"netshare/workspace/trace\"\n\nvar Recipe = forever()\n\nfunc forever() trace.Recipe {\n\tfor {\n\t}\n}\n"
	begin := time.Now()
	if _, err := LoadSource(ctx, "recipe.go", []byte(source)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if d := time.Since(begin); d > 2*time.Second {
		t.Errorf("took %v", d)
	}
}

// TestForbidden holds that what recipes may import holds nothing of what they
// may not, whatever the tables of the interpreter come to hold.
func TestForbidden(t *testing.T) {
	e := Host{}.exports()
	for _, importPath := range []string{"os", "os/exec", "net", "net/http", "syscall", "unsafe", "plugin", "runtime", "reflect", "io/fs", "sync", "math/rand"} {
		if _, ok := e[importPath]; ok {
			t.Errorf("%s is open to recipes", importPath)
		}
	}
	for _, importPath := range allowed() {
		if len(e[importPath]) == 0 {
			t.Errorf("the interpreter has no symbols for %s", importPath)
		}
	}
	for name := range refused() {
		pkg, fn, _ := strings.Cut(name, ".")
		if _, ok := e[pkg][fn]; ok {
			t.Errorf("%s is open to recipes", name)
		}
	}
}

// TestImporter holds that every allowed symbol has a valid type.
func TestImporter(t *testing.T) {
	e := Host{}.exports()
	im := newTypeImporter(e)
	for importPath, names := range e {
		pkg, err := im.Import(importPath)
		if err != nil {
			t.Fatal(err)
		}
		for name := range names {
			if name[0] == '_' {
				continue
			}
			obj := pkg.Scope().Lookup(name)
			if obj == nil || strings.Contains(obj.String(), "invalid type") {
				t.Errorf("%s.%s: %v", importPath, name, obj)
			}
		}
	}
}
