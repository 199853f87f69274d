package workspace

import (
	"testing"

	"netshare/workspace/store"
	"netshare/workspace/trace"
)

func TestEntitiesAreMostlyThere(t *testing.T) {
	column := func(name string, typ trace.Type, distinct, nulls int64) (trace.Column, store.ColumnStats) {
		return trace.Column{Name: name, Kind: trace.KindText, Type: typ}, store.ColumnStats{Name: name, Rows: 300, Nulls: nulls, Distinct: distinct}
	}
	g := guess{stats: map[string]store.ColumnStats{}, rows: 300}
	add := func(c trace.Column, s store.ColumnStats) {
		g.schema.Columns = append(g.schema.Columns, c)
		g.stats[c.Name] = s
	}
	add(column("user", trace.TypeText, 40, 0))
	add(column("san.ip", trace.TypeText+"[]", 2, 10))
	add(column("host", trace.TypeText, 2, 297))
	add(column("computer", trace.TypeText, 290, 0))
	if got := g.entities(); len(got) != 1 || got[0] != "user" {
		t.Errorf("entities %v, want user alone: lists, mostly missing and unique columns tell no sessions apart", got)
	}
}

func TestCodesStayCodes(t *testing.T) {
	for _, x := range []struct {
		distinct int64
		want     trace.Kind
	}{{3, trace.KindCategory}, {101, trace.KindInteger}} {
		g := guess{stats: map[string]store.ColumnStats{"icmp_type": {Rows: 14, Distinct: x.distinct}}, rows: 14}
		f := g.field(trace.Column{Name: "icmp_type", Kind: trace.KindCategory, Type: trace.TypeInt})
		if f.Kind != x.want {
			t.Errorf("a code of %d values is learnt as %s, want %s", x.distinct, f.Kind, x.want)
		}
	}
}
