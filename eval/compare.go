// Package eval measures how close a synthetic trace is to a real one, beside
// how close the real one is to itself, and writes the report.
//
// It owns the metrics (Metrics), their mapping to scores, and the report as
// JSON, HTML and text; package figure below it draws. It reads two tables in
// memory and knows nothing of files, databases or models. What a trace
// gives away is package attack's.
//
// # Scores
//
// Every metric is a distance d, 0 for alike. Its score is 100 (y-d)/(y-b),
// held between 0 and 100, where b is the mean distance between two halves of
// the real trace (split by session, several times) and one standard deviation
// of it, and y a yardstick of failure measured on the same data. For pairs, joints and sessions y is the
// distance to independent columns: each real column drawn with replacement on
// its own. For single columns it is the distance to uniform noise over the
// real range, or over the kind's domain (65,536 ports, 256 protocols, for a
// category the values seen). Where that is no clear failure, since the real
// column is itself noise, y is the metric's largest value; where even that is
// what two halves of the real trace show, the score is left out of the mean
// with its reason.
//
// Property scores are means over their counted scores, the overall score is
// the mean of properties. Nothing is NaN: what can't be computed is a row with
// its reason that leaves the mean.
package eval

import (
	"context"
	"fmt"
	"math/rand/v2"

	"netshare/eval/attack"
)

// Compare measures synth against real. Columns are matched by name. It errs
// where an option or a table is malformed, the two share no column, the real
// table is empty, or ctx ends.
func Compare(ctx context.Context, real, synth *Trace, opts Options) (*Report, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	for _, t := range []*Trace{real, synth} {
		if err := t.check(); err != nil {
			return nil, err
		}
	}
	if real.Rows == 0 {
		return nil, fmt.Errorf("table %q has no rows: there is nothing to compare with", real.Name)
	}
	c := &comparison{opts: opts, clock: -1}
	var odd []Score
	c.fields, c.real, c.synth, odd = match(real, synth)
	if len(c.fields) == 0 {
		return nil, fmt.Errorf("tables %q and %q share no column: compare a table with its own synthetic one", real.Name, synth.Name)
	}
	notes, key := c.roles()
	rng := rand.New(rand.NewPCG(opts.Seed, 0x6576616c))
	c.indep = c.real.independent(rng)
	if err := parallel(ctx, 3, func(i int) {
		s := []*side{c.real, c.synth, c.indep}[i]
		s.sess = s.group(key, c.clock)
	}); err != nil {
		return nil, err
	}
	c.halves = halve(c.real, opts.Splits, rng)
	if c.halves.byRow && c.real.rows > 1 {
		notes = append(notes, "the real trace is a single session, so the baseline halves its records")
	}
	if c.halves.splits == 0 {
		notes = append(notes, "the real trace has a single record, so there is no baseline")
	}
	scores, cells, err := c.measure(ctx, rng)
	if err != nil {
		return nil, err
	}
	r := &Report{
		Real:      Side{Name: real.Name, Rows: real.Rows, Columns: len(real.Columns), Sessions: c.real.sess.count},
		Synthetic: Side{Name: synth.Name, Rows: synth.Rows, Columns: len(synth.Columns), Sessions: c.synth.sess.count},
		Key:       opts.Key, Time: opts.Time, Seed: opts.Seed, Splits: c.halves.splits,
		Scores: append(odd, scores...), Notes: notes,
	}
	for i := range r.Scores {
		if s := &r.Scores[i]; !s.Computed {
			s.Counted = false
		}
	}
	var broken Score
	r.Rules, broken = c.rules()
	r.Scores = append(r.Scores, broken)
	if opts.Tasks {
		var found []Score
		if r.Tasks, found, err = c.tasks(ctx, rng); err != nil {
			return nil, err
		}
		r.Scores = append(r.Scores, found...)
	}
	r.Overall, r.Properties = summarise(r.Scores, c.halves.splits)
	r.Worst = worst(r.Scores, 5)
	if r.SDMetrics, err = c.sdmetrics(ctx, real, synth); err != nil {
		return nil, err
	}
	r.charts = c.charts(cells, r)
	return r, nil
}

// roles finds the key and time fields, and drops those that are not there.
func (c *comparison) roles() (notes []string, key []int) {
	at := func(name string) int {
		for i := range c.fields {
			if c.fields[i].Column.Name == name {
				return i
			}
		}
		return -1
	}
	var kept []string
	for _, k := range c.opts.Key {
		i := at(k)
		if i < 0 {
			notes = append(notes, "session key "+quote(k)+" is not a column of both tables and was left out of the key")
			continue
		}
		kept = append(kept, k)
		key = append(key, i)
	}
	c.opts.Key = kept
	if c.opts.Time != "" {
		switch i := at(c.opts.Time); {
		case i < 0:
			notes = append(notes, "time column "+quote(c.opts.Time)+" is not a column of both tables")
		case !c.fields[i].numeric:
			notes = append(notes, "time column "+quote(c.opts.Time)+" holds texts, not times: records are taken in the table's order")
		default:
			c.clock = i
		}
	}
	return notes, key
}

// measure runs every metric.
func (c *comparison) measure(ctx context.Context, rng *rand.Rand) ([]Score, []heatCell, error) {
	byField := make([][]Score, len(c.fields))
	err := parallel(ctx, len(c.fields), func(f int) {
		switch fd := &c.fields[f]; {
		case fd.time || f == c.clock:
			byField[f] = c.timeColumn(f)
		case fd.numeric:
			byField[f] = c.numberColumn(f)
		default:
			byField[f] = c.textColumn(f)
		}
	})
	if err != nil {
		return nil, nil, err
	}
	var scores []Score
	for _, s := range byField {
		scores = append(scores, s...)
	}
	prep, err := c.prepare(ctx)
	if err != nil {
		return nil, nil, err
	}
	pairs, cells, err := c.pairScores(ctx, prep, rng)
	if err != nil {
		return nil, nil, err
	}
	scores = append(scores, pairs...)
	sliced, err := c.sliced(ctx, prep, rng)
	if err != nil {
		return nil, nil, err
	}
	scores = append(scores, sliced...)
	prep = nil
	joint, err := c.triples(ctx, rng)
	if err != nil {
		return nil, nil, err
	}
	scores = append(scores, joint...)
	found, err := c.detection(ctx, rng)
	if err != nil {
		return nil, nil, err
	}
	scores = append(scores, found...)
	scores = append(scores, c.sessionScores()...)
	for _, more := range []func(context.Context) ([]Score, error){c.seriesScores, c.networkScores} {
		found, err := more(ctx)
		if err != nil {
			return nil, nil, err
		}
		scores = append(scores, found...)
	}
	return scores, cells, ctx.Err()
}

// parallel is attack.Parallel, which the attacks need too.
func parallel(ctx context.Context, n int, f func(i int)) error { return attack.Parallel(ctx, n, f) }
