package engine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"slices"
	"time"

	"netshare/engine/dgan"
	"netshare/workspace/trace"
)

// A checkpoint is the line below, a checkpoint struct as gob, and the CRC-32 of
// both (little-endian).
const (
	checkpointMagic   = "netshare checkpoint "
	checkpointVersion = 1
)

// Errors of a checkpoint that a caller may branch on.
var (
	// ErrCorrupt says that the bytes of a checkpoint are damaged or none of ours.
	ErrCorrupt = errors.New("the checkpoint is damaged")
	// ErrChanged says that trace, recipe or options are not those that a run
	// began with, so that it can't go on as if it had not been cut off.
	ErrChanged = errors.New("changed since the run began")
)

// checkpoint is a training run as it is saved. All that it does not hold follows
// from the trace, the recipe and the options, which begun tells to be the same.
type checkpoint struct {
	Begun  begun
	At     position
	Model  []byte // with the state of its training; nil before the first iteration
	Chunks int    // of the trace; 0 where it is one
	Chunk  int    // that it is of
}

// begun is what a run was begun with: SHA-256 in hex of the sessions' values,
// and of the recipe's fields with the columns' types, and the options as JSON.
type begun struct{ Sessions, Recipe, Options string }

// position is where a run stands between two iterations.
type position struct {
	Epoch     int         // begun, from 1
	Step      int         // iterations of it that are done
	Iteration int         // done in all
	Records   int         // learnt from, counting repeats
	Sum       dgan.Losses // of the epoch's iterations
	Elapsed   time.Duration

	Part      int       // of Options.Measures that are due so far
	Fidelity  *Fidelity // measured and not yet reported
	Best      float64   // the greatest fidelity
	Since     int       // measurements after it
	Collapsed int       // measurements in a row with too little variety
	Kept      kept

	Done bool // of a chunk
}

// done is the number of epochs that ended.
func (p position) done(perEpoch int) int {
	if p.Step == perEpoch {
		return p.Epoch
	}
	return p.Epoch - 1
}

// Chunk is the chunk that Hooks.Checkpoint is called for; 0 where the trace is one.
func (m *Model) Chunk() int { return m.chunk }

// Checkpoint returns the training run, or that of a chunk, as bytes, for Resume
// and LastModel. It is for use within Hooks.Checkpoint.
func (m *Model) Checkpoint() ([]byte, error) {
	c := checkpoint{Begun: m.begun, At: m.at, Chunk: m.chunk}
	if m.chunks != nil {
		c.Chunks = m.slices()
	}
	if m.at.Iteration > 0 {
		var err error
		if c.Model, err = m.marshal(m.net.MarshalBinary); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s%d\n", checkpointMagic, checkpointVersion)
	if err := gob.NewEncoder(&b).Encode(c); err != nil {
		return nil, err
	}
	return binary.LittleEndian.AppendUint32(b.Bytes(), crc32.ChecksumIEEE(b.Bytes())), nil
}

func readCheckpoint(data []byte) (c checkpoint, err error) {
	line, _, _ := bytes.Cut(data[:min(len(data), 64)], []byte("\n"))
	version := 0
	if _, err := fmt.Sscanf(string(line), checkpointMagic+"%d", &version); err != nil || len(data) < len(line)+5 {
		return c, fmt.Errorf("%w: it does not begin as one: train again", ErrCorrupt)
	}
	if version != checkpointVersion {
		return c, fmt.Errorf("the checkpoint was saved in format %d, this program reads %d: use the program that wrote it, or train again", version, checkpointVersion)
	}
	end := len(data) - 4
	if crc32.ChecksumIEEE(data[:end]) != binary.LittleEndian.Uint32(data[end:]) {
		return c, fmt.Errorf("%w: its checksum is wrong: train again", ErrCorrupt)
	}
	if err := gob.NewDecoder(bytes.NewReader(data[len(line)+1 : end])).Decode(&c); err != nil {
		return c, fmt.Errorf("%w: %w: train again", ErrCorrupt, err)
	}
	return c, nil
}

// LastModel returns the model as it was when a checkpoint was saved.
func LastModel(data []byte) (*Model, error) {
	c, err := readCheckpoint(data)
	if err != nil {
		return nil, err
	}
	if c.Model == nil {
		return nil, errors.New("the checkpoint was saved before anything was learnt: train again")
	}
	if c.Chunks > 0 {
		return nil, fmt.Errorf("the checkpoint is of one of %d chunks: resume the run", c.Chunks)
	}
	m := new(Model)
	return m, m.UnmarshalBinary(c.Model)
}

// Resume goes on with a training run from a checkpoint of it, or the last one of
// each chunk, to the same model bit for bit that it would have come to. Sessions, recipe, types and options
// must be those that it began with: an error wraps ErrChanged where they are
// not, ErrCorrupt where the checkpoint is damaged. A run bounded by Options.Time
// has the time that was left.
func Resume(ctx context.Context, saved [][]byte, src Source, recipe *trace.Recipe, types map[string]trace.Type, opts Options, hooks Hooks) (*Model, error) {
	from := make([]checkpoint, len(saved))
	for i, data := range saved {
		var err error
		if from[i], err = readCheckpoint(data); err != nil {
			return nil, err
		}
	}
	return train(ctx, src, recipe, types, opts, hooks, from)
}

// restore takes the training's state from a checkpoint.
func (l *loop) restore(c *checkpoint) error {
	for _, part := range []struct{ name, was, is string }{
		{"the options", c.Begun.Options, l.m.begun.Options},
		{"the recipe", c.Begun.Recipe, l.m.begun.Recipe},
		{"the trace", c.Begun.Sessions, l.m.begun.Sessions},
	} {
		if part.was != part.is {
			return fmt.Errorf("%s %w: train again", part.name, ErrChanged)
		}
	}
	l.m.at = c.At
	if c.Model == nil {
		return nil
	}
	var s savedAs
	if err := gob.NewDecoder(bytes.NewReader(c.Model)).Decode(&s); err != nil {
		return fmt.Errorf("%w: %w: train again", ErrCorrupt, err)
	}
	l.m.Fidelity = s.Model.Fidelity
	if l.m.at.Done {
		l.m.Epochs, l.m.Ended = s.Model.Epochs, s.Model.Ended
	}
	var err error
	l.m.net, err = dgan.Load(l.m.shape(), s.Networks)
	return err
}

// beginning says what a run is begun with, but for the sessions.
func beginning(recipe *trace.Recipe, types map[string]trace.Type, o Options) begun {
	h := sha256.New()
	put := func(v any) {
		data, err := json.Marshal(v)
		if err != nil { // only a type that JSON has no form for
			panic(fmt.Sprintf("engine: %T as JSON: %v", v, err))
		}
		h.Write(data)
	}
	bare := shell(recipe)
	put(bare)
	for _, name := range slices.Sorted(maps.Keys(types)) {
		put([]string{name, string(types[name])})
	}
	options, err := json.Marshal(o)
	if err != nil {
		panic(fmt.Sprintf("engine: options as JSON: %v", err))
	}
	return begun{Recipe: hex.EncodeToString(h.Sum(nil)), Options: string(options)}
}

// Types are numbered by gob in the order in which a process first meets them,
// which must not show in a saved model.
func init() {
	if err := gob.NewEncoder(io.Discard).Encode(savedAs{}); err != nil {
		panic(err)
	}
	if err := gob.NewEncoder(io.Discard).Encode(checkpoint{}); err != nil {
		panic(err)
	}
}
