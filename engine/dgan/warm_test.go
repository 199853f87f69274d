package dgan

import (
	"slices"
	"strings"
	"testing"
)

// TestTakeWeights: every weight that stands for a column goes where the column is
// in the other model, whatever its place, and what is new stays as it was.
func TestTakeWeights(t *testing.T) {
	c := DefaultConfig()
	c.Batch, c.MetaUnits, c.CriticUnits, c.AttributeCriticUnits, c.LSTMUnits, c.SampleLen, c.Packing, c.Feedback, c.Chain = 8, 16, 12, 12, 8, 2, 2, true, true
	make := func(s Shape, seed uint64) *Model {
		m, err := New(s, c, seed)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range m.params() { // all weights differ, zeros too
			for i := range p.w {
				p.w[i] = float32(seed*1000) + float32(i)
			}
		}
		m.meta.chain.clear()
		m.series.chain.clear()
		return m
	}
	from := make(Shape{Meta: []Head{{Softmax, 3}, {Sigmoid, 1}}, Series: []Head{{Softmax, 2}, {Sigmoid, 1}}, Records: 4}, 1)
	to := make(Shape{Meta: []Head{{Sigmoid, 1}, {Softmax, 4}}, Series: []Head{{Sigmoid, 1}, {Softmax, 2}}, Records: 6}, 2)
	meta, series := []int{3, 2, -1, 0, 1}, []int{2, 1, -1}
	if err := to.TakeWeights(from, Columns{meta, series}); err != nil {
		t.Fatal(err)
	}
	// check compares a row or column of weights with that of the other model, or
	// with what was there before.
	check := func(what string, p, q *param, byRow bool, i, k int) {
		t.Helper()
		n := p.rows
		if byRow {
			n = p.cols
		}
		for j := range n {
			at, was := j*p.cols+i, j*q.cols+k
			if byRow {
				at, was = i*p.cols+j, k*q.cols+j
			}
			want := float32(2000) + float32(at)
			if k >= 0 {
				want = q.w[was]
			}
			if p.w[at] != want {
				t.Fatalf("%s %d is %v, want %v of %d", what, i, p.w[at], want, k)
			}
		}
	}
	last := len(to.meta.w) - 1
	for i, k := range meta {
		check("metadata's output", to.meta.w[last], from.meta.w[last], false, i, k)
		check("metadata's bias", to.meta.b[last], from.meta.b[last], false, i, k)
		check("metadata into the series", to.series.wa, from.series.wa, true, i, k)
		for side := range 2 {
			there := k
			if k >= 0 {
				there += side * 4
			}
			check("metadata into the critic", to.critic.w[0], from.critic.w[0], true, side*5+i, there)
			check("metadata into their critic", to.attributeCritic.w[0], from.attributeCritic.w[0], true, side*5+i, there)
		}
	}
	for i, k := range series {
		for per := range 2 {
			there := k
			if k >= 0 {
				there += per * 3
			}
			check("the series' output", to.series.wo, from.series.wo, false, per*3+i, there)
			check("feedback", to.series.wf, from.series.wf, true, per*3+i, there)
		}
		for side := range 2 {
			for rec := range 6 {
				there := -1
				if k >= 0 && rec < 4 {
					there = 2*4 + side*12 + rec*3 + k
				}
				check("records into the critic", to.critic.w[0], from.critic.w[0], true, 2*5+side*18+rec*3+i, there)
			}
		}
	}
	for _, p := range []*param{to.meta.w[0], to.critic.w[1], to.series.layers[0].wh} {
		if p.w[1] != 1001 {
			t.Errorf("%s was not taken", p.name)
		}
	}
	if u := to.meta.chain.u; u.w[1*5] != 0 || u.w[1*5+1] != 0 || u.w[1] == 0 && from.meta.chain.u.w[3*4+2] != 0 {
		t.Errorf("the chain's weights are %v", u.w)
	}
	at := slices.Index(to.params(), to.meta.w[last])
	if !slices.Equal(to.average[at], to.meta.w[last].w) {
		t.Error("the mean of the weights is of others")
	}
	c.MetaUnits = 17
	if err := make(from.shape, 3).TakeWeights(from, Columns{[]int{0, 1, 2, 3}, []int{0, 1, 2}}); err == nil || !strings.Contains(err.Error(), "metadata.w1") {
		t.Errorf("of other units: %v", err)
	}
}
