package engine_test

import (
	"bytes"
	"context"
	"reflect"
	"strings"
	"testing"

	"netshare/engine"
)

// measured trains and returns the fidelities that were reported, by epoch.
func measured(t *testing.T, l list, o engine.Options) (*engine.Model, map[int]float64) {
	t.Helper()
	found := map[int]float64{}
	m, err := engine.Train(context.Background(), l, &recipe, types, o, engine.Hooks{Progress: func(p engine.Progress) error {
		if p.Fidelity != nil {
			found[p.Epoch] = p.Fidelity.Overall
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return m, found
}

// TestChooseBest: the model has the networks of the epoch that measured best,
// bit for bit.
func TestChooseBest(t *testing.T) {
	l, o := flows(400), options(8)
	o.MeasureEpochs, o.Choose, o.GAN.Average = 1, engine.ChooseBest, 0
	o.GAN.MetaRate = .02 // so that fidelity goes up and down
	m, found := measured(t, l, o)
	best := 1
	for epoch, f := range found {
		if f > found[best] {
			best = epoch
		}
	}
	if len(found) != 8 || m.Epochs != best || m.Fidelity.Overall != found[best] {
		t.Fatalf("the model is of epoch %d with %.4f, of %v", m.Epochs, m.Fidelity.Overall, found)
	}
	if best == 8 {
		t.Fatal("the last epoch is the best: the test shows nothing")
	}
	short := o
	short.Epochs = best
	if again, _ := measured(t, l, short); !reflect.DeepEqual(generate(t, m, rawly()), generate(t, again, rawly())) {
		t.Error("the networks are not those of that epoch")
	}
}

func rawly() engine.GenerateOptions {
	o := engine.DefaultGenerateOptions()
	o.Raw = true
	return o
}

// TestMeasuringChangesNothing: training is the same with and without it.
func TestMeasuringChangesNothing(t *testing.T) {
	l, o := flows(300), options(3)
	with, found := measured(t, l, o)
	if len(found) != 3 || with.Fidelity == nil || len(with.Fidelity.Columns) < 6 {
		t.Errorf("measured %v, %+v", found, with.Fidelity)
	}
	o.Measures = 0
	without, found := measured(t, l, o)
	if len(found) != 0 || without.Fidelity != nil {
		t.Errorf("measured %v, %+v without being asked to", found, without.Fidelity)
	}
	if !reflect.DeepEqual(generate(t, with, rawly()), generate(t, without, rawly())) {
		t.Error("measuring changed the model")
	}
}

// TestFidelityGrows: what was learnt is closer to real sessions, of which it has
// not seen those it is measured against, than what was not.
func TestFidelityGrows(t *testing.T) {
	l, o := flows(600), options(25)
	o.Validation = .2
	m, found := measured(t, l, o)
	if !m.Fidelity.Held || found[25] < found[1]+.05 {
		t.Errorf("fidelity is %v (held out: %v)", found, m.Fidelity.Held)
	}
	for _, c := range m.Fidelity.Columns {
		if c.Value < 0 || c.Value > 1 || c.Name == "" {
			t.Errorf("%+v", c)
		}
	}
}

func TestPatience(t *testing.T) {
	o := options(200)
	o.MeasureEpochs, o.Patience, o.Choose = 1, 2, engine.ChooseBest
	o.GAN.MetaRate, o.GAN.SeriesRate, o.GAN.Average = 0, 0, 0 // it never gets better
	o.GAN.FixSeries = true
	m, found := measured(t, flows(200), o)
	if len(found) > 20 || !strings.Contains(m.Ended, "did not grow in 2 measurements") || m.Epochs >= len(found) {
		t.Errorf("%d epochs, model of %d, ended with %q", len(found), m.Epochs, m.Ended)
	}
}

func TestChoiceFaults(t *testing.T) {
	o := engine.DefaultOptions()
	o.Validation, o.Choose, o.Measures, o.Patience = 1, "first", -1, -2
	err := o.Validate()
	for _, want := range []string{"validation is 1", `choose is "first": want last, best or trained`, "measures is -1", "patience is -2"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %s", err, want)
		}
	}
	o = engine.DefaultOptions()
	o.Measures, o.Choose = 0, engine.ChooseBest
	if err := o.Validate(); err == nil {
		t.Error("the best of nothing is chosen")
	}
}

// TestResumeKeepsTheBest: a run that goes on from a checkpoint, also one after
// the networks that measured best, comes to the same model.
func TestResumeKeepsTheBest(t *testing.T) {
	l, o := flows(200), options(6)
	o.MeasureEpochs, o.Choose, o.GAN.Average, o.GAN.MetaRate = 1, engine.ChooseBest, 0, .05
	m, all := checkpoints(t, l, o)
	want := saved(t, m)
	for _, i := range []int{0, len(all) / 2, len(all) - 2, len(all) - 1} {
		again, err := resume(all[i], l, o, engine.Hooks{})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(saved(t, again), want) {
			t.Errorf("resumed from checkpoint %d of %d, the model of epoch %d is another than that of epoch %d", i, len(all), again.Epochs, m.Epochs)
		}
	}
}
