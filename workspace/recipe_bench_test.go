package workspace

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"netshare/scripting"
)

// connRecipe has three parse functions, of few, many and only different
// values, and two transforms.
const connRecipe = `package recipe

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"netshare/workspace/trace"
)

var Recipe = trace.Recipe{
	Name:     "conn",
	Time:     trace.Timestamp("ts", ""),
	Metadata: []trace.Field{trace.IP("id.orig_h"), trace.IP("id.resp_h"), trace.Port("id.resp_p"), trace.Protocol("proto").Parse(strings.ToUpper)},
	Series: []trace.Field{
		trace.Port("id.orig_p"),
		trace.Text("uid").Parse(short),
		trace.Real("duration").Range(0, math.Inf(1)).Transform(logs, exps),
		trace.Integer("orig_bytes").Parse(blocks).Transform(roots, squares),
		trace.Integer("resp_bytes"),
		trace.Category("conn_state"),
	},
}

// short is a connection's number without Zeek's letter.
func short(uid string) (string, error) {
	if len(uid) < 2 || uid[0] != 'C' {
		return "", fmt.Errorf("no connection's name: %s", strconv.Quote(uid))
	}
	return uid[1:], nil
}

func blocks(n int64) int64 { return n / 512 }

func logs(c []float64) []float64 {
	for i, x := range c {
		c[i] = math.Log1p(x)
	}
	return c
}

func exps(c []float64) []float64 {
	for i, x := range c {
		c[i] = math.Expm1(x)
	}
	return c
}

func roots(c []float64) []float64 {
	for i, x := range c {
		c[i] = math.Sqrt(x)
	}
	return c
}

func squares(c []float64) []float64 {
	for i, x := range c {
		c[i] = math.Round(x * x)
	}
	return c
}
`

// connLog writes a Zeek conn.log of n connections.
func connLog(tb testing.TB, path string, n int) {
	tb.Helper()
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	fmt.Fprint(w, "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n",
		"#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\tconn_state\n",
		"#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\n")
	r := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		fmt.Fprintf(w, "%d.%06d\tC%016x\t10.0.%d.%d\t%d\t192.0.2.%d\t%d\t%s\t-\t%.6f\t%d\t%d\t%s\n", 1700000000+i/50, r.IntN(1000000), r.Uint64(),
			r.IntN(8), r.IntN(256), 1024+r.IntN(60000), r.IntN(64), []int{53, 80, 443, 22}[r.IntN(4)], []string{"tcp", "udp"}[r.IntN(2)],
			r.ExpFloat64(), r.IntN(100000), r.IntN(1000000), []string{"SF", "S0", "REJ", "RSTO"}[r.IntN(4)])
	}
	if err := w.Flush(); err != nil {
		tb.Fatal(err)
	}
	if err := f.Close(); err != nil {
		tb.Fatal(err)
	}
}

// BenchmarkRecipe loads a million connections by an interpreted recipe with
// three parse functions, and transforms two of its columns as training does:
//
//	go test ./workspace -run xxx -bench Recipe -benchtime 1x
func BenchmarkRecipe(b *testing.B) {
	const rows = 1_000_000
	ctx := context.Background()
	log := filepath.Join(b.TempDir(), "conn.log")
	connLog(b, log, rows)
	script, err := scripting.LoadSource(ctx, "recipe.go", []byte(connRecipe))
	if err != nil {
		b.Fatal(err)
	}
	plain := script.Recipe
	for b.Loop() {
		ws, err := Open(ctx, filepath.Join(b.TempDir(), "w.duckdb"), nil)
		if err != nil {
			b.Fatal(err)
		}
		l, err := ws.Load(ctx, Load{Table: "conn", Files: []string{log}, Recipe: &plain, Replace: true})
		if err != nil {
			b.Fatal(err)
		}
		if l.Table.Rows != rows {
			b.Fatalf("%d rows of %d: %v", l.Table.Rows, rows, l.Examples)
		}
		loaded := b.Elapsed()
		table, err := ws.table(ctx, "conn", "raw")
		if err != nil {
			b.Fatal(err)
		}
		learning, err := ws.learn(ctx, table, &plain, nil)
		if err != nil {
			b.Fatal(err)
		}
		for _, err := range (tableSource{db: ws.db, table: table, recipe: &plain, learning: learning}).Sessions(ctx) {
			if err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(loaded.Seconds(), "load-s")
		b.ReportMetric((b.Elapsed() - loaded).Seconds(), "sessions-s")
		if err := ws.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
