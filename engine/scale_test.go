//go:build unix

package engine_test

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"reflect"
	"runtime"
	"syscall"
	"testing"
	"time"

	"netshare/engine"
	"netshare/workspace/trace"
)

// endless is a source of flows that are made as they are read, so that nothing
// but training holds them.
type endless struct{ sessions int }

func (e endless) Sessions(context.Context) iter.Seq2[trace.Session, error] {
	return func(yield func(trace.Session, error) bool) {
		r := rand.New(rand.NewPCG(1, 2))
		for i := range e.sessions {
			s := trace.Session{Meta: trace.Row{fmt.Sprintf("10.%d.%d.%d", r.IntN(4), r.IntN(64), 1+r.IntN(200)), fmt.Sprintf("192.0.2.%d", 1+r.IntN(90)), int64(53), "UDP"}}
			records := 1
			if r.IntN(3) == 0 {
				s.Meta[2], s.Meta[3], records = int64(443), "TCP", 2+r.IntN(8)
			}
			at := float64(i) / 10
			for range records {
				at += r.ExpFloat64()
				s.Series = append(s.Series, trace.Row{float64(int(at*1000)) / 1000, int64(40 + r.IntN(1460)), []any{"A", "S", "PA"}[r.IntN(3)]})
			}
			if !yield(s, nil) {
				return
			}
		}
	}
}

// TestLongTraceIsLearntFromASample: beyond the memory that it is given, training
// learns from a sample and a file, and to the same model again.
func TestLongTraceIsLearntFromASample(t *testing.T) {
	o := options(1)
	o.Memory = 1 << 20
	o.GAN.Batch = 400
	src := endless{6000}
	learn := func() *engine.Model {
		m, err := engine.Train(context.Background(), src, &recipe, types, o, engine.Hooks{})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	m := learn()
	if m.Sessions != 6000 || m.Records < 12000 {
		t.Errorf("the model knows of %d sessions and %d records", m.Sessions, m.Records)
	}
	g := engine.DefaultGenerateOptions()
	out := generate(t, m, g)
	if len(out) != 6000 {
		t.Errorf("made %d sessions, want as many as there were", len(out))
	}
	first, last := out[0].Series[0][0].(float64), out[len(out)-1].Series[0][0].(float64)
	if first > 10 || last < 580 {
		t.Errorf("sessions begin from %v to %v, want 0 to 600", first, last)
	}
	if !reflect.DeepEqual(out, generate(t, learn(), g)) {
		t.Error("the same seed gave two traces")
	}
}

// BenchmarkScale trains one epoch on traces of so many records in the default
// memory and in 64 MiB, and reports the processors' time for a record and the
// greatest heap.
func BenchmarkScale(b *testing.B) {
	for _, memory := range []int64{1 << 30, 64 << 20} {
		for _, records := range []int{10_000, 100_000, 1_000_000} {
			b.Run(fmt.Sprintf("memory=%dM/records=%d", memory>>20, records), func(b *testing.B) {
				o := engine.DefaultOptions()
				o.Epochs, o.Memory = 1, memory
				for b.Loop() {
					runtime.GC()
					before := processors(b)
					stop, most := make(chan bool), make(chan uint64)
					go func() {
						var m runtime.MemStats
						var top uint64
						for {
							runtime.ReadMemStats(&m)
							top = max(top, m.HeapAlloc)
							select {
							case <-stop:
								most <- top
								return
							case <-time.After(20 * time.Millisecond):
							}
						}
					}()
					m, err := engine.Train(context.Background(), endless{records * 10 / 25}, &recipe, types, o, engine.Hooks{})
					stop <- true
					top := <-most
					if err != nil {
						b.Fatal(err)
					}
					b.ReportMetric(float64((processors(b)-before).Microseconds())/float64(m.Records), "cpu-µs/record")
					b.ReportMetric(float64(m.Records), "records")
					b.ReportMetric(float64(top)/(1<<20), "MiB")
				}
			})
		}
	}
}

// processors is the time that the process has had of them.
func processors(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
