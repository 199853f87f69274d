package engine_test

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"netshare/engine"
	"netshare/engine/marginal"
	"netshare/engine/privacy"
)

func TestPrivateModelGeneratesWithoutTheTrace(t *testing.T) {
	for _, model := range []engine.DPModel{engine.DPMarginal, engine.DPGAN} {
		t.Run("model "+string(model), func(t *testing.T) { testPrivateModel(t, model) })
	}
}

func testPrivateModel(t *testing.T, model engine.DPModel) {
	o := engine.DefaultOptions()
	o.DP = engine.DP{Budget: privacy.Budget{Epsilon: 8, Delta: 1e-5}, Model: model}
	if model == engine.DPGAN {
		o.Epochs = 8
	}
	m, err := engine.Train(context.Background(), flows(1500), &recipe, types, o, engine.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	if m.Privacy == nil || m.Privacy.Epsilon > 8 || m.Privacy.Unit != string(marginal.Session) {
		t.Fatalf("the guarantee is %+v", m.Privacy)
	}
	if model == engine.DPGAN { // the gradients' noise takes what columns leave of the budget
		last := m.Privacy.Mechanisms[len(m.Privacy.Mechanisms)-1]
		if last.Kind != privacy.Subsampled || last.Rate != .25 || last.Steps != 32 || m.Privacy.Epsilon < 7.99 {
			t.Errorf("the last mechanism is %+v of epsilon %g", last, m.Privacy.Epsilon)
		}
	}
	data, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	again := new(engine.Model)
	if err := again.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	if again.Privacy == nil || again.Privacy.Epsilon != m.Privacy.Epsilon {
		t.Errorf("the guarantee is lost: %+v", again.Privacy)
	}
	var a, b list
	opts := engine.DefaultGenerateOptions()
	opts.Sessions = 300
	for _, x := range []struct {
		m  *engine.Model
		to *list
	}{{m, &a}, {again, &b}} {
		made, err := x.m.Generate(context.Background(), opts, x.to)
		if err != nil {
			t.Fatal(err)
		}
		if made.Sessions != 300 || made.Records < 300 || made.Calibrated != (model == engine.DPGAN) {
			t.Errorf("made %+v", made)
		}
	}
	if !reflect.DeepEqual(a, b) {
		t.Error("the same seed makes other sessions of the restored model")
	}
}

func TestPrivacyOptions(t *testing.T) {
	if (engine.DP{}).On() || (engine.DP{}).Validate() != nil {
		t.Error("no privacy is no option")
	}
	good := engine.DP{Budget: privacy.Budget{Epsilon: 1, Delta: 1e-6}, Unit: marginal.Host, HostCap: 5}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*engine.DP){
		"epsilon is 0":                          func(d *engine.DP) { d.Epsilon = 0 },
		"delta is 1":                            func(d *engine.DP) { d.Delta = 1 },
		`"packet"`:                              func(d *engine.DP) { d.Unit = "packet" },
		`model "copula"`:                        func(d *engine.DP) { d.Model = "copula" },
		"both epsilon 1 and a noise multiplier": func(d *engine.DP) { d.Model, d.NoiseMultiplier = engine.DPGAN, 2 },
		"the clip is -1":                        func(d *engine.DP) { d.Model, d.Clip = engine.DPGAN, -1 },
		"are of the networks":                   func(d *engine.DP) { d.Clip = 1 },
		"host":                                  func(d *engine.DP) { d.HostCap = -1 },
	} {
		d := good
		change(&d)
		if err := d.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
