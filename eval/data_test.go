package eval

import (
	"encoding/csv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"netshare/workspace/trace"
)

// shared returns a folder that stands beside the real traces, or skips.
func shared(t testing.TB, name string) string {
	t.Helper()
	data := os.Getenv("NETSHARE_DATA")
	if data == "" {
		data = filepath.Join("..", "..", "shared", "data")
	}
	dir := filepath.Join(filepath.Dir(filepath.Clean(data)), name)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no reference files: %v (set NETSHARE_DATA)", err)
	}
	return dir
}

// flowColumns is a flow trace's shape.
func flowColumns() []trace.Column {
	return []trace.Column{
		{Name: "srcip", Type: trace.TypeText, Kind: trace.KindAddress},
		{Name: "dstip", Type: trace.TypeText, Kind: trace.KindAddress},
		{Name: "srcport", Type: trace.TypeInt, Kind: trace.KindPort},
		{Name: "dstport", Type: trace.TypeInt, Kind: trace.KindPort},
		{Name: "proto", Type: trace.TypeText, Kind: trace.KindProtocol},
		{Name: "ts", Type: trace.TypeInt, Kind: trace.KindTimestamp, Unit: trace.Microsecond},
		{Name: "td", Type: trace.TypeReal, Kind: trace.KindReal, Unit: trace.Second},
		{Name: "pkt", Type: trace.TypeInt, Kind: trace.KindInteger},
		{Name: "byt", Type: trace.TypeInt, Kind: trace.KindInteger},
		{Name: "type", Type: trace.TypeText, Kind: trace.KindCategory},
	}
}

func flowOptions() Options {
	o := DefaultOptions()
	o.Key, o.Time = []string{"srcip", "dstip", "srcport", "dstport", "proto"}, "ts"
	o.Roles = Roles{Source: "srcip", Destination: "dstip", Bytes: "byt", Packets: "pkt"}
	return o
}

// flows makes n lifelike flow records: hosts of unequal weight talk to
// services in sessions of several records whose sizes hang on the service.
func flows(n int, seed uint64) []trace.Row {
	rng := rand.New(rand.NewPCG(seed, 7))
	rows := make([]trace.Row, 0, n)
	services := []struct {
		port  int64
		proto string
		size  float64
		kind  string
		share float64
	}{{53, "UDP", 80, "dns", .4}, {443, "TCP", 1200, "web", .3}, {80, "TCP", 900, "web", .15}, {22, "TCP", 200, "ssh", .1}, {0, "ICMP", 64, "ping", .05}}
	at := 1458298072364000.0
	for len(rows) < n {
		u := rng.Float64()
		k := 0
		for u > services[k].share && k < len(services)-1 {
			u -= services[k].share
			k++
		}
		s := services[k]
		src := "10.0.0." + strconv.Itoa(1+int(40*rng.Float64()*rng.Float64()))
		dst := "192.0.2." + strconv.Itoa(1+int(60*rng.Float64()*rng.Float64()*rng.Float64()))
		sport := int64(32768 + rng.IntN(28000))
		if s.proto == "ICMP" {
			sport = 0
		}
		at += rng.ExpFloat64() * 40000
		t := at
		for range 1 + int(rng.ExpFloat64()*float64(1+k)*2) {
			pkt := 1 + int64(rng.ExpFloat64()*s.size/60)
			byt := pkt*40 + int64(s.size*rng.ExpFloat64())
			rows = append(rows, trace.Row{src, dst, sport, s.port, s.proto, int64(t), float64(pkt) * rng.ExpFloat64() * .05, pkt, byt, s.kind})
			t += 5000 + rng.ExpFloat64()*300000
		}
	}
	return rows[:n]
}

func table(t testing.TB, name string, columns []trace.Column, rows []trace.Row) *Trace {
	t.Helper()
	tr, err := FromRows(name, columns, rows)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// readCSV reads a reference table: named columns as numbers, the rest as text.
func readCSV(t testing.TB, path string, numbers map[string]trace.Kind, kinds map[string]trace.Kind) *Trace {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var columns []trace.Column
	for _, h := range records[0] {
		c := trace.Column{Name: h, Type: trace.TypeText, Kind: trace.KindCategory}
		if k, ok := numbers[h]; ok {
			c.Type, c.Kind, c.Unit = trace.TypeReal, k, trace.Microsecond
			if k != trace.KindTimestamp {
				c.Unit = ""
			}
		}
		if k, ok := kinds[h]; ok {
			c.Kind = k
		}
		columns = append(columns, c)
	}
	tr := NewTrace(filepath.Base(path), columns)
	for _, r := range records[1:] {
		row := make(trace.Row, len(r))
		for i, v := range r {
			row[i] = v
			if columns[i].Type == trace.TypeReal {
				x, err := strconv.ParseFloat(v, 64)
				if err != nil {
					row[i] = nil
					continue
				}
				row[i] = x
			}
		}
		if err := tr.Append(row); err != nil {
			t.Fatal(err)
		}
	}
	return tr
}

// find returns the score of a metric on a target.
func find(t testing.TB, r *Report, metric, target string) Score {
	t.Helper()
	for _, s := range r.Scores {
		if s.Metric == metric && s.Target == target {
			return s
		}
	}
	t.Fatalf("no score %s of %s", metric, target)
	return Score{}
}

// spoiled doubles sizes and moves port 53 in half of the rows.
func spoiled(rows []trace.Row) []trace.Row {
	for i, r := range rows {
		r[8] = r[8].(int64) * 2
		if r[3] == int64(53) && i%2 == 0 {
			r[3] = int64(5353)
		}
	}
	return rows
}

// parseInstant reads a date and time as seconds since 1970.
func parseInstant(s string) (float64, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999", time.DateOnly} {
		if at, err := time.Parse(layout, s); err == nil {
			return float64(at.UnixNano()) * 1e-9, nil
		}
	}
	return strconv.ParseFloat(s, 64)
}
