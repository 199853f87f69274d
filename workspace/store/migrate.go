package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// FormatVersion is the newest workspace format that this program knows, which
// is the one it writes: the number of the last migration.
const FormatVersion = 4

// migration is one step from a format to the next.
type migration struct {
	version int
	name    string
	text    string
}

// migrations returns the embedded steps in order.
func migrations() ([]migration, error) {
	entries, err := migrationFiles.ReadDir("migrations")
	if err != nil {
		return nil, err
	}
	var ms []migration
	for _, e := range entries { // ReadDir sorts by name
		number, name, _ := strings.Cut(strings.TrimSuffix(e.Name(), ".sql"), "_")
		version, err := strconv.Atoi(number)
		if err != nil || version != len(ms)+1 {
			return nil, fmt.Errorf("migration %s: want number %03d", e.Name(), len(ms)+1)
		}
		text, err := migrationFiles.ReadFile("migrations/" + e.Name())
		if err != nil {
			return nil, err
		}
		ms = append(ms, migration{version, name, string(text)})
	}
	return ms, nil
}

// migrate brings the file to FormatVersion, each step in a transaction of its
// own, and refuses a file from the future.
func (db *DB) migrate(ctx context.Context) error {
	version, program, err := db.format(ctx)
	if err != nil {
		return err
	}
	if version > FormatVersion {
		return &FormatError{Path: db.path, Version: version, Supported: FormatVersion, Program: program}
	}
	if db.opts.ReadOnly {
		switch {
		case version == 0:
			return fmt.Errorf("%s is %w yet: it has no schema netshare: open it for writing once", filepath.Base(db.path), ErrNotWorkspace)
		case version < FormatVersion:
			return fmt.Errorf("%s has the older workspace format %d: open it for writing once to bring it to format %d",
				filepath.Base(db.path), version, FormatVersion)
		}
		return nil
	}
	steps, err := migrations()
	if err != nil {
		return err
	}
	for _, m := range steps[version:] {
		err := db.inTx(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "CREATE SCHEMA IF NOT EXISTS netshare;"+m.text)
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, "INSERT INTO "+db.Qualify(Name{Meta, "format"})+" VALUES (?, ?, ?, ?)",
				m.version, m.name, db.opts.Version, db.now())
			return err
		})
		if err != nil {
			return fmt.Errorf("%s: bringing it to workspace format %d: %w", filepath.Base(db.path), m.version, err)
		}
	}
	return nil
}

// format returns the file's format version, 0 for a database that is no
// workspace yet, and the program that brought it there.
func (db *DB) format(ctx context.Context) (version int, program string, err error) {
	var n int
	err = db.sql.QueryRowContext(ctx, `SELECT count(*) FROM information_schema.tables
		WHERE table_catalog = ? AND table_schema = 'netshare' AND table_name = 'format'`, db.catalog).Scan(&n)
	if err != nil || n == 0 {
		return 0, "", db.clean(err)
	}
	err = db.sql.QueryRowContext(ctx, `SELECT version, coalesce(program, '') FROM `+db.Qualify(Name{Meta, "format"})+
		` ORDER BY version DESC LIMIT 1`).Scan(&version, &program)
	if err == sql.ErrNoRows {
		return 0, "", nil
	}
	return version, program, db.clean(err)
}
