package workspace

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"time"

	"netshare/engine"
	"netshare/eval/attack"
	"netshare/workspace/store"
	"netshare/workspace/trace"
)

// sessionList is a source and a sink of sessions in memory.
type sessionList struct{ list []trace.Session }

// Sessions implements engine.Source. A learner may change a session's rows, so
// that each gets its own.
func (s *sessionList) Sessions(ctx context.Context) iter.Seq2[trace.Session, error] {
	return func(yield func(trace.Session, error) bool) {
		for _, x := range s.list {
			if ctx.Err() != nil {
				yield(trace.Session{}, context.Cause(ctx))
				return
			}
			own := trace.Session{Meta: slices.Clone(x.Meta)}
			for _, rec := range x.Series {
				own.Series = append(own.Series, slices.Clone(rec))
			}
			if !yield(own, nil) {
				return
			}
		}
	}
}

// Write implements engine.Sink.
func (s *sessionList) Write(_ context.Context, x trace.Session) error {
	s.list = append(s.list, x)
	return nil
}

// shadows trains models as the audited table's was, each on a random half of
// the hosts of both parts, and returns what they generate. Nothing of it is
// kept in the workspace.
func (w *Workspace) shadows(ctx context.Context, v *victim, real, holdout, synth Table, a Audit) ([]attack.Shadow, error) {
	if synth.Model == 0 {
		return nil, fmt.Errorf("%s was not made by a model of this workspace: shadow models need one to be like", synth.Name)
	}
	kept, err := w.db.Model(ctx, synth.Model)
	if err != nil {
		return nil, err
	}
	run, err := w.db.Run(ctx, kept.Run)
	if err != nil {
		return nil, err
	}
	opts := engine.DefaultOptions()
	if err := json.Unmarshal(run.Options, &opts); err != nil {
		return nil, fmt.Errorf("run %d: its options are damaged: %w", run.ID, err)
	}
	opts.CheckpointEvery = time.Duration(1<<63 - 1)
	opts.Pretrain = "" // it may have learnt what a shadow model must not know
	opts.Chunks.SkipFirst = false
	recipe, err := w.recipeOf(ctx, real)
	if err != nil {
		return nil, err
	}
	learning, err := w.learn(ctx, real, recipe, namesKnown(opts))
	if err != nil {
		return nil, err
	}
	if learning.lists() || transforms(recipe) {
		return nil, errors.New("shadow models are not for recipes with lists or transforms: leave --shadow out")
	}
	byHost := map[string][]trace.Session{}
	var hosts []string
	for _, t := range []Table{real, holdout} {
		src := tableSource{db: w.db, table: t, recipe: recipe, learning: learning}
		n := 0
		for s, err := range src.plain(ctx) {
			if err != nil {
				return nil, err
			}
			host := v.hostOf(recipe, s, t, n)
			n++
			if byHost[host] == nil {
				hosts = append(hosts, host)
			}
			byHost[host] = append(byHost[host], s)
		}
	}
	rng := rand.New(rand.NewPCG(a.Seed, 0x736861646f77))
	var out []attack.Shadow
	for k := range a.Shadow {
		x := attack.Shadow{Sample: v.space.NewSample(), Learnt: map[string]bool{}}
		src, made := &sessionList{}, &sessionList{}
		for _, i := range rng.Perm(len(hosts))[:(len(hosts)+1)/2] {
			x.Learnt[hosts[i]] = true
			src.list = append(src.list, byHost[hosts[i]]...)
		}
		opts.Seed = rng.Uint64()
		m, err := engine.Train(ctx, src, &learning.plain, learning.types, opts, engine.Hooks{})
		if err != nil {
			return nil, fmt.Errorf("shadow model %d: %w", k+1, err)
		}
		generate := engine.DefaultGenerateOptions()
		generate.Seed = opts.Seed
		if _, err := m.Generate(ctx, generate, made); err != nil {
			return nil, fmt.Errorf("shadow model %d: %w", k+1, err)
		}
		for _, s := range made.list {
			values, _ := v.features(v.shared(synth), v.narrow(s))
			if err := x.Sample.Append(values, ""); err != nil {
				return nil, err
			}
		}
		out = append(out, x)
		if a.Progress != nil {
			a.Progress(k+1, a.Shadow)
		}
	}
	return out, nil
}

// narrow leaves out of a session of all fields those that one table lacks.
func (v *victim) narrow(s trace.Session) trace.Session {
	if !slices.Contains(v.meta, false) && !slices.Contains(v.series, false) {
		return s
	}
	var out trace.Session
	for i, has := range v.meta {
		if has {
			out.Meta = append(out.Meta, s.Meta[i])
		}
	}
	for _, rec := range s.Series {
		row := trace.Row{rec[0]}
		for i, has := range v.series {
			if has {
				row = append(row, rec[i+1])
			}
		}
		out.Series = append(out.Series, row)
	}
	return out
}

// hostOf is the host that a session is of, or where sessions were split, the
// session itself: the table's name and its place in it.
func (v *victim) hostOf(r *trace.Recipe, s trace.Session, t Table, place int) string {
	for i, f := range r.Metadata {
		if f.Name == v.host && v.host != "" {
			return plain(s.Meta[i])
		}
	}
	return fmt.Sprintf("\x00%s %d", store.Name(t.Name), place)
}
