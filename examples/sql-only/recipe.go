// Package recipe scripts a run in SQL: what is learnt is no file, but a table
// that queries make of one.
package recipe

import (
	"context"
	"errors"
	"io"

	"netshare/workspace"
	"netshare/workspace/trace"
)

// visits says what is learnt of the table that shape makes: a session is all
// that one client does with one service.
func visits() *trace.Recipe {
	return &trace.Recipe{
		Name:     "visits",
		Time:     trace.Timestamp("start", ""),
		Metadata: []trace.Field{trace.IP("client"), trace.Category("service")},
		Series: []trace.Field{
			trace.Integer("servers"),
			trace.Integer("connections"),
			trace.Integer("sent").Encode(trace.EncodeLog),
			trace.Integer("received").Encode(trace.EncodeLog),
		},
	}
}

// shape sums a connection log up in visits: connections of a client to a
// service that begin within five minutes of one another.
const shape = `
create or replace table raw.visits as
with marked as (
	select ts, "id.orig_h" as client, "id.resp_h" as server, coalesce(service, proto) as service, orig_bytes, resp_bytes,
		ts - lag(ts) over each > interval 5 minutes as apart
	from raw.conn
	window each as (partition by "id.orig_h", coalesce(service, proto) order by ts)
), numbered as (
	select *, count(*) filter (where apart) over (partition by client, service order by ts) as visit from marked
)
select min(ts) as start, client, service, count(distinct server) as servers, count(*) as connections,
	coalesce(sum(orig_bytes), 0)::bigint as sent, coalesce(sum(resp_bytes), 0)::bigint as received
from numbered
group by client, service, visit
order by start, client, service`

// compare asks both tables the same.
const compare = `
select 'real' as trace, count(*) as visits, median(connections)::bigint as connections, median(received)::bigint as received
from raw.visits
union all
select 'synthetic', count(*), median(connections)::bigint, median(received)::bigint from synth.visits`

// Run loads the log, shapes it, learns the visits and asks what came of them.
func Run(ctx context.Context, ws *workspace.Workspace) error {
	given := ws.Given()
	if len(given.Inputs) == 0 {
		return errors.New("there is no connection log: give one with --input FILE")
	}
	if _, err := ws.Load(ctx, workspace.Load{Table: "conn", Files: given.Inputs, Replace: true}); err != nil {
		return err
	}
	if _, err := rows(ctx, ws, shape); err != nil {
		return err
	}
	if err := ws.Declare(ctx, "raw.visits", visits(), "", ""); err != nil {
		return err
	}
	model, err := ws.Train(ctx, "raw.visits", given.Train, given.Hooks)
	if err != nil {
		return err
	}
	if _, err := ws.Generate(ctx, model.ID, workspace.Generate{Table: "visits", Replace: true, Options: given.Generate}); err != nil {
		return err
	}
	answers, err := rows(ctx, ws, compare)
	if err != nil {
		return err
	}
	for _, a := range answers {
		ws.Note("%-9v  %5v visits, median of %v connections and %v bytes received", a[0], a[1], a[2], a[3])
	}
	if given.Output == "" {
		return nil
	}
	_, err = ws.Export(ctx, "synth.visits", given.Output)
	return err
}

// rows returns what a query gives.
func rows(ctx context.Context, ws *workspace.Workspace, sql string) ([][]any, error) {
	result, err := ws.Query(ctx, sql)
	if err != nil {
		return nil, err
	}
	defer result.Close()
	var all [][]any
	for {
		row, err := result.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, append([]any{}, row...))
	}
}
