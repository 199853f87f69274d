package engine

import (
	"context"

	"netshare/engine/codec"
	"netshare/engine/dgan"
	"netshare/workspace/trace"
)

// samples are the coded training samples, as dgan reads them.
type samples struct {
	list         []codec.Sample
	meta, series []codec.Head
}

// collect reads all sessions of a source, and returns their fingerprint too.
func collect(ctx context.Context, src Source) (sessions []trace.Session, records int, print string, err error) {
	f := newFingerprint()
	for s, err := range src.Sessions(ctx) {
		if err != nil {
			return nil, 0, "", err
		}
		f.add(s)
		sessions = append(sessions, s)
		records += len(s.Series)
	}
	return sessions, records, f.sum(), nil
}

func (s *samples) Len() int { return len(s.list) }

// Fill writes sample i in the layout of the networks: one-hot categories and
// numbers, meta [A] and series [T*F].
func (s *samples) Fill(i int, meta, series []float32) int {
	m := s.list[i]
	expand(s.meta, m.Meta, meta)
	width := widthOf(s.series)
	if width == 0 {
		for k := range m.Records {
			series[k] = 1
		}
	}
	for k := range m.Records {
		expand(s.series, m.Series[k*len(s.series):], series[k*width:])
	}
	return m.Records
}

// expand writes coded heads as one-hot categories and numbers.
func expand(heads []codec.Head, code, out []float32) {
	at := 0
	for i, h := range heads {
		if h.Classes == 0 {
			out[at] = code[i]
		} else {
			clear(out[at : at+h.Classes])
			out[at+int(code[i])] = 1
		}
		at += h.Width()
	}
}

// compact is the way back of expand: the greatest class of each category.
func compact(heads []codec.Head, in, code []float32) {
	at := 0
	for i, h := range heads {
		code[i] = in[at]
		if h.Classes > 0 {
			best := 0
			for j, v := range in[at : at+h.Classes] {
				if v > in[at+best] {
					best = j
				}
			}
			code[i] = float32(best)
		}
		at += h.Width()
	}
}

func widthOf(heads []codec.Head) (n int) {
	for _, h := range heads {
		n += h.Width()
	}
	return n
}

// networkHeads returns the heads as the networks have them. Where a recipe has
// no series field, each record is one category that is always the same.
func networkHeads(heads []codec.Head) []dgan.Head {
	if len(heads) == 0 {
		heads = []codec.Head{{Classes: 1}}
	}
	out := make([]dgan.Head, len(heads))
	for i, h := range heads {
		out[i] = dgan.Head{Kind: dgan.Sigmoid, Size: 1}
		if h.Classes > 0 {
			out[i] = dgan.Head{Kind: dgan.Softmax, Size: h.Classes}
		}
	}
	return out
}
