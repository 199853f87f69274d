package dgan

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"netshare/engine/dgan/kern"
)

// tiny is a small configuration for tests.
func tiny() Config {
	c := DefaultConfig()
	c.Batch, c.MetaLatent, c.SeriesLatent = 7, 5, 4
	c.MetaLayers, c.MetaUnits, c.LSTMUnits = 2, 9, 6
	c.CriticLayers, c.CriticUnits, c.AttributeCriticLayers, c.AttributeCriticUnits = 3, 11, 2, 8
	return c
}

func tinyShape() Shape {
	return Shape{Meta: []Head{{Softmax, 3}, {Sigmoid, 2}, {Tanh, 1}}, Series: []Head{{Sigmoid, 1}, {Softmax, 3}}, Records: 5}
}

func normals(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// inputs draws all inputs of an operation; weights are those given, the last of its inputs.
func inputs(r *rand.Rand, o *fused, ps []*param) [][]float32 {
	var in [][]float32
	for _, d := range o.in[:len(o.in)-len(ps)] {
		in = append(in, normals(r, d.rows*d.cols))
	}
	for _, p := range ps {
		in = append(in, p.w)
	}
	return in
}

// differences compares the gradients of an operation with central differences, along random directions and
// along each gradient itself. value runs the operation and returns what the gradient belongs to.
func differences(t *testing.T, r *rand.Rand, name string, grads, in [][]float32, value func() float64, step, tolerance float64) {
	t.Helper()
	found := 0
	for i, g := range grads {
		if g == nil {
			continue
		}
		found++
		g = append([]float32(nil), g...)
		var size float64
		for _, v := range g {
			size += float64(v) * float64(v)
		}
		size = math.Sqrt(size)
		for try := range 3 {
			dir := normals(r, len(g))
			if try == 0 && size > 0 {
				copy(dir, g)
			}
			var norm float64
			for _, v := range dir {
				norm += float64(v) * float64(v)
			}
			norm = math.Sqrt(norm)
			x := in[i]
			was := append([]float32(nil), x...)
			var along, moved float64
			at := func(e float64) float64 {
				for j := range x {
					x[j] = was[j] + float32(e*float64(dir[j])/norm)
				}
				return value()
			}
			high, up := at(step), append([]float32(nil), x...)
			low := at(-step)
			for j := range x { // the steps as float32 has them
				along += float64(g[j]) * float64(up[j]-x[j])
				moved += float64(dir[j]) / norm * float64(up[j]-x[j])
			}
			copy(x, was)
			if d := math.Abs(high - low - along); d > tolerance*moved*(size+.05) {
				t.Errorf("%s: input %d, direction %d: difference %g, gradient says %g (size %g)", name, i, try, (high-low)/moved, along/moved, size)
			}
		}
	}
	if found == 0 {
		t.Errorf("%s: no gradients at all", name)
	}
}

// project is the sum of x weighted, in float64.
func project(x, weights []float32) (s float64) {
	for i, v := range x {
		s += float64(v) * float64(weights[i])
	}
	return s
}

func TestMetaNetGradient(t *testing.T) {
	for _, norm := range []Norm{BatchNorm, LayerNorm, NoNorm} {
		for _, temperature := range []float64{0, 1, .7} {
			r := rand.New(rand.NewPCG(1, uint64(norm)))
			c := tiny()
			c.Norm, c.Temperature, c.StraightThrough = norm, temperature, false
			n := newMetaNet(tinyShape(), c, r)
			for _, p := range n.params() {
				for i := range p.w {
					p.w[i] += float32(r.NormFloat64()) * .2
				}
			}
			o := n.op()
			in := inputs(r, o, n.params())
			weights := normals(r, c.Batch*6)
			value := func() float64 {
				y, err := o.run(in)
				if err != nil {
					t.Fatal(err)
				}
				return project(y, weights)
			}
			value()
			o.back(weights)
			differences(t, r, "metadata", o.grads, in, value, 5e-4, .02)
		}
	}
}

// TestStraightThrough demands one-hot outputs with the gradient of the softmax.
func TestStraightThrough(t *testing.T) {
	c := tiny()
	c.Chain = false // what later heads see differs
	soft, hard := c, c
	soft.StraightThrough = false
	var grads [2][][]float32
	for k, c := range []Config{soft, hard} {
		r := rand.New(rand.NewPCG(1, 2))
		n := newMetaNet(tinyShape(), c, r)
		o := n.op()
		in := inputs(r, o, n.params())
		y, err := o.run(in)
		if err != nil {
			t.Fatal(err)
		}
		for i := range c.Batch {
			one := 0
			for _, v := range y[i*6 : i*6+3] {
				if v == 1 {
					one++
				}
			}
			if got := one == 1; got != c.StraightThrough {
				t.Fatalf("straight-through %v: row %d is %v", c.StraightThrough, i, y[i*6:i*6+3])
			}
		}
		o.back(normals(r, c.Batch*6))
		grads[k] = o.grads
	}
	for i := range grads[0] {
		for j := range grads[0][i] {
			if grads[0][i][j] != grads[1][i][j] {
				t.Fatalf("gradient %d[%d] is %g soft and %g straight-through, want the same", i, j, grads[0][i][j], grads[1][i][j])
			}
		}
	}
}

// seriesVariants are the parts that a series generator may have.
func seriesVariants() map[string]func(*Config) {
	return map[string]func(*Config){
		"plain":    func(*Config) {},
		"layers":   func(c *Config) { c.LSTMLayers = 3 },
		"dense":    func(c *Config) { c.SeriesLayers = 2 },
		"feedback": func(c *Config) { c.Feedback = true },
		"learnt":   func(c *Config) { c.InitialState = LearntState },
		"no chain": func(c *Config) { c.Chain, c.Feedback = false, true },
		"all": func(c *Config) {
			c.LSTMLayers, c.SeriesLayers, c.Feedback, c.InitialState = 2, 1, true, LearntState
		},
	}
}

func TestSeriesNetGradient(t *testing.T) {
	for name, change := range seriesVariants() {
		for _, flag := range []bool{false, true} {
			for per := 1; per <= 5; per++ {
				c, s := tiny(), tinyShape()
				c.SampleLen, s.Flag, c.StraightThrough = per, flag, false
				change(&c)
				t.Run(fmt.Sprintf("%s/flag %v/%d", name, flag, per), func(t *testing.T) { seriesGradient(t, s, c) })
			}
		}
	}
}

func seriesGradient(t *testing.T, s Shape, c Config) {
	lengths := []int{4, 1, 2, 3, 4, 4, 2} // none as long as T: the last step is idle where it makes one record
	r := rand.New(rand.NewPCG(3, uint64(c.SampleLen)))
	n := newSeriesNet(s, c, r)
	for _, p := range n.params() {
		for i := range p.w {
			p.w[i] += float32(r.NormFloat64()) * .1
		}
	}
	for _, x := range n.dense { // away from the kink of ReLU, half of the units on each side
		for i := range x.b.w {
			x.b.w[i] = float32(1 - i%2*2)
		}
		for i := range x.w.w {
			x.w.w[i] *= .25
		}
	}
	if !s.Flag {
		n.length = func(i int, _ []float32) int { return lengths[i] }
	}
	o := n.op()
	in := inputs(r, o, n.params())
	var y []float32
	weights := normals(r, len(n.series))
	value := func() float64 {
		var err error
		if y, err = o.run(in); err != nil {
			t.Fatal(err)
		}
		return project(y, weights)
	}
	value()
	w := n.width
	for i, l := range n.lengths {
		if !s.Flag && l != lengths[i] {
			t.Fatalf("length of row %d is %d, want %d", i, l, lengths[i])
		}
		for k := range 5 {
			empty := true
			for _, v := range y[(i*5+k)*w : (i*5+k+1)*w] {
				empty = empty && v == 0
			}
			if empty != (k >= l) {
				t.Fatalf("record %d of %d is empty: %v", k, l, empty)
			}
		}
	}
	before := append([]int(nil), n.lengths...)
	o.back(weights)
	differences(t, r, "series", o.grads, in, func() float64 {
		v := value()
		for i, l := range n.lengths {
			if l != before[i] {
				t.Skip("a step moved a flag")
			}
		}
		return v
	}, 2e-3, .02)
}

// reference is the critic's loss in float64, row by row.
func reference(n *critic, real, fake, alpha []float32) float64 {
	run := func(x []float64) (float64, []float64) {
		var slopes [][]float64
		a := x
		for l, w := range n.e {
			o := make([]float64, w.cols)
			for j := range o {
				o[j] = float64(n.b[l].w[j])
				for i := range a {
					o[j] += a[i] * float64(w.w[i*w.cols+j])
				}
			}
			s := make([]float64, w.cols)
			for j := range o {
				s[j] = 1
				if l+1 < len(n.e) && o[j] <= 0 {
					s[j] = float64(n.slope)
					o[j] *= s[j]
				}
			}
			slopes, a = append(slopes, s), o
		}
		d := []float64{1}
		for l := len(n.e) - 1; l >= 0; l-- {
			w := n.e[l]
			o := make([]float64, w.rows)
			for i := range o {
				for j := range d {
					o[i] += d[j] * slopes[l][j] * float64(w.w[i*w.cols+j])
				}
			}
			d = o
		}
		return a[0], d
	}
	var total float64
	in := n.dims[0]
	for b := range n.batch {
		x, y, p := make([]float64, in), make([]float64, in), make([]float64, in)
		t := float64(alpha[b])
		if n.atFakes {
			t = 1
		}
		for j := range x {
			x[j], y[j] = float64(real[b*in+j]), float64(fake[b*in+j])
			p[j] = x[j] + t*(y[j]-x[j])
		}
		dx, _ := run(x)
		dy, _ := run(y)
		_, g := run(p)
		s := 1e-8
		for _, v := range g {
			s += v * v
		}
		s = math.Sqrt(s)
		total += dy - dx + n.lambda*(s-1)*(s-1)
	}
	return total / float64(n.batch)
}

func TestCriticGradient(t *testing.T) {
	for _, at := range []Interpolation{Uniform, One} {
		for _, slope := range []float64{0, .2} {
			for layers := 1; layers <= 4; layers++ {
				r := rand.New(rand.NewPCG(5, uint64(layers)))
				sparse := layers%2 == 0 // real rows with one value each
				c := tiny()
				c.Interpolation, c.LeakySlope = at, slope
				n := newCritic("critic", []int{13}, layers, 11, c, 10, r)
				for _, b := range n.b {
					copy(b.w, normals(r, len(b.w)))
				}
				o := n.lossOp()
				in := inputs(r, o, n.params())
				key(r).Uniform(in[2])
				for i := range in[0] {
					if sparse && i%13 != i/13 {
						in[0][i] = 0
					}
				}
				got, err := o.run(in)
				if err != nil {
					t.Fatal(err)
				}
				o.back([]float32{1})
				value := func() float64 { return reference(n, in[0], in[1], in[2]) }
				if w := value(); math.Abs(float64(got[0])-w) > 1e-4*(1+math.Abs(w)) {
					t.Errorf("loss %g, want %g", got[0], w)
				}
				differences(t, r, "critic", o.grads, in, value, 1e-4, .01)
			}
		}
	}
}

// TestSpectralGradient: the gradient of the loss goes through the normalisation,
// which leaves matrices of the largest singular value that is asked for.
func TestSpectralGradient(t *testing.T) {
	for layers := 1; layers <= 3; layers++ {
		r := rand.New(rand.NewPCG(5, uint64(layers)))
		c := tiny()
		c.Spectral, c.SpectralScale, c.LeakySlope = true, 1.7, .2
		n := newCritic("critic", []int{13}, layers, 11, c, 10, r)
		for _, b := range n.b {
			copy(b.w, normals(r, len(b.w)))
		}
		o := n.lossOp()
		in := inputs(r, o, n.params())
		key(r).Uniform(in[2])
		for range 3000 {
			n.spectral.iterate(n.w)
		}
		got, err := o.run(in)
		if err != nil {
			t.Fatal(err)
		}
		o.back([]float32{1})
		value := func() float64 {
			n.spectral.normalise(n.w, n.e)
			return reference(n, in[0], in[1], in[2])
		}
		if w := value(); math.Abs(float64(got[0])-w) > 1e-4*(1+math.Abs(w)) {
			t.Errorf("loss %g, want %g", got[0], w)
		}
		for l, w := range n.e {
			x, y := normals(r, w.cols), make([]float32, w.rows)
			for range 3000 {
				kern.Gemm(false, true, w.rows, 1, w.cols, 1, w.w, w.cols, x, w.cols, 0, y, 1)
				kern.Gemm(true, false, 1, w.cols, w.rows, 1, y, 1, w.w, w.cols, 0, x, w.cols)
				unit(x)
			}
			kern.Gemm(false, true, w.rows, 1, w.cols, 1, w.w, w.cols, x, w.cols, 0, y, 1)
			if most := math.Sqrt(float64(dot(y, y))); math.Abs(most-1.7) > .01 {
				t.Errorf("layer %d has the largest singular value %g, want 1.7", l, most)
			}
		}
		learnt := append([][]float32(nil), o.grads...)
		for i := len(learnt) - len(n.w); i < len(learnt); i++ {
			learnt[i] = nil // the vectors of the power iteration are not
		}
		differences(t, r, "critic", learnt, in, value, 2e-4, .03)
	}
}

func TestScoreGradient(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	c := tiny()
	n := newCritic("critic", []int{5, 9}, 3, 11, c, 10, r)
	o := n.scoreOp(.6)
	in := inputs(r, o, nil)
	value := func() float64 {
		y, err := o.run(in)
		if err != nil {
			t.Fatal(err)
		}
		return float64(y[0])
	}
	value()
	o.back([]float32{1})
	differences(t, r, "score", o.grads, in, value, 1e-2, .02)
}

// TestGeneratorGradient differentiates the whole graph: both generators, through both critics, put together by
// gorgonia.
func TestGeneratorGradient(t *testing.T) {
	for _, packing := range []int{1, 3} {
		generatorGradient(t, packing)
	}
}

func generatorGradient(t *testing.T, packing int) {
	c := tiny()
	c.StraightThrough, c.AttributeCriticWeight, c.Packing = false, .7, packing
	s := tinyShape()
	s.Meta = []Head{{Softmax, 3}} // numbers would reach the LSTM, which has no gradient by them
	m, err := New(s, c, 11)
	if err != nil {
		t.Fatal(err)
	}
	value := func() float64 {
		if err := m.generate.run(); err != nil {
			t.Fatal(err)
		}
		return scalar(m.genLoss)
	}
	var r *rand.Rand
	for seed, clear := uint64(0), false; !clear; seed++ { // noise that leaves no category near its border
		r = rand.New(rand.NewPCG(9, seed))
		m.noise.drawMeta(r)
		m.noise.drawSeries(r)
		m.noise.drawState(r)
		value()
		clear = true
		for i := range c.rows() {
			p := slices.Clone(m.meta.soft[i*3 : i*3+3])
			slices.Sort(p)
			clear = clear && p[2] > 1.15*p[1]
		}
	}
	disc := slices.Clone(m.series.disc)
	var grads, in [][]float32
	for _, w := range append(pairs(t, m.metaWeights), pairs(t, m.seriesWeights)...) {
		grads, in = append(grads, w.g), append(in, w.w)
	}
	differences(t, r, "generator", grads, in, func() float64 {
		v := value()
		if !slices.Equal(disc, m.series.disc) {
			t.Fatal("a step moved a category")
		}
		return v
	}, 1e-3, .05)
}
