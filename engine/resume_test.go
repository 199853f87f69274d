package engine_test

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"netshare/engine"
	"netshare/workspace/trace"
)

// saved is a model as bytes.
func saved(t *testing.T, m *engine.Model) []byte {
	t.Helper()
	data, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// checkpoints trains and returns the model with the run's checkpoints, one after
// each iteration.
func checkpoints(t *testing.T, l list, o engine.Options) (*engine.Model, [][]byte) {
	t.Helper()
	o.CheckpointEvery = 1
	var all [][]byte
	m, err := engine.Train(context.Background(), l, &recipe, types, o, engine.Hooks{Checkpoint: func(_ int, m *engine.Model) error {
		data, err := m.Checkpoint()
		all = append(all, data)
		return err
	}})
	if err != nil {
		t.Fatal(err)
	}
	return m, all
}

func resume(from []byte, l list, o engine.Options, hooks engine.Hooks) (*engine.Model, error) {
	o.CheckpointEvery = 1
	return engine.Resume(context.Background(), [][]byte{from}, l, &recipe, types, o, hooks)
}

// TestResumeIsBitEqual: a run that goes on from a checkpoint of any iteration
// comes to the bytes, and tells the losses, of the run that was not cut off.
func TestResumeIsBitEqual(t *testing.T) {
	l, o := flows(250), options(3)
	whole, all := checkpoints(t, l, o)
	if len(all) < 10 { // three epochs of at least three batches
		t.Fatalf("%d checkpoints", len(all))
	}
	want := saved(t, whole)
	losses := func(hooks *engine.Hooks) *[]engine.Progress {
		var ended []engine.Progress
		hooks.Progress = func(p engine.Progress) error {
			if p.EpochEnded {
				p.Elapsed, p.Left = 0, 0
				ended = append(ended, p)
			}
			return nil
		}
		return &ended
	}
	var hooks engine.Hooks
	told := losses(&hooks)
	if _, err := resume(all[0], l, o, hooks); err != nil {
		t.Fatal(err)
	}
	curve := *told
	for i, from := range all {
		told := losses(&hooks)
		m, err := resume(from, l, o, hooks)
		if err != nil {
			t.Fatalf("checkpoint %d: %v", i, err)
		}
		if !bytes.Equal(saved(t, m), want) {
			t.Errorf("resumed after %d iterations, the model is another", i)
		}
		same := func(a, b engine.Progress) bool { return reflect.DeepEqual(a, b) }
		if !slices.EqualFunc(*told, curve[len(curve)-len(*told):], same) {
			t.Errorf("resumed after %d iterations, losses are %v, want the end of %v", i, *told, curve)
		}
	}
	last, err := engine.LastModel(all[len(all)-1])
	if err != nil || !bytes.Equal(saved(t, last), want) {
		t.Errorf("the model of the last checkpoint is not that of the run: %v", err)
	}
	if _, err := engine.LastModel(all[0]); err == nil {
		t.Error("the first checkpoint has a model")
	}
}

// TestSameBytesOnOneCoreOrTwo: how many cores there are shows neither in the
// model nor in what it makes.
func TestSameBytesOnOneCoreOrTwo(t *testing.T) {
	l := flows(200)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	one := train(t, l, options(2))
	made := generate(t, one, engine.DefaultGenerateOptions())
	runtime.GOMAXPROCS(2)
	two := train(t, l, options(2))
	if !bytes.Equal(saved(t, one), saved(t, two)) {
		t.Error("two cores gave another model than one")
	}
	if !reflect.DeepEqual(made, generate(t, two, engine.DefaultGenerateOptions())) {
		t.Error("two cores gave another trace than one")
	}
}

// TestResumeRefuses: what is not the run that was cut off is not gone on with.
func TestResumeRefuses(t *testing.T) {
	l, o := flows(120), options(2)
	_, all := checkpoints(t, l, o)
	good := all[len(all)-1]
	flipped := slices.Clone(good)
	flipped[len(flipped)/2] ^= 4
	newer := append([]byte("netshare checkpoint 9\n"), good[len("netshare checkpoint 1\n"):]...)
	changed := flows(120)
	changed[7].Series[0] = append(trace.Row(nil), changed[7].Series[0]...)
	changed[7].Series[0][1] = int64(41)
	longer := options(3)
	for _, c := range []struct {
		name    string
		from    []byte
		l       list
		o       engine.Options
		message string
		is      error
	}{
		{"nothing", nil, l, o, "damaged", engine.ErrCorrupt},
		{"text", []byte("what is this?"), l, o, "damaged", engine.ErrCorrupt},
		{"cut", good[:len(good)-100], l, o, "damaged", engine.ErrCorrupt},
		{"flipped", flipped, l, o, "damaged", engine.ErrCorrupt},
		{"newer", newer, l, o, "saved in format 9, this program reads 1", nil},
		{"a value changed", good, changed, o, "the trace changed since the run began", engine.ErrChanged},
		{"a session more", good, append(slices.Clone(l), l[0]), o, "the trace changed", engine.ErrChanged},
		{"options changed", good, l, longer, "the options changed", engine.ErrChanged},
	} {
		_, err := resume(c.from, c.l, c.o, engine.Hooks{})
		if err == nil || !strings.Contains(err.Error(), c.message) || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s: got error %v, want %q", c.name, err, c.message)
		}
	}
	other := recipe
	other.Series = []trace.Field{trace.Integer("bytes").Range(0, 1e6), trace.Category("flag")}
	o.CheckpointEvery = 1
	_, err := engine.Resume(context.Background(), [][]byte{good}, l, &other, types, o, engine.Hooks{})
	if err == nil || !strings.Contains(err.Error(), "the recipe changed since the run began") {
		t.Errorf("another recipe: got error %v", err)
	}
}
