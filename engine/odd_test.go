package engine_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"netshare/engine"
	"netshare/workspace/trace"
)

// TestOddColumns: what a column may hold at worst still gives as many sessions,
// of values of its type.
func TestOddColumns(t *testing.T) {
	many := 30_000
	if testing.Short() {
		many = 5000
	}
	for _, c := range []struct {
		name  string
		n     int
		value func(i int) any // of the field x of record i
		field trace.Field
		typ   trace.Type
	}{
		{"one value", 200, func(int) any { return "same" }, trace.Category("x"), trace.TypeText},
		{"one number", 200, func(int) any { return int64(7) }, trace.Integer("x"), trace.TypeInt},
		{"nothing", 200, func(int) any { return nil }, trace.Real("x"), trace.TypeReal},
		{"a value for each record", many, func(i int) any { return fmt.Sprintf("id-%07d", i) }, trace.Category("x"), trace.TypeText},
		{"a text for each record", many, func(i int) any { return fmt.Sprintf("host%d.example.net/%x", i%977, i*7919) }, trace.Text("x"), trace.TypeText},
		{"NaN and infinities", 300, func(i int) any {
			return []any{math.NaN(), math.Inf(1), math.Inf(-1), 1e308, -1e308, 5e-324, 0., float64(i)}[i%8]
		}, trace.Real("x"), trace.TypeReal},
		{"greatest numbers", 200, func(i int) any { return []any{int64(math.MaxInt64), int64(math.MinInt64), int64(i)}[i%3] }, trace.Integer("x"), trace.TypeInt},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, series := range []bool{false, true} {
				r := trace.Recipe{Name: "odd", Time: trace.Epoch("ts", trace.Second), Metadata: []trace.Field{trace.IP("src")}}
				types := map[string]trace.Type{"ts": trace.TypeReal, "src": trace.TypeText, "x": c.typ}
				if series {
					r.Series = []trace.Field{c.field}
				} else {
					r.Metadata, r.Key = append(r.Metadata, c.field), []string{"src"}
				}
				var l list
				for i := range c.n {
					s := trace.Session{Meta: trace.Row{fmt.Sprintf("10.%d.%d.%d", i/62500, i/250%250, i%250)}, Series: []trace.Row{{float64(i)}}}
					if series {
						s.Series[0] = append(s.Series[0], c.value(i))
					} else {
						s.Meta = append(s.Meta, c.value(i))
					}
					l = append(l, s)
				}
				o := options(1)
				o.Iterations, o.GAN.Batch = 1, 100
				if c.n > 1000 {
					o.GAN.Batch = c.n
				}
				o.GAN.Batch = min(o.GAN.Batch, 500)
				m, err := engine.Train(context.Background(), l[:min(len(l), c.n)], &r, types, o, engine.Hooks{})
				if err != nil {
					t.Fatal(err)
				}
				g := engine.DefaultGenerateOptions()
				g.Sessions = 200
				out := generate(t, m, g)
				if len(out) != 200 {
					t.Fatalf("made %d sessions", len(out))
				}
				for _, s := range out {
					v := s.Series[0][len(s.Series[0])-1]
					if !series {
						v = s.Meta[1]
					}
					if x, ok := v.(float64); ok && (math.IsNaN(x) || math.IsInf(x, 0)) {
						t.Fatalf("made %v", x)
					}
				}
			}
		})
	}
}

// TestTimesRunningBackwards: records whose times do not ascend are taken as they
// are, and made with times that do.
func TestTimesRunningBackwards(t *testing.T) {
	l := flows(200)
	for _, s := range l {
		for i, k := 0, len(s.Series)-1; i < k; i, k = i+1, k-1 {
			s.Series[i][0], s.Series[k][0] = s.Series[k][0], s.Series[i][0]
		}
	}
	for _, s := range generate(t, train(t, l, options(2)), engine.DefaultGenerateOptions()) {
		for i := 1; i < len(s.Series); i++ {
			if a, b := s.Series[i-1][0].(float64), s.Series[i][0].(float64); b < a {
				t.Fatalf("a record at %v comes after one at %v", b, a)
			}
		}
	}
}

// TestLongestSessions: a session of 100,000 records is kept whole.
func TestLongestSessions(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: makes 100,000 records")
	}
	l := flows(30)
	l[7].Series = nil
	for k := range 100_000 {
		l[7].Series = append(l[7].Series, trace.Row{float64(k) / 50, int64(40 + k%1000), "A"})
	}
	o := options(1)
	o.GAN.Batch = 500
	out := generate(t, train(t, l, o), engine.DefaultGenerateOptions())
	records, _, last := count(out)
	longest := 0
	for _, s := range out {
		longest = max(longest, len(s.Series))
	}
	if len(out) != 30 || longest != 100_000 || records < 100_029 || last > 3700 {
		t.Errorf("made %d sessions of %d records, the longest of %d, until %v", len(out), records, longest, last)
	}
}
