package store

import (
	"context"
	"database/sql"
)

// Training is a training run with what came of it.
type Training struct {
	Run
	Epochs      int    // that ended
	Model       int64  // 0 while there is none
	Checkpoints int    // that the run can be gone on with
	Synthetic   string // the last table that its model made and that is there, "" for none
	// Score is the overall score of that table's last report, 0 to 100, and
	// Spread its standard deviation; Scored says whether there is one.
	Scored        bool
	Score, Spread float64
}

// Resumable reports whether the run was cut off and has a checkpoint to go on
// from.
func (t Training) Resumable() bool {
	return t.Checkpoints > 0 && t.Status != Done && t.Status != Running
}

// Trainings lists all training runs, the latest first.
func (db *DB) Trainings(ctx context.Context) ([]Training, error) {
	runs, err := db.runs(ctx, "WHERE r.verb = 'train'")
	if err != nil {
		return nil, err
	}
	out := make([]Training, 0, len(runs))
	for i := len(runs) - 1; i >= 0; i-- {
		t := Training{Run: runs[i]}
		var model sql.NullInt64
		var synthetic sql.NullString
		var score, spread sql.NullFloat64
		err := db.sql.QueryRowContext(ctx, `
			WITH m AS (SELECT max(model) AS model FROM netshare.models WHERE run = $1),
			s AS (SELECT schema_name || '.' || table_name AS name FROM netshare.traces
				SEMI JOIN (FROM duckdb_tables() WHERE database_name = $2) d
					ON d.schema_name = traces.schema_name AND d.table_name = traces.table_name
				WHERE model = (SELECT model FROM m) ORDER BY changed_at DESC LIMIT 1),
			r AS (SELECT score, spread FROM netshare.scores
				WHERE synthetic_table = (SELECT name FROM s) AND property = 'overall' AND metric = 'score'
					AND run > (SELECT coalesce(max(t.run), 0) FROM netshare.traces t WHERE t.schema_name || '.' || t.table_name = (SELECT name FROM s))
				ORDER BY run DESC LIMIT 1)
			SELECT (SELECT count(DISTINCT (chunk, epoch)) FROM netshare.epochs WHERE run = $1),
				(SELECT count(*) FROM netshare.checkpoints WHERE run = $1),
				(SELECT model FROM m), (SELECT name FROM s), (SELECT score FROM r), (SELECT spread FROM r)`, t.ID, db.catalog).
			Scan(&t.Epochs, &t.Checkpoints, &model, &synthetic, &score, &spread)
		if err != nil {
			return nil, db.clean(err)
		}
		t.Model, t.Synthetic = model.Int64, synthetic.String
		t.Scored, t.Score, t.Spread = score.Valid, score.Float64, spread.Float64
		out = append(out, t)
	}
	return out, nil
}
