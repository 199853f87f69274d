package engine

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"

	"netshare/engine/codec"
	"netshare/engine/dgan"
)

// samples are the coded training samples, as dgan reads them: in memory, or
// beyond a bound in a file that nobody else sees.
type samples struct {
	meta, series []codec.Head
	bound        int64 // bytes in memory
	records      int   // of all samples

	at     []int64   // where each sample begins among the numbers
	chunks []float32 // the numbers, while they are in memory
	file   *os.File  // else
	w      *bufio.Writer
	n      int64 // numbers
	buffer []byte
	code   []float32
}

// newSamples returns samples with so many bytes of memory, and none yet.
func newSamples(meta, series []codec.Head, bound int64) *samples {
	return &samples{meta: meta, series: series, bound: bound}
}

// add takes a sample: its records, its metadata, its series.
func (s *samples) add(m codec.Sample) error {
	s.at = append(s.at, s.n)
	s.records += m.Records
	for _, x := range [][]float32{{float32(m.Records)}, m.Meta, m.Series} {
		if err := s.put(x); err != nil {
			return err
		}
	}
	return nil
}

func (s *samples) put(x []float32) error {
	s.n += int64(len(x))
	if s.file == nil {
		if s.chunks = append(s.chunks, x...); int64(len(s.chunks))*8 <= s.bound { // growing takes as much again
			return nil
		}
		x, s.chunks = s.chunks, nil
		if err := s.spill(); err != nil {
			return err
		}
	}
	for _, v := range x {
		s.buffer = binary.LittleEndian.AppendUint32(s.buffer[:0], math.Float32bits(v))
		if _, err := s.w.Write(s.buffer); err != nil {
			return fmt.Errorf("coded sessions: %w", err)
		}
	}
	return nil
}

// spill goes over to a file, which is gone with the process.
func (s *samples) spill() (err error) {
	if s.file, err = os.CreateTemp("", "netshare-samples-*"); err != nil {
		return fmt.Errorf("coded sessions: %w", err)
	}
	s.w = bufio.NewWriterSize(s.file, 1<<20)
	os.Remove(s.file.Name()) //nolint:errcheck // where an open file can't be removed, Close does
	return nil
}

// flush ends the adding.
func (s *samples) flush() error {
	if s.w == nil {
		return nil
	}
	if err := s.w.Flush(); err != nil {
		return fmt.Errorf("coded sessions: %w", err)
	}
	return nil
}

// Close gives the file back.
func (s *samples) Close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	if gone := os.Remove(s.file.Name()); gone != nil && !errors.Is(gone, os.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}

func (s *samples) Len() int { return len(s.at) }

// Fill writes sample i in the layout of the networks: one-hot categories and
// numbers, meta [A] and series [T*F]. It returns 0 records, which dgan refuses,
// where the file can't be read.
func (s *samples) Fill(i int, meta, series []float32) int {
	code := s.coded(i)
	if code == nil {
		return 0
	}
	records := int(code[0])
	code = code[1:]
	expand(s.meta, code, meta)
	code = code[len(s.meta):]
	width := widthOf(s.series)
	if width == 0 {
		for k := range records {
			series[k] = 1
		}
	}
	for k := range records {
		expand(s.series, code[k*len(s.series):], series[k*width:])
	}
	return records
}

// coded returns the numbers of sample i; valid until the next call.
func (s *samples) coded(i int) []float32 {
	from, to := s.at[i], s.n
	if i+1 < len(s.at) {
		to = s.at[i+1]
	}
	if s.file == nil {
		return s.chunks[from:to]
	}
	n := int(to - from)
	if len(s.buffer) < 4*n {
		s.buffer, s.code = make([]byte, 4*n), make([]float32, n)
	}
	if _, err := s.file.ReadAt(s.buffer[:4*n], 4*from); err != nil {
		return nil
	}
	for k := range n {
		s.code[k] = math.Float32frombits(binary.LittleEndian.Uint32(s.buffer[4*k:]))
	}
	return s.code[:n]
}

// expand writes coded heads as the networks have them.
func expand(heads []codec.Head, code, out []float32) {
	at := 0
	for i, h := range heads {
		h.Expand(code[i], out[at:])
		at += h.Width()
	}
}

// compact is the way back of expand.
func compact(heads []codec.Head, in, code []float32) {
	at := 0
	for i, h := range heads {
		code[i] = h.Compact(in[at:])
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
		out[i] = dgan.Head{Kind: dgan.Sigmoid, Size: h.Width()}
		switch {
		case h.Vectors != nil:
		case h.Classes > 0:
			out[i].Kind = dgan.Softmax
		case h.Symmetric:
			out[i].Kind = dgan.Tanh
		}
	}
	return out
}
