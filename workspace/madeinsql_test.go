package workspace

import (
	"strings"
	"testing"

	"netshare/engine"
	"netshare/workspace/trace"
)

// logins is a table as a query makes one, with n records.
func logins(n string) string {
	return `create or replace table raw.logins as
select timestamp '2025-03-04 08:00:00' + to_seconds(i) as start, '10.0.0.' || (i % 5 + 1) as client, i % 7 as tries from range(` + n + `) r(i)`
}

// TestMadeInSQL holds that a table that a query made is learnt as one that was
// loaded: by what its columns' names and types suggest, or as declared.
func TestMadeInSQL(t *testing.T) {
	ws := open(t)
	ctx := t.Context()
	table(t, ws, logins("200"))
	r, err := ws.Recipe(ctx, "logins")
	if err != nil {
		t.Fatal(err)
	}
	if r.Time.Name != "start" || r.Time.Kind != trace.KindTimestamp {
		t.Errorf("the time is taken for %q, a %s", r.Time.Name, r.Time.Kind)
	}
	declared := &trace.Recipe{
		Name: "logins", Time: trace.Timestamp("start", ""),
		Metadata: []trace.Field{trace.IP("client")}, Series: []trace.Field{trace.Integer("tries").Range(0, 6)},
	}
	if err := ws.Declare(ctx, "logins", declared, "", ""); err != nil {
		t.Fatal(err)
	}
	opts := engine.DefaultOptions()
	opts.Epochs = 1
	m, err := ws.Train(ctx, "logins", opts, engine.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	if m.Sessions != 5 || m.Records != 200 {
		t.Errorf("learnt %d records in %d sessions, want 200 in 5", m.Records, m.Sessions)
	}
	if _, err := ws.Generate(ctx, m.ID, Generate{Options: engine.DefaultGenerateOptions()}); err != nil {
		t.Fatal(err)
	}
	got := table(t, ws, "select bool_and(start between '2025-03-04 08:00:00' and '2025-03-04 09:00:00'), bool_and(tries between 0 and 6) from synth.logins")
	if got != "true true\n" {
		t.Errorf("synthetic times and tries are in the real range: %s", got)
	}

	// made anew with other records and another column, and declared again
	table(t, ws, strings.Replace(logins("90"), "i % 7 as tries", "i % 7 as tries, i % 2 = 0 as ok", 1))
	declared.Series = append(declared.Series, trace.Boolean("ok"))
	if err := ws.Declare(ctx, "logins", declared, "", ""); err != nil {
		t.Fatal(err)
	}
	if m, err = ws.Train(ctx, "logins", opts, engine.Hooks{}); err != nil || m.Records != 90 {
		t.Errorf("learnt %d records of the table made anew, want 90: %v", m.Records, err)
	}
	declared.Series = []trace.Field{trace.Integer("nope")}
	if err := ws.Declare(ctx, "logins", declared, "", ""); err == nil || !strings.Contains(err.Error(), `field "nope" is no column of raw.logins: it has start, client, tries, ok`) {
		t.Errorf("an unknown column: %v", err)
	}
}
