package dgan

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"netshare/engine/privacy"
)

// columnsOf makes n columns of heads like a trace's: categories of up to 24 classes, and numbers.
func columnsOf(n int) (hs []Head) {
	for _, size := range []int{24, 16, 12, 8} {
		for n >= 60 && size <= n-60 {
			hs = append(hs, Head{Softmax, size})
			n -= size
		}
	}
	for n > 0 {
		k := min(n, 8)
		hs = append(hs, Head{Softmax, k}, Head{Sigmoid, 1})
		n -= k + 1
		if n == 1 || n < 0 {
			hs[len(hs)-1].Size += n
			n = 0
		}
		if hs[len(hs)-1].Size == 0 {
			hs = hs[:len(hs)-1]
		}
	}
	return hs
}

// random is a set of random one-hot rows and numbers.
type random struct {
	shape Shape
	n     int
}

func (d random) Len() int { return d.n }

func (d random) Fill(i int, meta, series []float32) int {
	r := rand.New(rand.NewPCG(uint64(i), 0))
	row := func(hs []Head, x []float32) {
		for _, h := range hs {
			if h.Kind == Softmax {
				x[r.IntN(h.Size)] = 1
			} else {
				for j := range h.Size {
					x[j] = r.Float32()
				}
			}
			x = x[h.Size:]
		}
	}
	row(d.shape.Meta, meta)
	n, f := 1+r.IntN(d.shape.Records), d.shape.SeriesWidth()
	for k := range n {
		row(d.shape.Series, series[k*f:(k+1)*f])
	}
	return n
}

func benchShape(a, f, t int) Shape {
	return Shape{Meta: columnsOf(a), Series: columnsOf(f), Records: t, Length: func(_ []float32, r *rand.Rand) int { return 1 + r.IntN(t) }}
}

// BenchmarkStep runs at GOMAXPROCS threads: compare -cpu 1,2.
func BenchmarkStep(b *testing.B) {
	netshare := NetShareConfig()
	netshare.Interpolation = Uniform
	for _, c := range []struct {
		name    string
		cfg     Config
		a, f, t int
	}{
		{"default/A150/F40/T4", DefaultConfig(), 150, 40, 4},
		{"default/A150/F40/T16", DefaultConfig(), 150, 40, 16},
		{"netshare/one", NetShareConfig(), 150, 38, 50}, // as NetShare has the penalty; see testdata/pytorch
		{"netshare/uniform", netshare, 150, 38, 50},
	} {
		shape := benchShape(c.a, c.f, c.t)
		if strings.HasPrefix(c.name, "netshare") {
			shape.Flag, shape.Length = true, nil
		}
		b.Run(c.name, func(b *testing.B) {
			m, err := New(shape, c.cfg, 1)
			if err != nil {
				b.Fatal(err)
			}
			data := random{shape, 1000}
			steps(b, m, data, 2)
			b.ResetTimer()
			least, used := time.Hour, time.Hour
			for b.Loop() {
				began, had := time.Now(), processorTime()
				steps(b, m, data, 1)
				least, used = min(least, time.Since(began)), min(used, processorTime()-had)
			}
			b.ReportMetric(float64(least.Microseconds())/1e3, "least-ms")
			b.ReportMetric(float64(used.Microseconds())/1e3, "least-cpu-ms")
		})
	}
}

func BenchmarkSample(b *testing.B) {
	for _, t := range []int{4, 16} {
		b.Run(fmt.Sprintf("T%d", t), func(b *testing.B) {
			m, err := New(benchShape(150, 40, t), DefaultConfig(), 1)
			if err != nil {
				b.Fatal(err)
			}
			r := rand.New(rand.NewPCG(1, 1))
			records := 0
			for b.Loop() {
				err := m.Sample(1024, r, func(_, _ []float32, n int) error { records += n; return nil })
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// BenchmarkPrivateStep sets a private step beside the same one without privacy: the same networks, samples in a
// batch and rounds.
func BenchmarkPrivateStep(b *testing.B) {
	netshare := NetShareConfig()
	netshare.Interpolation = Uniform
	small := DefaultConfig()
	small.CriticLayers, small.CriticUnits, small.AttributeCriticLayers, small.AttributeCriticUnits = 2, 64, 2, 64
	for _, c := range []struct {
		name    string
		cfg     Config
		a, f, t int
	}{{"small/A150/F40/T4", small, 150, 40, 4}, {"netshare/A150/F40/T50", netshare, 150, 40, 50}} {
		for _, private := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/private=%v", c.name, private), func(b *testing.B) {
				m, err := New(benchShape(c.a, c.f, c.t), c.cfg, 1)
				if err != nil {
					b.Fatal(err)
				}
				noise, err := privacy.NewLattice(1)
				if err != nil {
					b.Fatal(err)
				}
				data := random{m.shape, 1000}
				p := Private{Rate: .1, Nominal: 100, Clip: 1, Noise: noise, Draw: privacy.NewNoise()}
				began := processorTime()
				for b.Loop() {
					if private {
						_, err = m.PrivateStep(data, p)
					} else {
						_, err = m.Step(data)
					}
					if err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64((processorTime()-began).Microseconds())/1e3/float64(b.N), "cpu-ms/op")
			})
		}
	}
}

// processorTime is what this process had of the processors, which other processes don't change much.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
