package tableio

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"netshare/workspace/trace"
)

func newReader(b []byte) *bufio.Reader { return bufio.NewReader(bytes.NewReader(b)) }

// bench is a file that is loaded and, in the same run, read by the database's
// own function for such files.
type bench struct {
	name, file string
	rows       int
	reader     string // of the database
	head       string
	line       func(w *bufio.Writer, rng *rand.Rand, i int)
}

// address is one of a network's own, or one of the many outside.
func address(rng *rand.Rand) uint32 {
	if rng.IntN(2) == 0 {
		return 42<<24 | 219<<16 | uint32(150+rng.IntN(10))<<8 | uint32(rng.IntN(60))
	}
	x := rng.Float64()
	return uint32(40000*x*x*x)*104729 + 1<<24
}

func benches() []bench {
	ports, protocols := []int{53, 80, 443, 22}, []string{"TCP", "TCP", "UDP", "ICMP"}
	flags := []string{".A....", ".AP.SF", "......", ".A...F", "....S."}
	start := time.Date(2016, 7, 27, 13, 43, 0, 0, time.UTC)
	flow := func(layout string, missing bool) func(w *bufio.Writer, rng *rand.Rand, i int) {
		return func(w *bufio.Writer, rng *rand.Rand, i int) {
			tos := fmt.Sprint([]int{0, 0, 0, 72, 40}[rng.IntN(5)])
			if missing && i%3 == 0 {
				tos = "-"
			}
			packets := 1 + int(rng.ExpFloat64()*8)
			fmt.Fprintf(w, "%s,%.3f,%s,%s,%d,%d,%s,%s,0,%s,%d,%d,%s\n", start.Add(time.Duration(i)*1300*time.Microsecond).Format(layout),
				rng.Float64()*20, dotted(nil, address(rng)), dotted(nil, address(rng)), 1024+rng.IntN(64000), ports[rng.IntN(4)],
				protocols[rng.IntN(4)], flags[rng.IntN(5)], tos, packets, packets*(40+rng.IntN(1400)), "background")
		}
	}
	const head = "te,td,sa,da,sp,dp,pr,flg,fwd,stos,pkt,byt,label\n"
	return []bench{
		{"netflow", "netflow.csv", 2_000_000, "read_csv", head, flow("2006-01-02 15:04:05", false)},
		{"netflow-missing", "missing.csv", 500_000, "read_csv", head, flow("2006-01-02 15:04:05.000000", true)},
		{"netflow-clf", "clf.csv", 500_000, "read_csv", head, flow("02/Jan/2006:15:04:05 -0700", false)},
		{
			"ugr16", "ugr16.csv", 500_000, "read_csv", "srcip,dstip,srcport,dstport,proto,ts,td,pkt,byt,type\n",
			func(w *bufio.Writer, rng *rand.Rand, i int) {
				fmt.Fprintf(w, "%d,%d,%d,%d,%s,%d.0,%.3f,%d,%d,background\n", address(rng), address(rng), rng.IntN(65536), ports[rng.IntN(4)],
					protocols[rng.IntN(4)], 1458298072364000+int64(i)*1000, rng.Float64()*300, 1+rng.IntN(60), 40+rng.IntN(9000))
			},
		},
		{"rejects", "rejects.csv", 500_000, "read_csv", head, func(w *bufio.Writer, rng *rand.Rand, i int) {
			if i%10_000 == 9_999 {
				fmt.Fprintln(w, "cut,short")
				return
			}
			flow("2006-01-02 15:04:05", false)(w, rng, i)
		}},
		{"wide", "wide.csv", 20, "read_csv", "", func(w *bufio.Writer, rng *rand.Rand, i int) {
			for k := range 4000 {
				if k > 0 {
					w.WriteByte(',')
				}
				if i == 0 {
					fmt.Fprintf(w, "c%d", k)
				} else {
					fmt.Fprintf(w, "%.2f", rng.Float64()*100)
				}
			}
			w.WriteByte('\n')
		}},
		{"jsonl", "flows.jsonl", 300_000, "read_json", "", func(w *bufio.Writer, rng *rand.Rand, i int) {
			fmt.Fprintf(w, `{"ts":"%s","src":"%s","dst":"%s","sport":%d,"dport":%d,"proto":"%s","bytes":%d,"took":%.3f,"ok":%t}`+"\n",
				start.Add(time.Duration(i)*time.Millisecond).Format("2006-01-02T15:04:05.000Z"), dotted(nil, address(rng)), dotted(nil, address(rng)),
				rng.IntN(65536), ports[rng.IntN(4)], protocols[rng.IntN(4)], rng.IntN(9000), rng.Float64(), rng.IntN(2) == 0)
		}},
	}
}

// processor is the processor time that this process has taken.
func processor() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // it can't fail
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func (c bench) write(b *testing.B) string {
	path := filepath.Join(b.TempDir(), c.file)
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	w, rng := bufio.NewWriterSize(f, 1<<20), rand.New(rand.NewPCG(1, 2))
	w.WriteString(c.head)
	for i := range c.rows {
		c.line(w, rng, i)
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	f.Close()
	return path
}

// BenchmarkAgainstDuckDB loads files, and has the database read each by its own
// function in the same run: the medians, and the ratio of the first to the
// second.
func BenchmarkAgainstDuckDB(b *testing.B) {
	for _, c := range benches() {
		b.Run(c.name, func(b *testing.B) {
			path, db := c.write(b), database(b)
			var ours, theirs []time.Duration
			var work [2]time.Duration // of the processors, on which nobody else's work counts
			took := func(who int, f func() error) time.Duration {
				start, before := time.Now(), processor()
				if err := f(); err != nil {
					b.Fatal(err)
				}
				d := time.Since(start)
				work[who] += processor() - before
				if _, err := db.Exec("DROP TABLE t"); err != nil {
					b.Fatal(err)
				}
				return d
			}
			options := ""
			if c.name == "rejects" {
				options = ", ignore_errors=true"
			}
			for b.Loop() {
				theirs = append(theirs, took(1, func() error {
					_, err := db.Exec("CREATE TABLE t AS SELECT * FROM " + c.reader + "(" + literal(path) + options + ")")
					return err
				}))
				ours = append(ours, took(0, func() error {
					_, _, err := Load(context.Background(), db, path, "t", nil, nil)
					return err
				}))
			}
			slices.Sort(ours)
			slices.Sort(theirs)
			a, d := ours[len(ours)/2].Seconds(), theirs[len(theirs)/2].Seconds()
			b.ReportMetric(a, "s/load")
			b.ReportMetric(d, "s/duckdb")
			b.ReportMetric(a/d, "ratio")
			b.ReportMetric(work[0].Seconds()/work[1].Seconds(), "cpu-ratio")
			b.ReportMetric(float64(c.rows)/a, "rows/s")
		})
	}
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
