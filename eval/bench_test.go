package eval

import (
	"context"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"netshare/workspace/trace"
)

// wide makes n rows of twelve columns column by column, as a big table is read.
func wide(n int, seed uint64) *Trace {
	columns := append(flowColumns(), trace.Column{Name: "flags", Type: trace.TypeText, Kind: trace.KindCategory},
		trace.Column{Name: "label", Type: trace.TypeText, Kind: trace.KindText})
	t := NewTrace("wide", columns)
	rng := rand.New(rand.NewPCG(seed, 3))
	ports := []int64{53, 80, 443, 22, 0}
	for i := range n {
		k := rng.IntN(5)
		host := int(rng.ExpFloat64() * float64(n) / 2000)
		_ = t.Append(trace.Row{
			"10.1." + strconv.Itoa(host/250) + "." + strconv.Itoa(host%250), "192.0.2." + strconv.Itoa(rng.IntN(200)),
			int64(1024 + host*7%50000 + rng.IntN(20)), ports[k], "TCP", int64(1458298072364000) + int64(i)*900 + int64(rng.IntN(5000)),
			rng.ExpFloat64(), int64(1 + rng.ExpFloat64()*10), int64(40 + rng.ExpFloat64()*1000*float64(k+1)), "background",
			"SA"[rng.IntN(2):], "text " + strconv.Itoa(rng.IntN(n)),
		})
	}
	return t
}

// BenchmarkCompare is one report of 10,000 records a side.
func BenchmarkCompare(b *testing.B) {
	real, synth := wide(10000, 1), wide(10000, 2)
	for b.Loop() {
		if _, err := Compare(context.Background(), real, synth, flowOptions()); err != nil {
			b.Fatal(err)
		}
	}
}

// TestMillion measures a report of a million records a side where
// NETSHARE_MILLION is set.
func TestMillion(t *testing.T) {
	if os.Getenv("NETSHARE_MILLION") == "" {
		t.Skip("NETSHARE_MILLION is not set")
	}
	real, synth := wide(1e6, 1), wide(1e6, 2)
	runtime.GC()
	start := time.Now()
	r, err := Compare(context.Background(), real, synth, flowOptions())
	if err != nil {
		t.Fatal(err)
	}
	compared := time.Since(start)
	if err := r.WriteHTML(io.Discard); err != nil {
		t.Fatal(err)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	t.Logf("compare %v, page %v, system memory %d MB, overall %.1f", compared, time.Since(start)-compared, m.Sys>>20, r.Overall.Score)
}
