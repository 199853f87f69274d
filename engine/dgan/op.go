package dgan

import (
	"fmt"
	"hash"
	"hash/fnv"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// dims is the shape of a matrix; the zero value stands for a scalar.
type dims struct{ rows, cols int }

func (d dims) shape() tensor.Shape {
	if d == (dims{}) {
		return tensor.ScalarShape()
	}
	return tensor.Shape{d.rows, d.cols}
}

func (d dims) kind() hm.Type {
	if d == (dims{}) {
		return tensor.Float32
	}
	return gorgonia.TensorType{Dims: 2, Of: tensor.Float32}
}

// fused is a network as one gorgonia operation: run computes its output from its inputs, and back the gradients
// by all inputs at once, into grads, from the gradient by the output. Buffers belong to the network and are
// overwritten by its next run.
//
// The name must be unique in its graph: gorgonia merges nodes of equal hash.
type fused struct {
	name  string
	in    []dims
	out   dims
	run   func(in [][]float32) ([]float32, error)
	back  func(grad []float32)
	grads [][]float32 // by input, nil where there is none
}

var _ gorgonia.SDOp = (*fused)(nil)

// Arity implements gorgonia.Op.
func (o *fused) Arity() int { return len(o.in) }

// Type implements gorgonia.Op.
func (o *fused) Type() hm.Type { return signature(o.in, o.out) }

// InferShape implements gorgonia.Op.
func (o *fused) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) { return o.out.shape(), nil }

// Do implements gorgonia.Op.
func (o *fused) Do(in ...gorgonia.Value) (gorgonia.Value, error) {
	xs := make([][]float32, len(in))
	for i, v := range in {
		xs[i] = floats(v)
	}
	y, err := o.run(xs)
	if err != nil {
		return nil, err
	}
	return value(y, o.out), nil
}

// ReturnsPtr implements gorgonia.Op.
func (o *fused) ReturnsPtr() bool { return false }

// CallsExtern implements gorgonia.Op: cgo kernels need none of gorgonia's batching.
func (o *fused) CallsExtern() bool { return false }

// OverwritesInput implements gorgonia.Op.
func (o *fused) OverwritesInput() int { return -1 }

// WriteHash implements gorgonia.Op.
func (o *fused) WriteHash(h hash.Hash) { fmt.Fprint(h, o.name) }

// Hashcode implements gorgonia.Op.
func (o *fused) Hashcode() uint32 { return hashcode(o.name) }

// String implements gorgonia.Op.
func (o *fused) String() string { return o.name }

// DiffWRT implements gorgonia.SDOp.
func (o *fused) DiffWRT(int) []bool {
	d := make([]bool, len(o.in))
	for i := range d {
		d[i] = o.grads != nil && o.grads[i] != nil
	}
	return d
}

// SymDiff implements gorgonia.SDOp: one node computes all gradients, and one for each input hands its own out.
func (o *fused) SymDiff(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	back := &fused{name: o.name + ".back", in: []dims{o.out, o.out}, run: func(xs [][]float32) ([]float32, error) {
		o.back(xs[1])
		return []float32{0}, nil
	}}
	done, err := gorgonia.ApplyOp(back, out, grad)
	if err != nil {
		return nil, err
	}
	nodes := make(gorgonia.Nodes, len(in))
	for i, g := range o.grads {
		if g == nil {
			continue
		}
		hand := &fused{
			name: fmt.Sprintf("%s.grad.%d", o.name, i), in: []dims{{}}, out: o.in[i],
			run: func([][]float32) ([]float32, error) { return g, nil },
		}
		if nodes[i], err = gorgonia.ApplyOp(hand, done); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

// signature is the type of a function of matrices and scalars.
func signature(in []dims, out dims) hm.Type {
	ts := make([]hm.Type, 0, len(in)+1)
	for _, d := range in {
		ts = append(ts, d.kind())
	}
	return hm.NewFnType(append(ts, out.kind())...)
}

func hashcode(name string) uint32 {
	h := fnv.New32a()
	fmt.Fprint(h, name)
	return h.Sum32()
}

// floats is the backing of a value, without copying matrices.
func floats(v gorgonia.Value) []float32 {
	switch x := v.Data().(type) {
	case []float32:
		return x
	case float32:
		return []float32{x}
	}
	panic(fmt.Sprintf("dgan: value of type %T in a graph of float32", v.Data()))
}

// value wraps x, without copying where it is a matrix.
func value(x []float32, d dims) gorgonia.Value {
	if d == (dims{}) {
		return gorgonia.NewF32(x[0])
	}
	return tensor.New(tensor.WithShape(d.rows, d.cols), tensor.WithBacking(x[:d.rows*d.cols]))
}
