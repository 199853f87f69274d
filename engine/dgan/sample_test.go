package dgan

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestSampleRows(t *testing.T) {
	for name, change := range variants() {
		m := variant(t, change, 7)
		steps(t, m, newToy(50, 3), 3)
		count := 0
		check := func(meta, series []float32, records int) error {
			count++
			if len(meta) != 8 || len(series) != 12 || records < 1 || records > 4 {
				return fmt.Errorf("row of %d, series of %d, %d records", len(meta), len(series), records)
			}
			for _, hot := range [][]float32{meta[:3], meta[4:8]} {
				if !oneHot(hot) {
					return fmt.Errorf("%v is not one-hot", hot)
				}
			}
			if m.shape.Length != nil && m.shape.Length(meta, nil) != records {
				return fmt.Errorf("%d records for metadata %v", records, meta)
			}
			for k := range 4 {
				rec := series[k*3 : k*3+3]
				if k < records && (!oneHot(rec[1:]) || !(rec[0] > 0 && rec[0] < 1)) {
					return fmt.Errorf("record %d is %v", k, rec)
				}
				if k >= records && !slices.Equal(rec, []float32{0, 0, 0}) {
					return fmt.Errorf("record %d behind %d is %v", k, records, rec)
				}
			}
			return nil
		}
		r := rand.New(rand.NewPCG(1, 1))
		for _, n := range []int{0, 1, samplerRows, samplerRows + 3} {
			count = 0
			if err := m.Sample(n, r, check); err != nil || count != n {
				t.Errorf("%s: sample %d gave %d, %v", name, n, count, err)
			}
			metas, err := m.Metas(n, r)
			if err != nil || len(metas) != n*8 {
				t.Errorf("%s: metas %d gave %d values, %v", name, n, len(metas), err)
			}
			count = 0
			var one sync.Mutex
			seen := map[int]bool{}
			err = m.SampleSeries(metas, r, func(row int, meta, series []float32, records int) error {
				one.Lock()
				defer one.Unlock()
				if !slices.Equal(meta, metas[row*8:row*8+8]) || seen[row] {
					return fmt.Errorf("series %d has metadata %v, want %v once", row, meta, metas[row*8:row*8+8])
				}
				seen[row] = true
				return check(meta, series, records)
			})
			if err != nil || count != n {
				t.Errorf("%s: series of %d metas gave %d, %v", name, n, count, err)
			}
		}
		a, b := drawn(t, m, 300, 5), drawn(t, m, 20, 5)
		if !slices.Equal(a[:len(b)], b) {
			t.Errorf("%s: the first samples depend on how many are asked for", name)
		}
		if c := drawn(t, m, 20, 6); slices.Equal(b, c) {
			t.Errorf("%s: another source of random numbers gives the same samples", name)
		}
	}
}

func oneHot(x []float32) bool {
	ones := 0
	for _, v := range x {
		if v == 1 {
			ones++
		} else if v != 0 {
			return false
		}
	}
	return ones == 1
}

// TestFrozenStatistics compares the rows that are made by frozen batch normalisation with those of training batches.
func TestFrozenStatistics(t *testing.T) {
	m := variant(t, func(c *Config, _ *Shape) { c.Norm, c.Average, c.Batch = BatchNorm, 0, 2000 }, 7)
	steps(t, m, newToy(50, 3), 20)
	s, err := m.sampler()
	if err != nil {
		t.Fatal(err)
	}
	m.noise.drawMeta(m.random)
	m.meta.forward(m.noise.meta, m.noise.metaGumbel)
	copy(s.noise.meta, m.noise.meta)
	copy(s.noise.metaGumbel, m.noise.metaGumbel)
	s.meta.forward(s.noise.meta, s.noise.metaGumbel)
	var off float64
	for i, v := range s.meta.soft[:samplerRows*s.meta.heads.Width()] {
		off += math.Abs(float64(v-m.meta.soft[i])) / samplerRows
	}
	if off > .1 {
		t.Errorf("activations of a row are off by %g in all", off)
	}
	fixed := m.meta.folded(m.meta.rows, m.meta.mean, m.meta.variance)
	fixed.forward(m.noise.meta, m.noise.metaGumbel)
	for i, v := range fixed.soft {
		if math.Abs(float64(v-m.meta.soft[i])) > 1e-3 {
			t.Fatalf("with the batch's own statistics activation %d is %g, want %g", i, v, m.meta.soft[i])
		}
	}
}

func TestSampleErrors(t *testing.T) {
	m := variant(t, variants()["default"], 7)
	r := rand.New(rand.NewPCG(1, 1))
	stop := errors.New("full")
	if err := m.Sample(5, r, func([]float32, []float32, int) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("error of emit: got %v", err)
	}
	if err := m.SampleSeries(make([]float32, 9), r, nil); err == nil || !strings.Contains(err.Error(), "whole number of rows") {
		t.Errorf("nine values in rows of eight: %v", err)
	}
	s := toyShape()
	s.Length = func([]float32, *rand.Rand) int { return 5 }
	c := tiny()
	m, err := New(s, c, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Step(newToy(9, 1)); err == nil || !strings.Contains(err.Error(), "gave 5 records") {
		t.Errorf("length beyond the records: %v", err)
	}
}

// faulty is a set whose sample 0 is wrong.
type faulty struct {
	*toy
	value   float32
	in      string
	records int
}

func (f faulty) Fill(i int, meta, series []float32) int {
	n := f.toy.Fill(i, meta, series)
	switch f.in {
	case "meta":
		meta[3] = f.value
	case "series":
		series[0] = f.value
	default:
		return f.records
	}
	return n
}

func TestStepErrors(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		data Data
		want string
	}{
		{newToy(0, 1), "no samples"},
		{faulty{toy: newToy(1, 1), in: "meta", value: nan}, "sample 0, metadata column 3 is NaN"},
		{faulty{toy: newToy(1, 1), in: "series", value: float32(math.Inf(1))}, "sample 0, record 0, column 0 is +Inf"},
		{faulty{toy: newToy(1, 1), records: 0}, "sample 0 has 0 records, want 1 to 4"},
		{faulty{toy: newToy(1, 1), records: 5}, "sample 0 has 5 records, want 1 to 4"},
	} {
		_, err := variant(t, variants()["default"], 1).Step(c.data)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error is %v, want %q", err, c.want)
		}
	}
}

func TestDivergence(t *testing.T) {
	m := variant(t, variants()["default"], 1)
	m.critic.w[1].w[3] = float32(math.NaN())
	if _, err := m.Step(newToy(9, 1)); !errors.Is(err, ErrDiverged) {
		t.Errorf("error is %v, want ErrDiverged", err)
	}
	m = variant(t, variants()["default"], 1)
	m.meta.w[0].w[3] = float32(math.NaN())
	if _, err := m.Step(newToy(9, 1)); !errors.Is(err, ErrDiverged) {
		t.Errorf("error is %v, want ErrDiverged", err)
	}
}

func TestNewErrors(t *testing.T) {
	c := DefaultConfig()
	c.Batch, c.MetaRate, c.Norm, c.Beta1, c.Temperature = 0, math.NaN(), 9, 1, .001
	c.LSTMLayers, c.SeriesLayers, c.InitialState = -1, -2, 5
	c.Packing, c.CriticBeta1, c.MetaNoise, c.SeriesNoise = -1, 2, 7, 8
	_, err := New(Shape{Meta: []Head{{9, 0}}, Flag: true, Length: toyShape().Length}, c, 1)
	if err == nil {
		t.Fatal("want an error")
	}
	for _, want := range []string{
		"metadata head 0: unknown kind 9", "metadata head 0: size 0", "no series heads", "records 0", "both a generation flag",
		"batch_size 0", "g_lr of the metadata NaN", "norm 9", "g_beta1 1", "temperature 0.001", "num_packing -1", "d_beta1 2",
		"generator_feature_num_layers -1", "rnn_mlp_num_layers -2", "initial_state 5",
		"attr_noise_type 7", "feature_noise_type 8",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("errors don't name %q:\n%v", want, err)
		}
	}
	for _, c := range []Config{DefaultConfig(), NetShareConfig()} {
		if err := c.Validate(); err != nil {
			t.Errorf("a default is not valid: %v", err)
		}
	}
	one := DefaultConfig()
	one.Batch = 1
	if err := one.Validate(); err == nil || !strings.Contains(err.Error(), "batch normalisation") {
		t.Errorf("batch of one: %v", err)
	}
}

func ExampleModel_Sample() {
	shape := Shape{Meta: []Head{{Softmax, 3}, {Sigmoid, 1}}, Series: []Head{{Sigmoid, 2}}, Records: 4}
	cfg := DefaultConfig()
	cfg.MetaUnits, cfg.CriticUnits, cfg.AttributeCriticUnits = 16, 16, 16
	model, err := New(shape, cfg, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = model.Sample(2, rand.New(rand.NewPCG(1, 2)), func(meta, series []float32, records int) error {
		fmt.Println(len(meta), len(series), records)
		return nil
	})
	fmt.Println(err)
	// Output:
	// 4 8 4
	// 4 8 4
	// <nil>
}

func TestSampleSameOnAnyThreads(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var one []float32
	for _, threads := range []int{1, 2, 3} {
		runtime.GOMAXPROCS(threads)
		m := variant(t, variants()["default"], 7)
		r := rand.New(rand.NewPCG(1, 1))
		all, err := m.Metas(5*samplerRows+1, r)
		if err != nil {
			t.Fatal(err)
		}
		series := make([][]float32, len(all)/8)
		if err := m.SampleSeries(all, r, func(row int, _, x []float32, _ int) error {
			series[row] = slices.Clone(x)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if all = append(all, slices.Concat(series...)...); one == nil {
			one = all
		}
		if !slices.Equal(all, one) {
			t.Errorf("%d threads give other samples than one", threads)
		}
	}
}
