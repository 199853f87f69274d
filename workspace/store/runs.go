package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// Status is how far a run has come.
type Status string

// The states of a run: running, then one of the others.
const (
	Running     Status = "running"
	Done        Status = "done"
	Failed      Status = "failed"
	Cancelled   Status = "cancelled"   // by the user
	Interrupted Status = "interrupted" // its process ended without a word
)

// Source is a file that a run read.
type Source struct {
	File   string `json:"file"` // as the user named it
	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256,omitempty"`
}

// Run is one thing done with the workspace: a load, a training, a report.
type Run struct {
	ID      int64
	Verb    string // load, train, generate, report, ...
	Table   string // that it is about, with its schema; may be empty
	Status  Status
	Inputs  []Source
	Options json.RawMessage // nil where there are none
	Seed    int64

	RecipeName string
	RecipeText string
	RecipeHash string // SHA-256 of RecipeText in hex, filled in by StartRun

	Version  string // of the program, filled in by StartRun
	PID      int    // filled in by StartRun
	Started  time.Time
	Finished time.Time // zero while it runs

	RowsIn       int64  // records that the run's tables took in
	RowsRejected int64  // records that could not be read
	Error        string // why it failed
}

// StartRun records a run as running and returns its number. ID, Status,
// RecipeHash, Version, PID and the times are filled in here.
func (db *DB) StartRun(ctx context.Context, r Run) (int64, error) {
	inputs, err := json.Marshal(r.Inputs)
	if err != nil {
		return 0, err
	}
	err = db.inTx(ctx, func(tx *sql.Tx) error {
		var hash any
		if r.RecipeText != "" {
			h, err := db.saveRecipe(ctx, tx, r.RecipeName, r.RecipeText)
			if err != nil {
				return err
			}
			hash = h
		}
		return tx.QueryRowContext(ctx, `
			INSERT INTO netshare.runs (run, verb, table_name, status, recipe_hash, inputs, options, seed, program, pid, started_at)
			VALUES (nextval('netshare.run_ids'), ?, ?, 'running', ?, ?, ?, ?, ?, ?, ?) RETURNING run`,
			r.Verb, nullable(r.Table), hash, string(inputs), nullable(string(r.Options)), r.Seed,
			db.opts.Version, os.Getpid(), db.now()).Scan(&r.ID)
	})
	return r.ID, err
}

// saveRecipe keeps a recipe's text, once, and returns its hash.
func (db *DB) saveRecipe(ctx context.Context, tx *sql.Tx, name, text string) (string, error) {
	sum := sha256.Sum256([]byte(text))
	hash := hex.EncodeToString(sum[:])
	_, err := tx.ExecContext(ctx, `INSERT INTO netshare.recipes SELECT $1, $2, $3, $4
		WHERE NOT EXISTS (FROM netshare.recipes WHERE hash = $1)`, hash, nullable(name), text, db.now())
	return hash, err
}

// FinishRun records how a run ended; cause is nil where it is done. A run that
// has ended already keeps its status. It is recorded even if ctx has ended,
// since a cancelled run is what it is there for.
func (db *DB) FinishRun(ctx context.Context, id int64, status Status, cause error) error {
	var text any
	if cause != nil {
		text = cause.Error()
	}
	_, err := db.sql.ExecContext(context.WithoutCancel(ctx), `UPDATE netshare.runs SET status = ?, error = ?, finished_at = ?
		WHERE run = ? AND status = 'running'`, string(status), text, db.now(), id)
	return db.clean(err)
}

// ResumeRun marks a run that has ended without being done as running again, in
// this process. Epochs beyond those given by chunk are forgotten, since they come
// again.
func (db *DB) ResumeRun(ctx context.Context, id int64, epochs map[int]int) error {
	return db.inTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE netshare.runs SET status = 'running', pid = ?, finished_at = NULL, error = NULL
			WHERE run = ? AND status <> 'done'`, os.Getpid(), id)
		if err != nil {
			return err
		}
		kept := "false"
		for chunk, epoch := range epochs {
			kept += fmt.Sprintf(" OR chunk = %d AND epoch <= %d", chunk, epoch)
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM netshare.epochs WHERE run = ? AND NOT (`+kept+`)`, id)
		return err
	})
}

// SetRunInputs replaces the files a run has read, for those who learn their
// sizes and hashes only while reading. Not while a TableWriter of the run is
// open: two transactions can't change one run.
func (db *DB) SetRunInputs(ctx context.Context, id int64, inputs []Source) error {
	text, err := json.Marshal(inputs)
	if err != nil {
		return err
	}
	_, err = db.sql.ExecContext(ctx, `UPDATE netshare.runs SET inputs = ? WHERE run = ?`, string(text), id)
	return db.clean(err)
}

// markInterrupted marks what is still running: the lock on the file says that
// its process is gone.
func (db *DB) markInterrupted(ctx context.Context) ([]Run, error) {
	runs, err := db.runs(ctx, "WHERE r.status = 'running'")
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	_, err = db.sql.ExecContext(ctx, `UPDATE netshare.runs SET status = 'interrupted', finished_at = ? WHERE status = 'running'`, db.now())
	for i := range runs {
		runs[i].Status = Interrupted
	}
	return runs, db.clean(err)
}

// Runs lists all runs, the oldest first.
func (db *DB) Runs(ctx context.Context) ([]Run, error) { return db.runs(ctx, "") }

// Run returns one run; an error wraps ErrNotFound where there is none.
func (db *DB) Run(ctx context.Context, id int64) (Run, error) {
	runs, err := db.runs(ctx, "WHERE r.run = ?", id)
	if err != nil {
		return Run{}, err
	}
	if len(runs) == 0 {
		return Run{}, fmt.Errorf("run %d: %w: list them with runs", id, ErrNotFound)
	}
	return runs[0], nil
}

func (db *DB) runs(ctx context.Context, where string, args ...any) ([]Run, error) {
	rows, err := db.sql.QueryContext(ctx, `
		SELECT r.run, r.verb, coalesce(r.table_name, ''), r.status, r.inputs::VARCHAR, r.options::VARCHAR, coalesce(r.seed, 0),
			coalesce(r.recipe_hash, ''), coalesce(c.name, ''), coalesce(c.text, ''), coalesce(r.program, ''), coalesce(r.pid, 0),
			r.started_at, r.finished_at, r.rows_in, r.rows_rejected, coalesce(r.error, '')
		FROM netshare.runs r LEFT JOIN netshare.recipes c ON c.hash = r.recipe_hash `+where+` ORDER BY r.run`, args...)
	if err != nil {
		return nil, db.clean(err)
	}
	defer rows.Close()
	var runs []Run
	for rows.Next() {
		var r Run
		var inputs, options sql.NullString
		var finished sql.NullTime
		err := rows.Scan(&r.ID, &r.Verb, &r.Table, &r.Status, &inputs, &options, &r.Seed, &r.RecipeHash, &r.RecipeName, &r.RecipeText,
			&r.Version, &r.PID, &r.Started, &finished, &r.RowsIn, &r.RowsRejected, &r.Error)
		if err != nil {
			return nil, db.clean(err)
		}
		if inputs.Valid {
			if err := json.Unmarshal([]byte(inputs.String), &r.Inputs); err != nil {
				return nil, fmt.Errorf("run %d: inputs: %w", r.ID, err)
			}
		}
		if options.Valid {
			r.Options = json.RawMessage(options.String)
		}
		r.Finished = finished.Time
		runs = append(runs, r)
	}
	return runs, db.clean(rows.Err())
}

// nullable turns the empty string into NULL.
func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}
