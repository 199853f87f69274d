package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"netshare/engine/codec"
	"netshare/workspace/rule"
	"netshare/workspace/trace"
)

// TestRuledAllowsWhatIsValid: what sessions may exchange is what leaves both of
// them valid, told by their numbers or by their values, before and after others
// were exchanged, and of sessions that break a rule too.
func TestRuledAllowsWhatIsValid(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	of := &rules{Meta: 4, Types: []trace.Type{trace.TypeText, trace.TypeText, trace.TypeText, trace.TypeInt}, Key: make([]bool, 4)}
	names := []string{"src", "dst", "proto", "port"}
	of.Rules = rule.Compile([]trace.Rule{
		trace.Absent("port").Where("proto", "ICMP", "IPV6-ICMP"),
		trace.OneOf("port", "53", "80").Where("proto", "UDP"),
	}, names)
	table := &rule.Table{A: rule.Classes{Values: []string{"TCP", "UDP"}}, B: rule.Classes{Values: []string{"53", "80"}}}
	table.Never = make([]bool, table.A.Size()*table.B.Size())
	table.Never[2*table.B.Size()+2] = true // TCP and 53
	table.Count = make([]int32, len(table.Never))
	of.Rules = append(of.Rules, rule.Rule{Kind: trace.RuleTogether, Columns: []int{2, 3}, Table: table})
	c := &codec.Codec{}
	g := &generator{m: &Model{Codec: c}, keepers: newKeepers(of, c, r, false), rand: r}
	g.keeper = g.keepers[0]
	g.m.targets.families = families{Addresses: []int{0, 1}, Protocol: 2}

	values := [][]any{
		{"10.0.0.1", "10.0.0.2", "fe80::1", nil},
		{"10.0.0.3", "10.0.0.4", "fe80::2", "host"},
		{"TCP", "UDP", "ICMP", "IPV6-ICMP"},
		{int64(53), int64(80), int64(4711), nil},
	}
	cands := make([]candidate, 60)
	for i := range cands {
		for try := 0; try == 0 || i%10 > 0 && !g.valid(cands[i].Meta); try++ {
			cands[i].Meta = nil
			for _, v := range values {
				cands[i].Meta = append(cands[i].Meta, v[r.IntN(len(v))])
			}
		}
	}
	x := newRuled(g, cands)
	if !slices.Contains(x.broken, true) || len(x.conflicts) != 4 || len(x.rest) != 2 {
		t.Fatalf("%d conflicts, %d other rules, broken by %v", len(x.conflicts), len(x.rest), x.broken)
	}
	units := []exchanged{{fields: []int{0}}, {fields: []int{0, 1}}, {fields: []int{2}}, {fields: []int{2, 3}}, {fields: []int{1, 3}}}
	for i := range units {
		units[i].bound = x.bound(units[i].fields)
	}
	allowed := 0
	const tries = 20000
	for range tries {
		u, a, b := &units[r.IntN(len(units))], r.IntN(len(cands)), r.IntN(len(cands))
		if a == b {
			continue
		}
		may := x.allow(u, a, b)
		p, q := slices.Clone(cands[a].Meta), slices.Clone(cands[b].Meta)
		swapFields(p, q, u.fields)
		if want := g.valid(p) && g.valid(q); may != want {
			t.Fatalf("%v and %v with %v exchanged: allowed %v, want %v", cands[a].Meta, cands[b].Meta, u.fields, may, want)
		}
		if may {
			allowed++
			cands[a].Meta, cands[b].Meta = p, q
			x.swap(u, a, b)
		}
	}
	if allowed == 0 || allowed > tries*9/10 {
		t.Errorf("%d of %d exchanges were allowed", allowed, tries)
	}
}

// TestKeysOfLikeSessionsDiffer: sessions whose addresses are each other's have
// keys of their own.
func TestKeysOfLikeSessionsDiffer(t *testing.T) {
	g := &generator{key: []int{0, 1, 2}}
	seen := map[uint64]trace.Row{}
	for a := range 120 {
		for b := range 120 {
			for _, port := range []any{int64(53), int64(54), nil} {
				meta := trace.Row{fmt.Sprintf("10.0.0.%d", a), fmt.Sprintf("10.0.0.%d", b), port}
				if k := g.keyOf(meta); seen[k] != nil {
					t.Fatalf("%v and %v have one key", seen[k], meta)
				} else {
					seen[k] = meta
				}
			}
		}
	}
}
