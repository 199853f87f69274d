package workspace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"netshare/engine/privacy"
	"netshare/eval/attack"
	"netshare/workspace/store"
)

// Audit says which synthetic table is attacked, and with what.
type Audit struct {
	Real      string // the table of schema raw that was learnt
	Synthetic string // of schema synth; "" for the real one's name, or where that was split, the name it had before
	Holdout   string // of schema raw, nothing of which was learnt; "" for what Split held out of Real, if anything

	// Addresses is how the synthetic addresses are changed before they are
	// handed out; what is attacked is what comes out. "" for as generated.
	Addresses AddressPolicy
	Seed      uint64 // settles everything random

	// Shadow is how many models are trained as the synthetic table's was, each on
	// half of the hosts of both parts, for the shadow-model attack: each takes as
	// long as the training did. 0 for none, otherwise 4 or more.
	Shadow   int
	Progress func(done, of int) `json:"-"` // of shadow models; may be nil
}

// Audited is an audit and the run that made it.
type Audited struct {
	*attack.Audit
	Run int64
}

// Audit attacks a synthetic table, to see what it gives away of the sessions
// that were learnt. Without a holdout it counts what is repeated and decides
// nothing. The figures are rows of netshare.scores, of property privacy.
func (w *Workspace) Audit(ctx context.Context, a Audit) (out Audited, err error) {
	rt, ht, st, err := w.audited(ctx, a)
	if err != nil {
		return out, err
	}
	run := store.Run{Verb: "audit", Table: st.Name.String(), Options: optionsJSON(a), Seed: int64(a.Seed)}
	err = w.step(ctx, run, func(id int64) error {
		out.Run = id
		if out.Audit, err = w.attack(ctx, rt, ht, st, a, w); err != nil {
			return err
		}
		return w.db.SaveScores(ctx, id, auditRows(rt, st, out.Audit), true)
	})
	return out, err
}

// audited finds the tables of an audit; that of the holdout is nil where
// nothing was held out.
func (w *Workspace) audited(ctx context.Context, a Audit) (rt Table, ht *Table, st Table, err error) {
	if rt, err = w.table(ctx, a.Real, store.Raw); err != nil {
		return
	}
	kept, err := w.splitOf(ctx, rt)
	if err != nil {
		return
	}
	if a.Synthetic == "" {
		a.Synthetic = rt.Name.Table
		if _, bad := w.db.Resolve(ctx, a.Synthetic, store.Synth); kept != nil && errors.Is(bad, store.ErrNoTable) {
			a.Synthetic = store.Parse(kept.Of, store.Raw).Table
		}
	}
	if st, err = w.table(ctx, a.Synthetic, store.Synth); err != nil {
		return
	}
	if a.Holdout == "" {
		if a.Holdout, err = w.HoldoutOf(ctx, rt.Name.String()); err != nil || a.Holdout == "" {
			return
		}
	}
	h, err := w.table(ctx, a.Holdout, store.Raw)
	if err != nil {
		return
	}
	if h.Name == rt.Name || h.Name == st.Name || rt.Name == st.Name {
		err = fmt.Errorf("tables %s, %s and %s: want three that differ", rt.Name, st.Name, h.Name)
	}
	return rt, &h, st, err
}

// attack reads the tables, the synthetic one from a workspace that may be another,
// and makes all attacks.
func (w *Workspace) attack(ctx context.Context, rt Table, ht *Table, st Table, a Audit, from *Workspace) (*attack.Audit, error) {
	recipe, err := w.recipeOf(ctx, rt)
	if err != nil {
		return nil, err
	}
	if err := a.Addresses.Validate(); err != nil {
		return nil, err
	}
	switch {
	case a.Shadow < 0 || a.Shadow > 0 && a.Shadow < 4:
		return nil, fmt.Errorf("%d shadow models: want 4 or more, or none", a.Shadow)
	case a.Shadow > 0 && ht == nil:
		return nil, errors.New("shadow models need a holdout: split the table before it is learnt (ws split)")
	}
	renamer, err := w.renamer(ctx, a.Addresses, rand.New(rand.NewPCG(a.Seed, 0x72656e616d65)), st)
	if err != nil {
		return nil, err
	}
	v := newVictim(recipe, rt, st)
	kept, err := w.splitOf(ctx, rt)
	if err != nil {
		return nil, err
	}
	if kept != nil { // "" where sessions were split
		v.host = kept.Column
	}
	rng := rand.New(rand.NewPCG(a.Seed, 0x7369646573))
	in := attack.Input{Seed: a.Seed}
	if in.Train, err = v.side(ctx, w, rt, nil, rng); err != nil {
		return nil, err
	}
	if ht != nil {
		for _, f := range recipe.Fields() {
			if ht.Schema.Index(f.Name) < 0 {
				return nil, fmt.Errorf("%s has no column %q of %s: what is held out has the columns of what was learnt", ht.Name, f.Name, rt.Name)
			}
		}
		h, err := v.side(ctx, w, *ht, nil, rng)
		if err != nil {
			return nil, err
		}
		in.Holdout = &h
	}
	if in.Synthetic, err = v.side(ctx, from, st, renamer, rng); err != nil {
		return nil, err
	}
	in.Identifiers = v.identifiers
	if a.Shadow > 0 {
		if in.Shadows, err = w.shadows(ctx, v, rt, *ht, st, a); err != nil {
			return nil, err
		}
	}
	if from == w && !a.Addresses.changes() {
		in.Remedy = "Addresses that five sessions have are repeated by intent: ws publish replaces them (--addresses keep-structure)"
	}
	if st.Model != 0 {
		from, err := w.provenance(ctx, st)
		if err != nil {
			return nil, err
		}
		if from.Privacy != nil {
			in.Guarantee = from.Guarantee
		}
	}
	return attack.Run(ctx, in)
}

func auditRows(real, synth Table, o *attack.Audit) []store.Score {
	row := func(metric string, v attack.Verdict, words string) store.Score {
		s := noScore(real, synth, "privacy", metric)
		s.Note = v.String() + ": " + words
		return s
	}
	rows := []store.Score{row("verdict", o.Verdict, o.Words)}
	for _, b := range o.Blocks {
		rows = append(rows, row(b.Name, b.Verdict, b.Words))
		for _, f := range b.Figures {
			s := row(b.Name, b.Verdict, f.Of)
			s.Column, s.Value, s.Baseline = f.Name, f.Value, f.Chance
			rows = append(rows, s)
		}
	}
	return rows
}

// Write writes audit.html and audit.json into a folder, which is made if it is
// absent.
func (a Audited) Write(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	var html, js bytes.Buffer
	if err := errors.Join(a.WriteHTML(&html), a.WriteJSON(&js)); err != nil {
		return err
	}
	return errors.Join(writeFile(filepath.Join(dir, "audit.html"), html.Bytes()), writeFile(filepath.Join(dir, "audit.json"), js.Bytes()))
}

// guaranteeWords is a private model's statement in a sentence.
func guaranteeWords(s *privacy.Statement) string {
	return fmt.Sprintf("differentially private: epsilon %.3g at delta %.3g, for %s; outside of it: %s", s.Epsilon, s.Delta, s.Means, strings.Join(s.Outside, "; "))
}
