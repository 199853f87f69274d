package engine

import (
	"math"
	"math/rand/v2"
	"slices"

	"netshare/engine/codec"
)

// variety is how often the classes of the heads occur in the real trace. A
// column that varies there, if only in one record of a thousand, is not to be
// constant in the synthetic one.
type variety struct {
	Meta, Series  [][]int32 // for each head, by class; nil for a number
	Rows, Records int       // sessions and records
}

func fitVariety(c *codec.Codec, coded []whole) variety {
	v := variety{Rows: len(coded)}
	count := func(heads []codec.Head) [][]int32 {
		out := make([][]int32, len(heads))
		for i, h := range heads {
			if h.Classes > 0 {
				out[i] = make([]int32, h.Classes)
			}
		}
		return out
	}
	v.Meta, v.Series = count(c.MetaHeads()), count(c.SeriesHeads())
	for _, w := range coded {
		v.Records += w.records
		tally(v.Meta, w.meta)
		tally(v.Series, w.series)
	}
	return v
}

// tally counts the classes in rows of codes.
func tally(counts [][]int32, rows []float32) {
	for at := 0; at < len(rows); at += max(1, len(counts)) {
		for h, n := range counts {
			if n != nil {
				n[int(rows[at+h])]++
			}
		}
	}
}

// vary gives columns that came out constant, and are not in the real trace,
// their rarer values again, in as large a share as there. It changes codes of
// cands in place, and says which had metadata changed.
func (v *variety) vary(c *codec.Codec, cands []candidate, r *rand.Rand) (changed []int) {
	var meta, series [][]float32
	width := len(c.SeriesHeads())
	for _, cand := range cands {
		meta = append(meta, cand.meta)
		for at := 0; width > 0 && at < len(cand.series); at += width {
			series = append(series, cand.series[at:at+width])
		}
	}
	v.spread(v.Series, v.Records, c.SeriesMembers(), series, r)
	return v.spread(v.Meta, v.Rows, c.MetaMembers(), meta, r)
}

// spread does so for rows of codes, and returns the rows it changed.
func (v *variety) spread(counts [][]int32, total int, members []codec.MemberHead, rows [][]float32, r *rand.Rand) (changed []int) {
	if len(rows) == 0 {
		return nil
	}
	for _, m := range members {
		is := m.Of[int(rows[0][m.Head])] // the member's class in the first row
		if slices.ContainsFunc(rows, func(row []float32) bool { return m.Of[int(row[m.Head])] != is }) {
			continue
		}
		var others []int // classes of the head in which the member is of another class
		var weights []int32
		sum := 0
		for class, n := range counts[m.Head] {
			if m.Of[class] != is && n > 0 {
				others, weights = append(others, class), append(weights, n)
				sum += int(n)
			}
		}
		if sum == 0 {
			continue
		}
		k := max(1, int(math.Round(float64(sum)/float64(total)*float64(len(rows)))))
		for _, i := range r.Perm(len(rows))[:min(k, len(rows)-1)] {
			u := int32(r.IntN(sum))
			for j, w := range weights {
				if u -= w; u < 0 {
					rows[i][m.Head] = float32(others[j])
					break
				}
			}
			changed = append(changed, i)
		}
	}
	return changed
}
