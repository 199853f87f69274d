package netsharecfg

import (
	"strings"
	"testing"

	"netshare/engine"
)

func TestPrivacyOfAConfiguration(t *testing.T) {
	const fields = `"fields": {"metadata": [{"name": "a", "encoding": "categorical"}]}`
	const model = `"model": {"config": {"dp_noise_multiplier": 2.5, "dp_l2_norm_clip": 0.5, "epochs": 3, "discriminator_num_units": 512}}`
	for _, asked := range []string{
		`"global_config": {"dp": true}, "model_manager": {"config": {"pretrain_dir": "p.duckdb:3"}}`,
		`"model_manager": {"config": {"pretrain_dp": true, "pretrain_dir": "p.duckdb:3"}}`,
	} {
		c, err := parse("c.json", "{"+asked+", "+model+", "+fields+"}", nil)
		if err != nil {
			t.Fatal(err)
		}
		all := c.Options(engine.DefaultOptions())
		if len(all) != 1 {
			t.Fatalf("%d trainings are asked for: trying looks at the trace", len(all))
		}
		want := engine.DP{Model: engine.DPGAN, NoiseMultiplier: 2.5, Clip: .5, Pretrain: "p.duckdb:3"}
		want.Delta = 1e-5
		if all[0].DP != want || all[0].Epochs != 3 {
			t.Errorf("%+v, want %+v", all[0].DP, want)
		}
		if err := all[0].Validate(); err != nil {
			t.Error(err)
		}
		given := engine.DefaultOptions()
		given.DP.Epsilon, given.DP.Delta = 1, 1e-6
		if o := c.Options(given)[0]; o.DP != given.DP {
			t.Errorf("what the command line asks for does not come first: %+v", o.DP)
		}
		for _, line := range []string{`opts.DP.Model, opts.DP.Delta = "gan", 1e-05`, `opts.DP.NoiseMultiplier, opts.DP.Clip, opts.DP.Pretrain = 2.5, 0.5, "p.duckdb:3"`} {
			if !strings.Contains(c.Script(), line) {
				t.Errorf("the recipe has not: %s\n%s", line, c.Script())
			}
		}
	}
	c, err := parse("c.json", "{"+model+", "+fields+"}", nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.DP.On() || !strings.Contains(strings.Join(c.Notes, "\n"), "nothing is asked to be private") {
		t.Errorf("without dp: %+v, notes %q", c.DP, c.Notes)
	}
}
