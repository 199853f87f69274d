// Package recipe reads customer journeys: a line for each customer, with the
// events and their times as two lists in it. It learns them event by event and
// writes lists again. A log with a line for each event, as J.P. Morgan's AI
// Research publishes it, is learnt as well and comes back as such a log.
package recipe

import (
	"context"
	"errors"
	"io"

	"netshare/workspace"
	"netshare/workspace/trace"
)

// events says what is learnt: a session is one customer.
func events() *trace.Recipe {
	return &trace.Recipe{
		Name:     "events",
		Time:     trace.Epoch("ts", trace.Millisecond),
		Metadata: []trace.Field{trace.Text("customer"), trace.Category("label")},
		Series:   []trace.Field{trace.Category("event")},
	}
}

// unfold makes a record of each event of a list.
const unfold = `
create or replace table raw.events as
with lists as (
	select customer, label, string_split(times, ';') as times, string_split(events, ';') as events from raw.journeys
), pairs as (
	select customer, label, unnest(list_zip(times, events)) as pair from lists where len(times) = len(events)
)
select pair[1]::bigint as ts, customer, label, trim(pair[2]) as event
from pairs order by ts, customer`

// fold makes a list of each customer's events.
const fold = `
create or replace table main.journeys as
select customer, any_value(label) as label, string_agg(ts, ';' order by ts) as times, string_agg(event, ';' order by ts) as events
from synth.events group by customer order by min(ts), customer`

// rename and restore lead from the columns of the published log to ours and
// back. Some of its events have stray spaces.
const (
	rename = `
create or replace table raw.events as
select ts, CustomerId as customer, Label as label, trim(Event) as event from raw.journeys order by ts`
	restore = `
create or replace table main.journeys as
select ts, label as "Label", event as "Event", customer as "CustomerId" from synth.events order by ts`
)

// Run loads the journeys, learns their events and writes journeys.
func Run(ctx context.Context, ws *workspace.Workspace) error {
	given := ws.Given()
	if len(given.Inputs) == 0 {
		return errors.New("there are no journeys: give them with --input FILE")
	}
	loaded, err := ws.Load(ctx, workspace.Load{Table: "journeys", Files: given.Inputs, Replace: true})
	if err != nil {
		return err
	}
	before, after := unfold, fold
	if loaded.Table.Schema.Index("CustomerId") >= 0 {
		before, after = rename, restore
	}
	if _, err := first(ctx, ws, before); err != nil {
		return err
	}
	if err := ws.Declare(ctx, "raw.events", events(), "", ""); err != nil {
		return err
	}
	model, err := ws.Train(ctx, "raw.events", given.Train, given.Hooks)
	if err != nil {
		return err
	}
	if _, err := ws.Generate(ctx, model.ID, workspace.Generate{Table: "events", Replace: true, Options: given.Generate}); err != nil {
		return err
	}
	if _, err := first(ctx, ws, after); err != nil {
		return err
	}
	counts, err := first(ctx, ws, "select count(distinct customer), count(*) from synth.events")
	if err != nil {
		return err
	}
	ws.Note("%v synthetic customers with %v events", counts[0], counts[1])
	if given.Output == "" {
		return nil
	}
	_, err = ws.Export(ctx, "main.journeys", given.Output)
	return err
}

// first returns the first row that a query gives, nil where there is none.
func first(ctx context.Context, ws *workspace.Workspace, sql string) ([]any, error) {
	result, err := ws.Query(ctx, sql)
	if err != nil {
		return nil, err
	}
	defer result.Close()
	row, err := result.Next()
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	return append([]any{}, row...), err
}
