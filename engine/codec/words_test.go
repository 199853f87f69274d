package codec

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"netshare/workspace/trace"
)

// services makes sessions of a client and a server port and a protocol: 53, 123
// and 161 over UDP, 22, 80 and 443 over TCP. Clients are of their own.
func services(n int) []trace.Session {
	r := rand.New(rand.NewPCG(1, 1))
	ports := map[string][]int64{"UDP": {53, 123, 161}, "TCP": {22, 80, 443}}
	var out []trace.Session
	for range n {
		proto := []string{"UDP", "TCP"}[r.IntN(2)]
		out = append(out, trace.Session{
			Meta:   trace.Row{49152 + r.Int64N(16000), ports[proto][r.IntN(3)]},
			Series: []trace.Row{{nil, proto, []any{"a", "b", nil}[r.IntN(3)]}},
		})
	}
	return out
}

var serviceTypes = map[string]trace.Type{"sport": trace.TypeInt, "dport": trace.TypeInt, "proto": trace.TypeText, "word": trace.TypeText}

func serviceRecipe(change func(trace.Field) trace.Field) *trace.Recipe {
	return &trace.Recipe{
		Metadata: []trace.Field{change(trace.Port("sport").Embed(8)), change(trace.Port("dport").Embed(8))},
		Series:   []trace.Field{change(trace.Protocol("proto").Embed(8)), trace.Embedded("word", 3)},
	}
}

func fitServices(t *testing.T, change func(trace.Field) trace.Field) *Codec {
	t.Helper()
	c, err := Fit(serviceRecipe(change), serviceTypes, services(2000), DefaultOptions(), 1)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func asIs(f trace.Field) trace.Field { return f }

func distance(a, b []float32) (d float64) {
	for i := range a {
		d += float64((a[i] - b[i]) * (a[i] - b[i]))
	}
	return d
}

// TestWordsOfOneUseAreNear: services of one protocol are nearer one another than
// any is to one of the other.
func TestWordsOfOneUseAreNear(t *testing.T) {
	c := fitServices(t, asIs)
	b := &c.Meta[1]
	if h := b.heads(); b.Words == nil || len(h) != 1 || h[0].Width() != 8 {
		t.Fatalf("the server port has heads %v, want one of 8 columns", h)
	}
	vector := func(port int64) []float32 { return b.Words.Vectors[b.Members[0].Classes.class(port)] }
	ports := []int64{53, 123, 161, 22, 80, 443}
	within, across := 0., 1e9
	for i, p := range ports {
		for j, q := range ports {
			if d := distance(vector(p), vector(q)); i/3 == j/3 {
				within = max(within, d)
			} else {
				across = min(across, d)
			}
		}
	}
	if within >= across {
		t.Errorf("services of one protocol are up to %.3g apart, of two at least %.3g", within, across)
	}
}

// TestWordsRoundTrip: values that are words come back, from codes somewhat off
// too; those that stand for many come back as one of their kind, missing ones
// missing.
func TestWordsRoundTrip(t *testing.T) {
	c := fitServices(t, asIs)
	r := rand.New(rand.NewPCG(2, 2))
	same := 0
	for _, s := range services(2000) {
		sample := c.Encode(s)[0]
		for i, h := range c.MetaHeads() {
			out := make([]float32, h.Width())
			h.Expand(sample.Meta[i], out)
			for k, x := range out {
				if x < 0 || x > 1 {
					t.Fatalf("number %d of head %d is %v", k, i, x)
				}
				out[k] += (r.Float32() - .5) / 1000
			}
			if got := h.Compact(out); got != sample.Meta[i] {
				t.Fatalf("head %d: %v became %v", i, sample.Meta[i], got)
			}
		}
		cand := c.DecodeMeta(sample.Meta, r)
		rec := c.decodeSeries(cand, sample.Series, r)[0]
		if cand.Meta[1] != s.Meta[1] || !reflect.DeepEqual(rec, s.Series[0]) {
			t.Fatalf("%v %v became %v %v", s.Meta, s.Series[0], cand.Meta, rec)
		}
		if p := cand.Meta[0].(int64); p < 49152 || p > 65535 {
			t.Fatalf("client port %v became %v", s.Meta[0], p)
		}
		if cand.Meta[0] == s.Meta[0] {
			same++
		}
	}
	if same > 20 {
		t.Errorf("%d of 2000 client ports, each of few sessions, came back as they were", same)
	}
}

func TestWordsAreOfTheSeed(t *testing.T) {
	a, b := fitServices(t, asIs), fitServices(t, asIs)
	if !reflect.DeepEqual(a.Meta[0].Words, b.Meta[0].Words) || !reflect.DeepEqual(a.Series[0].Words, b.Series[0].Words) {
		t.Error("the same data and seed gave other vectors")
	}
}

func TestWordsCanBeGiven(t *testing.T) {
	c := fitServices(t, asIs)
	for text, want := range map[string]int{"dport=53": 1, "dport=53,80": 2} {
		cond, err := ParseCondition(text, serviceRecipe(asIs))
		if err != nil {
			t.Fatal(err)
		}
		heads, _, err := c.Limits([]Condition{cond})
		if err != nil || len(heads) != 1 {
			t.Fatalf("%s: %d limits, %v", text, len(heads), err)
		}
		n := 0
		for _, share := range heads[0].Shares {
			n += int(share)
		}
		if n != want {
			t.Errorf("%s: %d words, want %d", text, n, want)
		}
	}
}

func writeVectors(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "vectors.txt")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestPretrainedVectors: words of the file are where it has them, to one scale.
func TestPretrainedVectors(t *testing.T) {
	path := writeVectors(t, "5 3\n53 1 0 0\n123 1 0 0\n22 0 2 0\n80 0 0 .5\nTCP 0 -1 0\n")
	c := fitServices(t, func(f trace.Field) trace.Field { return f.Embed(0).Pretrained(path) })
	b := &c.Meta[1]
	vector := func(port int64) []float32 { return b.Words.Vectors[b.Members[0].Classes.class(port)] }
	if len(vector(53)) != 3 {
		t.Fatalf("vectors of %d numbers, want the file's 3", len(vector(53)))
	}
	near, far, other := distance(vector(53), vector(123)), distance(vector(53), vector(22)), distance(vector(80), vector(22))
	if near == 0 || near > .01 {
		t.Errorf("words at one place are %v apart: want nearly, not quite, together", near)
	}
	if d := far - other; d > .01 || d < -.01 {
		t.Errorf("words at right angles are %v and %v apart, want the same", far, other)
	}
}

func TestBadVectorFiles(t *testing.T) {
	for name, tc := range map[string][2]string{
		"binary":     {"\x80\x04\x95\x00gensim\n", "want a word and its vector"},
		"uneven":     {"53 1 0\n80 1\n", ":2: want a word and its vector of 2 numbers, got 2 words"},
		"no number":  {"53 1 0\n80 1 x\n", `:2: want a number, got "x"`},
		"not finite": {"53 1 NaN\n", `got "NaN"`},
		"zeros":      {"53 0 0\n", `the vector of "53" is all zeros`},
		"empty":      {"0 3\n", "has no vectors"},
		"others":     {"apple 1 0\npear 0 1\n", "a vector for none of the values"},
		"size":       {"53 1 0\n80 0 1\n", "vectors of 2 numbers, and field \"sport\" asks for 8"},
	} {
		path := writeVectors(t, tc[0])
		change := func(f trace.Field) trace.Field { return f.Pretrained(path) }
		if name == "others" {
			change = func(f trace.Field) trace.Field { return f.Embed(0).Pretrained(path) }
		}
		if _, err := Fit(serviceRecipe(change), serviceTypes, services(100), DefaultOptions(), 1); err == nil || !strings.Contains(err.Error(), tc[1]) {
			t.Errorf("%s: got %v, want %s", name, err, tc[1])
		}
	}
	change := func(f trace.Field) trace.Field { return f.Pretrained(filepath.Join(t.TempDir(), "none")) }
	if _, err := Fit(serviceRecipe(change), serviceTypes, services(100), DefaultOptions(), 1); err == nil || !strings.Contains(err.Error(), "word vectors: open") {
		t.Errorf("no file: %v", err)
	}
}

// TestWordsOfOneField: with nothing beside it, words are distinct all the same.
func TestWordsOfOneField(t *testing.T) {
	var sessions []trace.Session
	for i := range 900 {
		sessions = append(sessions, trace.Session{Meta: trace.Row{fmt.Sprint("w", i%90)}, Series: []trace.Row{{nil}}})
	}
	c, err := Fit(&trace.Recipe{Metadata: []trace.Field{trace.Embedded("w", 1)}}, map[string]trace.Type{"w": trace.TypeText}, sessions, DefaultOptions(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sessions[:90] {
		if got := c.DecodeMeta(c.Encode(s)[0].Meta, rand.New(rand.NewPCG(1, 1))).Meta[0]; got != s.Meta[0] {
			t.Errorf("%v became %v", s.Meta[0], got)
		}
	}
}
