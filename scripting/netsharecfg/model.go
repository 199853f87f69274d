package netsharecfg

import (
	"fmt"
	"slices"
	"strconv"

	"netshare/engine"
)

// setting is an option of the engine and the values that are tried.
type setting struct {
	engine.Setting
	values []any // int, float64, bool or text; one, unless the key is expanded
	open   bool  // not for what is learnt under differential privacy
}

// modelKey is a key of the model's configuration.
type modelKey struct {
	name  string
	other string // the same in the other generation of NetShare, "" where it has one name
	kind  kind
	low   float64
	high  float64
	set   *engine.Setting // of that name; nil for none

	// fixed is the only value that can be had, and why says so; without a setting
	// and without fixed the key has nothing to act on, and why says so.
	fixed string
	why   string

	open bool // as in setting

	single, wide any // NetShare's defaults; nil where the key is not in that file
}

// modelKeys are those of NetShare's two default configurations.
func modelKeys() []modelKey {
	const big = 1e9
	keys := []modelKey{
		{name: "batch_size", kind: isNumber, low: 2, high: 1e6, single: 100, wide: 100},
		{name: "sample_len", kind: isNumber, low: 1, high: 1e4, single: []any{1, 5, 10}, wide: 10},
		{name: "d_rounds", kind: isNumber, low: 1, high: 1000, single: 5, wide: 1},
		{name: "g_rounds", kind: isNumber, low: 1, high: 1000, single: 1, wide: 1},
		{name: "g_lr", kind: isNumber, low: 0, high: 1, single: 1e-4, wide: 1e-3},
		{name: "d_lr", kind: isNumber, low: 0, high: 1, single: 1e-4, wide: 1e-3},
		{name: "attr_d_lr", kind: isNumber, low: 0, high: 1, single: 1e-4, wide: 1e-3},
		{name: "g_beta1", kind: isNumber, low: 0, high: .999999, single: .5, wide: .5},
		{name: "d_beta1", kind: isNumber, low: 0, high: .999999, single: .5, wide: .5},
		{name: "attr_d_beta1", kind: isNumber, low: 0, high: .999999, single: .5, wide: .5},
		{name: "adam_eps", kind: isNumber, low: 1e-30, high: 1, single: 1e-8, wide: 1e-8},
		{name: "adam_amsgrad", kind: isBool, single: false, wide: false},
		{name: "d_gp_coe", kind: isNumber, low: 0, high: 1e6, single: 10.0, wide: 10.0},
		{name: "attr_d_gp_coe", kind: isNumber, low: 0, high: 1e6, single: 10.0, wide: 10.0},
		{name: "g_attr_d_coe", kind: isNumber, low: 0, high: 1e6, single: 1.0, wide: 1.0},
		{name: "generator_feature_num_layers", other: "gen_feature_num_layers", kind: isNumber, low: 1, high: 100, single: 1, wide: 1},
		{name: "generator_feature_num_units", other: "gen_feature_num_units", kind: isNumber, low: 1, high: 1e5, single: 100, wide: 100},
		{name: "generator_attribute_num_layers", other: "gen_attribute_num_layers", kind: isNumber, low: 2, high: 100, single: 5, wide: 3},
		{name: "generator_attribute_num_units", other: "gen_attribute_num_units", kind: isNumber, low: 1, high: 1e5, single: 512, wide: 100},
		{name: "discriminator_num_layers", other: "disc_num_layers", kind: isNumber, low: 2, high: 100, single: 5, wide: 5},
		{name: "discriminator_num_units", other: "disc_num_units", kind: isNumber, low: 1, high: 1e5, single: 512, wide: 200},
		{name: "attr_discriminator_num_layers", other: "attr_disc_num_layers", kind: isNumber, low: 2, high: 100, single: 5, wide: 5},
		{name: "attr_discriminator_num_units", other: "attr_disc_num_units", kind: isNumber, low: 1, high: 1e5, single: 512, wide: 200},
		{name: "use_attr_discriminator", other: "aux_disc", kind: isBool, single: true, wide: true},
		{name: "attribute_latent_dim", kind: isNumber, low: 1, high: 1e5, single: 5, wide: 5},
		{name: "feature_latent_dim", kind: isNumber, low: 1, high: 1e5, single: 5, wide: 5},
		{name: "initial_state", kind: isText},
		{name: "leaky_relu", kind: isBool},
		{name: "epochs", kind: isNumber, low: 1, high: big},
		{name: "iteration", kind: isNumber, low: 1, high: big},

		{name: "num_packing", kind: isNumber, low: 1, high: 100, single: 1, wide: 1},
		{name: "attr_noise_type", kind: isText},
		{name: "feature_noise_type", kind: isText},
		{name: "noise", kind: isBool}, // behind the type, which false makes nothing of
		{name: "rnn_mlp_num_layers", kind: isNumber, low: 0, high: 100, single: 0, wide: 0},
		{name: "feed_back", kind: isBool, single: false, wide: false},
		{name: "self_norm", kind: isBool, single: false, wide: true, open: true},
		{name: "fix_feature_network", kind: isBool, single: false, wide: false},
		{name: "combined_disc", kind: isBool, fixed: "true", why: "the critic sees metadata and series together"},
		{name: "use_gt_lengths", kind: isBool, fixed: "false", why: "lengths are learnt with the metadata"},
		{name: "use_uniform_lengths", kind: isBool, fixed: "false", why: "lengths are learnt with the metadata"},
		{name: "sn_mode", kind: isText, open: true},
		{name: "scale", kind: isNumber, low: 1e-6, high: 1e6, open: true},
		{name: "dp_noise_multiplier", kind: isNumber, low: 0, high: big, single: 1.0, wide: 1.0},
		{name: "dp_l2_norm_clip", kind: isNumber, low: 0, high: big, single: 1.0, wide: 1.0},

		{name: "use_adaptive_rolling", kind: isBool, why: "the LSTM stops behind the longest sample of a batch in any case"},
		{name: "debug", kind: isBool, why: "losses of every epoch are rows of netshare.epochs"},
		{name: "vis_freq", kind: isNumber, high: big, why: "figures are in the report"},
		{name: "vis_num_sample", kind: isNumber, high: big, why: "figures are in the report"},
		{name: "num_cores", kind: isNumber, high: big, why: "all cores are used"},
		{name: "extra_checkpoint_freq", kind: isNumber, low: 1, high: big},
		{name: "epoch_checkpoint_freq", kind: isNumber, low: 1, high: big},
	}
	for i := range keys {
		if set, err := engine.SettingOf(keys[i].name); err == nil {
			keys[i].set = &set
		}
	}
	return keys
}

// modelKeyNames are all names, and those of their lists to try.
func modelKeyNames() []string {
	var names []string
	for _, k := range modelKeys() {
		names = append(names, k.name)
		if k.other != "" {
			names = append(names, k.other)
		}
	}
	for _, n := range slices.Clone(names) {
		names = append(names, n+"_expand")
	}
	return names
}

// model reads the model's class and configuration.
func (b *builder) model(n *node) {
	b.known(n, classKeys)
	b.text(n, "class", "DoppelGANgerTorchModel", "DoppelGANgerTFModel")
	c := b.object(n, "config")
	b.known(c, modelKeyNames())
	for _, k := range modelKeys() {
		v, name := b.modelMember(c, k)
		expand := b.boolean(c, name+"_expand", false)
		values := []*node{v}
		switch {
		case v == nil:
			values = nil
		case v.kind == isList:
			values = v.items
			if len(values) == 0 {
				b.fault(v, "the list is empty: name at least one value")
			}
			if len(values) > 1 && !expand {
				b.fault(v, "several values: say %s_expand true to try each, or name one", name)
				continue
			}
		case expand:
			b.fault(v, "%s_expand is true: want a list of the values to try, got %s", name, v.said())
			continue
		}
		b.modelKey(c, k, name, values)
	}
	b.noise(c)
	b.rates(c)
	tries := 1
	for _, s := range b.config.settings {
		if tries *= len(s.values); tries > maxTries {
			b.fault(c, "more than %d combinations of values are to be tried: name fewer", maxTries)
			return
		}
	}
}

// maxTries bounds how many trainings one configuration asks for.
const maxTries = 64

// modelMember finds a key under either of its names.
func (b *builder) modelMember(c *node, k modelKey) (*node, string) {
	v, w := b.member(c, k.name), (*node)(nil)
	if k.other != "" {
		w = b.member(c, k.other)
	}
	if v != nil && w != nil {
		b.fault(w, "it is the same as %s, which is there too: remove one", k.name)
	}
	if v == nil && (w != nil || c.get(k.other+"_expand") != nil && k.other != "") {
		return w, k.other
	}
	return v, k.name
}

// modelKey takes the values of one key.
func (b *builder) modelKey(c *node, k modelKey, name string, nodes []*node) {
	var values []any
	for _, v := range nodes {
		switch {
		case v.kind != k.kind:
			b.fault(v, "want %s, got %s", k.kind, v.said())
			return
		case k.kind == isNumber && !(v.number() >= k.low && v.number() <= k.high):
			b.fault(v, "want a number from %g to %g, got %s", k.low, k.high, v.text)
			return
		case k.kind == isNumber && integral(k) && v.number() != float64(int64(v.number())):
			b.fault(v, "want a whole number, got %s", v.text)
			return
		}
		switch k.kind {
		case isBool:
			values = append(values, v.text == "true")
		case isText:
			values = append(values, v.text)
		default:
			if integral(k) {
				values = append(values, int(v.number())-k.less())
			} else {
				values = append(values, v.number())
			}
		}
	}
	switch {
	case k.name == "epochs" && len(values) > 0:
		if len(values) > 1 {
			b.fault(nodes[0], "one number of epochs is learnt for: name one")
		}
		b.config.Epochs = values[0].(int)
	case k.name == "iteration" && len(values) > 0:
		b.config.Iterations = values[0].(int)
	case k.why != "":
		for _, v := range nodes {
			fixed := k.fixed
			if v.kind == isNumber && fixed != "" && v.number() == (&node{text: fixed}).number() {
				continue
			}
			if k.fixed == "" && k.name == "sn_mode" || k.fixed != "" && v.text != fixed {
				want := fixed
				if want == "" {
					want = "null"
				}
				b.fault(v, "%s can't be had: %s: leave it out, or say %s", v.said(), k.why, want)
				return
			}
		}
		if len(nodes) > 0 && k.fixed == "" {
			b.note(nodes[0], "%s", k.why)
		}
	case k.set == nil || k.name == "epochs" || k.name == "iteration": // read elsewhere, or left to others
	case k.set.Words != nil:
		b.wordedKey(k, nodes, values)
	default:
		if values == nil {
			if values = b.defaultOf(k); values == nil {
				return
			}
		}
		b.config.settings = append(b.config.settings, setting{*k.set, values, k.open})
	}
}

// less is how much smaller the option is than what the file says.
func (k modelKey) less() int {
	if k.set == nil {
		return 0
	}
	return k.set.Less
}

// integral reports whether a key takes whole numbers.
func integral(k modelKey) bool {
	switch k.single.(type) {
	case int, []any:
		return true
	case float64:
		return false
	}
	return k.kind == isNumber
}

// defaultOf returns NetShare's default in the file that the configuration
// builds on; nil where the engine's is as good.
func (b *builder) defaultOf(k modelKey) []any {
	v := k.single
	if b.wide {
		v = k.wide
	}
	switch x := v.(type) {
	case nil:
		return nil
	case []any:
		return x
	case int:
		return []any{x - k.less()}
	}
	return []any{v}
}

// wordedKey takes the values of a setting that has words for them.
func (b *builder) wordedKey(k modelKey, nodes []*node, values []any) {
	set := *k.set
	var out []any
	var words []string
	for _, w := range set.Words {
		words = append(words, w.Said)
	}
	for i, v := range values {
		at := slices.Index(words, fmt.Sprint(v))
		if at < 0 {
			b.choose(nodes[i], words)
			return
		}
		if is := set.Words[at].Is; is != nil {
			out = append(out, is)
		}
	}
	if out != nil {
		b.config.settings = append(b.config.settings, setting{set, out, k.open})
	}
}

// noise refuses a series generator that has nothing to start from.
func (b *builder) noise(c *node) {
	noise, back := b.member(c, "noise"), b.member(c, "feed_back")
	if noise != nil && noise.text == "false" && (back == nil || back.text != "true") {
		b.fault(noise, "without noise and feed_back every step would be the same: say true of one of them")
	}
}

// rates tells of rates that learn nothing.
func (b *builder) rates(c *node) {
	for _, key := range []string{"g_lr", "d_lr", "attr_d_lr"} {
		if v := b.member(c, key); v != nil && v.kind == isNumber && v.number() == 0 {
			b.fault(v, "a rate of 0 learns nothing: want more than 0")
		}
	}
}

// literal is a value of a setting as Go writes it.
func literal(v any) string {
	if s, ok := v.(string); ok {
		return strconv.Quote(s)
	}
	return fmt.Sprint(v)
}
