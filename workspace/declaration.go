package workspace

import (
	"context"
	"encoding/json"
	"fmt"

	"netshare/engine"
	"netshare/workspace/trace"
)

// declaration is a recipe as the workspace keeps it: its fields, and the text
// of the .go file that declared them, whose functions are interpreted again
// when they are needed.
type declaration struct {
	Recipe trace.Recipe `json:"recipe"`
	File   string       `json:"file,omitempty"`
	Text   string       `json:"text,omitempty"`
	// Compiled says that the fields have functions and there is no text of
	// them: only the program that declared them has them.
	Compiled bool `json:"compiled,omitempty"`
}

func (d declaration) json() json.RawMessage {
	d = d.withText()
	d.Compiled = d.Text == "" && (d.Compiled || d.Recipe.HasFunctions())
	return optionsJSON(d)
}

// withText has the text that the recipe itself brings, where there is no other.
func (d declaration) withText() declaration {
	if d.Text == "" && d.Recipe.Text != "" {
		d.File, d.Text = d.Recipe.File, d.Recipe.Text
	}
	return d
}

// source is the text that a run records: the file's, or the fields as JSON.
func (d declaration) source() string {
	if d.Text != "" {
		return d.Text
	}
	return string(d.json())
}

func readDeclaration(data json.RawMessage) (declaration, error) {
	var d declaration
	err := json.Unmarshal(data, &d)
	return d, err
}

// remember keeps a recipe whose functions the workspace can't keep.
func (w *Workspace) remember(table string, d declaration) {
	delete(w.compiled, table)
	if d = d.withText(); d.Text == "" && d.Recipe.HasFunctions() {
		w.compiled[table] = &d.Recipe
	}
}

// withFunctions returns a kept recipe with its functions.
func (w *Workspace) withFunctions(ctx context.Context, table string, d declaration) (*trace.Recipe, error) {
	switch {
	case d.Text != "":
		s, err := w.recipes.LoadSource(ctx, d.File, []byte(d.Text))
		if err != nil {
			return nil, fmt.Errorf("the recipe kept with %s: %w", table, err)
		}
		return &s.Recipe, nil
	case d.Compiled:
		if r := w.compiled[table]; r != nil {
			return r, nil
		}
		return nil, fmt.Errorf("%s was declared by a program whose functions are not kept: declare its recipe again", table)
	}
	return &d.Recipe, nil
}

// learnt returns the recipe that a model learnt, with its functions.
func (w *Workspace) learnt(ctx context.Context, m *engine.Model, kept Model) (*trace.Recipe, error) {
	if kept.Run == 0 {
		return &m.Recipe, nil
	}
	run, err := w.db.Run(ctx, kept.Run)
	if err != nil {
		return nil, err
	}
	d := declaration{Recipe: m.Recipe, File: run.RecipeName, Text: run.RecipeText}
	if run.RecipeName == "" { // the text is of the fields themselves
		if d, err = readDeclaration(json.RawMessage(run.RecipeText)); err != nil {
			return nil, fmt.Errorf("run %d: its recipe is damaged: %w", kept.Run, err)
		}
	}
	return w.withFunctions(ctx, kept.Table, d)
}
