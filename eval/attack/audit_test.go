package attack

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// session is a made-up session of a host: what a host does hangs on the host.
type session struct {
	host    int
	service string
	bytes   float64
	took    float64
	records float64
	flags   string
}

func drawn(rng *rand.Rand, host int) session {
	habit := rand.New(rand.NewPCG(uint64(host), 9))
	services := []string{"dns", "http", "ssl", "ssh", "smtp", "ntp"}
	favourite := habit.IntN(len(services))
	scale := math.Exp(habit.NormFloat64())
	k := favourite
	if rng.IntN(3) == 0 {
		k = rng.IntN(len(services))
	}
	n := math.Floor(1 + rng.ExpFloat64()*3)
	return session{
		host, services[k], math.Floor(scale * n * float64(100+50*k) * (1 + rng.ExpFloat64())), n * rng.ExpFloat64(), n,
		[]string{"S", "SA", "F", "R"}[(k+rng.IntN(2))%4],
	}
}

// hosts draws the sessions of hosts from..to-1, some busy and some quiet.
func hosts(seed uint64, from, to int) []session {
	rng := rand.New(rand.NewPCG(seed, 3))
	var out []session
	for h := from; h < to; h++ {
		for range 1 + int(rng.ExpFloat64()*12) {
			out = append(out, drawn(rng, h))
		}
	}
	return out
}

var columns = []Column{{"service", false}, {"bytes", true}, {"took", true}, {"records", true}, {"flags", false}}

func sideOf(t testing.TB, s *Space, name string, list []session) Side {
	t.Helper()
	out := Side{Name: name, Sessions: len(list), Records: len(list), Sample: s.NewSample(), Identifiers: map[string][]string{}}
	for _, x := range list {
		if err := out.Sample.Append([]any{x.service, x.bytes, x.took, x.records, x.flags}, fmt.Sprint(x.host)); err != nil {
			t.Fatal(err)
		}
		digest := func(parts ...any) uint64 {
			h := fnv.New64a()
			fmt.Fprint(h, parts...)
			return h.Sum64()
		}
		out.Whole = append(out.Whole, digest(x))
		y := x
		y.host = 0
		out.Behaviour = append(out.Behaviour, digest(y))
		out.Identifiers["address"] = append(out.Identifiers["address"], fmt.Sprint("10.0.0.", x.host))
	}
	return out
}

func audit(t testing.TB, train, holdout, synth []session) *Audit {
	t.Helper()
	s := NewSpace(columns)
	in := Input{Train: sideOf(t, s, "train", train), Synthetic: sideOf(t, s, "synth", synth), Identifiers: []Identifiers{{"address", "addresses"}}, Seed: 1}
	if holdout != nil {
		h := sideOf(t, s, "holdout", holdout)
		in.Holdout = &h
	}
	began := time.Now()
	a, err := Run(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s in %v", a.Words, time.Since(began).Round(time.Millisecond))
	for _, b := range a.Blocks {
		t.Logf("  %-9s %s: %s", b.Verdict, b.Name, b.Words)
	}
	return a
}

func (a *Audit) block(name string) Block {
	for _, b := range a.Blocks {
		if b.Name == name {
			return b
		}
	}
	return Block{}
}

// other gives sessions to hosts that nobody has.
func other(list []session) []session {
	out := make([]session, len(list))
	for i, x := range list {
		x.host += 100000
		out[i] = x
	}
	return out
}

func TestAuditTellsLeaksFromChance(t *testing.T) {
	train, holdout := hosts(1, 0, 160), hosts(2, 160, 200)
	fresh := other(hosts(3, 1000, 1200))
	rng := rand.New(rand.NewPCG(4, 4))

	if a := audit(t, train, holdout, hosts(5, 2000, 2200)); a.Verdict != Pass {
		t.Error("real sessions of other hosts don't pass")
	}
	var noise []session
	for range 1500 {
		x := drawn(rng, rng.IntN(1<<20)+100000)
		x.bytes, x.took, x.records = math.Floor(rng.Float64()*5000), rng.Float64()*20, math.Floor(1+rng.Float64()*20)
		noise = append(noise, x)
	}
	if a := audit(t, train, holdout, noise); a.Verdict != Pass {
		t.Error("independent noise does not pass")
	}

	leak := append([]session{}, fresh...)
	for i := range len(fresh) / 20 {
		leak[i*20] = train[rng.IntN(len(train))]
	}
	a := audit(t, train, holdout, leak)
	if a.Verdict != Fail || a.block("copies").Verdict != Fail || a.block("reuse").Verdict != Fail {
		t.Error("a twentieth of real sessions copied is not found")
	}
	if testing.Short() {
		return
	}
	a = audit(t, train, holdout, other(leak)) // under other names
	if a.Verdict != Fail || a.block("copies").Verdict != Fail || a.block("reuse").Verdict == Fail {
		t.Error("a twentieth of real sessions copied under other names is not found")
	}

	var learnt []session // by heart, and blurred
	for range 2 * len(train) {
		x := train[rng.IntN(len(train))]
		x.host += 100000
		x.bytes *= math.Exp(rng.NormFloat64() * .02)
		x.took *= math.Exp(rng.NormFloat64() * .02)
		learnt = append(learnt, x)
	}
	a = audit(t, train, holdout, learnt)
	for _, name := range []string{"membership", "inference"} {
		if a.block(name).Verdict != Fail {
			t.Errorf("a model that learnt by heart is not found by %s", name)
		}
	}
	if !a.block("distance").Alarm {
		t.Error("a model that learnt by heart raises no alarm")
	}
}

func TestAuditWithoutHoldout(t *testing.T) {
	train := hosts(1, 0, 60)
	a := audit(t, train, nil, train)
	if a.Verdict != Undecided {
		t.Errorf("verdict %s without a holdout, want undecided", a.Verdict)
	}
	for _, b := range a.Blocks {
		if b.Verdict != Undecided || b.Words == "" {
			t.Errorf("block %s: %s without a holdout: %q", b.Name, b.Verdict, b.Words)
		}
	}
}

// Models that learn by heart are told by shadow models, and models that learn
// nothing are not.
func TestShadowModelsTellWhatWasLearnt(t *testing.T) {
	train, holdout := hosts(1, 0, 60), hosts(2, 60, 100)
	rng := rand.New(rand.NewPCG(7, 7))
	for _, heart := range []bool{true, false} {
		if testing.Short() && !heart {
			continue
		}
		s := NewSpace(columns)
		model := func(list []session) []session {
			if !heart {
				return other(hosts(rng.Uint64(), 5000, 5060))
			}
			var out []session
			for range len(list) {
				x := list[rng.IntN(len(list))]
				x.bytes *= math.Exp(rng.NormFloat64() * .05)
				x.took *= math.Exp(rng.NormFloat64() * .05)
				out = append(out, x)
			}
			return out
		}
		in := Input{Train: sideOf(t, s, "train", train), Seed: 1}
		h := sideOf(t, s, "holdout", holdout)
		in.Holdout = &h
		for range 8 {
			learnt := map[string]bool{}
			var list []session
			for _, g := range rng.Perm(100)[:50] {
				learnt[fmt.Sprint(g)] = true
			}
			for _, x := range append(append([]session{}, train...), holdout...) {
				if learnt[fmt.Sprint(x.host)] {
					list = append(list, x)
				}
			}
			in.Shadows = append(in.Shadows, Shadow{sideOf(t, s, "shadow", other(model(list))).Sample, learnt})
		}
		in.Synthetic = sideOf(t, s, "synth", other(model(train)))
		a, err := Run(context.Background(), in)
		if err != nil {
			t.Fatal(err)
		}
		b := a.block("shadow")
		t.Logf("by heart %v: %s: %s", heart, b.Verdict, b.Words)
		if (b.Verdict == Fail) != heart {
			t.Errorf("by heart %v: %s", heart, b.Verdict)
		}
	}
}
