package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// TestBadInput: a trace that has hardly anything to learn, or too much of one
// thing, is a sound synthetic trace or an error that says what to do.
func TestBadInput(t *testing.T) {
	many, long := 20_000, 20_000
	if testing.Short() {
		many, long = 1000, 1000
	}
	r := rand.New(rand.NewPCG(1, 2))
	const header = "ts,srcip,dstport,bytes,note\n"
	table := func(n int, row func(i int) string) string {
		var b strings.Builder
		b.WriteString(header)
		for i := range n {
			b.WriteString(row(i) + "\n")
		}
		return b.String()
	}
	host := func(i int) string { return fmt.Sprintf("10.0.%d.%d", i/200%200, i%200+1) }
	for _, c := range []struct {
		name, text string
		args       []string
		code       int
		said       string // at the end of standard error, "" for a sound result
		records    int
		check      string // a query that gives true
	}{
		{"nothing", header, nil, exitFailed, "netshare: trace.csv: no rows: the file has only a header line\n", 0, ""},
		{
			"one record", table(1, func(int) string { return "1700000000,10.0.0.1,53,40,a" }), nil, exitFailed,
			"netshare: raw.trace has too few records to learn from (1): load a longer trace\n", 0, "",
		},
		{
			"one session", table(60, func(i int) string { return fmt.Sprintf("%d,10.0.0.1,53,%d,a", 1700000000+i, 40+i%9) }), nil, 0, "", 60,
			"select count(distinct (srcip, dstport)) = 1 and min(bytes) >= 40 and max(bytes) <= 48 from synth.trace",
		},
		{
			"sessions all equal", table(80, func(i int) string { return fmt.Sprintf("1700000000,%s,53,40,a", host(i)) }), nil, 0, "", 80,
			"select count(distinct (ts, dstport, bytes, note)) = 1 from synth.trace",
		},
		{
			"records all equal", table(80, func(int) string { return "1700000000,10.0.0.1,53,40,a" }), nil, 0, "", 80,
			"select count(distinct (ts, dstport, bytes, note)) = 1 from synth.trace",
		},
		{
			"a column of nothing", table(80, func(i int) string { return fmt.Sprintf("%d,%s,53,40,", 1700000000+i, host(i)) }), nil, 0, "", 80,
			"select count(note) = 0 and count(distinct bytes) = 1 from synth.trace",
		},
		{"times running backwards", table(300, func(i int) string {
			return fmt.Sprintf("%d,%s,53,%d,a", 1700009000-30*i, host(i%40), 40+r.IntN(9))
		}), nil, 0, "", 300, "select min(ts) >= 1700000000 and max(ts) <= 1700009000 from synth.trace"},
		{"a value for each record", table(many, func(i int) string {
			return fmt.Sprintf("%d,%s,53,40,id-%07d", 1700000000+i, host(i%500), r.IntN(1e7))
		}), []string{"--iterations", "3"}, 0, "", many, "select count(distinct note) > count(*) / 2 from synth.trace"},
		{"a key for each record", table(many, func(i int) string {
			return fmt.Sprintf("%d,10.%d.%d.%d,%d,40,a", 1700000000+i/20, i>>16, i>>8&255, i&255, 1024+r.IntN(60000))
		}), []string{"--iterations", "3"}, 0, "", many, "select count(distinct (srcip, dstport)) > .95 * count(*) from synth.trace"},
		{"a long session", table(long+100, func(i int) string {
			if i < long {
				return fmt.Sprintf("%d,10.9.9.9,443,%d,a", 1700000000+i/50, 40+i%1000)
			}
			return fmt.Sprintf("%d,%s,53,40,a", 1700000000+7*(i-long), host(i))
		}), []string{"--iterations", "3"}, 0, "", long + 100, "select max(n) > " + fmt.Sprint(long/2) + " from (select count(*) n from synth.trace group by srcip, dstport)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if err := os.WriteFile("trace.csv", []byte(c.text), 0o666); err != nil {
				t.Fatal(err)
			}
			args := append([]string{"synth", "trace.csv", "--quiet"}, c.args...)
			if c.args == nil {
				args = append(args, "--epochs", "2")
			}
			code, said := runSaying(t, args)
			if code != c.code || c.said != "" && said != c.said {
				t.Fatalf("code %d, want %d; it says %q, want %q", code, c.code, said, c.said)
			}
			if c.code != 0 {
				if _, err := os.Stat("trace-synth.csv"); err == nil {
					t.Error("a synthetic trace was written")
				}
				return
			}
			data, err := os.ReadFile("trace-synth.csv")
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(string(data), "\n") - 1; n != c.records {
				t.Errorf("%d records of %d", n, c.records)
			}
			if code, said := runSaying(t, []string{"ws", "sql", "trace.duckdb", c.check, "--format", "csv"}); code != 0 || !strings.HasSuffix(said, "\ntrue\n") {
				t.Errorf("%s: code %d, %s", c.check, code, said)
			}
		})
	}
}
