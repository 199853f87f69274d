package workspace

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"

	"netshare/engine/privacy"
	"netshare/eval"
	"netshare/eval/attack"
	"netshare/workspace/store"
)

// Provenance says where published tables come from, without a real value, a
// path, or how many real records there are.
type Provenance struct {
	Program   string            `json:"program"`
	Version   string            `json:"version"`
	Tables    []TableProvenance `json:"tables"`
	Addresses AddressPolicy     `json:"addresses"`
	Text      TextPolicy        `json:"text"`
	Searched  string            `json:"searched"` // what was looked for in what was written, and found
	Files     []PublishedFile   `json:"files"`
}

// TableProvenance is where one table comes from.
type TableProvenance struct {
	Table   string   `json:"table"`
	Records int64    `json:"records"`
	Columns []string `json:"columns"`
	// RecipeSHA256 is of the text of the recipe that was learnt by.
	RecipeSHA256 string `json:"recipe_sha256,omitempty"`
	// TrainSeed and GenerateSeed settled what was random, but for the noise of
	// differential privacy; nil where the run is not known.
	TrainSeed    *int64 `json:"train_seed,omitempty"`
	GenerateSeed *int64 `json:"generate_seed,omitempty"`
	// Privacy is the statement of the accountant's ledger; nil for no guarantee.
	Privacy   *privacy.Statement `json:"privacy"`
	Guarantee string             `json:"guarantee"` // the same in words
	Score     *float64           `json:"score,omitempty"`
	Audit     string             `json:"audit,omitempty"` // the verdict, where some was held out
	// RealRecords and RealSessions are told where they were asked for.
	RealRecords  int `json:"real_records,omitempty"`
	RealSessions int `json:"real_sessions,omitempty"`
}

// provenance finds out where a table comes from.
func (w *Workspace) provenance(ctx context.Context, t Table) (TableProvenance, error) {
	out := TableProvenance{Table: t.Name.Table, Records: t.Rows, Columns: t.Schema.Names(), Guarantee: "none: the model learnt the real trace without noise"}
	if t.Run != 0 {
		run, err := w.db.Run(ctx, t.Run)
		if err != nil {
			return out, err
		}
		if run.Verb == "generate" {
			out.GenerateSeed = &run.Seed
		}
	}
	if t.Model == 0 {
		out.Guarantee = "none: how the table was made is not known"
		return out, nil
	}
	m, err := w.db.Model(ctx, t.Model)
	if errors.Is(err, store.ErrNotFound) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	if m.Run != 0 {
		run, err := w.db.Run(ctx, m.Run)
		if err != nil {
			return out, err
		}
		out.TrainSeed, out.RecipeSHA256 = &run.Seed, run.RecipeHash
	}
	if out.Privacy, err = statement(m); err == nil && out.Privacy != nil {
		out.Guarantee = guaranteeWords(out.Privacy)
	}
	return out, err
}

// document writes the report and the provenance beside the data.
func (j *publishJob) document(ctx context.Context, made string) error {
	prefix := ""
	if filepath.Ext(j.p.Out) != "" {
		prefix = filepath.Base(j.p.Out) + "."
	}
	p := Provenance{Program: "netshare", Version: j.w.version, Addresses: j.p.Addresses, Text: j.p.Text}
	page := eval.Public{Addresses: string(j.p.Addresses), Text: string(j.p.Text), Counts: j.p.Counts}
	for _, t := range j.tables {
		from, err := j.w.provenance(ctx, t)
		if err != nil {
			return err
		}
		section := eval.PublicTable{Name: t.Name.Table, Records: t.Rows, Guarantee: from.Guarantee}
		if t.Imitates != "" {
			r, err := j.w.Report(ctx, t.Imitates, t.Name.String())
			switch {
			case errors.Is(err, store.ErrNoTable): // the real table is gone
				section.Note = "The real table is gone, so that nothing was measured."
			case err != nil:
				return err
			default:
				section.Report, from.Score = r.Report, &r.Overall.Score
				if r.Audit, err = j.attack(ctx, t, r); err != nil {
					return err
				}
				if r.Audit != nil {
					from.Audit = r.Audit.Verdict.String()
				}
				if j.p.Counts {
					from.RealRecords, from.RealSessions = r.Real.Rows, r.Real.Sessions
				}
			}
		}
		page.Tables = append(page.Tables, section)
		p.Tables = append(p.Tables, from)
	}
	p.Searched = "all addresses, names and other free text of the workspace's real tables: none found"
	if len(j.ids.found) > 0 {
		p.Searched = "all addresses, names and other free text of the workspace's real tables: some were found, and handed out by intent"
	}
	var html bytes.Buffer
	if err := page.WriteHTML(&html); err != nil {
		return err
	}
	report := PublishedFile{Name: prefix + "report.html"}
	if err := os.WriteFile(filepath.Join(made, report.Name), html.Bytes(), 0o644); err != nil {
		return err
	}
	j.out.Files = append(j.out.Files, report)
	for i := range j.out.Files {
		if err := j.out.Files[i].measure(filepath.Join(made, j.out.Files[i].Name)); err != nil {
			return err
		}
	}
	p.Files = j.out.Files
	data, err := json.MarshalIndent(p, "", " ")
	if err != nil {
		return err
	}
	record := PublishedFile{Name: prefix + "provenance.json"}
	if err := os.WriteFile(filepath.Join(made, record.Name), append(data, '\n'), 0o644); err != nil {
		return err
	}
	j.out.Provenance = p
	j.out.Files = append(j.out.Files, record)
	return j.out.Files[len(j.out.Files)-1].measure(filepath.Join(made, record.Name))
}

// attack attacks a table as it is handed out, where the report was of one that
// some was held out of; otherwise it returns nil.
func (j *publishJob) attack(ctx context.Context, t Table, r Reported) (*attack.Audit, error) {
	if r.Audit == nil {
		j.out.Notes = append(j.out.Notes, t.Name.String()+": nothing was held out, so that what it gives away was not measured (synth --holdout, ws split)")
		return nil, nil
	}
	a := Audit{Real: t.Imitates, Synthetic: t.Name.String(), Seed: 1}
	rt, ht, st, err := j.w.audited(ctx, a)
	if err != nil {
		return nil, err
	}
	found, err := j.w.attack(ctx, rt, ht, st, a, j.copies)
	if err == nil && found.Verdict != attack.Pass {
		j.out.Notes = append(j.out.Notes, t.Name.String()+" as handed out: audit "+found.Verdict.String()+". "+found.Words)
	}
	return found, err
}

// measure fills in a file's size and hash.
func (f *PublishedFile) measure(path string) error {
	r, err := os.Open(path)
	if err != nil {
		return err
	}
	defer r.Close()
	h := sha256.New()
	if f.Bytes, err = io.Copy(h, r); err != nil {
		return err
	}
	f.SHA256 = hex.EncodeToString(h.Sum(nil))
	return nil
}
