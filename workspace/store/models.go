package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Epoch is what was measured in one epoch of a training run.
type Epoch struct {
	Chunk  int // 0 where the trace is one
	Epoch  int
	Values map[string]float64 // by metric: losses, fidelity
	// Columns is the fidelity of each column; nil where it was not measured.
	Columns map[string]float64
	At      time.Time // filled in by AddEpoch
}

// AddEpoch records an epoch of a run, in place of one of the same chunk and
// epoch.
func (db *DB) AddEpoch(ctx context.Context, run int64, e Epoch) error {
	return db.inTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM netshare.epochs WHERE run = ? AND chunk = ? AND epoch = ?`, run, e.Chunk, e.Epoch)
		if err != nil {
			return err
		}
		add := func(metric, column string, value float64) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO netshare.epochs (run, chunk, epoch, metric, column_name, value, added_at)
				VALUES (?, ?, ?, ?, ?, ?, ?)`, run, e.Chunk, e.Epoch, metric, nullable(column), value, db.now())
			return err
		}
		for _, metric := range slices.Sorted(maps.Keys(e.Values)) {
			if err := add(metric, "", e.Values[metric]); err != nil {
				return err
			}
		}
		for _, column := range slices.Sorted(maps.Keys(e.Columns)) {
			if err := add(columnFidelity, column, e.Columns[column]); err != nil {
				return err
			}
		}
		return nil
	})
}

// columnFidelity is the metric of Epoch.Columns.
const columnFidelity = "column_fidelity"

// Epochs returns a run's epochs in order, by chunk.
func (db *DB) Epochs(ctx context.Context, run int64) ([]Epoch, error) {
	rows, err := db.sql.QueryContext(ctx, `SELECT chunk, epoch, metric, coalesce(column_name, ''), value, added_at FROM netshare.epochs WHERE run = ? ORDER BY chunk, epoch, rowid`, run)
	if err != nil {
		return nil, db.clean(err)
	}
	defer rows.Close()
	var es []Epoch
	for rows.Next() {
		var e Epoch
		var metric, column string
		var value float64
		if err := rows.Scan(&e.Chunk, &e.Epoch, &metric, &column, &value, &e.At); err != nil {
			return nil, db.clean(err)
		}
		if n := len(es); n == 0 || es[n-1].Chunk != e.Chunk || es[n-1].Epoch != e.Epoch {
			e.Values = map[string]float64{}
			es = append(es, e)
		}
		last := &es[len(es)-1]
		if metric != columnFidelity {
			last.Values[metric] = value
			continue
		}
		if last.Columns == nil {
			last.Columns = map[string]float64{}
		}
		last.Columns[column] = value
	}
	return es, db.clean(rows.Err())
}

// Checkpoint is a training run's state after an epoch.
type Checkpoint struct {
	Run     int64
	Chunk   int
	Epoch   int
	Created time.Time
	Bytes   int64
}

// SaveCheckpoint keeps a run's state, in place of one of the same chunk and
// epoch. The oldest beyond keep of that chunk are dropped; 0 keeps all.
func (db *DB) SaveCheckpoint(ctx context.Context, run int64, chunk, epoch int, data []byte, keep int) error {
	return db.inTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM netshare.checkpoints WHERE run = ? AND chunk = ? AND epoch = ?`, run, chunk, epoch)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO netshare.checkpoints VALUES (?, ?, ?, ?, ?, ?)`, run, chunk, epoch, db.now(), len(data), blob(data))
		if err != nil || keep <= 0 {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM netshare.checkpoints WHERE run = $1 AND chunk = $2 AND epoch NOT IN
			(SELECT epoch FROM netshare.checkpoints WHERE run = $1 AND chunk = $2 ORDER BY epoch DESC LIMIT $3)`, run, chunk, keep)
		return err
	})
}

// Checkpoints lists a run's checkpoints by chunk and epoch, without their data.
func (db *DB) Checkpoints(ctx context.Context, run int64) ([]Checkpoint, error) {
	rows, err := db.sql.QueryContext(ctx, `SELECT run, chunk, epoch, created_at, bytes FROM netshare.checkpoints WHERE run = ? ORDER BY chunk, epoch`, run)
	if err != nil {
		return nil, db.clean(err)
	}
	defer rows.Close()
	var cs []Checkpoint
	for rows.Next() {
		var c Checkpoint
		if err := rows.Scan(&c.Run, &c.Chunk, &c.Epoch, &c.Created, &c.Bytes); err != nil {
			return nil, db.clean(err)
		}
		cs = append(cs, c)
	}
	return cs, db.clean(rows.Err())
}

// Checkpoint returns a checkpoint's data; an error wraps ErrNotFound.
func (db *DB) Checkpoint(ctx context.Context, run int64, chunk, epoch int) ([]byte, error) {
	var data []byte
	err := db.sql.QueryRowContext(ctx, `SELECT data FROM netshare.checkpoints WHERE run = ? AND chunk = ? AND epoch = ?`, run, chunk, epoch).Scan(&data)
	if err == sql.ErrNoRows {
		return nil, fmt.Errorf("checkpoint of run %d, chunk %d, epoch %d: %w", run, chunk, epoch, ErrNotFound)
	}
	return data, db.clean(err)
}

// Model is a trained model.
type Model struct {
	ID      int64
	Run     int64           // that trained or imported it
	Table   string          // that it learnt, with its schema
	Meta    json.RawMessage // what its engine says of it
	Data    []byte
	Bytes   int64
	Created time.Time
}

// SaveModel keeps a model and returns its number; ID, Bytes and Created are
// filled in here. With finish its run is done in the same moment.
func (db *DB) SaveModel(ctx context.Context, m Model, finish bool) (int64, error) {
	err := db.inTx(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `INSERT INTO netshare.models VALUES (nextval('netshare.model_ids'), nullif(?, 0), ?, ?, ?, ?, ?) RETURNING model`,
			m.Run, nullable(m.Table), nullable(string(m.Meta)), db.now(), len(m.Data), blob(m.Data)).Scan(&m.ID)
		if err != nil || !finish {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE netshare.runs SET status = 'done', finished_at = ? WHERE run = ? AND status = 'running'`, db.now(), m.Run)
		return err
	})
	return m.ID, err
}

// Model returns a model by its number, with its data.
func (db *DB) Model(ctx context.Context, id int64) (Model, error) {
	return db.model(ctx, fmt.Sprintf("model %d", id), "WHERE model = ?", id)
}

// ModelOfRun returns the last model that a run trained.
func (db *DB) ModelOfRun(ctx context.Context, run int64) (Model, error) {
	return db.model(ctx, fmt.Sprintf("model of run %d", run), "WHERE run = ?", run)
}

// LatestModel returns the last model trained on a table, or on any where table
// is the zero Name.
func (db *DB) LatestModel(ctx context.Context, table Name) (Model, error) {
	if table == (Name{}) {
		return db.model(ctx, "model", "")
	}
	return db.model(ctx, "model of "+table.String(), "WHERE table_name = ?", table.String())
}

func (db *DB) model(ctx context.Context, what, where string, args ...any) (Model, error) {
	models, err := db.models(ctx, "data", where+" ORDER BY model DESC LIMIT 1", args...)
	if err == nil && len(models) == 0 {
		err = fmt.Errorf("%s: %w: train one first", what, ErrNotFound)
	}
	if err != nil {
		return Model{}, err
	}
	return models[0], nil
}

// Models lists all models, the oldest first, without their data.
func (db *DB) Models(ctx context.Context) ([]Model, error) {
	return db.models(ctx, "NULL", "ORDER BY model")
}

func (db *DB) models(ctx context.Context, data, rest string, args ...any) ([]Model, error) {
	rows, err := db.sql.QueryContext(ctx, `SELECT model, coalesce(run, 0), coalesce(table_name, ''), meta::VARCHAR, bytes, created_at, `+data+
		` FROM netshare.models `+rest, args...)
	if err != nil {
		return nil, db.clean(err)
	}
	defer rows.Close()
	var ms []Model
	for rows.Next() {
		var m Model
		var meta sql.NullString
		if err := rows.Scan(&m.ID, &m.Run, &m.Table, &meta, &m.Bytes, &m.Created, &m.Data); err != nil {
			return nil, db.clean(err)
		}
		if meta.Valid {
			m.Meta = json.RawMessage(meta.String)
		}
		ms = append(ms, m)
	}
	return ms, db.clean(rows.Err())
}

// blob is data that is empty rather than missing.
func blob(data []byte) []byte {
	if data == nil {
		return []byte{}
	}
	return data
}
