package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
)

// Samples are sessions to look at, of a training run's last measurement.
type Samples struct {
	Epoch    int
	Columns  []string // in the table's order
	Sessions []Sample // the real ones first
}

// Sample is a session to look at.
type Sample struct {
	Real    bool
	Records int // all that it has
	// Rows are its first records: a value for each column, as DuckDB writes it,
	// nil where it is missing.
	Rows [][]*string
}

// SaveSamples keeps the samples of a run in place of those of an earlier
// measurement.
func (db *DB) SaveSamples(ctx context.Context, run int64, s Samples) error {
	return db.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM netshare.samples WHERE run = ?`, run); err != nil {
			return err
		}
		number := map[bool]int{}
		for _, x := range s.Sessions {
			number[x.Real]++
			for i, row := range x.Rows {
				fields, err := object(s.Columns, row)
				if err != nil {
					return err
				}
				_, err = tx.ExecContext(ctx, `INSERT INTO netshare.samples (run, epoch, real, session, records, record, fields, added_at)
					VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, run, s.Epoch, x.Real, number[x.Real], x.Records, i+1, fields, db.now())
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// Samples returns the samples of a run's last measurement, none where nothing
// was measured.
func (db *DB) Samples(ctx context.Context, run int64) (s Samples, err error) {
	rows, err := db.sql.QueryContext(ctx, `SELECT epoch, real, records, record, fields::VARCHAR FROM netshare.samples
		WHERE run = ? ORDER BY real DESC, session, record`, run)
	if err != nil {
		return s, db.clean(err)
	}
	defer rows.Close()
	for rows.Next() {
		var x Sample
		var record int
		var fields string
		if err := rows.Scan(&s.Epoch, &x.Real, &x.Records, &record, &fields); err != nil {
			return s, db.clean(err)
		}
		columns, row, err := readObject(fields)
		if err != nil {
			return s, fmt.Errorf("samples of run %d: %w", run, err)
		}
		s.Columns = columns
		if record == 1 {
			s.Sessions = append(s.Sessions, x)
		}
		last := &s.Sessions[len(s.Sessions)-1]
		last.Rows = append(last.Rows, row)
	}
	return s, db.clean(rows.Err())
}

// object writes a record as a JSON object whose names keep their order.
func object(names []string, row []*string) (string, error) {
	var b bytes.Buffer
	for i, name := range names {
		key, err := json.Marshal(name)
		if err != nil {
			return "", err
		}
		value, err := json.Marshal(row[i])
		if err != nil {
			return "", err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%s:%s", key, value)
	}
	return "{" + b.String() + "}", nil
}

// readObject is the way back of object.
func readObject(text string) (names []string, row []*string, err error) {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	if _, err := d.Token(); err != nil {
		return nil, nil, err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, nil, err
		}
		var v *string
		if err := d.Decode(&v); err != nil {
			return nil, nil, err
		}
		names, row = append(names, fmt.Sprint(name)), append(row, v)
	}
	return names, row, nil
}
