package engine

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"slices"

	"netshare/engine/calibrate"
	"netshare/engine/codec"
	"netshare/engine/dgan"
	"netshare/engine/marginal"
	"netshare/engine/privacy"
	"netshare/workspace/trace"
)

// Model is a learnt trace: it generates without the data that it was learnt
// from. It holds what the codec learnt (frequent values, quantiles), the
// networks, and the real margins that generation is calibrated to.
type Model struct {
	Recipe   trace.Recipe // without functions
	Codec    *codec.Codec
	Sessions int // in the real trace
	Records  int // in the real trace
	Epochs   int // trained
	Options  Options

	// Marginal is the model itself where it is one of noised counts: Codec and
	// networks are empty then.
	Marginal *marginal.Model
	// Privacy is what the model guarantees; nil for nothing.
	Privacy *privacy.Statement

	// Ended says why training ended before its time; "" where it did not.
	Ended string
	// Fidelity is what was measured last of the networks; nil for nothing.
	Fidelity *Fidelity

	// Taken is the share of the networks' columns that began as those of
	// Options.Pretrained, 0 to 1.
	Taken float64

	targets targets
	warm    *warm // what the networks begin with; nil for nothing
	net     *dgan.Model
	chunks  *chunks // with networks in place of net; nil where the trace is one
	chunk   int     // that net learns
	lengths []int   // of the samples that a private model's networks make next

	begun begun    // what its training began with
	at    position // where its training stands
}

// modelFormat is the version of the saved form, raised with every change that
// older programs can't read.
const modelFormat = 14

// readable are the formats that can be read: what is newer is not in the older
// ones.
var readable = []int{3, 5, 8, 9, 10, 11, 12, 13, modelFormat}

// MarshalBinary returns the model as bytes, which hold all that UnmarshalBinary
// needs, and are the same for the same model.
func (m *Model) MarshalBinary() ([]byte, error) {
	if m.net == nil {
		return m.marshal(func() ([]byte, error) { return nil, nil })
	}
	return m.marshal(m.net.MarshalTrained)
}

// marshal returns the model with its networks as bytes.
func (m *Model) marshal(networks func() ([]byte, error)) ([]byte, error) {
	saved, err := networks()
	if err != nil {
		return nil, err
	}
	cut := m.chunks
	if m.net != nil { // of one chunk
		cut = nil
	}
	bare := *m
	bare.warm = nil
	bare.net, bare.targets, bare.begun, bare.at, bare.Options.DP.Public, bare.Options.Pretrained, bare.chunks = nil, targets{}, begun{}, position{}, nil, nil, nil
	var b bytes.Buffer
	// The alias has no methods, so that gob does not call MarshalBinary again.
	err = gob.NewEncoder(&b).Encode(savedAs{modelFormat, plain(bare), m.keyless(), m.targets.features, m.targets.margins, m.targets.meta, m.targets.series, m.targets.lengths, m.targets.families, m.targets.variety, m.targets.pairs, m.targets.arrivals, saved, m.targets.rules, m.targets.equalities, cut})
	return b.Bytes(), err
}

// keyless reports whether each record is a session of its own.
func (m *Model) keyless() bool { return m.Recipe.Key != nil && len(m.Recipe.Key) == 0 }

// plain is a Model without methods.
type plain Model

// savedAs is a model as it is written.
type savedAs struct {
	Format   int
	Model    plain
	Keyless  bool // the recipe's key is empty, which gob takes for nil
	Features []feature
	Margins  calibrate.Targets
	Meta     ranks
	Series   ranks
	Lengths  lengths
	Families families
	Variety  variety
	Pairs    pairs
	Arrivals arrivals
	Networks []byte

	Rules      rules // behind the networks: models without any are read too
	Equalities []equality
	Chunks     *chunks // of a whole model
}

// UnmarshalBinary restores a model that MarshalBinary wrote.
func (m *Model) UnmarshalBinary(data []byte) error {
	var s savedAs
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&s); err != nil {
		return fmt.Errorf("the saved model is damaged: %w", err)
	}
	if !slices.Contains(readable, s.Format) {
		return fmt.Errorf("the model was saved in format %d, this program reads %d: train it again, or use the program that wrote it", s.Format, modelFormat)
	}
	*m = Model(s.Model)
	if s.Keyless {
		m.Recipe.Key = []string{}
	}
	m.targets = targets{features: s.Features, margins: s.Margins, meta: s.Meta, series: s.Series, lengths: s.Lengths, families: s.Families, variety: s.Variety, pairs: s.Pairs, arrivals: s.Arrivals, rules: s.Rules, equalities: s.Equalities}
	shape := m.shape
	if m.Marginal != nil {
		if len(s.Networks) == 0 {
			return nil
		}
		m.Marginal.Index()
		shape = m.privateShape
	}
	if m.chunks = s.Chunks; m.chunks != nil {
		return nil
	}
	net, err := dgan.Load(shape(), s.Networks)
	if err != nil {
		return err
	}
	m.net = net
	return nil
}
