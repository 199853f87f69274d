package scripting

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"netshare/workspace/trace"
)

const counting = `package recipe

import (
	"math"
	"strconv"

	"netshare/workspace/trace"
)

var Recipe = trace.Recipe{
	Name: "counting",
	Series: []trace.Field{
		trace.Integer("n").Parse(parse),
		trace.Real("x").Transform(forward, inverse),
		trace.Integer("memo").Parse(memo),
	},
}

func parse(s string) (int64, error) { return strconv.ParseInt(s, 16, 64) }

var seen = map[string]int64{}

// memo writes to a variable of the package, which several goroutines would die of.
func memo(s string) int64 {
	seen[s]++
	return seen[s]
}

func forward(column []float64) []float64 {
	for i := range column {
		column[i] = math.Sqrt(column[i])
	}
	return column
}

func inverse(column []float64) []float64 {
	for i := range column {
		column[i] *= column[i]
	}
	return column
}
`

func loadCounting(tb testing.TB) []trace.Field {
	tb.Helper()
	s, err := LoadSource(tb.Context(), "counting.go", []byte(counting))
	if err != nil {
		tb.Fatal(err)
	}
	return s.Recipe.Series
}

func hexColumn(n, distinct int) []any {
	in := make([]any, n)
	for i := range in {
		in[i] = strconv.FormatInt(int64(i%distinct), 16)
	}
	return in
}

func TestParseColumn(t *testing.T) {
	f := loadCounting(t)[0]
	in := hexColumn(20_000, 5_000)
	in[7], in[8] = nil, "xyz"
	out, errs, err := Parse(t.Context(), f, in)
	if err != nil {
		t.Fatal(err)
	}
	for i := range in {
		switch {
		case i == 7 && (out[i] != nil || errs[i] != nil):
			t.Errorf("row %d: %v, %v", i, out[i], errs[i])
		case i == 8 && (out[i] != nil || errs[i] == nil || !strings.Contains(errs[i].Error(), `"xyz"`)):
			t.Errorf("row %d: %v, %v", i, out[i], errs[i])
		case i != 7 && i != 8 && out[i] != int64(i%5_000):
			t.Fatalf("row %d: %v", i, out[i])
		}
	}
}

// TestPrivateVariables holds that goroutines don't share a recipe's variables.
func TestPrivateVariables(t *testing.T) {
	f := loadCounting(t)[2]
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, _, err := Parse(t.Context(), f, hexColumn(4_000, 4_000)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestDistinctOnce(t *testing.T) {
	var calls atomic.Int64
	f := trace.Integer("n").Parse(func(s string) int64 { calls.Add(1); return int64(len(s)) })
	out, errs, err := Parse(t.Context(), f, []any{"a", "bb", "a", nil, "bb", int64(1), "1"})
	if err != nil || errs != nil {
		t.Fatal(errs, err)
	}
	if want := []any{int64(1), int64(2), int64(1), nil, int64(2), int64(1), int64(1)}; !reflect.DeepEqual(out, want) {
		t.Errorf("got %v", out)
	}
	if calls.Load() != 4 {
		t.Errorf("%d calls for 4 distinct values", calls.Load())
	}
}

func TestCoerce(t *testing.T) {
	cases := []struct {
		fn   any
		in   any
		want any
		err  string
	}{
		{func(s string) string { return s }, 2.0, "2", ""},
		{func(s string) string { return s }, int64(-7), "-7", ""},
		{func(s string) string { return s }, true, "true", ""},
		{func(n int64) int64 { return n }, 3.0, int64(3), ""},
		{func(n int64) int64 { return n }, "12", int64(12), ""},
		{func(n int64) int64 { return n }, 3.5, nil, `want an integer, got "3.5"`},
		{func(n int64) int64 { return n }, 1e300, nil, `want an integer, got "1e+300"`},
		{func(x float64) float64 { return x }, int64(4), 4.0, ""},
		{func(x float64) float64 { return x }, "x", nil, `want a number, got "x"`},
		{func(b bool) bool { return !b }, "true", false, ""},
		{func(b bool) bool { return !b }, int64(1), nil, `want true or false, got "1"`},
	}
	for _, c := range cases {
		out, errs, err := Parse(t.Context(), trace.Category("c").Parse(c.fn), []any{c.in})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if errs != nil {
			got = errs[0].Error()
		}
		if out[0] != c.want || got != c.err {
			t.Errorf("%T of %v: %v, %q; want %v, %q", c.fn, c.in, out[0], got, c.want, c.err)
		}
	}
}

func TestTransformColumn(t *testing.T) {
	f := loadCounting(t)[1]
	in := []float64{0, 1, 4, 9}
	out, err := Forward(t.Context(), f, in)
	if err != nil || !reflect.DeepEqual(out, []float64{0, 1, 2, 3}) {
		t.Fatal(out, err)
	}
	if !reflect.DeepEqual(in, []float64{0, 1, 4, 9}) {
		t.Errorf("the column was changed to %v", in)
	}
	if _, err = Forward(t.Context(), f, []float64{1, -1}); err == nil || !strings.Contains(err.Error(), "NaN of -1 (value 2 of 2)") {
		t.Errorf("got %v", err)
	}
	if out, err = Inverse(t.Context(), f, out); err != nil || !reflect.DeepEqual(out, in) {
		t.Error(out, err)
	}
	if out, err = Forward(t.Context(), trace.Real("plain"), in); err != nil || !reflect.DeepEqual(out, in) || &out[0] == &in[0] {
		t.Error(out, err)
	}
}

// TestCompiledFaults holds that compiled functions are called under the same
// care.
func TestCompiledFaults(t *testing.T) {
	panics := trace.Integer("n").Parse(func(s string) int64 { return int64(s[0]) })
	if _, _, err := Parse(t.Context(), panics, []any{""}); err == nil || !strings.Contains(err.Error(), `field "n": parse function panics`) {
		t.Errorf("got %v", err)
	}
	sleeps := trace.Integer("n").Parse(func(string) int64 { time.Sleep(300 * time.Millisecond); return 0 })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	begin := time.Now()
	if _, _, err := Parse(ctx, sleeps, hexColumn(10_000, 10_000)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if d := time.Since(begin); d > 250*time.Millisecond {
		t.Errorf("the end of the context was answered after %v", d)
	}
	if _, _, err := Parse(t.Context(), trace.Integer("n"), nil); err == nil {
		t.Error("a field without a parse function is parsed")
	}
	if _, err := Format(t.Context(), trace.Integer("n").Format(func(int64) error { return nil }), nil); err == nil {
		t.Error("a format function of a wrong type is called")
	}
}

func ExampleParse() {
	const source = `package recipe

import "netshare/workspace/trace"

var Recipe = trace.Recipe{
	Name:   "colours",
	Series: []trace.Field{trace.Integer("colour").Parse(number)},
}

func number(name string) int64 { return int64(len(name)) }
`
	ctx := context.Background()
	script, err := LoadSource(ctx, "colours.go", []byte(source))
	if err != nil {
		fmt.Println(err)
		return
	}
	out, _, err := Parse(ctx, script.Recipe.Series[0], []any{"red", "green", nil, "red"})
	fmt.Println(out, err)
	// Output: [3 5 <nil> 3] <nil>
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		loadCounting(b)
	}
}

func benchmarkParse(b *testing.B, distinct int) {
	f := loadCounting(b)[0]
	in := hexColumn(1_000_000, distinct)
	for b.Loop() {
		if _, errs, err := Parse(b.Context(), f, in); err != nil || errs != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1e6, "ns/row")
}

func BenchmarkParseFewDistinct(b *testing.B) { benchmarkParse(b, 50) }

func BenchmarkParseAllDistinct(b *testing.B) { benchmarkParse(b, 1_000_000) }

func BenchmarkTransform(b *testing.B) {
	f := loadCounting(b)[1]
	column := make([]float64, 1_000_000)
	for b.Loop() {
		if _, err := Forward(b.Context(), f, column); err != nil {
			b.Fatal(err)
		}
	}
}
