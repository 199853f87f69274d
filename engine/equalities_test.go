package engine_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"netshare/engine"
	"netshare/workspace/trace"
)

// logons makes sessions of two users and records of two hosts and the host's
// server: the users are the same in 60 % of sessions, the hosts in 40 % of
// records, and the server is the session's in 50 %. Most values are rare.
func logons(n int) list {
	r := rand.New(rand.NewPCG(5, 6))
	name := func(of string) string {
		if r.IntN(3) == 0 {
			return fmt.Sprintf("%s-%d", of, r.IntN(5))
		}
		return fmt.Sprintf("%s-%05d", of, r.IntN(100000))
	}
	other := func(share float64, v, of string) string {
		if r.Float64() < share {
			return v
		}
		return name(of)
	}
	var l list
	for i := range n {
		user := name("user")
		s := trace.Session{Meta: trace.Row{user, other(.6, user, "user"), name("server")}}
		for k := range 1 + r.IntN(4) {
			host := fmt.Sprintf("10.%d.%d.%d", r.IntN(2), r.IntN(100), r.IntN(200)+1)
			to := host
			if r.Float64() >= .4 {
				to = fmt.Sprintf("10.%d.%d.%d", r.IntN(2), r.IntN(100), r.IntN(200)+1)
			}
			s.Series = append(s.Series, trace.Row{float64(i + k), host, to, other(.5, s.Meta[2].(string), "server")})
		}
		l = append(l, s)
	}
	return l
}

// TestEqualValuesAreAsMany: columns hold the same value in the real trace's
// share of records, with sessions' keys their own and no user's name repeated
// that is rare.
func TestEqualValuesAreAsMany(t *testing.T) {
	real := logons(800)
	r := trace.Recipe{
		Name: "logons", Time: trace.Epoch("ts", trace.Second),
		Metadata: []trace.Field{trace.Text("user"), trace.Text("as"), trace.Text("server")},
		Series:   []trace.Field{trace.IP("src"), trace.IP("dst"), trace.Text("answer")},
	}
	with := map[string]trace.Type{"ts": trace.TypeReal}
	for _, f := range append(slices.Clone(r.Metadata), r.Series...) {
		with[f.Name] = trace.TypeText
	}
	// as many epochs as it takes to make rare values about as often as they should be
	m, err := engine.Train(context.Background(), real, &r, with, options(20), engine.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	back := new(engine.Model)
	if err := back.UnmarshalBinary(saved(t, m)); err != nil {
		t.Fatal(err)
	}
	shares := func(l list) (out [3]float64) {
		n := 0.
		for _, s := range l {
			for _, rec := range s.Series {
				n++
				for i, same := range []bool{s.Meta[0] == s.Meta[1], rec[1] == rec[2], s.Meta[2] == rec[3]} {
					if same {
						out[i]++
					}
				}
			}
		}
		for i := range out {
			out[i] /= n
		}
		return out
	}
	times := map[string]int{} // sessions that hold a user
	for _, s := range real {
		times[s.Meta[0].(string)]++
		if s.Meta[1] != s.Meta[0] {
			times[s.Meta[1].(string)]++
		}
	}
	want := shares(real)
	made := generate(t, back, engine.DefaultGenerateOptions())
	got := shares(made)
	for i := range want {
		if math.Abs(got[i]-want[i]) > .04 {
			t.Errorf("columns of pair %d are equal in %.3f of records, want %.3f", i, got[i], want[i])
		}
	}
	keys, repeated := map[string]bool{}, 0
	for _, s := range made {
		k := fmt.Sprint(s.Meta...)
		if keys[k] {
			t.Errorf("session key %q came twice", k)
		}
		keys[k] = true
		for _, u := range s.Meta[:2] {
			if n := times[u.(string)]; n > 0 && n < 5 {
				repeated++
			}
		}
	}
	if repeated > len(made)/20 { // some are made up by chance
		t.Errorf("rare users are repeated %d times in %d sessions", repeated, len(made))
	}
	o := engine.DefaultGenerateOptions()
	o.Raw = true
	if raw := shares(generate(t, back, o)); raw[0] > want[0]-.1 {
		t.Errorf("uncalibrated users are equal in %.3f of records: the test tells nothing", raw[0])
	}
}
