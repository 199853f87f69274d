package netsharecfg

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"netshare/engine"
	"netshare/engine/privacy"
)

// defaultDelta is the delta of configurations, which have no key for it.
const defaultDelta = 1e-5

// private reads what the configuration says of differential privacy, which is
// the networks' by noised gradients.
func (b *builder) private(global, manager, model *node) {
	dp, pre := b.boolean(global, "dp", false), b.boolean(manager, "pretrain_dp", false)
	noise, clip := b.member(model, "dp_noise_multiplier"), b.member(model, "dp_l2_norm_clip")
	dir := b.want(manager, "pretrain_dir", isText)
	if !dp && !pre {
		for _, v := range []*node{noise, clip} {
			if v != nil {
				b.note(v, "nothing is asked to be private: global_config.dp is not true")
			}
		}
		if dir != nil {
			b.pretrained(dir)
		}
		return
	}
	if noise == nil {
		at := global.get("dp")
		if !dp {
			at = manager.get("pretrain_dp")
		}
		b.fault(at, "true needs model.config.dp_noise_multiplier, the noise over what one session can change: 1 to 20, the more the more private")
		return
	}
	for _, v := range []*node{noise, clip} {
		if v != nil && v.kind != isNumber { // told of already
			return
		}
	}
	d := engine.DP{Model: engine.DPGAN, Budget: privacy.Budget{Delta: defaultDelta}}
	if d.NoiseMultiplier = b.real(model, "dp_noise_multiplier", 0, 1e9, 0); d.NoiseMultiplier == 0 {
		b.fault(noise, "noise of 0 keeps nothing private: want more than 0, 1 to 20 for example")
	}
	if d.Clip = b.real(model, "dp_l2_norm_clip", 0, 1e9, 1); d.Clip == 0 {
		b.fault(clip, "a clip of 0 leaves nothing to learn: want more than 0, 1 for example")
	}
	if dir != nil {
		if !strings.Contains(dir.text, ".duckdb:") {
			b.fault(dir, "a model of NetShare's can't be gone on with: it is PyTorch's: name a run or table of a workspace of netshare's, W.duckdb:RUN, or say null")
		}
		d.Pretrain = dir.text
	}
	for _, v := range []string{"discriminator_num_layers", "discriminator_num_units", "use_attr_discriminator"} {
		if n := b.member(model, v); n != nil {
			b.note(n, "under dp the critic is one small network, since noise grows with its weights")
		}
	}
	if v := b.member(model, "sample_len"); v != nil && v.kind == isList && len(v.items) > 1 {
		b.note(v, "under dp one of the values is learnt with, %s: trying each would look at the trace", v.items[len(v.items)/2].text)
	}
	b.config.DP = d
}

// pretrained takes the model that the networks begin with.
func (b *builder) pretrained(dir *node) {
	name := dir.text
	_, bad := strconv.Atoi(name)
	switch info, err := os.Stat(b.beside(name)); {
	case bad == nil || strings.Contains(name, ".duckdb:"):
	case err == nil && info.Mode().IsRegular() && !slices.Contains([]string{".pt", ".pth", ".ckpt"}, filepath.Ext(name)):
		name = b.beside(name)
	default:
		b.fault(dir, "a model of NetShare's can't be gone on with: it is PyTorch's: say null, or name a training run of netshare's by its number, W.duckdb:RUN of another workspace, or a file that ws export --model wrote")
	}
	b.networks("pretrain_dir", name)
}

// configOf is the config of a section, nil where there is none.
func configOf(n *node) *node {
	if v := n.get("config"); v != nil && v.kind == isObject {
		return v
	}
	return nil
}

// privateScript is the part of Run that asks for it.
func (c *Config) privateScript() string {
	if !c.DP.On() {
		return ""
	}
	return fmt.Sprintf("\tif !opts.DP.On() {\n\t\topts.DP.Model, opts.DP.Delta = %q, %g\n\t\topts.DP.NoiseMultiplier, opts.DP.Clip, opts.DP.Pretrain = %g, %g, %q\n\t}\n",
		c.DP.Model, c.DP.Delta, c.DP.NoiseMultiplier, c.DP.Clip, c.DP.Pretrain)
}
