package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"netshare/workspace/trace"
)

const (
	// DefaultRejectCap is how many rejects of each reason a run keeps where
	// nothing else is asked for.
	DefaultRejectCap = 1000
	// maxReasons bounds how many reasons a run tells apart, whatever a hostile
	// file makes a reader say; the others are counted under otherReasons.
	maxReasons   = 200
	otherReasons = "other reasons"
)

// Rejects gathers the records that could not be read: all are counted by
// reason, and the first of each reason kept. The zero value is ready, and keeps
// DefaultRejectCap of each. It is not for use by several goroutines at once.
type Rejects struct {
	Cap    int // how many to keep of each reason; 0 means DefaultRejectCap
	kept   []trace.Reject
	counts map[string]int64
}

// Add counts a reject, and keeps it if its reason has room.
func (r *Rejects) Add(j trace.Reject) { r.AddMany(j, 1) }

// AddMany counts n rejects of one reason, of which j is an example.
func (r *Rejects) AddMany(j trace.Reject, n int64) {
	if r.counts == nil {
		r.counts = map[string]int64{}
	}
	if _, known := r.counts[j.Reason]; !known && len(r.counts) >= maxReasons {
		j.Detail, j.Reason = j.Reason+": "+j.Detail, otherReasons
	}
	limit := r.Cap
	if limit <= 0 {
		limit = DefaultRejectCap
	}
	if r.counts[j.Reason] < int64(limit) {
		r.kept = append(r.kept, j)
	}
	r.counts[j.Reason] += n
}

// Total returns how many records were rejected.
func (r *Rejects) Total() int64 {
	var n int64
	for _, c := range r.counts {
		n += c
	}
	return n
}

// ReasonCount is how often records were rejected for one reason.
type ReasonCount struct {
	Reason string
	Count  int64
}

// Counts returns the true counts, the most frequent reason first.
func (r *Rejects) Counts() []ReasonCount {
	counts := make([]ReasonCount, 0, len(r.counts))
	for reason, n := range r.counts {
		counts = append(counts, ReasonCount{reason, n})
	}
	slices.SortFunc(counts, func(a, b ReasonCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Reason, b.Reason))
	})
	return counts
}

// save writes the rejects of a run; further ones of the same run add up.
func (r *Rejects) save(ctx context.Context, tx *sql.Tx, run int64) error {
	if len(r.counts) == 0 {
		return nil
	}
	totals := map[string]int64{}
	for reason, n := range r.counts {
		var before int64
		err := tx.QueryRowContext(ctx, `SELECT coalesce(max(total), 0) FROM netshare.rejects WHERE run = ? AND reason = ?`, run, reason).Scan(&before)
		if err != nil {
			return err
		}
		totals[reason] = before + n
		if before > 0 {
			_, err = tx.ExecContext(ctx, `UPDATE netshare.rejects SET total = ? WHERE run = ? AND reason = ?`, totals[reason], run, reason)
			if err != nil {
				return err
			}
		}
	}
	insert, err := tx.PrepareContext(ctx, `INSERT INTO netshare.rejects VALUES (?, ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	defer insert.Close()
	for _, j := range r.kept {
		var line, offset any
		if j.Line > 0 {
			line = j.Line
		}
		if j.Offset >= 0 {
			offset = j.Offset
		}
		_, err := insert.ExecContext(ctx, run, validText(j.File), line, offset, validText(j.Reason), nullable(validText(j.Detail)), totals[j.Reason])
		if err != nil {
			return err
		}
	}
	return nil
}

// SaveRejects keeps the rejects of a run that writes no table.
func (db *DB) SaveRejects(ctx context.Context, run int64, r *Rejects) error {
	return db.inTx(ctx, func(tx *sql.Tx) error {
		if err := r.save(ctx, tx, run); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE netshare.runs SET rows_rejected = rows_rejected + ? WHERE run = ?`, r.Total(), run)
		return err
	})
}

// RunRejects returns what is kept of a run's rejects, in the order they came,
// and the true counts by reason, the most frequent first.
func (db *DB) RunRejects(ctx context.Context, run int64) ([]trace.Reject, []ReasonCount, error) {
	rows, err := db.sql.QueryContext(ctx, `SELECT coalesce(file, ''), coalesce(line, 0), coalesce(byte_offset, -1), reason, coalesce(detail, ''), total
		FROM netshare.rejects WHERE run = ? ORDER BY rowid`, run)
	if err != nil {
		return nil, nil, db.clean(err)
	}
	defer rows.Close()
	var kept []trace.Reject
	all := Rejects{counts: map[string]int64{}}
	for rows.Next() {
		var j trace.Reject
		var total int64
		if err := rows.Scan(&j.File, &j.Line, &j.Offset, &j.Reason, &j.Detail, &total); err != nil {
			return nil, nil, db.clean(err)
		}
		kept = append(kept, j)
		all.counts[j.Reason] = total
	}
	return kept, all.Counts(), db.clean(rows.Err())
}
