package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"netshare/engine/codec"
	"netshare/engine/dgan"
	"netshare/engine/marginal"
	"netshare/engine/privacy"
	"netshare/workspace/trace"
)

// validateNetworks reports the faults of what DPGAN has for its own.
func (d DP) validateNetworks() (errs []error) {
	if d.ColumnsOnly {
		errs = append(errs, errors.New("columns only is of the marginal model: choose that"))
	}
	switch {
	case d.NoiseMultiplier < 0 || math.IsNaN(d.NoiseMultiplier) || math.IsInf(d.NoiseMultiplier, 1):
		errs = append(errs, fmt.Errorf("the noise multiplier is %g: want more than 0, 1 to 20 for example", d.NoiseMultiplier))
	case d.NoiseMultiplier > 0 && d.Epsilon != 0:
		errs = append(errs, fmt.Errorf("both epsilon %g and a noise multiplier of %g: give one of them, the other comes of it", d.Epsilon, d.NoiseMultiplier))
	}
	if !(d.Clip >= 0) || math.IsInf(d.Clip, 1) {
		errs = append(errs, fmt.Errorf("the clip is %g: want more than 0", d.Clip))
	}
	return errs
}

// clip is Clip, or its default.
func (d DP) clip() float64 {
	if d.Clip == 0 {
		return 1
	}
	return d.Clip
}

// settled returns the DP with an epsilon, where a noise multiplier was given:
// that of so many rounds, and something for the columns.
func (d DP) settled(rounds int) DP {
	if d.NoiseMultiplier == 0 {
		return d
	}
	l := privacy.Ledger{Mechanisms: []privacy.Mechanism{{Kind: privacy.Subsampled, Multiplier: d.NoiseMultiplier, Rate: batchShare, Steps: rounds}}}
	e, _ := l.Epsilon(d.Delta * .9)
	d.Epsilon = e / (1 - columnsOfBudget)
	return d
}

// givenRounds is the critic rounds that the options ask for, 0 where they are
// to be chosen.
func (o Options) givenRounds() int {
	switch {
	case o.Epochs > 0:
		return int(math.Ceil(float64(o.Epochs)/batchShare/roundsEach)) * roundsEach
	case o.DP.NoiseMultiplier > 0:
		return roundsMost / 8
	}
	return 0
}

// trainPrivately learns the columns of the sessions of src as noised counts, and
// how they go together by networks whose gradients are noised.
func trainPrivately(ctx context.Context, src Source, recipe *trace.Recipe, types map[string]trace.Type, opts Options, hooks Hooks) (*Model, error) {
	all, err := gather(ctx, src, math.MaxInt64, opts.Seed)
	if err != nil {
		return nil, err
	}
	sessions := all.sample
	if len(sessions) == 0 {
		return nil, fmt.Errorf("trace %q has no session to learn from", recipe.Name)
	}
	rounds := opts.givenRounds()
	dp := opts.DP.settled(rounds)
	how := dp.marginals()
	if how.Unit == marginal.Record {
		if len(recipe.KeyNames()) > 0 {
			return nil, errors.New("the unit record is not to be had of networks: a session's records have one gradient: choose the unit session, which protects all of them")
		}
		how.Unit = marginal.Session // each record is one
	}
	columns, err := marginal.FitColumns(ctx, recipe, types, sessions, how, columnsOfBudget, codeClasses)
	if err != nil {
		return nil, err
	}
	m := &Model{Recipe: shell(recipe), Codec: &codec.Codec{}, Options: opts, Marginal: columns.Model, Privacy: &columns.Model.Statement}
	m.Options.DP.Public = nil
	m.Sessions = max(1, int(columns.Model.Sessions)) // as counted with noise
	m.Records = m.Sessions
	t := private{m: m, dp: dp, how: how, columns: columns, hooks: hooks}
	t.limit = 1
	if how.Unit == marginal.Host {
		t.limit = how.HostCap
	}
	return m, t.run(ctx, rounds)
}

// private is the private training of networks.
type private struct {
	m       *Model
	dp      DP
	how     marginal.Options
	columns *marginal.Columns
	limit   int // sessions of a unit of privacy
	hooks   Hooks
	plan    plan
}

func (t *private) run(ctx context.Context, rounds int) error {
	m := t.m
	shape := m.privateShape()
	var err error
	if t.plan, err = planFor(t.dp, t.columns.Ledger, m.Marginal.Sessions, shape.MetaWidth()+shape.Records*shape.SeriesWidth(), t.limit, rounds); err != nil {
		return err
	}
	warnings, err := t.plan.check(t.dp, m.Marginal.Sessions)
	if err != nil {
		return err
	}
	if m.net, err = dgan.New(shape, t.plan.config(m.Options.GAN), m.Options.Seed); err != nil {
		return err
	}
	if err := m.net.SetMargins(sharesOf(m.Marginal, false), sharesOf(m.Marginal, true)); err != nil {
		return err
	}
	if err := t.pretrain(ctx); err != nil {
		return err
	}
	noise, err := t.plan.lattice(t.dp.clip() * float64(t.limit))
	if err != nil {
		return err
	}
	p := dgan.Private{Rate: t.plan.Rate, Groups: t.columns.Hosts, Nominal: t.plan.Nominal, Clip: t.dp.clip(), Noise: noise, Draw: t.columns.Noise}
	err = t.columns.Ledger.Add(privacy.Mechanism{
		Name: "how columns go together: gradients of the critic", Kind: privacy.Subsampled,
		Multiplier: t.plan.Multiplier, Rate: t.plan.Rate, Steps: t.plan.Rounds,
	})
	if err != nil {
		return err
	}
	t.state(warnings)
	return t.learn(ctx, encoded(m.Marginal, t.columns.Sessions, shape.Records, t.columns.Noise), p)
}

// learn takes the steps of the plan.
func (t *private) learn(ctx context.Context, data dgan.Data, p dgan.Private) error {
	began, reported := time.Now(), time.Now()
	all := t.plan.Rounds / roundsEach
	perEpoch := max(1, int(math.Round(1/t.plan.Rate/roundsEach)))
	var sum dgan.Losses
	for k := range all {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		losses, err := t.m.net.PrivateStep(data, p)
		if err != nil {
			return fmt.Errorf("step %d: %w", k+1, err)
		}
		sum = plus(sum, losses)
		ended := (k+1)%perEpoch == 0 || k+1 == all
		if t.hooks.Progress == nil || !ended && time.Since(reported) < reportEvery {
			continue
		}
		reported = time.Now()
		elapsed := time.Since(began)
		err = t.hooks.Progress(Progress{
			Epoch: k/perEpoch + 1, Epochs: (all + perEpoch - 1) / perEpoch, Iteration: k + 1, EpochEnded: ended,
			Elapsed: elapsed, Left: time.Duration(float64(elapsed) / float64(k+1) * float64(all-k-1)),
			Records: int(float64(k+1) * t.plan.Nominal * roundsEach), Losses: mean(sum, (k%perEpoch)+1),
		})
		if err != nil {
			return err
		}
		if ended {
			sum = dgan.Losses{}
		}
	}
	t.m.Epochs = max(1, (all+perEpoch-1)/perEpoch)
	return nil
}

// pretrainSteps is how many steps the networks learn a public trace for.
const pretrainSteps = 1000

// pretrain learns the sessions that are public, without privacy, in the private
// trace's code: what that does not know is taken for what is nearest.
func (t *private) pretrain(ctx context.Context) error {
	if t.dp.Public == nil && t.dp.Pretrain == "" {
		return nil
	}
	if t.dp.Public == nil {
		return fmt.Errorf("pretraining on %s: its sessions are not given", t.dp.Pretrain)
	}
	all, err := gather(ctx, t.dp.Public, math.MaxInt64, t.m.Options.Seed)
	if err != nil {
		return fmt.Errorf("pretraining on %s: %w", t.dp.Pretrain, err)
	}
	if len(all.sample) == 0 {
		return fmt.Errorf("pretraining on %s: it has no session", t.dp.Pretrain)
	}
	data := encoded(t.m.Marginal, all.sample, t.m.net.Shape().Records, seededDraws{rand.New(rand.NewPCG(t.m.Options.Seed, 0x707562))})
	for range pretrainSteps {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if _, err := t.m.net.Step(data); err != nil {
			return fmt.Errorf("pretraining on %s: %w", t.dp.Pretrain, err)
		}
	}
	return nil
}

// state writes the model's statement.
func (t *private) state(warnings []string) {
	s := &t.m.Marginal.Statement
	s.Model = fmt.Sprintf("networks: noised gradients of a critic of %d weights, over columns of noised counts", t.plan.Weights)
	s.Unit, s.Means = string(t.how.Unit), t.how.Means()
	asked := t.dp.Budget
	s.Settle(t.columns.Ledger, asked)
	s.Outside, s.Warnings = marginal.Outside(), warnings
	if t.dp.Public != nil {
		s.Outside = append(s.Outside, fmt.Sprintf("the trace or run %s, which the networks learnt first: as it is, without noise, since it is taken for public", t.dp.Pretrain))
	}
}

// seededDraws draws what needs no secret.
type seededDraws struct{ *rand.Rand }

// Below returns a number from 0 to k-1.
func (d seededDraws) Below(k uint64) uint64 { return d.Uint64N(k) }

// codes are coded sessions, as dgan reads them: of a session longer than a
// sample a window, drawn anew each time, half the time the first.
type codes struct {
	meta, series   [][]int32
	heads, columns []codec.Head
	longest        int
	draw           interface{ Below(k uint64) uint64 }
}

func encoded(m *marginal.Model, sessions []trace.Session, longest int, draw interface{ Below(k uint64) uint64 }) *codes {
	c := &codes{heads: headsOf(sharesOf(m, false)), columns: headsOf(sharesOf(m, true)), longest: longest, draw: draw}
	for _, s := range sessions {
		meta, series := m.Encode(s)
		if len(meta) == 0 {
			meta = make([]int32, 1)
		}
		if len(series) == 0 {
			series = make([]int32, len(s.Series))
		}
		c.meta, c.series = append(c.meta, meta), append(c.series, series)
	}
	return c
}

// Len implements dgan.Data.
func (c *codes) Len() int { return len(c.meta) }

// Fill implements dgan.Data.
func (c *codes) Fill(i int, meta, series []float32) int {
	width := len(c.columns)
	records := len(c.series[i]) / width
	n := min(records, c.longest)
	from := 0
	if records > n && c.draw.Below(2) == 1 {
		from = int(c.draw.Below(uint64(records - n + 1)))
	}
	set(c.heads, c.meta[i], meta)
	for k := range n {
		set(c.columns, c.series[i][(from+k)*width:], series[k*widthOf(c.columns):])
	}
	return n
}

// set writes classes as one-hot columns.
func set(heads []codec.Head, classes []int32, out []float32) {
	at := 0
	for j, h := range heads {
		out[at+int(classes[j])] = 1
		at += h.Classes
	}
}

func headsOf(shares [][]float64) (hs []codec.Head) {
	for _, p := range shares {
		hs = append(hs, codec.Head{Classes: len(p)})
	}
	return hs
}

// sharesOf returns the shares of the classes of coded rows; networks have one
// column at least, if only of one class.
func sharesOf(m *marginal.Model, series bool) [][]float64 {
	if all := m.Shares(series); len(all) > 0 {
		return all
	}
	return [][]float64{{1}}
}

// privateShape is the layout of a private model's samples.
func (m *Model) privateShape() dgan.Shape {
	heads := headsOf(sharesOf(m.Marginal, false))
	known, classes := len(m.Marginal.Shares(false)), make([]int32, len(heads))
	longest := min(longestSample, m.Marginal.Within(windowHolds))
	return dgan.Shape{
		Meta: networkHeads(heads), Series: networkHeads(headsOf(sharesOf(m.Marginal, true))), Records: longest,
		Length: func(meta []float32, r *rand.Rand) int {
			if len(m.lengths) > 0 {
				n := m.lengths[0]
				m.lengths = m.lengths[1:]
				return n
			}
			classesOf(heads, meta, classes)
			return min(longest, m.Marginal.Records(classes[:known], r))
		},
	}
}

// classesOf reads one-hot columns.
func classesOf(heads []codec.Head, in []float32, out []int32) {
	code := make([]float32, len(heads))
	compact(heads, in, code)
	for i, c := range code {
		out[i] = int32(c)
	}
}
