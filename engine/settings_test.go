package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"netshare/engine"
)

// TestSettingsRoundTrip: every setting takes what it says it has, and changes
// nothing by that.
func TestSettingsRoundTrip(t *testing.T) {
	for _, start := range []engine.Options{engine.DefaultOptions(), engine.NetShareDefaults()} {
		seen := map[string]bool{}
		for _, s := range engine.Settings() {
			if seen[s.Name] {
				t.Errorf("%s is there twice", s.Name)
			}
			seen[s.Name] = true
			o := start
			if err := o.Set(s.Name + "=" + s.Value(start)); err != nil {
				t.Error(err)
			}
			if o != start {
				t.Errorf("%s=%s changed the options", s.Name, s.Value(start))
			}
		}
	}
}

func TestSet(t *testing.T) {
	o := engine.DefaultOptions()
	for _, a := range []string{
		"batch_size=64", "discriminator_num_layers=5", "g_lr=1e-4", "initial_state = variable", "leaky_relu=true",
		"noise=false", "feed_back=true", "checkpoint_every=2m", "attr_noise_type=uniform",
	} {
		if err := o.Set(a); err != nil {
			t.Fatal(err)
		}
	}
	if o.GAN.Batch != 64 || o.GAN.CriticLayers != 4 || o.GAN.MetaRate != 1e-4 || o.GAN.SeriesRate != 1e-4 || o.GAN.InitialState != 2 ||
		o.GAN.LeakySlope != .01 || o.GAN.SeriesNoise != 2 || !o.GAN.Feedback || o.CheckpointEvery != 2*time.Minute || o.GAN.MetaNoise != 1 {
		t.Errorf("%+v", o)
	}
	if err := o.Validate(); err != nil {
		t.Error(err)
	}
	for a, want := range map[string]string{
		"batchsize=1":           "did you mean batch_size?",
		"batch_size":            "want name=value",
		"batch_size=many":       `batch_size is "many": want a whole number`,
		"g_lr=fast":             "want a number",
		"initial_state=chaos":   "want random or zero or variable",
		"chain=perhaps":         "want true or false",
		"checkpoint_every=soon": "want a time",
		"zzzzzzzzzz=1":          "want one of epochs, iteration, batch_size",
	} {
		if err := o.Set(a); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", a, err, want)
		}
	}
}

func ExampleOptions_Set() {
	o := engine.DefaultOptions()
	fmt.Println(o.Set("bacth_size=200"))
	fmt.Println(o.Set("batch_size=200"), o.GAN.Batch)
	// Output:
	// bacth_size is no setting of training: did you mean batch_size?
	// <nil> 200
}
