package dgan

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"netshare/engine/dgan/kern"
)

// HeadKind is the kind of values that a group of columns holds.
type HeadKind uint8

// The kinds of heads.
const (
	Softmax HeadKind = iota // one category of Size classes, one-hot
	Sigmoid                 // Size numbers in [0, 1]
	Tanh                    // Size numbers in [-1, 1]
)

// String is the kind's name.
func (k HeadKind) String() string {
	switch k {
	case Softmax:
		return "softmax"
	case Sigmoid:
		return "sigmoid"
	case Tanh:
		return "tanh"
	}
	return fmt.Sprintf("HeadKind(%d)", k)
}

// Head is a group of Size neighbouring columns of one kind.
type Head struct {
	Kind HeadKind
	Size int
}

// Shape describes one training sample: a metadata row and a series of records.
type Shape struct {
	// Meta lays out the metadata row, [A] columns.
	Meta []Head
	// Series lays out one record, [F] columns, without generation flags.
	Series []Head
	// Records is T, the most records of a sample.
	Records int
	// Flag says that the generator decides after each record whether the sample goes on (NetShare's
	// generation flag): two more columns of each record, which Fill and emit never see. Otherwise Length
	// tells how many records a metadata row has.
	Flag bool
	// Length is the number of records, 1 to Records, of a discretised metadata row [A]; it may draw from r.
	// It is asked for generated samples in training and sampling where Flag is false; nil means always
	// Records. It is no part of a saved model.
	Length func(meta []float32, r *rand.Rand) int
}

// MetaWidth is A, the number of metadata columns.
func (s Shape) MetaWidth() int { return width(s.Meta) }

// SeriesWidth is F, the number of columns of one record, without generation flags.
func (s Shape) SeriesWidth() int { return width(s.Series) }

// Validate names all faults of the shape.
func (s Shape) Validate() error {
	var faults []error
	heads := func(name string, hs []Head) {
		if len(hs) == 0 {
			faults = append(faults, fmt.Errorf("shape: no %s heads, want at least one", name))
		}
		for i, h := range hs {
			if h.Kind > Tanh {
				faults = append(faults, fmt.Errorf("shape: %s head %d: unknown kind %d, want softmax, sigmoid or tanh", name, i, h.Kind))
			}
			if h.Size < 1 {
				faults = append(faults, fmt.Errorf("shape: %s head %d: size %d, want at least 1", name, i, h.Size))
			}
		}
	}
	heads("metadata", s.Meta)
	heads("series", s.Series)
	if s.Records < 1 {
		faults = append(faults, fmt.Errorf("shape: records %d, want at least 1", s.Records))
	}
	if s.Flag && s.Length != nil {
		faults = append(faults, errors.New("shape: both a generation flag and a length function, want one of them"))
	}
	return errors.Join(faults...)
}

// record lays out one record as the networks see it, the generation flag last.
func (s Shape) record() []Head {
	if !s.Flag {
		return s.Series
	}
	return append(append([]Head(nil), s.Series...), Head{Softmax, 2})
}

func width(hs []Head) (n int) {
	for _, h := range hs {
		n += h.Size
	}
	return n
}

// columns lays the heads out times times, side by side.
func columns(hs []Head, times int) *kern.Heads {
	k := new(kern.Heads)
	for range times {
		for _, h := range hs {
			k.Add(int(h.Kind), h.Size)
		}
	}
	return k
}

// Data is an encoded training set.
type Data interface {
	// Len is the number of samples.
	Len() int
	// Fill writes sample i, 0 <= i < Len, and returns its number of records, 1 to Shape.Records. meta is [A],
	// series [T*F], record after record; both come zeroed.
	Fill(i int, meta, series []float32) (records int)
}
