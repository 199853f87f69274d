package engine

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"netshare/engine/dgan"
	"netshare/workspace/trace/near"
)

// Setting is an option of training under a name that users type: NetShare's
// where it has one.
type Setting struct {
	Name string
	Help string // what it is, and its unit
	// Paths are the fields of Options that it sets, as "GAN.Batch".
	Paths []string
	// Less is how much smaller the field is: NetShare counts a network's output
	// layer too.
	Less int
	// Words are the values that are words, or true and false, in place of the
	// field's own; nil where the field's own are meant.
	Words []Word
}

// Word is a value of a setting and what the field holds for it.
type Word struct {
	Said string
	Is   any // nil leaves the field as it is
}

// Settings are all options that can be set by name, NetShare's first.
func Settings() []Setting {
	at := func(name, help string, paths ...string) Setting { return Setting{Name: name, Help: help, Paths: paths} }
	layers := func(name, help, path string) Setting {
		return Setting{Name: name, Help: help + ", the output layer among them", Paths: []string{path}, Less: 1}
	}
	words := func(name, help, path string, ws ...Word) Setting {
		return Setting{Name: name, Help: help, Paths: []string{path}, Words: ws}
	}
	noise := []Word{{"normal", int(dgan.NormalNoise)}, {"uniform", int(dgan.UniformNoise)}}
	return []Setting{
		at("epochs", "times that each session is learnt from", "Epochs"),
		at("iteration", "iterations meant where neither epochs nor time is given", "Iterations"),
		at("batch_size", "samples of an update", "GAN.Batch"),
		at("sample_len", "records that an LSTM step makes; 0 for 4, or fewer where none has so many", "GAN.SampleLen"),
		at("d_rounds", "updates of the critics in an iteration", "GAN.CriticRounds"),
		at("g_rounds", "updates of the generator in an iteration", "GAN.GeneratorRounds"),
		at("num_packing", "samples that a critic judges together", "GAN.Packing"),
		at("attribute_latent_dim", "columns of the metadata's noise", "GAN.MetaLatent"),
		at("feature_latent_dim", "columns of the noise of each LSTM step", "GAN.SeriesLatent"),
		words("attr_noise_type", "distribution of the metadata's noise", "GAN.MetaNoise", noise...),
		words("feature_noise_type", "distribution of the series' noise", "GAN.SeriesNoise", noise...),
		words("noise", "whether LSTM steps get noise", "GAN.SeriesNoise", Word{"true", nil}, Word{"false", int(dgan.NoNoise)}),
		layers("generator_attribute_num_layers", "layers of the metadata generator", "GAN.MetaLayers"),
		at("generator_attribute_num_units", "units of each", "GAN.MetaUnits"),
		at("generator_feature_num_layers", "layers of the LSTM", "GAN.LSTMLayers"),
		at("generator_feature_num_units", "units of each", "GAN.LSTMUnits"),
		at("rnn_mlp_num_layers", "hidden layers between the LSTM and the records", "GAN.SeriesLayers"),
		at("feed_back", "whether an LSTM step sees the records of the one before", "GAN.Feedback"),
		words("initial_state", "the LSTM's state before the first step", "GAN.InitialState",
			Word{"random", int(dgan.RandomState)}, Word{"zero", int(dgan.ZeroState)}, Word{"variable", int(dgan.LearntState)}),
		layers("discriminator_num_layers", "layers of the critic", "GAN.CriticLayers"),
		at("discriminator_num_units", "units of each", "GAN.CriticUnits"),
		at("use_attr_discriminator", "whether a second critic judges the metadata alone", "GAN.AttributeCritic"),
		layers("attr_discriminator_num_layers", "layers of that critic", "GAN.AttributeCriticLayers"),
		at("attr_discriminator_num_units", "units of each", "GAN.AttributeCriticUnits"),
		at("g_attr_d_coe", "its share in the generator's loss", "GAN.AttributeCriticWeight"),
		words("leaky_relu", "whether critics pass on .01 of what is below zero", "GAN.LeakySlope", Word{"true", .01}, Word{"false", 0.}),
		at("g_lr", "learning rate of the generator", "GAN.MetaRate", "GAN.SeriesRate"),
		at("d_lr", "learning rate of the critic", "GAN.CriticRate"),
		at("attr_d_lr", "learning rate of the metadata's critic", "GAN.AttributeCriticRate"),
		at("g_beta1", "decay of Adam's first moment, generator", "GAN.Beta1"),
		at("d_beta1", "the same, critic", "GAN.CriticBeta1"),
		at("attr_d_beta1", "the same, metadata's critic", "GAN.AttributeCriticBeta1"),
		at("adam_eps", "Adam's epsilon", "GAN.Epsilon"),
		at("adam_amsgrad", "whether Adam divides by the largest second moment so far", "GAN.AMSGrad"),
		at("d_gp_coe", "weight of the critic's gradient penalty", "GAN.Penalty"),
		at("attr_d_gp_coe", "weight of the metadata critic's gradient penalty", "GAN.AttributePenalty"),
		words("sn_mode", "spectral normalisation of the critics' matrices, beside the gradient penalty", "GAN.Spectral",
			Word{"none", false}, Word{"spectral", true}),
		at("scale", "what they are then scaled to; 0 for 1", "GAN.SpectralScale"),
		at("fix_feature_network", "whether the series generator stays as it is", "GAN.FixSeries"),
		at("self_norm", "whether numbers are learnt by their place in the range of their own sample, which is metadata too", "SelfNorm"),
		at("n_chunks", "slices of time, each with networks of its own, that the trace is cut into; 0 or 1 for none", "Chunks.Count"),
		words("df2chunks", "where the trace is cut, by spans of time or by records", "Chunks.By",
			Word{string(FixedTime), FixedTime}, Word{string(FixedSize), FixedSize}),
		words("split_name", "whether a session tells in each of its chunks which those are, or where it begins", "Chunks.Tags",
			Word{string(TagsV2), TagsV2}, Word{string(TagsV1), TagsV1}),
		at("pretrain_non_dp", "whether the networks of later chunks begin as those of the first ended", "Chunks.Warm"),
		at("pretrain_non_dp_reduce_time", "times shorter that later chunks are then learnt", "Chunks.Reduce"),
		at("skip_chunk0_train", "whether the first chunk's networks stay as those of pretrain_dir", "Chunks.SkipFirst"),
		at("pretrain_dir", "training run, model file, or other.duckdb:RUN, whose networks the training begins with", "Pretrain"),

		at("attribute_lr", "learning rate of the metadata generator alone", "GAN.MetaRate"),
		at("feature_lr", "learning rate of the series generator alone", "GAN.SeriesRate"),
		at("adam_beta2", "decay of Adam's second moment", "GAN.Beta2"),
		words("interpolation", "where the gradient penalty is taken", "GAN.Interpolation",
			Word{"uniform", int(dgan.Uniform)}, Word{"one", int(dgan.One)}),
		words("norm", "normalisation of the metadata generator", "GAN.Norm",
			Word{"batch", int(dgan.BatchNorm)}, Word{"layer", int(dgan.LayerNorm)}, Word{"none", int(dgan.NoNorm)}),
		at("fresh_rounds", "whether every round has noise and real samples of its own", "GAN.FreshRounds"),
		at("straight_through", "whether critics see categories as one of them, not as shares", "GAN.StraightThrough"),
		at("temperature", "of the noise by which categories are drawn; 0 takes the largest", "GAN.Temperature"),
		at("chain", "whether a column sees what those before it came out as", "GAN.Chain"),
		at("average", "share of the past in the mean of weights that samples are made with", "GAN.Average"),
		at("max_records", "records of the longest sample; longer sessions are learnt in pieces", "Codec.MaxRecords"),
		at("min_seen", "sessions that must hold an address, port or text for it to be repeated", "Codec.MinSeen"),
		at("max_classes", "classes of one metadata head", "Codec.MaxClasses"),
		at("max_series_classes", "classes of one series head", "Codec.MaxSeriesClasses"),
		at("measures", "times that fidelity is measured during training", "Measures"),
		at("extra_checkpoint_freq", "epochs between measurements of fidelity instead; 0 leaves it to measures", "MeasureEpochs"),
		at("validation", "share of the sessions that are measured against and not learnt from; 0 for a tenth where choose is best", "Validation"),
		words("choose", "which networks are the model: at the end, or of the greatest fidelity to held-out or to learnt sessions; of several settings, which sessions choose", "Choose",
			Word{"last", ChooseLast}, Word{"best", ChooseBest}, Word{"trained", ChooseTrained}),
		at("patience", "measurements without greater fidelity that end the training; 0 for never", "Patience"),
		at("epoch_checkpoint_freq", "epochs between checkpoints, besides those by the clock; 0 for none", "CheckpointEpochs"),
		at("checkpoint_every", "time between checkpoints, as 30s", "CheckpointEvery"),
	}
}

// SettingOf finds a setting by its name.
func SettingOf(name string) (Setting, error) {
	var names []string
	for _, s := range Settings() {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	if like := near.Word(name, names); like != "" {
		return Setting{}, fmt.Errorf("%s is no setting of training: did you mean %s?", name, like)
	}
	return Setting{}, fmt.Errorf("%s is no setting of training: want one of %s", name, strings.Join(names, ", "))
}

// Set sets an option by its name, as in "batch_size=200". What the options make
// together of it is for Validate.
func (o *Options) Set(assignment string) error {
	name, text, found := strings.Cut(assignment, "=")
	name, text = strings.TrimSpace(name), strings.TrimSpace(text)
	if !found {
		return fmt.Errorf("%q is no setting: want name=value, as batch_size=200", assignment)
	}
	s, err := SettingOf(name)
	if err != nil {
		return err
	}
	for _, path := range s.Paths {
		field := o.field(path)
		value, err := s.parse(text, field.Type())
		if err != nil {
			return err
		}
		if value != nil {
			field.Set(reflect.ValueOf(value).Convert(field.Type()))
		}
	}
	return nil
}

// field is the field of a path.
func (o *Options) field(path string) reflect.Value {
	v := reflect.ValueOf(o).Elem()
	for name := range strings.SplitSeq(path, ".") {
		v = v.FieldByName(name)
	}
	return v
}

// Put sets the fields of the setting to a value as they hold it.
func (s Setting) Put(o *Options, value any) {
	for _, path := range s.Paths {
		field := o.field(path)
		field.Set(reflect.ValueOf(value).Convert(field.Type()))
	}
}

// Value is what the options have, as Set takes it.
func (s Setting) Value(o Options) string {
	v := o.field(s.Paths[0])
	for _, w := range s.Words {
		if w.Is != nil && reflect.ValueOf(w.Is).Convert(v.Type()).Interface() == v.Interface() {
			return w.Said
		}
	}
	for _, w := range s.Words {
		if w.Is == nil {
			return w.Said
		}
	}
	if v.CanInt() && s.Less != 0 {
		return strconv.FormatInt(v.Int()+int64(s.Less), 10)
	}
	return fmt.Sprint(v.Interface())
}

// parse reads a value of the setting for a field of that type.
func (s Setting) parse(text string, t reflect.Type) (any, error) {
	want := func(what string) error { return fmt.Errorf("%s is %q: want %s", s.Name, text, what) }
	if s.Words != nil {
		var said []string
		for _, w := range s.Words {
			if w.Said == text {
				return w.Is, nil
			}
			said = append(said, w.Said)
		}
		return nil, want(strings.Join(said, " or "))
	}
	if t == reflect.TypeFor[time.Duration]() {
		d, err := time.ParseDuration(text)
		if err != nil {
			return nil, want("a time, as 30s or 5m")
		}
		return d, nil
	}
	switch t.Kind() {
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return nil, want("true or false")
		}
		return b, nil
	case reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, want("a whole number")
		}
		return n - s.Less, nil
	case reflect.Float64:
		x, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, want("a number")
		}
		return x, nil
	}
	return text, nil
}

// NetShareDefaults are the settings of the Python original where a configuration
// is silent, but for its candidates 1, 5 and 10 of sample_len, of which one run
// has one, and its 200,000 iterations.
func NetShareDefaults() Options {
	o := DefaultOptions()
	o.GAN = dgan.NetShareConfig()
	o.Chunks.Count = 10
	return o
}
