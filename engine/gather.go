package engine

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"netshare/workspace/trace"
)

// gathered is what one reading of the source gives: its size, its fingerprint,
// and as many of its sessions as memory is for.
type gathered struct {
	sessions, records int // in the source
	print             string
	sample            []trace.Session // in the source's order
	all               bool            // the sample is all there is
}

// gather reads all sessions of a source and keeps a sample of at most so many
// bytes: each session with the same chance, so that long ones are in it as often
// as in the trace, and besides them those that hold the trace's first and last
// time and most records, for the bounds to be true.
func gather(ctx context.Context, src Source, bytes int64, seed uint64) (gathered, error) {
	r := rand.New(rand.NewPCG(seed, 0x676174686572))
	type kept struct {
		session     trace.Session
		index       int
		draw        float64
		bytes, size int64
	}
	var g gathered
	var list []kept
	var held int64
	var first, last, longest kept
	chance := 1.
	f := newFingerprint()
	for s, err := range src.Sessions(ctx) {
		if err != nil {
			return g, err
		}
		f.add(s)
		k := kept{session: s, index: g.sessions, draw: r.Float64(), bytes: sessionBytes(s), size: int64(len(s.Series))}
		g.sessions++
		g.records += len(s.Series)
		if k.bytes <= bytes/4 {
			lo, hi := bounds(s)
			if first.session.Series == nil || lo < leastTime(first.session) {
				first = k
			}
			if last.session.Series == nil || hi > greatestTime(last.session) {
				last = k
			}
			if k.size > longest.size {
				longest = k
			}
		}
		if k.draw >= chance {
			continue
		}
		list = append(list, k)
		for held += k.bytes; held > bytes && len(list) > 1; {
			chance /= 2
			list = slices.DeleteFunc(list, func(k kept) bool {
				if k.draw >= chance {
					held -= k.bytes
					return true
				}
				return false
			})
		}
	}
	if g.all = len(list) == g.sessions; !g.all {
		for _, k := range []kept{first, last, longest} {
			i, found := slices.BinarySearchFunc(list, k.index, func(a kept, index int) int { return a.index - index })
			if k.session.Series != nil && !found {
				list = slices.Insert(list, i, k)
			}
		}
	}
	for _, k := range list {
		g.sample = append(g.sample, k.session)
	}
	g.print = f.sum()
	return g, nil
}

// sessionBytes is about what a session takes of memory.
func sessionBytes(s trace.Session) int64 {
	n := rowBytes(s.Meta)
	for _, rec := range s.Series {
		n += rowBytes(rec)
	}
	return n
}

// rowBytes counts the row, an interface a value, and what that points to.
func rowBytes(row []any) int64 {
	n := int64(24 + 16*len(row))
	for _, v := range row {
		switch v := v.(type) {
		case nil, bool:
		case string:
			n += 16 + int64(len(v))
		case time.Time:
			n += 24
		case []any:
			n += rowBytes(v)
		default:
			n += 8
		}
	}
	return n
}

// bounds returns the least and the greatest time of a session's records, 0 where
// they have none.
func bounds(s trace.Session) (lo, hi float64) {
	begun := false
	for _, rec := range s.Series {
		t, ok := timeOf(rec[0])
		if !ok {
			continue
		}
		if !begun {
			lo, hi, begun = t, t, true
		}
		lo, hi = min(lo, t), max(hi, t)
	}
	return lo, hi
}

func leastTime(s trace.Session) float64    { lo, _ := bounds(s); return lo }
func greatestTime(s trace.Session) float64 { _, hi := bounds(s); return hi }

func timeOf(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, v-v == 0 // finite
	case time.Time:
		return float64(v.UnixNano()), true
	}
	return 0, false
}
