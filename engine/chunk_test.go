package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"

	"netshare/engine"
	"netshare/workspace/trace"
)

// long makes n sessions over an hour: DNS of one record, and polls of some
// minutes' length that several chunks hold. There is a pause in the middle third.
func long(n int) list {
	l := flows(n)
	for i, s := range l {
		at := s.Series[0][0].(float64) / 3
		switch at *= .99; {
		case i == 0:
			at = 0
		case i == 1:
			at = 3600
		case i%2 == 1:
			at += 2412
		}
		step := 0.5
		if len(s.Series) > 1 {
			step = 40
		}
		for k, rec := range s.Series {
			t := at + float64(k)*step
			if at < 1200 && t >= 1190 {
				t += 1230
			}
			rec[0] = float64(int(min(t, 3600)*10)) / 10
		}
	}
	return l
}

func chunked(n, epochs int) engine.Options {
	o := options(epochs)
	o.Chunks.Count = n
	o.Measures = 2
	return o
}

// TestChunksMakeOneTrace: chunks are learnt each, the empty ones too, and make
// sessions that begin where the real ones do and go on from chunk to chunk.
func TestChunksMakeOneTrace(t *testing.T) {
	real := long(400)
	chunkOf := func(v any) int { return min(int((v.(float64)-.1)/600), 5) }
	spans := func(l list) (several int, begun, records [6]int) {
		for _, s := range l {
			begun[chunkOf(s.Series[0][0])]++
			in := map[int]bool{}
			for _, rec := range s.Series {
				in[chunkOf(rec[0])] = true
				records[chunkOf(rec[0])]++
			}
			if len(in) > 1 {
				several++
			}
		}
		return several, begun, records
	}
	wantSeveral, wantBegun, _ := spans(real)
	for _, tags := range []engine.ChunkTags{engine.TagsV1, engine.TagsV2} {
		o := chunked(6, 100)
		o.Chunks.Tags = tags
		m := train(t, real, o)
		for _, raw := range []bool{false, true} {
			g := engine.DefaultGenerateOptions()
			g.Raw = raw
			out := generate(t, m, g)
			if len(out) != len(real) {
				t.Fatalf("%s, raw %v: %d sessions, want %d", tags, raw, len(out), len(real))
			}
			several, begun, records := spans(out)
			if several < wantSeveral/3 || several > wantSeveral*2 {
				t.Errorf("%s, raw %v: %d sessions in several chunks, want about %d", tags, raw, several, wantSeveral)
			}
			if begun[2]+begun[3]+records[2]+records[3] > 0 {
				t.Errorf("%s, raw %v: sessions begin %v and records are %v in a time without any", tags, raw, begun, records)
			}
			for k, want := range wantBegun {
				if d := begun[k] - want; d*d > 9*want+100 {
					t.Errorf("%s, raw %v: %d sessions begin in chunk %d, want about %d", tags, raw, begun[k], k, want)
				}
			}
			for _, s := range out {
				for i := 1; i < len(s.Series); i++ {
					if s.Series[i][0].(float64) < s.Series[i-1][0].(float64) {
						t.Fatalf("%s, raw %v: times %v and then %v", tags, raw, s.Series[i-1][0], s.Series[i][0])
					}
				}
			}
		}
	}
}

// TestChunksOnOneCoreOrTwo: how many chunks are learnt at a time shows in no byte.
func TestChunksOnOneCoreOrTwo(t *testing.T) {
	l, o := long(150), chunked(4, 2)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	one := saved(t, train(t, l, o))
	runtime.GOMAXPROCS(4)
	m := train(t, l, o)
	if !bytes.Equal(one, saved(t, m)) {
		t.Error("four cores gave another model than one")
	}
	back := new(engine.Model)
	if err := back.UnmarshalBinary(one); err != nil {
		t.Fatal(err)
	}
	g := engine.DefaultGenerateOptions()
	if !reflect.DeepEqual(generate(t, m, g), generate(t, back, g)) {
		t.Error("the saved model makes another trace")
	}
}

// TestChunksResume: a run that is cut off anywhere comes to the same bytes.
func TestChunksResume(t *testing.T) {
	l, o := long(150), chunked(3, 3)
	o.CheckpointEvery = 1
	o.Chunks.Reduce = 1
	o.Choose = engine.ChooseBest
	o.GAN.Spectral, o.SelfNorm = true, true
	all := 0
	m, err := engine.Train(context.Background(), l, &recipe, types, o, engine.Hooks{Checkpoint: func(int, *engine.Model) error {
		all++
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := saved(t, m)
	for after := range all - 1 {
		var one sync.Mutex
		last := map[int][]byte{}
		steps := 0
		stop := errors.New("stop")
		hooks := engine.Hooks{Checkpoint: func(_ int, m *engine.Model) error {
			one.Lock()
			defer one.Unlock()
			data, err := m.Checkpoint()
			if err != nil {
				return err
			}
			if steps > after { // killed: what comes later is not kept
				return stop
			}
			steps++
			last[m.Chunk()] = data
			return nil
		}}
		if _, err := engine.Train(context.Background(), l, &recipe, types, o, hooks); !errors.Is(err, stop) {
			t.Fatalf("after %d: %v", after, err)
		}
		var from [][]byte
		for _, data := range last {
			from = append(from, data)
		}
		m, err := engine.Resume(context.Background(), from, l, &recipe, types, o, engine.Hooks{})
		if err != nil {
			t.Fatalf("after %d: %v", after, err)
		}
		if !bytes.Equal(saved(t, m), want) {
			t.Errorf("resumed from %d checkpoints after %d, the model is another", len(from), after)
		}
	}
}

// TestOddChunks: what is hardly to be cut is still a trace.
func TestOddChunks(t *testing.T) {
	for _, by := range []engine.ChunkBy{engine.FixedTime, engine.FixedSize} {
		for _, n := range []int{1, 2, 7} {
			l := flows(n)
			o := chunked(5, 1)
			o.Chunks.By = by
			if out := generate(t, train(t, l, o), engine.DefaultGenerateOptions()); len(out) != n {
				t.Errorf("%s: %d sessions of %d", by, len(out), n)
			}
		}
	}
	r := trace.Recipe{Name: "states", Key: []string{}, Metadata: []trace.Field{trace.Category("state")}}
	l := list{{Meta: trace.Row{"up"}, Series: []trace.Row{{nil}}}, {Meta: trace.Row{"down"}, Series: []trace.Row{{nil}}}}
	_, err := engine.Train(context.Background(), l, &r, map[string]trace.Type{"state": trace.TypeText}, chunked(2, 1), engine.Hooks{})
	if err == nil || !strings.Contains(err.Error(), "no time column") {
		t.Errorf("without times: %v", err)
	}
	o := chunked(-1, 1)
	if err := o.Validate(); err == nil || !strings.Contains(err.Error(), "n_chunks is -1") {
		t.Error(err)
	}
	o = chunked(2, 1)
	o.Chunks.By, o.Chunks.Tags, o.Chunks.Reduce, o.Chunks.SkipFirst = "x", "y", 0, true
	err = o.Validate()
	for _, want := range []string{"df2chunks", "split_name", "pretrain_non_dp_reduce_time", "skip_chunk0_train"} {
		if !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
}
