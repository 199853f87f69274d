// Package engine learns a trace and makes synthetic ones: it codes sessions
// (engine/codec), trains the networks on them (engine/dgan) within a budget of
// epochs or time, and turns what they make back into sessions whose margins
// meet the real trace's (engine/calibrate). It reads from a Source and writes
// to a Sink, and knows neither files nor tables.
package engine

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"netshare/engine/codec"
	"netshare/engine/dgan"
	"netshare/workspace/trace"
)

// Source yields the sessions of a real trace, in an order that is the same
// each time. It may be ranged over more than once.
type Source interface {
	Sessions(ctx context.Context) iter.Seq2[trace.Session, error]
}

// Sink takes generated sessions.
type Sink interface {
	Write(ctx context.Context, s trace.Session) error
}

// Options are the settings of a training run.
type Options struct {
	// Epochs is how many times each session is learnt from; 0 chooses enough
	// for about Iterations iterations, unless Time is set.
	Epochs int
	// Iterations is the training meant where neither Epochs nor Time is given.
	// Default 2500: one to three minutes on two cores for traces of some
	// thousand records.
	Iterations int
	// Time bounds training by the clock; 0 for no bound. Training ends at the
	// first of both bounds. A run bounded by time can't be repeated exactly.
	Time time.Duration
	// Seed settles everything random. The same seed, data and program on the
	// same machine give the same synthetic trace.
	Seed uint64
	// Memory bounds, about, what training keeps of the trace at once, in bytes;
	// networks take some 100 MB besides, each session 24 bytes, and a workspace's
	// DuckDB up to 1 GB of its own. What a longer trace's columns are like is learnt
	// from a sample of its sessions, each with the same chance; all sessions train
	// the networks, coded in a temporary file where they are too many. Default 1 GiB:
	// some two million records of ten columns without a sample.
	Memory int64
	// CheckpointEvery is the time between checkpoints. Default 30 s.
	CheckpointEvery time.Duration
	// CheckpointEpochs saves one after every so many epochs besides
	// [epoch_checkpoint_freq]; 0 for none. Default 0.
	CheckpointEpochs int

	// Measures is how many times, evenly spread over the training, Fidelity is
	// measured; 0 for never. Default 20.
	Measures int
	// MeasureEpochs measures after every so many epochs instead, and at the end
	// [extra_checkpoint_freq]; 0 leaves it to Measures.
	MeasureEpochs int
	// Validation is the share of sessions that the networks do not learn from, to
	// be measured against, where these are at least 50. Otherwise they are
	// measured against sessions that they have learnt from. Default 0, or HeldOut
	// where Choose is best.
	Validation float64
	// Choose says whether the model has the networks at the end or those of the
	// greatest fidelity: to sessions that are held out, or with trained to those
	// that are learnt. Networks of a generator that collapsed are never taken
	// where there were others. Default last; source: measured on the UGR16 sample,
	// 1,500 iterations, two seeds, report scores against the half of the sessions
	// that was not learnt: last 94.1, trained 94.3, best, with a tenth held out, 93.0
	// (uncalibrated 90.7, 90.6, 88.0); a real half 96.1.
	Choose Choice
	// Patience ends the training when so many measurements have found no greater
	// fidelity; 0 for never. Default 0.
	Patience int

	// SelfNorm learns the numbers of each sample by their place in the sample's own
	// range, which is learnt with its metadata: DoppelGANger's additional
	// attributes [self_norm]. Default false; source: measured, CAIDA sample, 400
	// iterations, one seed: 97.2 without, 96.6 with it.
	SelfNorm bool
	// Chunks cuts the trace into slices of time.
	Chunks Chunks
	// Pretrain names the model whose networks the training begins with
	// [pretrain_dir], "" for none, and Pretrained is it. Weights of the columns
	// that both traces have are taken: of the same values, networks, ranges and
	// numbers of fields of the same name. The others begin anew, and so do the
	// optimisers.
	Pretrain   string `json:",omitempty"`
	Pretrained *Model `json:"-"`

	Codec codec.Options
	GAN   dgan.Config
	DP    DP // asks for differential privacy
}

// DefaultOptions returns the options chosen by measurement.
func DefaultOptions() Options {
	return Options{
		Iterations: 2500, Seed: 1, Memory: 1 << 30, CheckpointEvery: 30 * time.Second, Measures: 20, Choose: ChooseLast,
		Chunks: DefaultChunks(), Codec: codec.DefaultOptions(), GAN: dgan.DefaultConfig(),
	}
}

// Validate reports all faults of the options, joined.
func (o Options) Validate() error {
	var errs []error
	if o.Epochs < 0 {
		errs = append(errs, fmt.Errorf("epochs is %d: want 0 or more", o.Epochs))
	}
	if o.Iterations < 1 {
		errs = append(errs, fmt.Errorf("iterations is %d: want at least 1", o.Iterations))
	}
	if o.Time < 0 {
		errs = append(errs, fmt.Errorf("time is %v: want 0 or more", o.Time))
	}
	if o.Memory < leastMemory {
		errs = append(errs, fmt.Errorf("memory is %d bytes: want at least %d", o.Memory, leastMemory))
	}
	for _, n := range []struct {
		name string
		v    int
	}{{"measures", o.Measures}, {"extra_checkpoint_freq", o.MeasureEpochs}, {"patience", o.Patience}, {"epoch_checkpoint_freq", o.CheckpointEpochs}} {
		if n.v < 0 {
			errs = append(errs, fmt.Errorf("%s is %d: want 0 or more", n.name, n.v))
		}
	}
	if !(o.Validation >= 0 && o.Validation < 1) {
		errs = append(errs, fmt.Errorf("validation is %g: want a share from 0 to less than 1", o.Validation))
	}
	if o.Choose != ChooseLast && o.Choose != ChooseBest && o.Choose != ChooseTrained {
		errs = append(errs, fmt.Errorf("choose is %q: want %s, %s or %s", o.Choose, ChooseLast, ChooseBest, ChooseTrained))
	}
	if o.Choose == ChooseTrained && o.Validation != 0 {
		errs = append(errs, fmt.Errorf("choose is %s with validation %g: leave one out, since what is held out is chosen by", ChooseTrained, o.Validation))
	}
	if !o.Measured() && (o.Choose != ChooseLast || o.Patience > 0) {
		errs = append(errs, errors.New("choose best or trained and patience need fidelity: want measures, or extra_checkpoint_freq, above 0"))
	}
	errs = append(errs, o.Chunks.validate()...)
	if o.DP.On() && (o.Chunks.On() || o.SelfNorm || o.Pretrain != "" || o.GAN.Spectral) {
		errs = append(errs, errors.New("n_chunks, self_norm, sn_mode and pretrain_dir are not for models under differential privacy: leave them out; --pretrain of those names a public trace"))
	}
	if o.Chunks.SkipFirst && o.Pretrain == "" {
		errs = append(errs, errors.New("skip_chunk0_train is true without pretrain_dir: name the model that the first chunk's networks come from"))
	}
	return errors.Join(append(errs, o.Codec.Validate(), o.GAN.Validate(), o.DP.Validate())...)
}

// Measured reports whether fidelity is measured during training.
func (o Options) Measured() bool { return o.Measures > 0 || o.MeasureEpochs > 0 }

// leastMemory is the least that Options.Memory may be.
const leastMemory = 1 << 20

// Progress is where a training run stands.
type Progress struct {
	Epoch, Epochs int // the epoch that ended; Epochs is 0 where time alone bounds the run
	Iteration     int
	Elapsed, Left time.Duration // Left is an estimate
	Records       int           // learnt from so far, counting repeats
	Losses        dgan.Losses   // mean over the epoch
	EpochEnded    bool          // false for the reports in between
	Chunk, Chunks int           // the chunk that it is of, from 0, and how many there are; 0 where the trace is one
	Fidelity      *Fidelity     // the last of the epoch, when it ended; nil where it was not measured
	Examples      *Examples     // of that measurement; nil where there was none, or the run was cut off since
	Run           int64         // the caller's number of the run; the engine leaves it at 0
}

// Hooks are called from the training loop, which waits for them. Any may be nil.
type Hooks struct {
	Progress func(Progress) error
	// Checkpoint is to save Model.Checkpoint: before the first iteration, every
	// Options.CheckpointEvery, and when the context ends; of each chunk by itself
	// (Model.Chunk), and when it is done. Epoch is the one begun.
	Checkpoint func(epoch int, model *Model) error
}
