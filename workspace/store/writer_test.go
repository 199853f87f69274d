package store

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"netshare/workspace/trace"
)

func TestTableModes(t *testing.T) {
	db := openTest(t, Options{})
	ctx := t.Context()
	name := Name{Raw, "flows"}
	spec := TableSpec{Name: name, Schema: trace.Schema{Format: "csv", Columns: flowColumns}}
	writeFlows(t, db, TableSpec{Name: name, Sources: []Source{{File: "a"}}}, 10)

	if _, err := db.NewTable(ctx, TableSpec{Name: Name{Raw, "FLOWS"}, Schema: spec.Schema}); !errors.Is(err, ErrTableExists) {
		t.Errorf("made twice: %v", err)
	}
	if tr := writeFlows(t, db, TableSpec{Name: Name{Raw, "Flows"}, Mode: Append, Sources: []Source{{File: "b"}}}, 5); tr.Rows != 15 || len(tr.Sources) != 2 || tr.Name != name {
		t.Errorf("appended: %+v", tr)
	}
	other := spec
	other.Mode, other.Schema.Columns = Append, flowColumns[:2]
	if _, err := db.NewTable(ctx, other); err == nil || !strings.Contains(err.Error(), "has 6 columns") {
		t.Errorf("appended to other columns: %v", err)
	}

	// Aborted, nothing of it is there, and what was there stays.
	spec.Mode = Replace
	w, err := db.NewTable(ctx, spec)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5000 {
		if err := w.Append(flow(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Abort(); err != nil {
		t.Fatal(err)
	}
	if tr, err := db.Trace(ctx, name); err != nil || tr.Rows != 15 {
		t.Errorf("after the abort: %+v, %v", tr, err)
	}
	if tr := writeFlows(t, db, TableSpec{Name: name, Mode: Replace}, 7); tr.Rows != 7 || len(tr.Sources) != 0 {
		t.Errorf("replaced: %+v", tr)
	}
	if err := db.DropTable(ctx, name); err != nil {
		t.Fatal(err)
	}
	if ts, err := db.Traces(ctx); err != nil || len(ts) != 0 {
		t.Errorf("dropped: %+v, %v", ts, err)
	}
}

func TestCommitIsOneMoment(t *testing.T) {
	db := openTest(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	run, err := db.StartRun(ctx, Run{Verb: "load", Table: "raw.t"})
	if err != nil {
		t.Fatal(err)
	}
	w, err := db.NewTable(ctx, TableSpec{Name: Name{Raw, "t"}, Schema: trace.Schema{Columns: flowColumns}, Run: run})
	if err != nil {
		t.Fatal(err)
	}
	w.Rejects.Add(trace.Reject{File: "f", Line: 3, Offset: -1, Reason: "bad line"})
	if err := w.Append(flow(1)); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Resolve(ctx, "t", Raw); !errors.Is(err, ErrNoTable) {
		t.Errorf("the table is seen before it is committed: %v", err)
	}
	cancel()
	if _, err := w.Commit(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("committed after the cancel: %v", err)
	}
	r, err := db.Run(t.Context(), run)
	if err != nil || r.Status != Running {
		t.Errorf("%+v, %v", r, err)
	}
	if kept, _, _ := db.RunRejects(t.Context(), run); len(kept) != 0 {
		t.Errorf("rejects %v", kept)
	}
	if err := db.FinishRun(t.Context(), run, Cancelled, nil); err != nil {
		t.Fatal(err)
	}
	if err := db.FinishRun(t.Context(), run, Failed, errors.New("late")); err != nil {
		t.Fatal(err)
	}
	if r, _ := db.Run(t.Context(), run); r.Status != Cancelled || r.Error != "" {
		t.Errorf("%+v", r)
	}
}

func TestValues(t *testing.T) {
	db := openTest(t, Options{})
	columns := []trace.Column{
		{Name: "b", Type: trace.TypeBool},
		{Name: "i", Type: trace.TypeInt},
		{Name: "r", Type: trace.TypeReal},
		{Name: "s", Type: trace.TypeText},
		{Name: "t", Type: trace.TypeTime},
		{Name: "bs", Type: trace.TypeBoolList},
		{Name: "is", Type: trace.TypeIntList},
		{Name: "rs", Type: trace.TypeRealList},
		{Name: "ss", Type: trace.TypeTextList},
	}
	w, err := db.NewTable(t.Context(), TableSpec{Name: Name{Raw, `odd "name"`}, Schema: trace.Schema{Columns: columns}})
	if err != nil {
		t.Fatal(err)
	}
	good := trace.Row{true, int64(-1), 1.5, "héllo", testStart, []any{true, nil}, []any{int64(1)}, []any{2.5}, []any{"x", nil, ""}}
	for i, bad := range []any{1, 1, int64(1), []byte("x"), "2024", []any{1}, []any{1.5}, []any{"x"}, "x"} {
		row := append(trace.Row{}, good...)
		row[i] = bad
		row[(i+1)%len(row)] = nil // must not spoil the next row
		var ve *ValueError
		if err := w.Append(row); !errors.As(err, &ve) || ve.Column != columns[i].Name {
			t.Errorf("%v for %s: %v", bad, columns[i].Type, err)
		}
	}
	for _, year := range []int{1600, 2300} {
		row := append(trace.Row{}, good...)
		row[4] = time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
		if err := w.Append(row); err == nil || !strings.Contains(err.Error(), "1678 to 2262") {
			t.Errorf("year %d: %v", year, err)
		}
	}
	if err := w.Append(good[:3]); err == nil {
		t.Error("a short row was appended")
	}
	given := []trace.Row{
		good,
		{nil, nil, nil, nil, nil, nil, nil, nil, nil},
		{false, int64(1) << 62, math.Copysign(0, -1), "a\x00b", testStart, []any{}, []any{}, []any{}, []any{}},
		{false, int64(0), 0.0, "caf\xe9", testStart, []any{}, []any{}, []any{}, []any{"\xff", "ok"}},
		good,
	}
	for _, row := range given {
		if err := w.Append(row); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	given[3][3], given[3][8] = `caf\xe9`, []any{`\xff`, "ok"}
	i := 0
	for row, err := range db.Rows(t.Context(), RowsQuery{Table: Name{Raw, `odd "name"`}}) {
		if err != nil {
			t.Fatal(err)
		}
		if got, want := fmt.Sprintf("%#v", row), fmt.Sprintf("%#v", given[i]); got != want {
			t.Errorf("row %d: got %s, want %s", i, got, want)
		}
		i++
	}
	if i != len(given) {
		t.Errorf("%d rows", i)
	}
}

func TestBadTables(t *testing.T) {
	db := openTest(t, Options{})
	one := []trace.Column{{Name: "a", Type: trace.TypeInt}}
	for want, spec := range map[string]TableSpec{
		"want a name in schema raw": {Name: Name{Main, "t"}, Schema: trace.Schema{Columns: one}},
		"differ in case":            {Name: Name{Raw, "t"}, Schema: trace.Schema{Columns: []trace.Column{one[0], {Name: "A", Type: trace.TypeInt}}}},
		"unknown type":              {Name: Name{Raw, "t"}, Schema: trace.Schema{Columns: []trace.Column{{Name: "a", Type: "MAGIC"}}}},
		"no name":                   {Name: Name{Raw, "t"}, Schema: trace.Schema{Columns: []trace.Column{{Type: trace.TypeInt}}}},
	} {
		if _, err := db.NewTable(t.Context(), spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestLoadTable(t *testing.T) {
	db := openTest(t, Options{})
	run, err := db.StartRun(t.Context(), Run{Verb: "load", RecipeName: "r", RecipeText: "package recipe", Options: []byte(`{"a":1}`), Seed: 7, Inputs: []Source{{"x.csv", 5, "ff"}}})
	if err != nil {
		t.Fatal(err)
	}
	spec := TableSpec{Name: Name{Raw, "t"}, Run: run}
	fill := func(ctx context.Context, w *TableWriter) error {
		if _, err := w.Tx().ExecContext(ctx, "CREATE TABLE "+w.Name()+" AS SELECT i AS a, i::VARCHAR AS b FROM range(1000) t(i)"); err != nil {
			return err
		}
		w.SetSchema(trace.Schema{Format: "csv", Columns: []trace.Column{{Name: "a", Type: trace.TypeInt}, {Name: "b", Type: trace.TypeText}}, Props: map[string]string{"delimiter": ";"}})
		w.Rejects.AddMany(trace.Reject{File: "x.csv", Line: 2, Reason: "bad"}, 5000)
		return nil
	}
	_, err = db.LoadTable(t.Context(), spec, func(ctx context.Context, w *TableWriter) error {
		return errors.Join(fill(ctx, w), errors.New("x.csv:9: torn"))
	})
	if err == nil {
		t.Fatal("the error got lost")
	}
	if _, err := db.Trace(t.Context(), spec.Name); !errors.Is(err, ErrNoTable) {
		t.Errorf("half a table is there: %v", err)
	}
	tr, err := db.LoadTable(t.Context(), spec, fill)
	if err != nil || tr.Rows != 1000 {
		t.Fatalf("%+v, %v", tr, err)
	}
	if tr, err = db.Trace(t.Context(), spec.Name); err != nil || tr.Schema.Props["delimiter"] != ";" {
		t.Errorf("%+v, %v", tr, err)
	}
	r, err := db.Run(t.Context(), run)
	if err != nil || r.Status != Done || r.RowsIn != 1000 || r.RowsRejected != 5000 || r.RecipeText != "package recipe" || r.Seed != 7 || r.Inputs[0].Size != 5 || string(r.Options) != `{"a":1}` {
		t.Errorf("%+v, %v", r, err)
	}
	_, err = db.LoadTable(t.Context(), TableSpec{Name: Name{Raw, "u"}}, func(ctx context.Context, w *TableWriter) error {
		_, err := w.Tx().ExecContext(ctx, "CREATE TABLE "+w.Name()+" AS SELECT 1::INTEGER AS a")
		w.SetSchema(trace.Schema{Columns: []trace.Column{{Name: "a", Type: trace.TypeInt}}})
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "INTEGER") {
		t.Errorf("a schema that lies: %v", err)
	}
}

func TestRejects(t *testing.T) {
	db := openTest(t, Options{})
	r := Rejects{Cap: 3}
	for i := range 10 {
		r.Add(trace.Reject{File: "f", Line: int64(i + 1), Offset: int64(i * 100), Reason: "short", Detail: "\xff"})
	}
	r.Add(trace.Reject{File: "f", Reason: "odd", Offset: -1})
	for i := range 2 * maxReasons {
		r.Add(trace.Reject{File: "f", Reason: fmt.Sprint("made up ", i)})
	}
	if r.Total() != 11+2*maxReasons || len(r.Counts()) != maxReasons+1 {
		t.Errorf("%d in %d reasons", r.Total(), len(r.Counts()))
	}
	for range 2 { // those of one run add up
		if err := db.SaveRejects(t.Context(), 1, &r); err != nil {
			t.Fatal(err)
		}
	}
	kept, counts, err := db.RunRejects(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if kept[0] != (trace.Reject{File: "f", Line: 1, Offset: 0, Reason: "short", Detail: `\xff`}) || kept[3].Offset != -1 || kept[3].Line != 0 {
		t.Errorf("%+v", kept[:4])
	}
	for _, c := range counts {
		if c.Reason == "short" && c.Count != 20 {
			t.Errorf("%+v", c)
		}
	}
}
