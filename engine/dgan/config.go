package dgan

import (
	"errors"
	"fmt"
	"math"
)

// Interpolation says where between real and generated samples the gradient penalty is taken.
type Interpolation uint8

// The choices of Interpolation.
const (
	Uniform Interpolation = iota // at a uniformly drawn point between both (Gulrajani et al. 2017)
	One                          // at the generated sample always, as NetShare's code does by mistake
)

// Norm is the normalisation behind each hidden layer of the metadata generator.
type Norm uint8

// The choices of Norm.
const (
	BatchNorm Norm = iota // over the batch (Ioffe and Szegedy 2015)
	LayerNorm             // over the units of a layer (Ba, Kiros and Hinton 2016)
	NoNorm
)

// InitialState says how the LSTM starts.
type InitialState uint8

// The choices of InitialState.
const (
	RandomState InitialState = iota // standard normal numbers, drawn for each pass
	ZeroState
	LearntState // the same for all samples
)

// NoiseKind is the distribution of the generator's noise.
type NoiseKind uint8

// The choices of NoiseKind.
const (
	NormalNoise  NoiseKind = iota // standard normal
	UniformNoise                  // uniform in [-1, 1]
	NoNoise                       // none; of the series only, and only with Feedback
)

// Config sets networks and training. Start from DefaultConfig or NetShareConfig: the zero value is not valid.
// Names in brackets are NetShare's.
type Config struct {
	// Batch is the number of samples of one update [batch_size].
	Batch int `json:"batch"`
	// SampleLen is the number of records that one LSTM step makes [sample_len]; 0 means min(4, T).
	SampleLen int `json:"sample_len"`

	// MetaLatent is the number of noise columns of the metadata generator [attribute_latent_dim].
	MetaLatent int `json:"meta_latent"`
	// SeriesLatent is the number of noise columns of each LSTM step [feature_latent_dim].
	SeriesLatent int `json:"series_latent"`
	// MetaNoise and SeriesNoise are the distributions of that noise [attr_noise_type, feature_noise_type; noise].
	MetaNoise   NoiseKind `json:"meta_noise"`
	SeriesNoise NoiseKind `json:"series_noise"`

	// MetaLayers and MetaUnits are the hidden layers of the metadata generator. NetShare's
	// [generator_attribute_num_layers] counts the output layer too.
	MetaLayers int `json:"meta_layers"`
	MetaUnits  int `json:"meta_units"`
	// LSTMUnits is the width of the LSTM [generator_feature_num_units].
	LSTMUnits int `json:"lstm_units"`
	// LSTMLayers is the number of layers of LSTM cells [generator_feature_num_layers]; 0 means 1.
	LSTMLayers int `json:"lstm_layers"`
	// SeriesLayers is the number of hidden layers, of MetaUnits units and ReLU, between the LSTM and the heads
	// [rnn_mlp_num_layers]. NetShare normalises them over the batch, and has them for each head apart.
	SeriesLayers int `json:"series_layers"`
	// Feedback shows each LSTM step the records that the one before made [feed_back].
	Feedback bool `json:"feedback"`
	// CriticLayers and CriticUnits are the hidden layers of the critic; NetShare's
	// [discriminator_num_layers] counts the output layer too.
	CriticLayers int `json:"critic_layers"`
	CriticUnits  int `json:"critic_units"`
	// AttributeCritic adds a critic of the metadata alone [use_attr_discriminator].
	AttributeCritic bool `json:"attribute_critic"`
	// AttributeCriticLayers and AttributeCriticUnits are its hidden layers.
	AttributeCriticLayers int `json:"attribute_critic_layers"`
	AttributeCriticUnits  int `json:"attribute_critic_units"`
	// AttributeCriticWeight is its share in the generator's loss [g_attr_d_coe].
	AttributeCriticWeight float64 `json:"attribute_critic_weight"`

	// CriticRounds and GeneratorRounds are the updates of one iteration [d_rounds, g_rounds].
	CriticRounds    int `json:"critic_rounds"`
	GeneratorRounds int `json:"generator_rounds"`
	// Packing is the number of samples that a critic judges together, side by side (PacGAN, Lin et al. 2018)
	// [num_packing]; an iteration reads Batch*Packing samples. 0 means 1.
	Packing int `json:"packing"`
	// FreshRounds draws new noise and new real samples for every round; otherwise, as in NetShare, an
	// iteration has one batch and one noise, and only the LSTM's initial state is drawn anew.
	FreshRounds bool `json:"fresh_rounds"`

	// Learning rates of Adam [g_lr, g_lr, d_lr, attr_d_lr].
	MetaRate            float64 `json:"meta_rate"`
	SeriesRate          float64 `json:"series_rate"`
	CriticRate          float64 `json:"critic_rate"`
	AttributeCriticRate float64 `json:"attribute_critic_rate"`
	// Beta1, CriticBeta1 and AttributeCriticBeta1 are the decay of Adam's first moments, of the generator and of
	// the critics [g_beta1, d_beta1, attr_d_beta1].
	Beta1                float64 `json:"beta1"`
	CriticBeta1          float64 `json:"critic_beta1"`
	AttributeCriticBeta1 float64 `json:"attribute_critic_beta1"`
	// Beta2 and Epsilon are Adam's [0.999 in NetShare; adam_eps].
	Beta2   float64 `json:"beta2"`
	Epsilon float64 `json:"epsilon"`
	// AMSGrad divides by the largest second moment so far instead of the present one (Reddi, Kale and Kumar
	// 2018) [adam_amsgrad].
	AMSGrad bool `json:"amsgrad"`

	// Penalty and AttributePenalty weigh the gradient penalties [d_gp_coe, attr_d_gp_coe].
	Penalty          float64 `json:"penalty"`
	AttributePenalty float64 `json:"attribute_penalty"`
	// Spectral holds the critics by spectral normalisation besides (Miyato et al. 2018) [sn_mode], and
	// SpectralScale is what their matrices are then scaled to [scale]; 0 means 1.
	Spectral      bool    `json:"spectral,omitempty"`
	SpectralScale float64 `json:"spectral_scale,omitempty"`
	// Interpolation is where they are taken.
	Interpolation Interpolation `json:"interpolation"`

	// Norm is the metadata generator's normalisation.
	Norm Norm `json:"norm"`
	// StraightThrough hands the critics one-hot categories, with the gradient of the softmax (Bengio et al.
	// 2013); otherwise the critics see the softmax.
	StraightThrough bool `json:"straight_through"`
	// Temperature divides softmax logits after Gumbel noise is added (Jang et al. 2017); 0 means no noise, and
	// the largest class wins.
	Temperature float64 `json:"temperature"`
	// Chain makes the heads of a metadata row, and of a record, one after the other: each sees what those
	// before it drew, so that what goes together is learnt as such (as in Bengio and Bengio 1999). Otherwise
	// they are drawn on their own, given the noise; so they are beyond 2,048 columns.
	Chain bool `json:"chain"`
	// LeakySlope is the critics' slope below zero; 0 means ReLU [leaky_relu].
	LeakySlope float64 `json:"leaky_slope"`
	// Average is the share of the past in a running mean of the generator's weights, which samples are made
	// with, at each iteration; 0 samples with the weights of the last one (Yazici et al. 2019).
	Average float64 `json:"average"`
	// FixSeries leaves the series generator as it is, for warm starts whose metadata alone is to be learnt
	// [fix_feature_network].
	FixSeries bool `json:"fix_series"`
	// InitialState is the LSTM's state before the first step [initial_state].
	InitialState InitialState `json:"initial_state"`
}

// DefaultConfig is what measured best on traces of a few thousand records: small networks, two critic rounds,
// straight-through Gumbel categories, a true interpolation, running means of weights.
func DefaultConfig() Config {
	return Config{
		Batch: 100, MetaLatent: 32, SeriesLatent: 32,
		MetaLayers: 3, MetaUnits: 256, LSTMUnits: 100, LSTMLayers: 1, CriticLayers: 3, CriticUnits: 256,
		AttributeCritic: true, AttributeCriticLayers: 3, AttributeCriticUnits: 256, AttributeCriticWeight: 1,
		CriticRounds: 2, GeneratorRounds: 1, Packing: 1,
		MetaRate: 1e-3, SeriesRate: 1e-3, CriticRate: 1e-3, AttributeCriticRate: 1e-3,
		Beta1: .5, CriticBeta1: .5, AttributeCriticBeta1: .5, Beta2: .999, Epsilon: 1e-8, Penalty: 10, AttributePenalty: 10,
		StraightThrough: true, Temperature: 1, Average: .99, Chain: true,
	}
}

// NetShareConfig is the original's default, its interpolation included; sample_len is one of its candidates
// 1, 5 and 10.
func NetShareConfig() Config {
	return Config{
		Batch: 100, SampleLen: 10, MetaLatent: 5, SeriesLatent: 5,
		MetaLayers: 4, MetaUnits: 512, LSTMUnits: 100, LSTMLayers: 1, CriticLayers: 4, CriticUnits: 512,
		AttributeCritic: true, AttributeCriticLayers: 4, AttributeCriticUnits: 512, AttributeCriticWeight: 1,
		CriticRounds: 5, GeneratorRounds: 1, Packing: 1,
		MetaRate: 1e-4, SeriesRate: 1e-4, CriticRate: 1e-4, AttributeCriticRate: 1e-4,
		Beta1: .5, CriticBeta1: .5, AttributeCriticBeta1: .5, Beta2: .999, Epsilon: 1e-8, Penalty: 10, AttributePenalty: 10, Interpolation: One,
	}
}

// Validate names all faults of the configuration, in NetShare's names where it has them.
func (c Config) Validate() error {
	var faults []error
	atLeast := func(name string, v, low int) {
		if v < low {
			faults = append(faults, fmt.Errorf("config: %s %d, want at least %d", name, v, low))
		}
	}
	layers := func(name string, hidden int) { atLeast(name, hidden+1, 2) } // the output layer is one of them
	within := func(name string, v, low, high float64) {
		if !(v >= low && v <= high) {
			faults = append(faults, fmt.Errorf("config: %s %g, want %g to %g", name, v, low, high))
		}
	}
	decay := func(name string, v float64) { within(name, v, 0, math.Nextafter(1, 0)) }
	atLeast("batch_size", c.Batch, 1)
	if c.Norm == BatchNorm && c.Batch == 1 {
		faults = append(faults, errors.New("config: batch_size 1 with batch normalisation, want at least 2, or another norm"))
	}
	atLeast("sample_len", c.SampleLen, 0)
	atLeast("attribute_latent_dim", c.MetaLatent, 1)
	atLeast("feature_latent_dim", c.SeriesLatent, 1)
	layers("generator_attribute_num_layers", c.MetaLayers)
	atLeast("generator_attribute_num_units", c.MetaUnits, 1)
	atLeast("generator_feature_num_layers", c.LSTMLayers, 0)
	atLeast("generator_feature_num_units", c.LSTMUnits, 1)
	atLeast("rnn_mlp_num_layers", c.SeriesLayers, 0)
	layers("discriminator_num_layers", c.CriticLayers)
	atLeast("discriminator_num_units", c.CriticUnits, 1)
	if c.AttributeCritic {
		layers("attr_discriminator_num_layers", c.AttributeCriticLayers)
		atLeast("attr_discriminator_num_units", c.AttributeCriticUnits, 1)
		within("g_attr_d_coe", c.AttributeCriticWeight, 0, 1e6)
		within("attr_d_lr", c.AttributeCriticRate, 0, 1)
		within("attr_d_gp_coe", c.AttributePenalty, 0, 1e6)
		decay("attr_d_beta1", c.AttributeCriticBeta1)
	}
	atLeast("num_packing", c.Packing, 0)
	atLeast("d_rounds", c.CriticRounds, 1)
	atLeast("g_rounds", c.GeneratorRounds, 1)
	if c.MetaRate == c.SeriesRate {
		within("g_lr", c.MetaRate, 0, 1)
	} else {
		within("g_lr of the metadata", c.MetaRate, 0, 1)
		within("g_lr of the series", c.SeriesRate, 0, 1)
	}
	within("d_lr", c.CriticRate, 0, 1)
	decay("g_beta1", c.Beta1)
	decay("d_beta1", c.CriticBeta1)
	decay("adam_beta2", c.Beta2)
	within("adam_eps", c.Epsilon, 1e-30, 1)
	within("d_gp_coe", c.Penalty, 0, 1e6)
	within("scale", c.SpectralScale, 0, 1e6)
	within("temperature", c.Temperature, 0, 100)
	decay("average", c.Average)
	within("leaky_relu", c.LeakySlope, 0, 1)
	if c.Temperature > 0 && c.Temperature < .01 {
		faults = append(faults, fmt.Errorf("config: temperature %g, want 0, or .01 to 100", c.Temperature))
	}
	if c.MetaNoise > UniformNoise {
		faults = append(faults, fmt.Errorf("config: attr_noise_type %d, want 0 (normal) or 1 (uniform)", c.MetaNoise))
	}
	if c.SeriesNoise > NoNoise {
		faults = append(faults, fmt.Errorf("config: feature_noise_type %d, want 0 (normal), 1 (uniform) or 2 (none)", c.SeriesNoise))
	}
	if c.SeriesNoise == NoNoise && !c.Feedback {
		faults = append(faults, errors.New("config: noise false without feed_back, want one of them true"))
	}
	if c.Interpolation > One {
		faults = append(faults, fmt.Errorf("config: interpolation %d is unknown, want 0 (uniform) or 1 (one)", c.Interpolation))
	}
	if c.Norm > NoNorm {
		faults = append(faults, fmt.Errorf("config: norm %d is unknown, want 0 (batch), 1 (layer) or 2 (none)", c.Norm))
	}
	if c.InitialState > LearntState {
		faults = append(faults, fmt.Errorf("config: initial_state %d is unknown, want 0 (random), 1 (zero) or 2 (learnt)", c.InitialState))
	}
	return errors.Join(faults...)
}

// pack is Packing, at least 1.
func (c Config) pack() int { return max(1, c.Packing) }

// lstmLayers is LSTMLayers, at least 1.
func (c Config) lstmLayers() int { return max(1, c.LSTMLayers) }

// rows is the number of samples that an iteration reads and generates.
func (c Config) rows() int { return c.Batch * c.pack() }

// gumbelScale is 1/temperature, and 1 without noise.
func (c Config) gumbelScale() float32 {
	if c.Temperature == 0 {
		return 1
	}
	return float32(1 / c.Temperature)
}
