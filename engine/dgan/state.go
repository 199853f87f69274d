package dgan

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
)

// A saved model is the line below, the length of a JSON header (uint32, as all numbers little-endian), the
// header, the weights of all networks, the first and second moments of their Adams in the same order, AMSGrad's
// largest second moments where it is used, the running means of the generator's weights where there are (all
// float32), the order of samples (uint32), and the CRC-32 of all that. A model saved to sample only has neither
// moments nor order.
const (
	stateMagic   = "netshare dgan "
	stateVersion = 2 // 1 had no models to sample only
)

// ErrCorrupt says that the bytes of a saved model are damaged or none of ours.
var ErrCorrupt = errors.New("not a whole saved model")

// state is the header of a saved model.
type state struct {
	Meta    []Head   `json:"meta"`
	Series  []Head   `json:"series"`
	Records int      `json:"records"`
	Flag    bool     `json:"flag"`
	Config  Config   `json:"config"`
	Seed    uint64   `json:"seed"`
	Steps   int      `json:"steps"`
	Source  []byte   `json:"source"` // of rand.PCG
	Adam    []int    `json:"adam"`   // steps of each solver
	Weights []string `json:"weights"`
	Order   int      `json:"order"` // samples in the permutation
	Next    int      `json:"next"`
	Trained bool     `json:"trained,omitempty"` // to the end: the training's state is left out
}

// solvers are the Adams in the order of params.
func (m *Model) solvers() []*adam {
	as := []*adam{m.metaAdam, m.seriesAdam, m.criticAdam}
	if m.attributeAdam != nil {
		as = append(as, m.attributeAdam)
	}
	return as
}

// numbers are all float32 slices of the state: weights, first moments, second moments, the largest of those,
// running means; without moments where training has ended.
func (m *Model) numbers(trained bool) [][]float32 {
	var xs, vs, tops [][]float32
	for _, p := range m.params() {
		xs = append(xs, p.w)
	}
	for _, a := range m.solvers() {
		if !trained {
			xs, vs, tops = append(xs, a.m...), append(vs, a.v...), append(tops, a.top...)
		}
	}
	return slices.Concat(xs, vs, tops, m.average)
}

// describe names the weights with their shapes.
func (m *Model) describe() (names []string) {
	for _, p := range m.params() {
		names = append(names, fmt.Sprintf("%s %dx%d", p.name, p.rows, p.cols))
	}
	return names
}

// MarshalBinary implements encoding.BinaryMarshaler: all that Load needs to go on training bit for bit, or to
// sample. Statistics of batch normalisation are not kept, since they are computed from the weights.
func (m *Model) MarshalBinary() ([]byte, error) { return m.marshal(false) }

// MarshalTrained is MarshalBinary without what only training needs: a third of the bytes. The model that Load makes
// of them samples the same; trained further, it begins with the weights and no memory of the steps before.
func (m *Model) MarshalTrained() ([]byte, error) { return m.marshal(true) }

func (m *Model) marshal(trained bool) ([]byte, error) {
	order, next := m.order, m.next
	if trained {
		order, next = nil, 0
	}
	s := state{
		Meta: m.shape.Meta, Series: m.shape.Series, Records: m.shape.Records, Flag: m.shape.Flag, Trained: trained,
		Config: m.cfg, Seed: m.seed, Steps: m.steps, Weights: m.describe(), Order: len(order), Next: next,
	}
	for _, a := range m.solvers() {
		n := a.steps
		if trained {
			n = 0
		}
		s.Adam = append(s.Adam, n)
	}
	var err error
	if s.Source, err = m.source.MarshalBinary(); err != nil {
		return nil, err
	}
	header, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	b := fmt.Appendf(nil, "%s%d\n", stateMagic, stateVersion)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(header)))
	b = append(b, header...)
	for _, x := range m.numbers(trained) {
		b = slices.Grow(b, 4*len(x))
		for _, v := range x {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
	}
	for _, i := range order {
		b = binary.LittleEndian.AppendUint32(b, uint32(i))
	}
	return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b)), nil
}

// Load makes the model that MarshalBinary saved. shape must be that of the saved model; its Length, which is not
// saved, is taken as given. The error is ErrCorrupt where data are damaged, and says what differs where the
// shape does.
func Load(shape Shape, data []byte) (*Model, error) {
	s, rest, err := readHeader(data)
	if err != nil {
		return nil, fmt.Errorf("dgan: saved model: %w", err)
	}
	switch {
	case !slices.Equal(s.Meta, shape.Meta):
		return nil, fmt.Errorf("dgan: saved model has metadata heads %v, want %v", s.Meta, shape.Meta)
	case !slices.Equal(s.Series, shape.Series):
		return nil, fmt.Errorf("dgan: saved model has series heads %v, want %v", s.Series, shape.Series)
	case s.Records != shape.Records || s.Flag != shape.Flag:
		return nil, fmt.Errorf("dgan: saved model has %d records and flag %v, want %d and %v", s.Records, s.Flag, shape.Records, shape.Flag)
	}
	m, err := New(shape, s.Config, s.Seed)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(s.Weights, m.describe()) || len(s.Adam) != len(m.solvers()) {
		return nil, fmt.Errorf("dgan: saved model has weights %v, want %v: %w", s.Weights, m.describe(), ErrCorrupt)
	}
	size := 4 * s.Order
	for _, x := range m.numbers(s.Trained) {
		size += 4 * len(x)
	}
	if s.Order < 0 || s.Next < 0 || s.Next > s.Order || len(rest) != size {
		return nil, fmt.Errorf("dgan: saved model has %d bytes of numbers, want %d: %w", len(rest), size, ErrCorrupt)
	}
	for _, x := range m.numbers(s.Trained) {
		for i := range x {
			x[i] = math.Float32frombits(binary.LittleEndian.Uint32(rest[4*i:]))
		}
		rest = rest[4*len(x):]
	}
	m.order, m.next = make([]int, s.Order), s.Next
	for i := range m.order {
		m.order[i] = int(binary.LittleEndian.Uint32(rest[4*i:]))
		if m.order[i] >= s.Order {
			return nil, fmt.Errorf("dgan: saved model has sample %d of %d: %w", m.order[i], s.Order, ErrCorrupt)
		}
	}
	for i, a := range m.solvers() {
		a.steps = s.Adam[i]
	}
	m.steps = s.Steps
	return m, m.source.UnmarshalBinary(s.Source)
}

// readHeader checks magic, version and sum, and returns the header and the numbers behind it.
func readHeader(data []byte) (s state, rest []byte, err error) {
	line, body, found := bytes.Cut(data, []byte("\n"))
	version := 0
	if _, err := fmt.Sscanf(string(line[:min(len(line), 64)]), stateMagic+"%d", &version); !found || err != nil {
		return s, nil, fmt.Errorf("no %q at the start: %w", stateMagic, ErrCorrupt)
	}
	if version < 1 || version > stateVersion {
		return s, nil, fmt.Errorf("version %d, want at most %d: use the netshare that wrote it", version, stateVersion)
	}
	if len(body) < 8 {
		return s, nil, fmt.Errorf("%d bytes only: %w", len(data), ErrCorrupt)
	}
	end := len(data) - 4
	if sum := crc32.ChecksumIEEE(data[:end]); sum != binary.LittleEndian.Uint32(data[end:]) {
		return s, nil, fmt.Errorf("checksum is %08x, want %08x: %w", sum, binary.LittleEndian.Uint32(data[end:]), ErrCorrupt)
	}
	body = body[:len(body)-4]
	n := int(binary.LittleEndian.Uint32(body))
	if body = body[4:]; n > len(body) {
		return s, nil, fmt.Errorf("header of %d bytes in %d: %w", n, len(body), ErrCorrupt)
	}
	if err := json.Unmarshal(body[:n], &s); err != nil {
		return s, nil, fmt.Errorf("header: %w: %w", err, ErrCorrupt)
	}
	return s, body[n:], nil
}
