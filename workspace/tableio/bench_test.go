package tableio

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"netshare/workspace/trace"
)

func newReader(b []byte) *bufio.Reader { return bufio.NewReader(bytes.NewReader(b)) }

const benchRows = 200_000

// flows writes a CSV of flow records; ints makes its addresses numbers, which
// the database can't read by itself.
func flows(b *testing.B, ints bool) string {
	path := filepath.Join(b.TempDir(), "flows.csv")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	defer w.Flush()
	rng := rand.New(rand.NewPCG(1, 2))
	fmt.Fprintln(w, "start,duration,srcip,srcport,dstip,dstport,proto,packets,bytes,label")
	for i := range benchRows {
		src, dst := rng.Uint32()|1<<24, rng.Uint32()|1<<24
		from, to := string(dotted(nil, src)), string(dotted(nil, dst))
		if ints {
			from, to = fmt.Sprint(src), fmt.Sprint(dst)
		}
		fmt.Fprintf(w, "2024-03-01 10:%02d:%02d.%06d,%.6f,%s,%d,%s,%d,%s,%d,%d,background\n", i/6000%60, i/100%60, rng.IntN(1e6),
			rng.Float64()*10, from, rng.IntN(65536), to, []int{53, 80, 443}[rng.IntN(3)], []string{"tcp", "udp"}[rng.IntN(2)], rng.IntN(100), rng.IntN(1e5))
	}
	return path
}

func benchmarkLoad(b *testing.B, ints bool) {
	path, db := flows(b, ints), database(b)
	for b.Loop() {
		if _, n, err := Load(context.Background(), db, path, "t", nil); err != nil || n != benchRows {
			b.Fatal(n, err)
		}
		if _, err := db.Exec("DROP TABLE t"); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(benchRows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkLoadDirect(b *testing.B) { benchmarkLoad(b, false) }
func BenchmarkLoadHanded(b *testing.B) { benchmarkLoad(b, true) }

// BenchmarkDuckDB is what the database needs on its own, for comparison.
func BenchmarkDuckDB(b *testing.B) {
	path, db := flows(b, false), database(b)
	for b.Loop() {
		if _, err := db.Exec("CREATE TABLE t AS SELECT * FROM read_csv(" + literal(path) + ")"); err != nil {
			b.Fatal(err)
		}
		if _, err := db.Exec("DROP TABLE t"); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(benchRows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkWriteCSV(b *testing.B) {
	schema := trace.Schema{Format: formatCSV, Columns: []trace.Column{
		{Name: "srcip", Type: trace.TypeText, Kind: trace.KindAddress},
		{Name: "n", Type: trace.TypeInt},
		{Name: "d", Type: trace.TypeReal, Format: "fixed:6"},
	}}
	w, err := NewWriter(&bytes.Buffer{}, schema)
	if err != nil {
		b.Fatal(err)
	}
	row := trace.Row{"10.0.0.1", int64(443), 0.123456}
	for b.Loop() {
		if err := w.Write(row); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
