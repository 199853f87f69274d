package notebook

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"netshare/workspace"
)

// CellStatus is how what is kept of a cell stands to what would come of it now.
type CellStatus string

// The states of a cell.
const (
	CellNew    CellStatus = "new"    // never run
	CellFresh  CellStatus = "fresh"  // running it again would show the same
	CellStale  CellStatus = "stale"  // its text or what it reads has changed
	CellFailed CellStatus = "failed" // the last time

	CellRunning CellStatus = "running"
	CellStopped CellStatus = "stopped" // it did not come to its end
)

// CellState is what is kept of a cell, and whether that still holds.
type CellState struct {
	ID       string     `json:"id"`
	Status   CellStatus `json:"status"`
	Why      string     `json:"why,omitempty"` // it is stale, or what became of it
	Output   Output     `json:"output"`
	Error    string     `json:"error,omitempty"`
	Started  time.Time  `json:"started,omitzero"`
	Finished time.Time  `json:"finished,omitzero"`
	Reads    []string   `json:"reads,omitempty"`  // resources, as the text says now
	Writes   []string   `json:"writes,omitempty"` // the same

	// Stopped is the training that did not come to its end, where Status is
	// CellStopped; nil for none.
	Stopped *StoppedTraining `json:"stopped,omitempty"`
}

// Attach gives the cells of a document just read the IDs by which their outputs
// are kept, and forgets the outputs of cells that are gone.
func (r *Runner) Attach(ctx context.Context, d *Document) error {
	kept, err := r.ws.Cells(ctx, r.key)
	if err != nil || len(kept) == 0 {
		return err
	}
	known := make([]Identity, len(kept))
	for i, c := range kept {
		known[i] = Identity{c.ID, Kind(c.Kind), c.Text}
	}
	d.Identify(known)
	return r.Place(ctx, d)
}

// Place notes the order of a document's cells after it was changed, which
// staleness goes by.
func (r *Runner) Place(ctx context.Context, d *Document) error {
	if r.ws.ReadOnly() {
		return nil
	}
	ids := make([]string, len(d.Cells))
	for i, c := range d.Cells {
		ids[i] = c.ID
	}
	return r.ws.PlaceCells(ctx, r.key, ids)
}

// States tells of every cell of a document, prose too, what is kept and whether
// it still holds.
func (r *Runner) States(ctx context.Context, d *Document) ([]CellState, error) {
	ran := r.jobs.runningCells(r.key) // what ends from here on is not yet among what is kept
	v, err := r.view(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range d.Cells { // tables that are not there yet are known by those that will make them
		if _, writes := r.uses(*c, v); writes != nil {
			for _, w := range writes {
				v.made[w] = true
			}
		}
	}
	dirty := map[string]string{} // resources that a cell above will make anew, and why
	states := make([]CellState, len(d.Cells))
	for i, c := range d.Cells {
		s := &states[i]
		*s = CellState{ID: c.ID, Status: CellNew}
		if !c.Runs() {
			s.Status = CellFresh
			continue
		}
		s.Reads, s.Writes = r.uses(*c, v)
		if kept, ok := v.kept[c.ID]; ok {
			s.Output, s.Error, s.Started, s.Finished = kept.output, kept.Error, kept.Started, kept.Finished
			s.Status, s.Why = v.judge(c, kept, s.Reads, dirty)
			if kept.Finished.IsZero() {
				switch runs := ran[c.ID] || r.jobs.runs(r.key, c.ID); {
				case runs:
					s.Status, s.Why = CellRunning, ""
				case s.Status != CellStale:
					s.Status, s.Why, s.Stopped = r.unfinished(ctx, c, kept)
				}
			}
		}
		for _, w := range s.Writes {
			delete(dirty, w)
			if s.Status != CellFresh {
				dirty[w] = fmt.Sprintf("%s comes of a cell above that is %s", w, s.Status)
			}
		}
	}
	return states, nil
}

// unfinished says what became of a cell that did not come to its end.
func (r *Runner) unfinished(ctx context.Context, c *Cell, k keptCell) (CellStatus, string, *StoppedTraining) {
	is := func(run workspace.Training) bool { return false }
	steps, err := parseSteps(c.Kind, c.Text)
	switch kept := k.output.Stopped; {
	case kept != nil:
		is = func(run workspace.Training) bool { return run.ID == kept.Run }
	case err == nil && c.Kind == KindTrain: // the program ended
		is = func(run workspace.Training) bool {
			return !run.Started.Before(k.Started) && slices.ContainsFunc(steps, func(s step) bool { return strings.EqualFold(s.table, run.Table) })
		}
	}
	if stopped := r.stoppedRun(ctx, is); stopped != nil {
		return CellStopped, stopped.Error(), stopped
	}
	if k.output.Stopped != nil {
		return CellStale, fmt.Sprintf("run %d was gone on with elsewhere", k.output.Stopped.Run), nil
	}
	return CellStopped, "it did not come to its end: run it again", nil
}

// keptCell is what is kept of a cell with its output read.
type keptCell struct {
	workspace.Cell
	output Output
}

// view is what a workspace and the kept cells are at a moment, as staleness
// needs it.
type view struct {
	kept   map[string]keptCell
	tables map[string]string // by name in lower case: the version
	models map[string]string // latest model by table
	made   map[string]bool   // tables that cells make, there or not
}

func (r *Runner) view(ctx context.Context) (*view, error) {
	v := &view{kept: map[string]keptCell{}, tables: map[string]string{}, models: map[string]string{}, made: map[string]bool{}}
	cells, err := r.ws.Cells(ctx, r.key)
	if err != nil {
		return nil, err
	}
	for _, c := range cells {
		k := keptCell{Cell: c}
		if len(c.Output) > 0 {
			if err := json.Unmarshal(c.Output, &k.output); err != nil {
				return nil, fmt.Errorf("what is kept of cell %s is damaged: %w", c.ID, err)
			}
		}
		v.kept[c.ID] = k
		for _, w := range k.output.Writes {
			v.made[w] = true
		}
	}
	stamps, err := r.ws.Stamps(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range stamps {
		version := fmt.Sprintf("run %d of %s", s.Run, s.Changed.Format(time.RFC3339Nano))
		if s.Run == 0 {
			version = fmt.Sprintf("%d rows, %d columns", s.Rows, s.Columns)
		}
		v.tables[strings.ToLower(s.Name.String())] = version
	}
	models, err := r.ws.Query(ctx, "SELECT lower(table_name), max(model)::VARCHAR FROM netshare.models WHERE table_name IS NOT NULL GROUP BY 1")
	if err != nil {
		return nil, err
	}
	defer models.Close()
	for row, err := range models.Rows() {
		if err != nil {
			return nil, err
		}
		v.models[row[0].(string)] = row[1].(string)
	}
	return v, nil
}

// version is that of a resource as a cell at a position finds it: its own, and
// when a cell above last made it. What the cell itself makes is told by the
// latter alone.
func (v *view) version(resource string, position int, own []string) string {
	var last time.Time
	for _, k := range v.kept {
		if k.Position < position && k.Finished.After(last) && slices.Contains(k.output.Writes, resource) {
			last = k.Finished
		}
	}
	text := ""
	if !slices.Contains(own, resource) {
		switch kind, name := resourceKind(resource); kind {
		case "file":
			text = fileVersion(name)
		case "model":
			text = v.models[name]
		default:
			text = v.tables[resource]
		}
	}
	if !last.IsZero() {
		text += " made " + last.UTC().Format(time.RFC3339Nano)
	}
	return text
}

func resourceKind(resource string) (kind, name string) {
	if name, ok := strings.CutPrefix(resource, fileResource("")); ok {
		return "file", name
	}
	if name, ok := strings.CutPrefix(resource, modelResource("")); ok {
		return "model", name
	}
	return "table", resource
}

// fileVersion tells one state of a file, or of the files of a pattern, from
// another.
func fileVersion(path string) string {
	files, err := filepath.Glob(path)
	if err != nil || files == nil {
		files = []string{path}
	}
	var parts []string
	for _, f := range files {
		if info, err := os.Stat(f); err == nil {
			parts = append(parts, fmt.Sprintf("%d bytes of %s", info.Size(), info.ModTime().UTC().Format(time.RFC3339Nano)))
		} else {
			parts = append(parts, "absent")
		}
	}
	return strings.Join(parts, ", ")
}

// judge says whether what is kept of a cell still holds.
func (v *view) judge(c *Cell, k keptCell, reads []string, dirty map[string]string) (CellStatus, string) {
	switch {
	case k.Text != c.Text || k.Kind != string(c.Kind):
		return CellStale, "its text has changed"
	case k.Error != "":
		return CellFailed, ""
	}
	for _, name := range slices.Sorted(maps.Keys(k.output.Reads)) {
		if k.output.Reads[name] != v.version(name, c.Position, k.output.Writes) {
			return CellStale, name + " has changed"
		}
	}
	for _, name := range reads {
		if why := dirty[name]; why != "" {
			return CellStale, why
		}
	}
	for _, name := range k.output.Writes {
		kind, own := resourceKind(name)
		schema, _, _ := strings.Cut(name, ".")
		switch {
		case kind == "file" && fileVersion(own) == "absent",
			kind == "model" && v.models[own] == "",
			(schema == "raw" || schema == "synth") && v.tables[name] == "":
			return CellStale, name + " is gone"
		}
	}
	return CellFresh, ""
}

// uses finds the resources that a cell reads and writes.
func (r *Runner) uses(c Cell, v *view) (reads, writes []string) {
	add := func(to *[]string, names ...string) {
		for _, n := range names {
			if !slices.Contains(*to, n) {
				*to = append(*to, n)
			}
		}
	}
	sql := func(text string) {
		named, made := sqlNames(text)
		for _, n := range named {
			if full := v.resolve(n); full != "" {
				add(&reads, full)
			}
		}
		for _, n := range made {
			add(&writes, madeName(n))
		}
	}
	switch c.Kind {
	case KindProse:
	case KindSQL:
		sql(c.Text)
	case KindGo:
		for _, s := range goStrings(c.Text) {
			sql(s)
		}
		add(&reads, "go")
		add(&writes, "go")
	case KindPlot:
		p, err := parsePlot(c.Text)
		if err != nil {
			return nil, nil
		}
		for _, t := range p.tables {
			add(&reads, strings.ToLower(t))
		}
		sql(p.sql)
	default:
		steps, err := parseSteps(c.Kind, c.Text)
		if err != nil {
			return nil, nil
		}
		for _, s := range steps {
			in, out := s.uses(r.file)
			for _, n := range in {
				if !slices.Contains(writes, n) { // made by a line above
					add(&reads, n)
				}
			}
			add(&writes, out...)
		}
	}
	return reads, writes
}

// resolve is the table that a name in SQL means, "" where it is none.
func (v *view) resolve(name string) string {
	for _, full := range []string{name, "main." + name} {
		if v.tables[full] != "" || v.made[full] {
			return full
		}
	}
	if strings.HasPrefix(name, "netshare.") {
		return name
	}
	return ""
}

// madeName is the full name of a table that a statement makes.
func madeName(name string) string {
	if strings.Contains(name, ".") {
		return name
	}
	return "main." + name
}
