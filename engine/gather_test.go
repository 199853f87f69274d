package engine

import (
	"context"
	"fmt"
	"iter"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"netshare/engine/codec"
	"netshare/workspace/trace"
)

// made is a source whose sessions are made as they are read.
type made struct {
	n  int
	of func(i int) trace.Session
}

func (m made) Sessions(context.Context) iter.Seq2[trace.Session, error] {
	return func(yield func(trace.Session, error) bool) {
		for i := range m.n {
			if !yield(m.of(i), nil) {
				return
			}
		}
	}
}

// numbered makes session i at time i, every tenth of 5 records, the others of 1.
func numbered(i int) trace.Session {
	s := trace.Session{Meta: trace.Row{int64(i)}}
	records := 1
	if i%10 == 0 {
		records = 5
	}
	if i == 777 {
		records = 30
	}
	for k := range records {
		s.Series = append(s.Series, trace.Row{float64(i + k), "x"})
	}
	return s
}

func TestGatherKeepsASample(t *testing.T) {
	src := made{20000, numbered}
	const bytes = 200_000
	g, err := gather(context.Background(), src, bytes, 1)
	if err != nil {
		t.Fatal(err)
	}
	if g.all || g.sessions != 20000 || g.records != 18000+2000*5+29 {
		t.Errorf("gathered %d sessions, %d records, all %v", g.sessions, g.records, g.all)
	}
	var held int64
	long := 0
	last := -1
	indices := map[int]bool{}
	for _, s := range g.sample {
		held += sessionBytes(s)
		i := int(s.Meta[0].(int64))
		if i <= last {
			t.Fatalf("session %d comes after %d", i, last)
		}
		last = i
		indices[i] = true
		if i%10 == 0 {
			long++
		}
	}
	if held > bytes+10000 || held < bytes/3 {
		t.Errorf("the sample is of %d bytes, want at most %d and not much less than half", held, bytes)
	}
	for _, i := range []int{0, 777, 19999} { // first, longest, last
		if !indices[i] {
			t.Errorf("session %d is not in the sample", i)
		}
	}
	// A tenth of the sessions is long; the sample's share is within five standard errors.
	n := float64(len(g.sample))
	if share := float64(long) / n; math.Abs(share-.1) > 5*math.Sqrt(.09/n) {
		t.Errorf("%.3f of %v sampled sessions are long, want .1", share, n)
	}
	again, _ := gather(context.Background(), src, bytes, 1)
	other, _ := gather(context.Background(), src, bytes, 2)
	same := func(a, b []trace.Session) bool {
		return slices.EqualFunc(a, b, func(x, y trace.Session) bool { return x.Meta[0] == y.Meta[0] })
	}
	if !same(g.sample, again.sample) || same(g.sample, other.sample) || g.print != other.print {
		t.Error("the seed does not settle the sample, or more than the sample")
	}
	whole, _ := gather(context.Background(), src, 1<<40, 1)
	if !whole.all || len(whole.sample) != 20000 {
		t.Errorf("%d sessions were kept where there is room for all", len(whole.sample))
	}
}

// TestSpilledSamplesAreTheSame: what goes to a file comes back as it was.
func TestSpilledSamplesAreTheSame(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	heads := []codec.Head{{Classes: 3}, {}}
	fill := func(bound int64) *samples {
		s := newSamples(heads, heads[1:], bound)
		for i := range 3000 {
			m := codec.Sample{Meta: []float32{float32(i % 3), float32(i) / 3000}, Records: 1 + i%4}
			for k := range m.Records {
				m.Series = append(m.Series, float32(i+k)/4000)
			}
			if err := s.add(m); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.flush(); err != nil {
			t.Fatal(err)
		}
		return s
	}
	memory, file := fill(1<<30), fill(20000)
	if memory.file != nil || file.file == nil || file.chunks != nil {
		t.Fatal("samples are not where they should be")
	}
	if memory.records != file.records || memory.Len() != 3000 || file.Len() != 3000 {
		t.Errorf("%d and %d records of %d and %d samples", memory.records, file.records, memory.Len(), file.Len())
	}
	get := func(s *samples, i int) string {
		meta, series := make([]float32, 4), make([]float32, 4)
		n := s.Fill(i, meta, series)
		return fmt.Sprint(n, meta, series)
	}
	for _, i := range []int{0, 2999, 17, 1500, 2} {
		if a, b := get(memory, i), get(file, i); a != b {
			t.Errorf("sample %d is %s in memory and %s in the file", i, a, b)
		}
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "netshare-*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	if n := file.Fill(3, make([]float32, 4), make([]float32, 4)); n != 0 {
		t.Errorf("a closed file gives %d records", n)
	}
}
