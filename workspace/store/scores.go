package store

import (
	"context"
	"database/sql"
	"math"
)

// Score is one figure of a report. Figures that there are none of are NaN.
type Score struct {
	Real, Synthetic string // tables, with their schemas
	Property        string // column, pair, session, time, joint, overall, ...
	Metric          string
	Column, Other   string  // "" where the figure is of no column
	Value           float64 // the figure itself
	Baseline        float64 // the same between two halves of the real trace
	BaselineSpread  float64
	Score           float64 // 0 to 100
	Spread          float64 // of Score
	Note            string  // why there is no figure
}

// SaveScores adds the scores of a run, all at once. With finish the run is done
// in the same moment.
func (db *DB) SaveScores(ctx context.Context, run int64, scores []Score, finish bool) error {
	return db.inTx(ctx, func(tx *sql.Tx) error {
		insert, err := tx.PrepareContext(ctx, `INSERT INTO netshare.scores VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
		if err != nil {
			return err
		}
		defer insert.Close()
		for _, s := range scores {
			_, err := insert.ExecContext(ctx, run, s.Real, s.Synthetic, s.Property, s.Metric, nullable(s.Column), nullable(s.Other),
				figure(s.Value), figure(s.Baseline), figure(s.BaselineSpread), figure(s.Score), figure(s.Spread), nullable(s.Note))
			if err != nil {
				return err
			}
		}
		if !finish {
			return nil
		}
		_, err = tx.ExecContext(ctx, `UPDATE netshare.runs SET status = 'done', finished_at = ? WHERE run = ? AND status = 'running'`, db.now(), run)
		return err
	})
}

// Scores returns the scores of a run in the order they were saved.
func (db *DB) Scores(ctx context.Context, run int64) ([]Score, error) {
	rows, err := db.sql.QueryContext(ctx, `SELECT real_table, synthetic_table, property, metric, coalesce(column_name, ''), coalesce(other_column, ''),
		value, baseline, baseline_spread, score, spread, coalesce(note, '') FROM netshare.scores WHERE run = ? ORDER BY rowid`, run)
	if err != nil {
		return nil, db.clean(err)
	}
	defer rows.Close()
	var scores []Score
	for rows.Next() {
		var s Score
		var figures [5]sql.NullFloat64
		err := rows.Scan(&s.Real, &s.Synthetic, &s.Property, &s.Metric, &s.Column, &s.Other,
			&figures[0], &figures[1], &figures[2], &figures[3], &figures[4], &s.Note)
		if err != nil {
			return nil, db.clean(err)
		}
		for i, f := range []*float64{&s.Value, &s.Baseline, &s.BaselineSpread, &s.Score, &s.Spread} {
			*f = math.NaN()
			if figures[i].Valid {
				*f = figures[i].Float64
			}
		}
		scores = append(scores, s)
	}
	return scores, db.clean(rows.Err())
}

func figure(x float64) any {
	if math.IsNaN(x) {
		return nil
	}
	return x
}

// TableScore is a score and the run of the report that measured it.
type TableScore struct {
	Score
	Run int64
}

// LatestScores returns one metric of all synthetic tables that were measured
// against a real one, each by its latest report, in the order of those.
func (db *DB) LatestScores(ctx context.Context, real, property, metric string) ([]TableScore, error) {
	rows, err := db.sql.QueryContext(ctx, `SELECT synthetic_table, max(run), arg_max(value, run), arg_max(baseline, run), arg_max(score, run)
		FROM netshare.scores WHERE real_table = ? AND property = ? AND metric = ? GROUP BY 1 ORDER BY 2`, real, property, metric)
	if err != nil {
		return nil, db.clean(err)
	}
	defer rows.Close()
	var out []TableScore
	for rows.Next() {
		s := TableScore{Score: Score{Real: real, Property: property, Metric: metric, BaselineSpread: math.NaN(), Spread: math.NaN()}}
		var figures [3]sql.NullFloat64
		if err := rows.Scan(&s.Synthetic, &s.Run, &figures[0], &figures[1], &figures[2]); err != nil {
			return nil, db.clean(err)
		}
		for i, f := range []*float64{&s.Value, &s.Baseline, &s.Score.Score} {
			*f = math.NaN()
			if figures[i].Valid {
				*f = figures[i].Float64
			}
		}
		out = append(out, s)
	}
	return out, db.clean(rows.Err())
}
