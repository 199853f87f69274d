package workspace

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"netshare/engine"
	"netshare/engine/privacy"
	"netshare/workspace/store"
)

// Trained is a learnt model as the workspace keeps it.
type Trained struct {
	ID         int64 // of the model
	Run        int64
	Table      string
	Epochs     int
	Iterations int
	Records    int // of the real trace
	Sessions   int // of the real trace

	// Ended says why training ended before its time; "" where it did not.
	Ended string `json:",omitempty"`
	// Fidelity is that of the networks, uncalibrated, 0 to 1; 0 where it was not
	// measured.
	Fidelity float64 `json:",omitempty"`
	// Held is whether that is fidelity to sessions that were not learnt from.
	Held bool `json:",omitempty"`

	// Taken is the share of the networks' columns that began as those of the model
	// that Options.Pretrain names, 0 to 1.
	Taken float64 `json:",omitempty"`

	// Privacy is what the model guarantees; nil for nothing. Records and
	// Sessions are then those counted with noise.
	Privacy *privacy.Statement `json:",omitempty"`
}

// leastRecords is how many records a trace needs: what is learnt of one is it.
const leastRecords = 2

// Train learns a table of schema raw as its recipe declares. Losses are rows
// of netshare.epochs while it runs. When ctx ends, what was learnt is kept as a
// checkpoint and the run is marked cancelled: Resume goes on with it.
func (w *Workspace) Train(ctx context.Context, table string, opts engine.Options, hooks engine.Hooks) (Trained, error) {
	if err := opts.Validate(); err != nil {
		return Trained{}, err
	}
	t, err := w.table(ctx, table, store.Raw)
	if err != nil {
		return Trained{}, err
	}
	if w.given.Train.DP.On() && !opts.DP.On() {
		return Trained{}, fmt.Errorf("%s: the run is asked for differential privacy, and its script learns without: learn with the options of ws.Given().Train", t.Name)
	}
	job, err := w.newTraining(ctx, t, opts, hooks)
	if err != nil {
		return Trained{}, err
	}
	run := store.Run{
		Verb: "train", Table: t.Name.String(), Options: optionsJSON(opts), Seed: int64(opts.Seed), Inputs: t.Sources,
		RecipeName: job.declared.File, RecipeText: job.declared.source(), RowsIn: t.Rows,
	}
	err = w.step(ctx, run, func(id int64) error { return job.run(ctx, id, nil) })
	return job.out, err
}

// training is a model being learnt of a table.
type training struct {
	w        *Workspace
	table    Table
	declared declaration
	source   tableSource
	opts     engine.Options
	hooks    engine.Hooks
	out      Trained
}

// newTraining prepares the learning of a table as its recipe declares.
func (w *Workspace) newTraining(ctx context.Context, t Table, opts engine.Options, hooks engine.Hooks) (*training, error) {
	recipe, err := w.recipeOf(ctx, t)
	if err != nil {
		return nil, err
	}
	if t.Rows < leastRecords {
		return nil, fmt.Errorf("%s has too few records to learn from (%d): load a longer trace", t.Name, t.Rows)
	}
	learning, err := w.learn(ctx, t, recipe, namesKnown(opts))
	if err != nil {
		return nil, err
	}
	j := &training{w: w, table: t, opts: opts, hooks: hooks, declared: declaration{Recipe: *recipe}}
	j.source = tableSource{db: w.db, table: t, recipe: recipe, learning: learning, seed: opts.Seed}
	if recipe.Sample > 0 {
		if j.source.sessions, err = w.countSessions(ctx, t, recipe); err != nil {
			return nil, err
		}
	}
	if len(t.Recipe) > 0 {
		if j.declared, err = readDeclaration(t.Recipe); err != nil {
			return nil, err
		}
	}
	j.out.Table = t.Name.String()
	if name := opts.DP.Pretrain; name != "" {
		if j.opts.DP.Public, err = w.public(ctx, name, j); err != nil {
			return nil, err
		}
	}
	if name := opts.Pretrain; name != "" {
		if j.opts.Pretrained, err = w.pretrained(ctx, name); err != nil {
			return nil, fmt.Errorf("pretraining by %s: %w", name, err)
		}
	}
	return j, nil
}

// run learns as the run of that number, from checkpoints unless there are none.
func (j *training) run(ctx context.Context, id int64, from [][]byte) error {
	j.out.Run = id
	background := context.WithoutCancel(ctx)
	iterations := map[int]int{} // of each chunk
	hooks := engine.Hooks{
		Progress: func(p engine.Progress) error {
			j.out.Iterations += p.Iteration - iterations[p.Chunk]
			iterations[p.Chunk] = p.Iteration
			p.Run = id
			if err := j.saveSamples(background, p); err != nil {
				return err
			}
			if j.hooks.Progress != nil {
				if err := j.hooks.Progress(p); err != nil {
					return err
				}
			}
			if !p.EpochEnded {
				return nil
			}
			return j.w.db.AddEpoch(background, id, epochRow(p))
		},
		Checkpoint: func(epoch int, m *engine.Model) error {
			data, err := m.Checkpoint()
			if err != nil {
				return err
			}
			return errors.Join(j.w.db.SaveCheckpoint(background, id, m.Chunk(), epoch, data, keptCheckpoints), callCheckpoint(j.hooks, epoch, m))
		},
	}
	plain, types := &j.source.learning.plain, j.source.learning.types
	var m *engine.Model
	var err error
	if from == nil {
		m, err = engine.Train(ctx, j.source, plain, types, j.opts, hooks)
	} else {
		m, err = engine.Resume(ctx, from, j.source, plain, types, j.opts, hooks)
	}
	if err != nil {
		return err
	}
	j.out.Epochs, j.out.Records, j.out.Sessions, j.out.Privacy = m.Epochs, m.Records, m.Sessions, m.Privacy
	j.out.Ended, j.out.Taken = m.Ended, m.Taken
	if m.Fidelity != nil {
		j.out.Fidelity, j.out.Held = m.Fidelity.Overall, m.Fidelity.Held
	}
	data, err := m.MarshalBinary()
	if err != nil {
		return err
	}
	j.out.ID, err = j.w.db.SaveModel(ctx, store.Model{Run: id, Table: j.table.Name.String(), Meta: modelMeta(j.out, j.table, j.source.learning), Data: data}, true)
	return err
}

// keptCheckpoints is how many of a run's checkpoints are kept.
const keptCheckpoints = 2

func callCheckpoint(h engine.Hooks, epoch int, m *engine.Model) error {
	if h.Checkpoint == nil {
		return nil
	}
	return h.Checkpoint(epoch, m)
}

func epochRow(p engine.Progress) store.Epoch {
	e := store.Epoch{Chunk: p.Chunk, Epoch: p.Epoch, Values: map[string]float64{
		"critic_loss": p.Losses.Critic, "attribute_critic_loss": p.Losses.AttributeCritic,
		"generator_loss": p.Losses.Generator, "distance": p.Losses.Distance,
		"penalty": p.Losses.Penalty, "attribute_penalty": p.Losses.AttributePenalty,
		"iteration": float64(p.Iteration), "seconds": p.Elapsed.Seconds(),
	}}
	if f := p.Fidelity; f != nil {
		e.Values["fidelity"], e.Values["pairs_fidelity"], e.Values["variety"] = f.Overall, f.Pairs, f.Variety
		e.Columns = map[string]float64{}
		for _, c := range f.Columns {
			e.Columns[c.Name] = c.Value
		}
	}
	return e
}

// Generate says what is generated.
type Generate struct {
	Table   string     // in schema synth; "" for the real table's name
	Replace bool       // a table of that name is replaced; otherwise it must not exist
	Text    TextPolicy // of names and other free text; "" for TextMadeUp
	Options engine.GenerateOptions
}

// Made is what was generated.
type Made struct {
	Table Table
	engine.Generated
	MadeUp []string // columns whose names and other free text are made up
	Run    int64
}

// Model is a model that the workspace keeps.
type Model = store.Model

// ModelInfo is what the workspace says of one of its models.
type ModelInfo struct {
	Trained
	Bytes   int64
	Created time.Time
}

// Models lists the models of the workspace, the oldest first.
func (w *Workspace) Models(ctx context.Context) ([]ModelInfo, error) {
	kept, err := w.db.Models(ctx)
	if err != nil {
		return nil, err
	}
	infos := make([]ModelInfo, len(kept))
	for i, m := range kept {
		x := &infos[i]
		if len(m.Meta) > 0 {
			if err := json.Unmarshal(m.Meta, &x.Trained); err != nil {
				return nil, fmt.Errorf("model %d: what is kept of it is damaged: %w", m.ID, err)
			}
		}
		x.ID, x.Run, x.Table, x.Bytes, x.Created = m.ID, m.Run, m.Table, m.Bytes, m.Created
	}
	return infos, nil
}

// ModelOf finds a model by the number of its training run, or the latest of a
// table of schema raw where run is 0, or the latest of all where table is ""
// too.
func (w *Workspace) ModelOf(ctx context.Context, run int64, table string) (Model, error) {
	if run != 0 {
		return w.db.ModelOfRun(ctx, run)
	}
	if table != "" {
		n, err := w.db.Resolve(ctx, table, store.Raw)
		if err == nil {
			return w.db.LatestModel(ctx, n)
		}
		m, none := w.db.LatestModel(ctx, store.Parse(table, store.Raw)) // imported, or its table is gone
		if none != nil {
			return Model{}, err
		}
		return m, nil
	}
	models, err := w.db.Models(ctx)
	if err != nil {
		return Model{}, err
	}
	if len(models) == 0 {
		return Model{}, fmt.Errorf("%s has no model: train one first", w.Path())
	}
	return models[len(models)-1], nil
}

// Generate makes synthetic sessions with a model into a table of schema synth
// with the real table's columns. Its names and other free text are made up
// unless the policy says otherwise: the same one for the same one within the
// table. What they stand for is kept beside it, for measuring.
func (w *Workspace) Generate(ctx context.Context, model int64, g Generate) (Made, error) {
	if err := g.Text.Validate(); err != nil {
		return Made{}, err
	}
	kept, err := w.db.Model(ctx, model)
	if err != nil {
		return Made{}, err
	}
	m := new(engine.Model)
	if err := m.UnmarshalBinary(kept.Data); err != nil {
		return Made{}, fmt.Errorf("model %d: %w", model, err)
	}
	real, err := w.imitated(ctx, kept)
	if err != nil {
		return Made{}, fmt.Errorf("model %d: %w", model, err)
	}
	recipe, err := w.learnt(ctx, m, kept)
	if err != nil {
		return Made{}, err
	}
	if recipe, err = parting(recipe, kept); err != nil {
		return Made{}, fmt.Errorf("model %d: %w", model, err)
	}
	word := g.Table
	if word == "" {
		word = real.Name.Table
	}
	name := store.Parse(word, store.Synth)
	if name.Schema != store.Synth {
		return Made{}, fmt.Errorf("table %s: synthetic traces are written into schema synth: name it synth.%s", name, name.Table)
	}
	spec := store.TableSpec{Name: name, Model: model, Imitates: real.Name.String(), Recipe: real.Recipe}
	learning, err := w.learn(ctx, real, recipe, &m.Recipe)
	if err != nil {
		return Made{}, err
	}
	spec.Schema = columnsOf(real.Schema, recipe.Declared())
	if g.Replace {
		spec.Mode = store.Replace
	}
	var made *nameMaker
	if g.Text != TextAsGenerated {
		if made, err = w.nameMaker(ctx, recipe, real, spec.Schema, g.Options.Seed, m.Privacy != nil); err != nil {
			return Made{}, err
		}
	}
	var out Made
	run := store.Run{Verb: "generate", Table: name.String(), Options: optionsJSON(g.Options), Seed: int64(g.Options.Seed)}
	err = w.step(ctx, run, func(id int64) (err error) {
		out.Run, spec.Run = id, id
		writer, err := w.db.NewTable(ctx, spec)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, writer.Abort()) }()
		sink := newTableSink(recipe, learning, spec.Schema, writer)
		sink.names = made
		if out.Generated, err = m.Generate(ctx, g.Options, sink); err != nil {
			return err
		}
		if err := sink.end(ctx); err != nil {
			return err
		}
		if made != nil {
			out.MadeUp = made.changed
			writer.SetNames(made.standsFor)
		}
		out.Table, err = writer.Commit(ctx)
		return err
	})
	return out, err
}
