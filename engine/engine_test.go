package engine_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"netshare/engine"
	"netshare/workspace/trace"
)

// list is a Source and a Sink in memory.
type list []trace.Session

func (l list) Sessions(context.Context) iter.Seq2[trace.Session, error] {
	return func(yield func(trace.Session, error) bool) {
		for _, s := range l {
			if !yield(s, nil) {
				return
			}
		}
	}
}

func (l *list) Write(_ context.Context, s trace.Session) error {
	*l = append(*l, s)
	return nil
}

var recipe = trace.Recipe{
	Name: "flows", Time: trace.Epoch("ts", trace.Second),
	Metadata: []trace.Field{trace.IP("src"), trace.IP("dst"), trace.Port("dport"), trace.Protocol("proto")},
	Series:   []trace.Field{trace.Integer("bytes"), trace.Category("flag")},
}

var types = map[string]trace.Type{
	"ts": trace.TypeReal, "src": trace.TypeText, "dst": trace.TypeText, "dport": trace.TypeInt, "proto": trace.TypeText,
	"bytes": trace.TypeInt, "flag": trace.TypeText,
}

// flows makes n sessions: DNS over UDP of one record, web over TCP of 2 to 20.
func flows(n int) list {
	r := rand.New(rand.NewPCG(1, 2))
	var l list
	for i := range n {
		s := trace.Session{Meta: trace.Row{fmt.Sprintf("10.0.%d.%d", i/200, i%200+1), "192.0.2.1", int64(53), "UDP"}}
		records := 1
		if r.IntN(3) == 0 {
			s.Meta = trace.Row{s.Meta[0], "192.0.2.2", int64(443), "TCP"}
			records = 2 + r.IntN(19)
		}
		t := float64(r.IntN(3600))
		for k := range records {
			t += r.ExpFloat64()
			flag := "A"
			if k == 0 {
				flag = "S"
			}
			s.Series = append(s.Series, trace.Row{float64(int(t*1000)) / 1000, int64(40 + r.IntN(1460)), flag})
		}
		l = append(l, s)
	}
	return l
}

func options(epochs int) engine.Options {
	o := engine.DefaultOptions()
	o.Epochs = epochs
	o.GAN.MetaUnits, o.GAN.CriticUnits, o.GAN.AttributeCriticUnits, o.GAN.LSTMUnits = 32, 32, 32, 16
	return o
}

func train(t *testing.T, l list, o engine.Options) *engine.Model {
	t.Helper()
	m, err := engine.Train(context.Background(), l, &recipe, types, o, engine.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func generate(t *testing.T, m *engine.Model, o engine.GenerateOptions) list {
	t.Helper()
	var out list
	if _, err := m.Generate(context.Background(), o, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestGeneratedSessionsAreSound(t *testing.T) {
	real := flows(600)
	m := train(t, real, options(12))
	for _, raw := range []bool{false, true} {
		t.Run(fmt.Sprintf("raw %v", raw), func(t *testing.T) {
			o := engine.DefaultGenerateOptions()
			o.Raw = raw
			out := generate(t, m, o)
			if len(out) != len(real) {
				t.Fatalf("made %d sessions, want %d", len(out), len(real))
			}
			keys := map[string]bool{}
			records, began := 0, -1.0
			for _, s := range out {
				k := fmt.Sprint(s.Meta...)
				if keys[k] {
					t.Errorf("session key %s came twice", k)
				}
				keys[k] = true
				if !strings.HasPrefix(s.Meta[0].(string), "10.0.") {
					t.Errorf("source %v is of no network of the trace", s.Meta[0])
				}
				if (s.Meta[2] == int64(53)) != (s.Meta[3] == "UDP") {
					t.Errorf("port %v over %v", s.Meta[2], s.Meta[3])
				}
				if at := s.Series[0][0].(float64); at < began {
					t.Errorf("a session at %v comes after one at %v", at, began)
				} else {
					began = at
				}
				last := -1.0
				for _, rec := range s.Series {
					at := rec[0].(float64)
					if at < last || at > 3700 {
						t.Errorf("record at %v after %v", at, last)
					}
					last = at
					if b := rec[1].(int64); b < 40 || b > 1500 {
						t.Errorf("%d bytes", b)
					}
					if rec[2] != "A" && rec[2] != "S" {
						t.Errorf("flag %v", rec[2])
					}
				}
				records += len(s.Series)
			}
			want := 0
			for _, s := range real {
				want += len(s.Series)
			}
			if d := float64(records)/float64(want) - 1; !raw && (d < -.05 || d > .05) {
				t.Errorf("%d records, want %d give or take a twentieth", records, want)
			}
		})
	}
}

// TestPairsComeCloser: after little training, what goes together in the real
// trace goes together in the calibrated one.
func TestPairsComeCloser(t *testing.T) {
	real := flows(600)
	m := train(t, real, options(2))
	o := engine.DefaultGenerateOptions()
	var out list
	g, err := m.Generate(context.Background(), o, &out)
	if err != nil {
		t.Fatal(err)
	}
	if g.PairsBefore <= 0 || g.PairsAfter > g.PairsBefore/2 {
		t.Errorf("pairs are off by %.1f, were by %.1f: want less than half of it", g.PairsAfter, g.PairsBefore)
	}
	if len(out) != len(real) {
		t.Errorf("made %d sessions, want %d", len(out), len(real))
	}
}

// TestRecordsWithoutKeyMayRepeat: where each record is a session of its own,
// nothing has to be unique, also for a model that was saved.
func TestRecordsWithoutKeyMayRepeat(t *testing.T) {
	var l list
	for i := range 300 {
		l = append(l, trace.Session{Meta: trace.Row{[]any{"up", "down", "idle"}[i%3], int64(i % 2)}, Series: []trace.Row{{nil}}})
	}
	r := trace.Recipe{Name: "states", Key: []string{}, Metadata: []trace.Field{trace.Category("state"), trace.Integer("n")}}
	m, err := engine.Train(context.Background(), l, &r, map[string]trace.Type{"state": trace.TypeText, "n": trace.TypeInt}, options(3), engine.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	data, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	back := new(engine.Model)
	if err := back.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	if out := generate(t, back, engine.DefaultGenerateOptions()); len(out) != 300 {
		t.Errorf("made %d records, want 300", len(out))
	}
	if key := back.Recipe.KeyNames(); len(key) != 0 {
		t.Errorf("the saved model has key %v", key)
	}
}

// TestRareValuesStay: a column that varies in few records is not constant in
// the synthetic trace, however little was learnt.
func TestRareValuesStay(t *testing.T) {
	l := flows(400)
	for i, s := range l {
		for _, rec := range s.Series {
			rec[2] = "A"
			if i == 7 {
				rec[2] = "R"
			}
		}
		l[i].Meta = append(s.Meta, i == 9)
	}
	r := recipe
	r.Metadata = append(append([]trace.Field(nil), recipe.Metadata...), trace.Boolean("odd"))
	r.Key = []string{"src", "dst", "dport", "proto"}
	with := map[string]trace.Type{"odd": trace.TypeBool}
	for k, v := range types {
		with[k] = v
	}
	m, err := engine.Train(context.Background(), l, &r, with, options(1), engine.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	flags, odd := map[any]int{}, map[any]int{}
	for _, s := range generate(t, m, engine.DefaultGenerateOptions()) {
		odd[s.Meta[4]]++
		for _, rec := range s.Series {
			flags[rec[2]]++
		}
	}
	if len(flags) != 2 || len(odd) != 2 {
		t.Errorf("flags %v and odd %v, want two of each", flags, odd)
	}
}

func TestSameSeedSameTrace(t *testing.T) {
	l := flows(200)
	a, b := train(t, l, options(3)), train(t, l, options(3))
	o := engine.DefaultGenerateOptions()
	first := generate(t, a, o)
	if !reflect.DeepEqual(first, generate(t, b, o)) {
		t.Error("the same seed gave two traces")
	}
	o.Seed++
	if reflect.DeepEqual(first, generate(t, b, o)) {
		t.Error("another seed gave the same trace")
	}
	other := options(3)
	other.Seed = 9
	o.Seed--
	if reflect.DeepEqual(first, generate(t, train(t, l, other), o)) {
		t.Error("another training seed gave the same trace")
	}
}

func TestSavedModelGeneratesTheSame(t *testing.T) {
	m := train(t, flows(200), options(2))
	data, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	back := new(engine.Model)
	if err := back.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	o := engine.DefaultGenerateOptions()
	o.Sessions = 50
	want := generate(t, m, o)
	if got := generate(t, back, o); !reflect.DeepEqual(want, got) {
		t.Error("the saved model makes another trace")
	}
	if len(want) != 50 {
		t.Errorf("made %d sessions, want 50", len(want))
	}
	if err := back.UnmarshalBinary(data[:len(data)/2]); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("half a model: got error %v", err)
	}
}

func TestTrainingEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	stop := errors.New("stop")
	saved := 0
	hooks := engine.Hooks{
		Progress:   func(p engine.Progress) error { cancel(stop); return nil },
		Checkpoint: func(int, *engine.Model) error { saved++; return nil },
	}
	_, err := engine.Train(ctx, flows(100), &recipe, types, options(1000), hooks)
	if !errors.Is(err, stop) {
		t.Errorf("got error %v, want the cause of the end", err)
	}
	if saved != 2 {
		t.Errorf("%d checkpoints were saved, want one at the beginning and one at the end", saved)
	}
}

func TestTimeBoundsTraining(t *testing.T) {
	o := options(0)
	o.Time = 300 * time.Millisecond
	began := time.Now()
	m := train(t, flows(100), o)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("training bound to 0.3 s took %v", took)
	}
	if m.Epochs < 1 {
		t.Errorf("trained %d epochs", m.Epochs)
	}
}

// TestOddTraces: what is small, empty or all alike still gives a trace, or a
// clear error.
func TestOddTraces(t *testing.T) {
	alike := flows(1)
	for range 30 {
		alike = append(alike, alike[0])
	}
	long := flows(3)
	for k := range 500 {
		long[0].Series = append(long[0].Series, trace.Row{float64(3600 + k), int64(100), "A"})
	}
	for _, tc := range []struct {
		name string
		l    list
		err  string
	}{
		{"no session", nil, "no session to learn from"},
		{"one session", flows(1), ""},
		{"sessions all alike", alike, ""},
		{"a session of 500 records", long, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m, err := engine.Train(context.Background(), tc.l, &recipe, types, options(2), engine.Hooks{})
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Fatalf("got error %v, want %q", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if out := generate(t, m, engine.DefaultGenerateOptions()); len(out) != len(tc.l) {
				t.Errorf("made %d sessions, want %d", len(out), len(tc.l))
			}
		})
	}
}

func TestOptionFaultsAreAllNamed(t *testing.T) {
	o := engine.DefaultOptions()
	o.Epochs, o.Time, o.Codec.MaxRecords, o.GAN.Batch = -1, -time.Second, 0, 0
	err := o.Validate()
	for _, want := range []string{"epochs is -1", "time is -1s", "max records is 0", "batch_size 0"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say: %s", err, want)
		}
	}
}

func BenchmarkGenerate(b *testing.B) {
	m, err := engine.Train(context.Background(), flows(500), &recipe, types, options(2), engine.Hooks{})
	if err != nil {
		b.Fatal(err)
	}
	o := engine.DefaultGenerateOptions()
	o.Sessions = 5000
	records := 0
	for b.Loop() {
		var out list
		made, err := m.Generate(context.Background(), o, &out)
		if err != nil {
			b.Fatal(err)
		}
		records += made.Records
	}
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
}
