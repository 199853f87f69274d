package store

import (
	"fmt"
	"testing"
	"time"

	"netshare/workspace/trace"
)

// packetColumns are shaped as a packet table is: 22 columns, most of them
// numbers, some of them mostly missing.
func packetColumns() []trace.Column {
	columns := []trace.Column{{Name: "time", Type: trace.TypeTime}, {Name: "srcip", Type: trace.TypeText}, {Name: "dstip", Type: trace.TypeText}, {Name: "proto", Type: trace.TypeText}}
	for i := range 18 {
		columns = append(columns, trace.Column{Name: fmt.Sprint("n", i), Type: trace.TypeInt})
	}
	return columns
}

// packets returns a function that makes the i-th row, which it uses again.
func packets() func(i int) trace.Row {
	addresses, small := make([]any, 1000), make([]any, 1<<16)
	for i := range addresses {
		addresses[i] = fmt.Sprintf("192.168.%d.%d", i%7, i/7)
	}
	for i := range small {
		small[i] = int64(i)
	}
	row := make(trace.Row, 22)
	return func(i int) trace.Row {
		row[0], row[1], row[2], row[3] = testStart.Add(time.Duration(i)*time.Microsecond), addresses[i*7%1000], addresses[i*13%1000], any("TCP")
		for k := 4; k < 15; k++ {
			row[k] = small[i*k%len(small)]
		}
		row[15], row[16], row[17] = int64(i)*1000, int64(i)*77, small[i%1500]
		return row // 18 to 21 are missing
	}
}

func appendPackets(b *testing.B, db *DB, n int) {
	b.Helper()
	w, err := db.NewTable(b.Context(), TableSpec{Name: Name{Raw, "t"}, Mode: Replace, Schema: trace.Schema{Columns: packetColumns()}})
	if err != nil {
		b.Fatal(err)
	}
	defer w.Abort()
	row := packets()
	for i := range n {
		if err := w.Append(row(i)); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := w.Commit(b.Context()); err != nil {
		b.Fatal(err)
	}
}

const benchPackets = 500_000

// BenchmarkAppend writes a packet table row by row.
func BenchmarkAppend(b *testing.B) {
	db := openTest(b, Options{})
	for b.Loop() {
		appendPackets(b, db, benchPackets)
	}
	b.ReportMetric(benchPackets*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkRows reads a packet table row by row, as it stands and by time.
func BenchmarkRows(b *testing.B) {
	db := openTest(b, Options{})
	appendPackets(b, db, benchPackets)
	for name, order := range map[string][]string{"stored": nil, "by time": {"time"}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				n := 0
				for _, err := range db.Rows(b.Context(), RowsQuery{Table: Name{Raw, "t"}, OrderBy: order}) {
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
				if n != benchPackets {
					b.Fatalf("%d rows", n)
				}
			}
			b.ReportMetric(benchPackets*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
