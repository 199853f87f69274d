package engine

import (
	"slices"

	"netshare/engine/codec"
	"netshare/engine/dgan"
)

// normMargin widens the range of a sample's numbers to both sides, as NetShare
// does, so that equal ones have one too.
const normMargin = 1e-4

// metaHeads are the metadata as the networks have them: the codec's heads, then
// the extras: two numbers for each number of the series where it is normalised in
// each sample (DoppelGANger's additional attributes: the middle and half the
// width of its range), then the tags of chunks.
func (m *Model) metaHeads() []codec.Head {
	heads := m.Codec.MetaHeads()
	if m.Options.SelfNorm {
		for _, h := range m.Codec.SeriesNumbers() {
			heads = append(heads, codec.Head{Symmetric: m.Codec.SeriesHeads()[h.Head].Symmetric}, codec.Head{})
		}
	}
	if m.chunks != nil {
		heads = append(heads, m.chunks.heads()...)
	}
	return heads
}

// extend adds the extras to a coded sample, and normalises its numbers where that
// is asked for. The sample's own numbers stay as they are.
func (m *Model) extend(x codec.Sample, tags []float32) codec.Sample {
	if m.Options.SelfNorm {
		x.Series = slices.Clone(x.Series)
		width := len(m.Codec.SeriesHeads())
		for _, h := range m.Codec.SeriesNumbers() {
			lo, hi, some := float32(1), float32(0), false
			for at := 0; at < len(x.Series); at += width {
				if h.Counts(x.Series[at:]) {
					v := x.Series[at+h.Head]
					lo, hi, some = min(lo, v), max(hi, v), true
				}
			}
			if !some {
				lo, hi = .5, .5
			}
			lo, hi = lo-normMargin, hi+normMargin
			for at := 0; at < len(x.Series); at += width {
				if v := &x.Series[at+h.Head]; h.Counts(x.Series[at:]) {
					*v = (*v - lo) / (hi - lo)
				} else {
					*v = .5
				}
			}
			x.Meta = append(x.Meta, (hi+lo)/2, (hi-lo)/2)
		}
	}
	x.Meta = append(x.Meta, tags...)
	return x
}

// restore undoes the normalising of records that were made for extras.
func (m *Model) restore(extras, series []float32) {
	if !m.Options.SelfNorm {
		return
	}
	width := len(m.Codec.SeriesHeads())
	for i, h := range m.Codec.SeriesNumbers() {
		lo, hi := extras[2*i]-extras[2*i+1], extras[2*i]+extras[2*i+1]
		for at := 0; at < len(series); at += width {
			v := &series[at+h.Head]
			*v = min(max(lo+*v*(hi-lo), 0), 1)
		}
	}
}

// tags are those among the extras of a row of metadata codes.
func (m *Model) tags(code []float32) []float32 { return code[len(code)-len(m.chunks.heads()):] }

// networks are the model's: one, or those of the chunks, nil where a chunk has
// none. The chunks' have to be loaded.
func (m *Model) networks() []*dgan.Model {
	if m.net == nil && m.chunks != nil {
		return m.chunks.nets
	}
	return []*dgan.Model{m.net}
}

// slices is how many chunks the trace has; 1 where it is one.
func (m *Model) slices() int {
	if m.chunks == nil {
		return 1
	}
	return len(m.chunks.Samples)
}
