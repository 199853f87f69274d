package engine

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"

	"netshare/engine/codec"
	"netshare/engine/dgan"
)

// part is a share of what is generated, of which something is given.
type part struct {
	conditions []codec.Condition    // all hold
	excluded   [][]codec.Condition  // none of these holds as a whole
	without    [][]codec.FieldLimit // what these leave

	share float64 // of the sessions, or how many times its real share
	times bool

	limits  []dgan.Limit
	targets *givenTargets
}

// accepts reports whether a session's metadata are of the part.
func (p *part) accepts(meta []any) bool {
	all := func(conditions []codec.Condition) bool {
		for i := range conditions {
			if !conditions[i].Accepts(meta[conditions[i].Field]) {
				return false
			}
		}
		return true
	}
	for _, e := range p.excluded {
		if all(e) {
			return false
		}
	}
	return all(p.conditions)
}

// parts reads what is given. Nothing given is no part; givens without a share
// are one part, and hold for all parts that have one: these, and the rest of the
// sessions, make up what is generated.
func (m *Model) parts(given []string) ([]*part, error) {
	if len(given) == 0 {
		return nil, nil
	}
	if m.Marginal != nil {
		return nil, errors.New("a private model has no values to be given: generate without, and choose in SQL")
	}
	var base []codec.Condition
	var parts []*part
	for _, text := range given {
		p := &part{}
		head, share, shared := cutLast(text, " : ")
		for term := range strings.SplitSeq(head, " & ") {
			c, err := codec.ParseCondition(term, &m.Recipe)
			if err != nil {
				return nil, fmt.Errorf("given %w", err)
			}
			p.conditions = append(p.conditions, c)
		}
		if !shared {
			base = append(base, p.conditions...)
			continue
		}
		if err := p.readShare(share); err != nil {
			return nil, fmt.Errorf("given %q: %w", text, err)
		}
		parts = append(parts, p)
	}
	rest := &part{conditions: base, share: 1, times: true}
	for _, p := range parts {
		rest.excluded = append(rest.excluded, p.conditions)
		p.conditions = append(append([]codec.Condition(nil), base...), p.conditions...)
	}
	parts = append(parts, rest)
	for _, p := range parts {
		if err := m.prepare(p); err != nil {
			return nil, fmt.Errorf("given %w", err)
		}
	}
	return parts, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// readShare reads 30% of the sessions, or 10x as many as in the real trace.
func (p *part) readShare(text string) error {
	text = strings.TrimSpace(text)
	number, isShare := strings.CutSuffix(text, "%")
	if !isShare {
		number, p.times = strings.CutSuffix(text, "x")
	}
	x, err := strconv.ParseFloat(number, 64)
	if err != nil || !isShare && !p.times || !(x >= 0 && x <= 1e6) || isShare && x > 100 {
		return fmt.Errorf("%q is no share: want 30%% of the sessions, or 10x as many as there are", text)
	}
	if p.share = x; isShare {
		p.share /= 100
	}
	return nil
}

// prepare works out what a part leaves of the heads, and what its sessions are
// like in the real trace.
func (m *Model) prepare(p *part) error {
	heads, fields, err := m.Codec.Limits(p.conditions)
	if err != nil {
		return err
	}
	by := map[int]int{}
	for _, h := range heads {
		if h.Shares != nil {
			by[h.Head] = len(p.limits)
		}
		p.limits = append(p.limits, dgan.Limit{Head: h.Head, Shares: h.Shares, Low: h.Low, High: h.High})
	}
	all := m.Codec.MetaHeads()
	for _, e := range p.excluded {
		not, fields, err := m.Codec.Limits(e)
		if err != nil {
			return err
		}
		p.without = append(p.without, fields)
		if len(not) != 1 || not[0].Shares == nil {
			continue // left to accepts: it is no matter of one head
		}
		i, ok := by[not[0].Head]
		if !ok {
			i, by[not[0].Head] = len(p.limits), len(p.limits)
			ones := make([]float64, all[not[0].Head].Classes)
			for k := range ones {
				ones[k] = 1
			}
			p.limits = append(p.limits, dgan.Limit{Head: not[0].Head, Shares: ones})
		}
		some := false
		for k, s := range not[0].Shares {
			p.limits[i].Shares[k] *= 1 - s
			some = some || p.limits[i].Shares[k] > 0
		}
		if !some {
			p.share = 0 // nothing is left beside the other parts
		}
	}
	p.targets = m.targets.given(m.Codec, p, fields)
	return nil
}

// split says how many of n sessions are of each part.
func (m *Model) split(parts []*part, n int, r *rand.Rand) ([]int, error) {
	if len(parts) == 0 {
		return nil, nil
	}
	counts := make([]int, len(parts))
	var fixed, weights float64
	weight := make([]float64, len(parts))
	for i, p := range parts {
		if !p.times {
			fixed += p.share
			continue
		}
		real, err := m.realShare(p, r)
		if err != nil {
			return nil, err
		}
		weight[i] = p.share * real
		weights += weight[i]
	}
	if fixed > 1+1e-9 {
		return nil, fmt.Errorf("given shares add up to %.0f%% of the sessions: want at most 100%%", 100*fixed)
	}
	if weights == 0 && fixed < 1-1e-9 {
		return nil, errors.New("what is given leaves no session for the rest: let the shares add up to 100%")
	}
	var sum, before float64
	for i, p := range parts {
		share := p.share
		if p.times {
			share = (1 - fixed) * weight[i] / max(weights, 1e-300)
		}
		sum += share
		counts[i] = int(math.Round(sum*float64(n))) - int(math.Round(before*float64(n)))
		before = sum
	}
	return counts, nil
}

// realShare is how many of the real sessions are of a part: counted where one
// head tells, otherwise as the networks have it.
func (m *Model) realShare(p *part, r *rand.Rand) (float64, error) {
	switch {
	case len(p.limits) == 0:
		return 1, nil
	case len(p.limits) == 1 && p.limits[0].Shares != nil:
		var sum, all float64
		for class, n := range m.targets.variety.Meta[p.limits[0].Head] {
			sum += float64(n) * p.limits[0].Shares[class]
			all += float64(n)
		}
		return sum / max(1, all), nil
	case len(p.limits) == 1:
		return float64(p.limits[0].High - p.limits[0].Low), nil
	}
	made, err := m.draw(p.limits, r)
	if err != nil {
		return 0, err
	}
	var sum float64
	for _, w := range made.weights {
		sum += w
	}
	return sum / float64(len(made.weights)), nil
}

// resample returns indices of rows drawn with their weights, as many as the
// weights are worth of equally weighted rows (Kish 1965), at most limit.
func resample(weights []float64, limit int, r *rand.Rand) []int {
	var sum, squares float64
	for _, w := range weights {
		sum += w
		squares += w * w
	}
	if sum == 0 {
		return nil
	}
	n := min(limit, max(1, int(sum*sum/squares)))
	var out []int
	u, below := r.Float64(), 0.
	for i, w := range weights {
		below += w / sum * float64(n)
		for u < below && len(out) < n {
			out = append(out, i)
			u++
		}
	}
	return out
}
