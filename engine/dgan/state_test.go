package dgan

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// variants are configurations that take every way through the code.
func variants() map[string]func(*Config, *Shape) {
	return map[string]func(*Config, *Shape){
		"default": func(*Config, *Shape) {},
		"netshare": func(c *Config, s *Shape) {
			*c = NetShareConfig()
			c.MetaUnits, c.CriticUnits, c.AttributeCriticUnits, c.LSTMUnits, c.Batch = 16, 16, 16, 8, 20
			s.Flag, s.Length = true, nil
		},
		"fresh": func(c *Config, _ *Shape) {
			c.FreshRounds, c.Norm, c.LeakySlope, c.GeneratorRounds, c.Average = true, LayerNorm, .2, 2, .9
		},
		"packed": func(c *Config, _ *Shape) {
			c.Packing, c.Batch, c.AMSGrad, c.MetaNoise, c.SeriesNoise = 3, 8, true, UniformNoise, UniformNoise
			c.Beta1, c.CriticBeta1, c.AttributeCriticBeta1 = .1, .2, .3
		},
		"deep": func(c *Config, _ *Shape) {
			c.LSTMLayers, c.SeriesLayers, c.Feedback, c.SeriesNoise, c.InitialState, c.SampleLen = 2, 1, true, NoNoise, LearntState, 1
		},
		"fixed": func(c *Config, _ *Shape) { c.FixSeries = true },
		"bare": func(c *Config, s *Shape) {
			c.AttributeCritic, c.Norm, c.InitialState, c.SampleLen, s.Length = false, NoNorm, ZeroState, 3, nil
		},
	}
}

func variant(t testing.TB, change func(*Config, *Shape), seed uint64) *Model {
	t.Helper()
	c, s := tiny(), toyShape()
	c.Batch = 20
	change(&c, &s)
	m, err := New(s, c, seed)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func steps(t testing.TB, m *Model, data Data, n int) (l Losses) {
	t.Helper()
	for range n {
		var err error
		if l, err = m.Step(data); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func saved(t testing.TB, m *Model) []byte {
	t.Helper()
	b, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestSameSeedSameBits trains on one and on several threads.
func TestSameSeedSameBits(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	data := newToy(50, 3)
	for name, change := range variants() {
		var first []byte
		for _, threads := range []int{1, 2, 5} {
			runtime.GOMAXPROCS(threads)
			m := variant(t, change, 7)
			steps(t, m, data, 6)
			b := saved(t, m)
			if first == nil {
				first = b
			} else if !bytes.Equal(first, b) {
				t.Errorf("%s: %d threads give other bits than one", name, threads)
			}
		}
		if m := variant(t, change, 8); bytes.Equal(first, saved(t, m)) {
			t.Errorf("%s: another seed gives the same bits", name)
		}
	}
}

// TestResume demands that training saved and loaded in between ends bit-equal, with sampling before it or not.
func TestResume(t *testing.T) {
	for name, change := range variants() {
		for _, samples := range []int{50, 11, 1} { // more than a batch, fewer, one
			data := newToy(samples, 3)
			whole := variant(t, change, 7)
			steps(t, whole, data, 9)
			part := variant(t, change, 7)
			steps(t, part, data, 4)
			if _, err := part.Metas(10, rand.New(rand.NewPCG(1, 1))); err != nil {
				t.Fatal(err)
			}
			loaded, err := Load(part.Shape(), saved(t, part))
			if err != nil {
				t.Fatal(err)
			}
			want, got := steps(t, part, data, 5), steps(t, loaded, data, 5)
			if want != got {
				t.Errorf("%s: losses are %v after loading, want %v", name, got, want)
			}
			if loaded.Steps() != 9 || !bytes.Equal(saved(t, whole), saved(t, loaded)) || !bytes.Equal(saved(t, whole), saved(t, part)) {
				t.Errorf("%s, %d samples: resumed training gives other bits", name, samples)
			}
		}
	}
}

// TestLoadedSamplesTheSame compares samples of a model and its copy.
func TestLoadedSamplesTheSame(t *testing.T) {
	for name, change := range variants() {
		m := variant(t, change, 7)
		steps(t, m, newToy(50, 3), 3)
		l, err := Load(m.Shape(), saved(t, m))
		if err != nil {
			t.Fatal(err)
		}
		if a, b := drawn(t, m, 30, 5), drawn(t, l, 30, 5); !slices.Equal(a, b) {
			t.Errorf("%s: samples of the loaded model differ", name)
		}
	}
}

// TestTrainedIsSmallAndSamplesTheSame: what only training needs is left out of a trained model.
func TestTrainedIsSmallAndSamplesTheSame(t *testing.T) {
	for name, change := range variants() {
		m := variant(t, change, 7)
		steps(t, m, newToy(50, 3), 3)
		small, err := m.MarshalTrained()
		if err != nil {
			t.Fatal(err)
		}
		if all := saved(t, m); len(small) > len(all)*2/3 {
			t.Errorf("%s: %d bytes of %d", name, len(small), len(all))
		}
		l, err := Load(m.Shape(), small)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := l.MarshalTrained(); err != nil || !bytes.Equal(small, again) {
			t.Errorf("%s: the loaded model is saved as other bytes: %v", name, err)
		}
		if a, b := drawn(t, m, 30, 5), drawn(t, l, 30, 5); !slices.Equal(a, b) {
			t.Errorf("%s: samples of the loaded model differ", name)
		}
		steps(t, l, newToy(50, 3), 1)
	}
}

func drawn(t testing.TB, m *Model, n int, seed uint64) (all []float32) {
	t.Helper()
	err := m.Sample(n, rand.New(rand.NewPCG(seed, 0)), func(meta, series []float32, records int) error {
		all = append(append(append(all, meta...), series...), float32(records))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestLoadRefuses(t *testing.T) {
	m := variant(t, variants()["default"], 7)
	good := saved(t, m)
	resum := func(b []byte) []byte {
		return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	}
	flipped := slices.Clone(good)
	flipped[len(flipped)/2] ^= 1
	other := m.Shape()
	other.Records = 9
	for _, c := range []struct {
		name    string
		shape   Shape
		data    []byte
		message string
		corrupt bool
	}{
		{"empty", m.Shape(), nil, "at the start", true},
		{"text", m.Shape(), []byte("hello\nworld, this is text"), "at the start", true},
		{"cut", m.Shape(), good[:len(good)-9], "checksum", true},
		{"head only", m.Shape(), good[:20], "bytes only", true},
		{"flipped", m.Shape(), flipped, "checksum", true},
		{"short", m.Shape(), resum(slices.Clone(good[:len(good)-8])), "bytes of numbers", true},
		{"newer", m.Shape(), []byte("netshare dgan 3\n123456789"), "version 3, want at most 2", false},
		{"records", other, good, "4 records", false},
		{"heads", Shape{Meta: []Head{{Tanh, 1}}, Series: m.Shape().Series, Records: 4}, good, "metadata heads", false},
	} {
		_, err := Load(c.shape, c.data)
		if err == nil || !strings.Contains(err.Error(), c.message) || errors.Is(err, ErrCorrupt) != c.corrupt {
			t.Errorf("%s: error is %v, want %q, corrupt %v", c.name, err, c.message, c.corrupt)
		}
	}
}

func FuzzLoad(f *testing.F) {
	m := variant(f, variants()["default"], 7)
	good := saved(f, m)
	f.Add(good)
	f.Add(good[:100])
	f.Add([]byte("netshare dgan 1\n\x04\x00\x00\x00{}  1234"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if l, err := Load(m.Shape(), data); err == nil && l == nil {
			t.Error("neither model nor error")
		}
	})
}

func TestCopyWeights(t *testing.T) {
	a, b := variant(t, variants()["default"], 1), variant(t, variants()["default"], 2)
	steps(t, a, newToy(50, 3), 3)
	drawn(t, b, 3, 5)
	if err := b.CopyWeights(a); err != nil {
		t.Fatal(err)
	}
	for i, p := range a.params() {
		if !slices.Equal(p.w, b.params()[i].w) {
			t.Fatalf("%s differs", p.name)
		}
	}
	if err := b.CopyWeights(variant(t, variants()["bare"], 1)); err == nil {
		t.Error("want an error for other networks")
	}
}
