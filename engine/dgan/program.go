package dgan

import (
	"fmt"
	"runtime"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// program is a gorgonia graph whose inputs are slices of the model, bound once and read at each run.
type program struct {
	graph *gorgonia.ExprGraph
	vm    gorgonia.VM
	err   error // the first fault in building, reported by compile
}

func newProgram() *program { return &program{graph: gorgonia.NewGraph()} }

// matrix is an input node over x.
func (p *program) matrix(name string, x []float32, d dims) *gorgonia.Node {
	return gorgonia.NewMatrix(p.graph, tensor.Float32, gorgonia.WithShape(d.rows, d.cols),
		gorgonia.WithName(name), gorgonia.WithValue(value(x, d)))
}

// params are input nodes over weights.
func (p *program) params(ps []*param) gorgonia.Nodes {
	var ns gorgonia.Nodes
	for _, q := range ps {
		ns = append(ns, p.matrix(q.name, q.w, q.dims))
	}
	return ns
}

// apply adds an operation.
func (p *program) apply(op gorgonia.Op, in ...*gorgonia.Node) *gorgonia.Node {
	if p.err != nil {
		return nil
	}
	n, err := gorgonia.ApplyOp(op, in...)
	if err != nil {
		p.err = fmt.Errorf("dgan: graph of %v: %w", op, err)
	}
	return n
}

// add is the sum of two scalars.
func (p *program) add(a, b *gorgonia.Node) *gorgonia.Node {
	if p.err != nil {
		return nil
	}
	n, err := gorgonia.Add(a, b)
	if err != nil {
		p.err = fmt.Errorf("dgan: sum of losses: %w", err)
	}
	return n
}

// weights pairs each of ws with its gradient of loss, for a solver.
func (p *program) weights(loss *gorgonia.Node, ws gorgonia.Nodes) []gorgonia.ValueGrad {
	if p.err != nil {
		return nil
	}
	gs, err := gorgonia.Grad(loss, ws...)
	if err != nil {
		p.err = fmt.Errorf("dgan: gradient of %v: %w", loss, err)
		return nil
	}
	var vs []gorgonia.ValueGrad
	for i, w := range ws {
		vs = append(vs, weight{w, gs[i]})
	}
	return vs
}

// compile ends the building.
func (p *program) compile() error {
	if p.err == nil {
		p.vm = gorgonia.NewTapeMachine(p.graph)
		// The machine and its operations, which hold the networks, refer to each
		// other: with gorgonia's finalizer, which is for CUDA, they would stay in
		// memory for ever.
		runtime.SetFinalizer(p.vm, nil)
	}
	return p.err
}

// run computes every node of the graph.
func (p *program) run() error {
	p.vm.Reset()
	return p.vm.RunAll()
}

// weight is a parameter and the node of its gradient. Dual values would add gradients up over runs.
type weight struct{ w, g *gorgonia.Node }

// Value implements gorgonia.ValueGrad.
func (w weight) Value() gorgonia.Value { return w.w.Value() }

// Grad implements gorgonia.ValueGrad.
func (w weight) Grad() (gorgonia.Value, error) {
	v := w.g.Value()
	if v == nil {
		return nil, fmt.Errorf("dgan: %s has no gradient: run its graph first", w.w.Name())
	}
	return v, nil
}
