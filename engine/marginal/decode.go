package marginal

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"netshare/engine/codec"
	"netshare/workspace/trace"
)

// decode makes a value of a leaf; now is the record's time in seconds.
func (g *generator) decode(i int, l int32, now float64) any {
	a := &g.m.Attributes[i]
	x := a.Leaves[l]
	switch x.Kind {
	case word:
		return codec.Parse(x.Text, a.Type)
	case parts:
		return g.m.ofNumber(a, g.number(a, l), now)
	case prefixed, other:
		return codec.Parse(g.text(i, l), a.Type)
	}
	return nil
}

// ofNumber makes a number a value of the attribute's column.
func (m *Model) ofNumber(a *attribute, x, now float64) any {
	if a.Since {
		return m.time(a.Def, a.Type, now+x)
	}
	if a.Def.Bounded {
		x = min(max(x, float64(a.Def.Min)), float64(a.Def.Max))
	}
	switch {
	case a.Type == trace.TypeTime:
		return time.Unix(0, int64(x)).UTC()
	case a.Type == trace.TypeInt:
		return int64(math.Round(x))
	case a.Type == trace.TypeText && (a.Grid.Whole && a.Grid.Scale == 0 || a.Grid.Ports):
		return strconv.FormatInt(int64(x), 10)
	case a.Type == trace.TypeText:
		return strconv.FormatFloat(rounded(x), 'f', -1, 64)
	case a.Grid.Whole && a.Grid.Scale == 0:
		return math.Round(x)
	}
	return rounded(x)
}

// time makes seconds a value of a column of times.
func (m *Model) time(field trace.Field, t trace.Type, seconds float64) any {
	switch t {
	case trace.TypeTime:
		seconds = min(max(seconds, 0), firstSpan) // what nanoseconds reach
		whole := math.Floor(seconds)
		micro := int64((seconds - whole) * microsecond)
		return time.Unix(int64(whole), micro*1000).UTC()
	case trace.TypeInt:
		return int64(seconds / field.Unit.Seconds())
	}
	return rounded(seconds / field.Unit.Seconds() * 1) // a number of units
}

// again is the chance that a made-up text is one that was made up before.
const again = .85

// text makes a text up for a leaf that names none.
func (g *generator) text(i int, l int32) string {
	a := &g.m.Attributes[i]
	old := g.made[i][l]
	if unique := identifier(a.Def.Name); !unique && len(old) > 0 && g.rand.Float64() < again {
		return old[g.rand.IntN(len(old))]
	}
	s := ""
	switch x := a.Leaves[l]; {
	case x.Kind == prefixed:
		s = within(netip.MustParsePrefix(x.Text), g.rand)
	case a.Def.Kind == trace.KindAddress:
		s = anyAddress(g.rand)
	case a.Def.Kind == trace.KindText:
		s = madeUp(a.Def.Name, g.rand)
	default: // a category has no values but its own
		return g.sibling(a)
	}
	g.made[i][l] = append(old, s)
	return s
}

// sibling draws a word of the attribute, "" without one.
func (g *generator) sibling(a *attribute) string {
	p := make([]float64, len(a.Leaves))
	for i, l := range a.Leaves {
		if l.Kind == word {
			p[i] = l.Mass
		}
	}
	if sumOf(p) == 0 {
		return ""
	}
	return a.Leaves[g.pick(p)].Text
}

// within draws an address of a prefix, none of its ends.
func within(p netip.Prefix, r *rand.Rand) string {
	b := p.Addr().AsSlice()
	for i := p.Bits() / 8; i < len(b); i++ {
		b[i] = byte(r.UintN(256))
	}
	if last := len(b) - 1; b[last] == 0 || b[last] == 255 {
		b[last] = 1 + byte(r.UintN(254))
	}
	a, _ := netip.AddrFromSlice(b)
	return a.String()
}

// anyAddress draws an IPv4 address as the public network has them.
func anyAddress(r *rand.Rand) string {
	for {
		a := netip.AddrFrom4([4]byte{1 + byte(r.UintN(223)), byte(r.UintN(256)), byte(r.UintN(256)), 1 + byte(r.UintN(254))})
		if a.IsGlobalUnicast() && !a.IsPrivate() {
			return a.String()
		}
	}
}

// identifier reports whether a column of that name has a value of its own in
// each record, as Zeek's have.
func identifier(column string) bool {
	name := strings.ToLower(column)
	return name == "uid" || name == "fuid" || name == "uuid"
}

// madeUp makes up a text for a column of its name: a host's, an identifier or a
// word.
func madeUp(column string, r *rand.Rand) string {
	letters := func(n int, of string) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = of[r.IntN(len(of))]
		}
		return string(b)
	}
	const lower = "abcdefghijklmnopqrstuvwxyz"
	name := strings.ToLower(column)
	switch {
	case identifier(column):
		return "C" + letters(17, lower+strings.ToUpper(lower)+"0123456789")
	case strings.Contains(name, "host") || strings.Contains(name, "query") || strings.Contains(name, "domain") || strings.Contains(name, "server_name"):
		return letters(5+r.IntN(6), lower) + ".example"
	case strings.Contains(name, "mac"):
		return fmt.Sprintf("02:%02x:%02x:%02x:%02x:%02x", r.UintN(256), r.UintN(256), r.UintN(256), r.UintN(256), r.UintN(256))
	}
	return letters(4+r.IntN(6), lower)
}
