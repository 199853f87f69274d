package kern

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
)

func draw(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// far is the largest difference of two slices relative to 1 + size.
func far(a, b []float32) float64 {
	worst := 0.0
	for i := range a {
		d := math.Abs(float64(a[i])-float64(b[i])) / (1 + math.Abs(float64(b[i])))
		if math.IsNaN(d) {
			return math.NaN()
		}
		worst = max(worst, d)
	}
	return worst
}

func TestGemmAgreesWithGonum(t *testing.T) {
	if !Accelerated() {
		t.Skip("this processor has no AVX2: products are gonum's already")
	}
	r := rand.New(rand.NewPCG(1, 2))
	sizes := [][3]int{{1, 1, 1}, {6, 16, 8}, {7, 17, 9}, {5, 3, 300}, {100, 256, 310}, {150, 30, 257}, {13, 2100, 20}, {300, 1, 256}, {145, 64, 1}, {256, 310, 300}}
	for _, s := range sizes {
		m, n, k := s[0], s[1], s[2]
		for mask := range 4 {
			ta, tb := mask&1 != 0, mask&2 != 0
			lda, ldb, ldc := k+3, n+1, n+2
			if ta {
				lda = m + 3
			}
			if tb {
				ldb = k + 1
			}
			a, b := draw(r, (max(m, k)+1)*lda), draw(r, (max(n, k)+1)*ldb)
			for _, f := range [][2]float32{{1, 0}, {1, 1}, {-.5, .25}} {
				c := draw(r, m*ldc)
				w := slices.Clone(c)
				if f[1] == 0 {
					c[0], w[0] = float32(math.NaN()), float32(math.NaN())
				}
				Gemm(ta, tb, m, n, k, f[0], a, lda, b, ldb, f[1], c, ldc)
				gemmGonum(ta, tb, m, n, k, f[0], a, lda, b, ldb, f[1], w, ldc)
				if d := far(c, w); !(d < 2e-5) {
					t.Errorf("m %d n %d k %d ta %v tb %v alpha, beta %v: differs from gonum by %g", m, n, k, ta, tb, f, d)
				}
			}
		}
	}
}

// thin clears seven in eight values of a, at random.
func thin(r *rand.Rand, a []float32) []float32 {
	for i := range a {
		if r.IntN(8) > 0 {
			a[i] = 0
		}
	}
	return a
}

func TestSparseAgreesWithGemm(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var list, flipped Sparse
	for _, s := range [][3]int{{1, 1, 1}, {7, 17, 9}, {5, 3, 300}, {100, 256, 31}, {40, 100, 200}} {
		m, n, k := s[0], s[1], s[2]
		lda, ldb, ldc := k+3, n+1, n+2
		a, b, c, d := thin(r, draw(r, m*lda)), draw(r, k*ldb), draw(r, m*ldc), draw(r, k*ldc)
		w, g := slices.Clone(c), slices.Clone(d)
		Gemm(false, false, m, n, k, 1, a, lda, b, ldb, 1, w, ldc)
		Gemm(true, false, k, n, m, 1, a, lda, w, ldc, 1, g, ldc)
		GemmSparse(m, n, k, a, lda, b, ldb, c, ldc)
		list.list(m, k, a, lda, m*k)
		flipped.Transpose(&list)
		flipped.AddProduct(n, w, ldc, d, ldc)
		if x, y := far(c, w), far(d, g); !(x < 2e-5 && y < 1e-4) {
			t.Errorf("m %d n %d k %d: differs from Gemm by %g, transposed by %g", m, n, k, x, y)
		}
	}
}

func TestListTakesSparseOnly(t *testing.T) {
	a := make([]float32, 20*10)
	var s Sparse
	if !s.List(20, 10, a, 10) {
		t.Error("a matrix of zeros is not taken for sparse")
	}
	for i := range a[:100] {
		a[2*i] = 1
	}
	if s.List(20, 10, a, 10) {
		t.Error("a matrix of which half is not zero is taken for sparse")
	}
}

// TestSameOnAnyThreads runs what is shared among threads, at sizes that no number of them divides.
func TestSameOnAnyThreads(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	m, n, k := 129, 203, 311
	var heads Heads
	heads.Add(0, 150)
	heads.Add(1, 30)
	heads.Add(2, 23)
	s := AdamStep{1e-2, .5, .999, 1e-8, 2, 1}
	const many = 5*splitValues + 13
	run := func() map[string][]float32 {
		r := rand.New(rand.NewPCG(3, 4))
		a, b, c, d := draw(r, many), draw(r, many), draw(r, many), draw(r, many)
		x, y := draw(r, 5*m*n), draw(r, 5*m*n)
		plain, across, tall := make([]float32, m*n), make([]float32, m*n), make([]float32, k*n)
		Gemm(false, false, m, n, k, 1, a, k, b, n, 0, plain, n)
		Gemm(false, true, m, n, k, 1, a, k, b, k, 0, across, n)
		Gemm(true, false, k, n, m, 1, a, k, b, n, 0, tall, n)
		var list, flipped Sparse
		few := thin(r, slices.Clone(a[:3*m*k]))
		if !list.List(3*m, k, few, k) {
			t.Fatal("one value in eight makes no sparse matrix")
		}
		flipped.Transpose(&list)
		listed, turned := slices.Clone(c[:3*m*n]), slices.Clone(d[:k*n])
		list.AddProduct(n, b, n, listed, n)
		flipped.AddProduct(n, b, n, turned, n)
		for i, v := range d {
			d[i] = v * v
		}
		p, q, top := slices.Clone(a), slices.Clone(a), make([]float32, many)
		s.Adam(p, b, slices.Clone(c), slices.Clone(d))
		s.AMSGrad(q, b, c, d, top)
		heads.Forward(5*m, x, y, .7)
		heads.Back(5*m, x, y, .7)
		return map[string][]float32{
			"product": plain, "product of transposed": across, "tall product": tall,
			"sparse product": listed, "sparse product of transposed": turned, "adam": p, "amsgrad": slices.Concat(q, c, d, top), "heads": x, "heads back": y,
		}
	}
	one := run()
	for _, threads := range []int{2, 3, 8} {
		runtime.GOMAXPROCS(threads)
		for name, x := range run() {
			if !slices.Equal(one[name], x) {
				t.Errorf("%s: %d threads give other bits than one", name, threads)
			}
		}
	}
}

func TestGemmRefusesShortSlices(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("want a panic for a matrix that is too short")
		}
	}()
	Gemm(false, false, 4, 4, 4, 1, make([]float32, 15), 4, make([]float32, 16), 4, 0, make([]float32, 16), 4)
}

// TestBuildsAgree runs every element-wise kernel in both builds.
func TestBuildsAgree(t *testing.T) {
	if !Accelerated() {
		t.Skip("this processor has no AVX2: there is one build only")
	}
	defer func() { avx2 = choose(true) }()
	const m, n = 9, 21
	var heads Heads
	heads.Add(0, 5)
	heads.Add(1, 4)
	heads.Add(2, 2)
	heads.Add(0, 10)
	run := func() map[string][]float32 {
		r := rand.New(rand.NewPCG(5, 6))
		out := map[string][]float32{}
		x := func() []float32 { return draw(r, m*n) }
		put := func(name string, f func(a, b, c []float32)) {
			a, b, c := x(), x(), x()
			f(a, b, c)
			out[name] = slices.Concat(a, b, c)
		}
		put("bias", func(a, b, _ []float32) { Bias(m, n, a, b) })
		put("relu", func(a, b, _ []float32) { BiasReLU(m, n, a, b, .2) })
		put("relu back", func(a, b, _ []float32) { ReLUBack(a, b, .2) })
		put("axpby", func(a, b, _ []float32) { Axpby(.5, a, .3, b) })
		put("lerp", func(a, b, c []float32) { Lerp(a, b, .3, c) })
		put("sumsq", func(a, b, _ []float32) { SumSquares(m, n, a, b) })
		put("rowdot", func(a, b, c []float32) { RowDot(m, n, a, b, c) })
		put("rowscale", func(a, b, _ []float32) { RowScale(m, n, a, b) })
		put("colsum", func(a, b, _ []float32) { ColSum(m, n, a, .3, .5, b) })
		put("adam", func(a, b, c []float32) {
			AdamStep{1e-2, .5, .999, 1e-8, 2, 1}.Adam(a, b, c, make([]float32, m*n))
		})
		put("amsgrad", func(a, b, c []float32) {
			top := make([]float32, m*n)
			AdamStep{1e-2, .5, .999, 1e-8, 2, 1}.AMSGrad(a, b, c, make([]float32, m*n), top)
			copy(b, top)
		})
		put("heads", func(a, b, c []float32) {
			heads.Forward(m, a, b, .7)
			heads.Back(m, a, c, .7)
			heads.Harden(m, a, b)
		})
		put("batch", func(a, b, c []float32) {
			s := make([]float32, n)
			BatchStats(m, n, a, s, b)
			BatchForward(m, n, a, s, s, s, s, c, a)
			BatchBack(m, n, c, s, s, a, b, s)
		})
		put("layer", func(a, b, c []float32) {
			s := draw(r, n)
			LayerForward(m, n, a, s, s, b[:m], c, a)
			LayerBack(m, n, c, b[:m], s, a, b[m:], s)
		})
		z, dz := draw(r, 4*m*n), make([]float32, 4*m*n)
		put("lstm", func(a, b, c []float32) {
			t := make([]float32, m*n)
			LSTMForward(m, n, z, a, b, c, t)
			LSTMBack(m, n, z, a, t, c, b, dz)
		})
		out["gates"] = slices.Concat(z, dz)
		for name, f := range map[string]func(Key, []float32){"uniform": Key.Uniform, "normal": Key.Normal, "gumbel": Key.Gumbel} {
			v := make([]float32, 1003)
			f(Key{7, 8}, v)
			out[name] = v
		}
		return out
	}
	fast := run()
	avx2 = choose(false)
	for name, w := range run() {
		if d := far(fast[name], w); !(d < 1e-5) {
			t.Errorf("%s: the two builds differ by %g", name, d)
		}
	}
}

func TestNaNPasses(t *testing.T) {
	nan := float32(math.NaN())
	var heads Heads
	heads.Add(0, 2)
	heads.Add(1, 1)
	heads.Add(2, 1)
	x := []float32{0, nan, nan, nan}
	heads.Forward(1, x, nil, 1)
	y := []float32{nan}
	BiasReLU(1, 1, y, []float32{1}, 0)
	for i, v := range append(x, y...) {
		if v == v {
			t.Errorf("value %d became %g, want NaN", i, v)
		}
	}
}

func TestNoiseMoments(t *testing.T) {
	const n = 1 << 20
	x := make([]float32, n)
	for _, c := range []struct {
		name      string
		fill      func(Key, []float32)
		mean, sd  float64
		low, high float64 // extremes that n draws reach
	}{
		{"uniform", Key.Uniform, .5, math.Sqrt(1. / 12), 1e-5, 1 - 1e-5},
		{"normal", Key.Normal, 0, 1, -4.5, 4.5},
		{"gumbel", Key.Gumbel, .5772156649, math.Pi / math.Sqrt(6), -2.5, 12},
	} {
		c.fill(Key{1, 2}, x)
		var s, q, lag float64
		for i, v := range x {
			d := float64(v) - c.mean
			s += d
			q += d * d
			if i > 0 {
				lag += d * (float64(x[i-1]) - c.mean)
			}
		}
		if m := s / n; math.Abs(m) > 5*c.sd/math.Sqrt(n) {
			t.Errorf("%s: mean is off by %g", c.name, m)
		}
		if v := math.Sqrt(q/n) / c.sd; math.Abs(v-1) > .01 {
			t.Errorf("%s: standard deviation is %g of the true one", c.name, v)
		}
		if v := lag / q; math.Abs(v) > 5/math.Sqrt(n) {
			t.Errorf("%s: neighbours correlate by %g", c.name, v)
		}
		if lo, hi := slices.Min(x), slices.Max(x); float64(lo) > c.low || float64(hi) < c.high || math.IsInf(float64(lo), 0) || math.IsInf(float64(hi), 0) {
			t.Errorf("%s: extremes %g and %g", c.name, lo, hi)
		}
	}
	// quantiles of the normal stream
	Key{3, 4}.Normal(x)
	for _, q := range []float64{-3, -1, 0, .5, 2} {
		k := 0
		for _, v := range x {
			if float64(v) <= q {
				k++
			}
		}
		p := .5 * math.Erfc(-q/math.Sqrt2)
		if d := math.Abs(float64(k)/n - p); d > 5*math.Sqrt(p*(1-p)/n) {
			t.Errorf("normal: share below %g is off by %g", q, d)
		}
	}
}

func ExampleGemm() {
	a := []float32{1, 2, 3, 4} // [2, 2]
	b := []float32{1, 0, 1}    // [1, 3], used transposed
	c := make([]float32, 2)
	Gemm(false, true, 2, 1, 2, 1, a, 2, b, 3, 0, c, 1)
	fmt.Println(c)
	// Output: [1 3]
}

func BenchmarkGemm(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, s := range [][3]int{{300, 512, 2150}, {300, 256, 310}, {300, 256, 256}, {100, 400, 100}} {
		m, n, k := s[0], s[1], s[2]
		x, y, c := draw(r, m*k), draw(r, k*n), make([]float32, m*n)
		for _, mode := range []string{"c", "gonum"} {
			b.Run(fmt.Sprintf("%s/%dx%dx%d", mode, m, n, k), func(b *testing.B) {
				for b.Loop() {
					if mode == "c" {
						Gemm(false, false, m, n, k, 1, x, k, y, n, 0, c, n)
					} else {
						gemmGonum(false, false, m, n, k, 1, x, k, y, n, 0, c, n)
					}
				}
				b.ReportMetric(2*float64(m*n*k)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}

func BenchmarkNoise(b *testing.B) {
	x := make([]float32, 10000)
	for name, f := range map[string]func(Key, []float32){"normal": Key.Normal, "gumbel": Key.Gumbel} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f(Key{1, 2}, x)
			}
		})
	}
}
