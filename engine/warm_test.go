package engine_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"netshare/engine"
	"netshare/workspace/trace"
)

// still are options that learn nothing.
func still() engine.Options {
	o := options(1)
	o.GAN.MetaRate, o.GAN.SeriesRate, o.GAN.CriticRate, o.GAN.AttributeCriticRate, o.GAN.Average = 0, 0, 0, 0, 0
	return o
}

// otherDay is another trace of the same kind: half the web is on a port, and of
// flags, that the first has not, what was rare there is frequent, and sizes are
// greater.
func otherDay(n int) list {
	l := flows(n)
	web := 0
	for i := range l {
		l[i].Meta[0] = fmt.Sprintf("10.7.%d.%d", i/200, i%200+1)
		if l[i].Meta[3] != "TCP" {
			continue
		}
		if web++; web%2 == 0 {
			l[i].Meta[1], l[i].Meta[2] = "192.0.2.9", int64(8443)
			for _, rec := range l[i].Series {
				rec[1], rec[2] = rec[1].(int64)*3, "P"
			}
		}
	}
	return l
}

// TestPretrainedByItself: a training that begins with a model of the same trace
// has all of its weights.
func TestPretrainedByItself(t *testing.T) {
	for _, norm := range []bool{false, true} {
		first := options(3)
		first.SelfNorm, first.GAN.Average = norm, 0
		m := train(t, flows(300), first)
		o := still()
		o.SelfNorm, o.Pretrain, o.Pretrained = norm, "1", m
		again := train(t, flows(300), o)
		if again.Taken != 1 {
			t.Errorf("self_norm %v: %.2f of the columns were taken, want all", norm, again.Taken)
		}
		a, b := saved(t, m), saved(t, again)
		if bytes.Equal(a, b) {
			t.Fatal("the models are equal in all, also in what they began with: the test shows nothing")
		}
		if fmt.Sprint(generate(t, m, rawly())) != fmt.Sprint(generate(t, again, rawly())) {
			t.Errorf("self_norm %v: begun with the networks, it makes other sessions", norm)
		}
	}
}

// TestPretrainedByAnotherDay: what both traces have is known from the first, and
// what only one has is not; so a training comes closer to it in the same time.
func TestPretrainedByAnotherDay(t *testing.T) {
	m := train(t, flows(600), options(30))
	day := otherDay(600)
	warm := still()
	warm.Pretrain, warm.Pretrained = "1", m
	began := train(t, day, warm)
	if began.Taken < .4 || began.Taken > .95 {
		t.Errorf("%.2f of the columns were taken, want most", began.Taken)
	}
	dns := 0
	for _, s := range generate(t, began, rawly()) {
		dns += boolInt(s.Meta[3] == "UDP" && s.Meta[2] == int64(53))
	}
	if share := float64(dns) / 600; share < .45 || share > .85 {
		t.Errorf("%.2f of the sessions are DNS by the networks that it began with, want about two thirds", share)
	}
	const seeds = 3
	var cold, hot float64
	for seed := range uint64(seeds) {
		o := options(2)
		o.Seed = seed + 1
		_, f := measured(t, day, o)
		cold += f[2] / seeds
		o.Pretrain, o.Pretrained = "1", m
		_, f = measured(t, day, o)
		hot += f[2] / seeds
	}
	if hot < cold+.01 {
		t.Errorf("fidelity after two epochs is %.3f begun with another day's networks, %.3f without", hot, cold)
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestPretrainRefuses: what can't be begun with is named.
func TestPretrainRefuses(t *testing.T) {
	m := train(t, flows(100), still())
	o := still()
	o.Pretrain, o.Pretrained, o.GAN.MetaUnits = "lab.duckdb:1", m, 48
	_, err := engine.Train(context.Background(), flows(100), &recipe, types, o, engine.Hooks{})
	if err == nil || !strings.Contains(err.Error(), "pretraining by lab.duckdb:1: dgan: weights metadata.w1") || !strings.Contains(err.Error(), "set layers, units") {
		t.Errorf("of other units: %v", err)
	}
	o = still()
	o.Pretrain, o.Pretrained = "1", m
	other := trace.Recipe{Name: "logons", Time: trace.Epoch("ts", trace.Second), Metadata: []trace.Field{trace.Category("user")}}
	l := list{}
	for i := range 60 {
		l = append(l, trace.Session{Meta: trace.Row{fmt.Sprint("u", i%5)}, Series: []trace.Row{{float64(i)}}})
	}
	_, err = engine.Train(context.Background(), l, &other, map[string]trace.Type{"ts": trace.TypeReal, "user": trace.TypeText}, o, engine.Hooks{})
	if err == nil || !strings.Contains(err.Error(), "no column is learnt there as it is here: it learnt src, dst, dport, proto, bytes, flag, and this trace has user") {
		t.Errorf("of another trace: %v", err)
	}
}

// TestPretrainedChunks: the first chunk begins with the model's networks, and with
// skip_chunk0_train stays so; the others begin as it ended, or with
// pretrain_non_dp off as the model's.
func TestPretrainedChunks(t *testing.T) {
	l := long(200)
	m := train(t, l, chunked(2, 3))
	epochs := func(change func(*engine.Options)) map[int]int {
		o := chunked(2, 4)
		o.Pretrain, o.Pretrained, o.Chunks.Reduce = "1", m, 2
		change(&o)
		by := map[int]int{}
		made, err := engine.Train(context.Background(), l, &recipe, types, o, engine.Hooks{Progress: func(p engine.Progress) error {
			by[p.Chunk] = max(by[p.Chunk], p.Epoch)
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		if made.Taken != 1 {
			t.Errorf("%.2f of the columns were taken, want all", made.Taken)
		}
		if out := generate(t, made, engine.DefaultGenerateOptions()); len(out) != 200 {
			t.Errorf("made %d sessions", len(out))
		}
		return by
	}
	for _, c := range []struct {
		name   string
		change func(*engine.Options)
		want   string // epochs of each chunk
	}{
		{"pretrain_dir", func(*engine.Options) {}, "map[0:4 1:2]"},
		{"skip_chunk0_train", func(o *engine.Options) { o.Chunks.SkipFirst = true }, "map[1:2]"},
		{"pretrain_non_dp false", func(o *engine.Options) { o.Chunks.Warm = false }, "map[0:4 1:4]"},
	} {
		if got := fmt.Sprint(epochs(c.change)); got != c.want {
			t.Errorf("%s: chunks were learnt for %s epochs, want %s", c.name, got, c.want)
		}
	}
}

// TestChunksGiven: sessions that are asked for, and a span of time, are made of
// chunks too.
func TestChunksGiven(t *testing.T) {
	m := train(t, long(300), chunked(3, 40))
	g := engine.DefaultGenerateOptions()
	g.Given, g.Sessions = []string{"proto=UDP & dport=53"}, 80
	out := generate(t, m, g)
	for _, s := range out {
		if s.Meta[3] != "UDP" || s.Meta[2] != int64(53) {
			t.Fatalf("made %v", s.Meta)
		}
	}
	if len(out) != 80 {
		t.Errorf("made %d sessions of 80", len(out))
	}
	g = engine.DefaultGenerateOptions()
	g.From, g.To = "3000", "5400" // within the last chunk, and the first once more
	out = generate(t, m, g)
	late := 0
	for _, s := range out {
		at := s.Series[0][0].(float64)
		if at < 3000 || at > 5400 {
			t.Fatalf("a session begins at %v", at)
		}
		late += boolInt(at > 3601)
	}
	if late == 0 || late == len(out) {
		t.Errorf("%d of %d sessions begin after the trace's end", late, len(out))
	}
}
