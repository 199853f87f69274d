package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

// Options say how a workspace is opened. The zero value is good for use.
type Options struct {
	// ReadOnly opens without the right to change anything; the file must exist.
	ReadOnly bool
	// Threads is how many threads DuckDB uses; 0 means GOMAXPROCS.
	Threads int
	// MemoryLimit is what DuckDB may keep in memory, in DuckDB's own words
	// ("800MB"); empty means 1GB. Beyond it DuckDB spills to a folder beside
	// the file.
	MemoryLimit string
	// FileFunctions are SQL table functions over files, beside DuckDB's own.
	FileFunctions []FileFunction
	// Version is the program's version, recorded with runs and migrations.
	Version string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// DB is an open workspace file. Close it.
type DB struct {
	path        string
	opts        Options
	catalog     string // the database's name within DuckDB
	sql         *sql.DB
	interrupted []Run
	info        os.FileInfo // under which it stands in openFiles
	profiles    profiles
	threads     threads

	mu    sync.Mutex
	users map[io.Closer]struct{} // consoles and writers that hold a connection
}

// openFiles lists the workspace files that this process has open. The locks
// that DuckDB takes are POSIX locks, which don't keep a process from itself,
// and are lost when any other descriptor of the file is closed: so a second
// open within the process has to be refused here, before the file is touched.
var openFiles struct {
	sync.Mutex
	infos []os.FileInfo
}

// Open opens the workspace at path, and makes it if it is absent. A DuckDB
// database without netshare's schemas is given them; an older format is brought
// up to date. Runs that were running when their process ended are marked
// interrupted (see Interrupted).
//
// Errors to branch on: *InUseError, *FormatError, ErrNotWorkspace, and those of
// package fs.
func Open(ctx context.Context, path string, opts Options) (*DB, error) {
	if opts.Threads <= 0 {
		opts.Threads = runtime.GOMAXPROCS(0)
	}
	if opts.MemoryLimit == "" {
		opts.MemoryLimit = "1GB"
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if err := checkPath(path, opts.ReadOnly); err != nil {
		return nil, err
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("workspace %s: %w", path, err)
	}
	return open(ctx, absolute, opts)
}

// checkPath names the plain reasons why path can't be a workspace.
func checkPath(path string, readOnly bool) error {
	if path == "" {
		return errors.New("the workspace has no name: name a file, for example lab.duckdb")
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("%s is a directory: name a file in it, for example %s", path, filepath.Join(path, "lab.duckdb"))
	case err == nil && !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file: name another", path)
	case err == nil:
		return nil
	case !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("workspace %w", err)
	case readOnly:
		return fmt.Errorf("%s: there is no such workspace: check the name: %w", path, os.ErrNotExist)
	}
	parent := filepath.Dir(path)
	if info, err := os.Stat(parent); err != nil {
		return fmt.Errorf("%s: the folder %s does not exist: make it first: %w", path, parent, os.ErrNotExist)
	} else if !info.IsDir() {
		return fmt.Errorf("%s: %s is not a folder: name another place", path, parent)
	}
	return nil
}

func open(ctx context.Context, path string, opts Options) (_ *DB, err error) {
	db := &DB{path: path, opts: opts, users: map[io.Closer]struct{}{}}
	openFiles.Lock()
	defer openFiles.Unlock()
	before, statErr := os.Stat(path)
	if statErr == nil && indexOpen(before) >= 0 {
		return nil, &InUseError{Path: path, PID: os.Getpid()}
	}
	if err := db.attach(ctx); err != nil {
		if db.sql != nil {
			db.sql.Close()
		}
		return nil, openError(path, err)
	}
	defer func() {
		if err != nil {
			db.sql.Close()
		}
	}()
	if err := db.registerFunctions(ctx); err != nil {
		return nil, err
	}
	if err := db.migrate(ctx); err != nil {
		return nil, err
	}
	if !opts.ReadOnly {
		if db.interrupted, err = db.markInterrupted(ctx); err != nil {
			return nil, err
		}
		if statErr != nil { // a new file is a workspace from now on, whatever comes
			if _, err := db.sql.ExecContext(ctx, "CHECKPOINT "+Quote(db.catalog)); err != nil {
				return nil, db.clean(err)
			}
		}
	}
	if db.info, err = os.Stat(path); err != nil {
		return nil, fmt.Errorf("workspace %w", err)
	}
	openFiles.infos = append(openFiles.infos, db.info)
	return db, nil
}

// indexOpen finds the file among openFiles, which must be locked.
func indexOpen(info os.FileInfo) int {
	for i, o := range openFiles.infos {
		if os.SameFile(o, info) {
			return i
		}
	}
	return -1
}

// attach starts a DuckDB instance and attaches the file to it. Attaching lets
// any path be named, and lets the catalog be called otherwise than the file:
// in a catalog called raw, "raw.t" is ambiguous.
func (db *DB) attach(ctx context.Context) error {
	config := url.Values{
		"threads":                      {strconv.Itoa(db.opts.Threads)},
		"memory_limit":                 {db.opts.MemoryLimit},
		"temp_directory":               {db.path + ".tmp"},
		"autoinstall_known_extensions": {"false"},
		"autoload_known_extensions":    {"false"},
		"preserve_insertion_order":     {"true"},
		"write_buffer_row_group_count": {"1"}, // five would be 100 MB of a load, written all at once at its end
	}
	db.catalog = catalogName(db.path)
	attached := false
	connector, err := duckdb.NewConnector("?"+config.Encode(), func(c driver.ExecerContext) error {
		if !attached {
			return nil
		}
		_, err := c.ExecContext(context.Background(), db.connectSQL(), nil)
		return err
	})
	if err != nil {
		return err
	}
	if functions := db.opts.FileFunctions; len(functions) > 0 {
		duckdb.RegisterReplacementScan(connector, func(file string) (string, []any, error) {
			name, args := replaceFile(functions, file)
			return name, args, nil
		})
	}
	db.sql = sql.OpenDB(connector)
	db.sql.SetMaxIdleConns(4)
	conn, err := db.sql.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	mode := ""
	if db.opts.ReadOnly {
		mode = " (READ_ONLY)"
	}
	if err := registerFiles(db, conn); err != nil {
		return err
	}
	for _, statement := range []string{
		"SET GLOBAL TimeZone = 'UTC'",
		"ATTACH " + literal(db.path) + " AS " + Quote(db.catalog) + mode,
		db.connectSQL(),
	} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	attached = true
	if !db.opts.ReadOnly {
		db.removeSpill()
	}
	return nil
}

// connectSQL is what every connection begins with.
func (db *DB) connectSQL() string {
	text := "USE " + Quote(db.catalog)
	for _, f := range db.opts.FileFunctions {
		text += "; " + f.macro()
	}
	return text
}

// removeSpill removes what a killed process spilled and left beside the file:
// the file is ours now, so nobody uses it.
func (db *DB) removeSpill() {
	left, _ := filepath.Glob(filepath.Join(globQuote(db.path)+".tmp", "duckdb_temp_*"))
	for _, f := range left {
		os.Remove(f)
	}
	os.Remove(db.path + ".tmp") // only if empty
}

func globQuote(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// catalogName is the file's name without its extension, as the duckdb shell
// has it, changed where it would clash with a schema or a catalog of DuckDB's.
func catalogName(path string) string {
	name, _, _ := strings.Cut(filepath.Base(path), ".")
	switch strings.ToLower(name) {
	case "":
		return "workspace"
	case Raw, Synth, Meta, Main, "temp", "system", "memory", "information_schema", "pg_catalog":
		return name + "_db"
	}
	return name
}

// Path returns the workspace file's absolute path.
func (db *DB) Path() string { return db.path }

// Catalog returns the name that the workspace has within DuckDB.
func (db *DB) Catalog() string { return db.catalog }

// ReadOnly reports whether the workspace was opened for reading only.
func (db *DB) ReadOnly() bool { return db.opts.ReadOnly }

// Interrupted lists the runs that Open found running, and marked interrupted:
// their process was killed.
func (db *DB) Interrupted() []Run { return db.interrupted }

// Close ends the writers and consoles still open (what they had not committed
// is gone), writes everything into the one file, and gives the file free.
func (db *DB) Close() error {
	db.mu.Lock()
	users := db.users
	db.users = nil
	db.mu.Unlock()
	if users == nil {
		return nil
	}
	for u := range users {
		u.Close()
	}
	var err error
	if !db.opts.ReadOnly {
		_, err = db.sql.ExecContext(context.Background(), "CHECKPOINT "+Quote(db.catalog))
	}
	err = errors.Join(db.clean(err), db.sql.Close())
	openFiles.Lock()
	if i := indexOpen(db.info); i >= 0 {
		openFiles.infos = append(openFiles.infos[:i:i], openFiles.infos[i+1:]...)
	}
	openFiles.Unlock()
	return err
}

// use remembers a holder of a connection until forget, so that Close can end it.
func (db *DB) use(c io.Closer) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.users == nil {
		return fmt.Errorf("%s is closed", filepath.Base(db.path))
	}
	db.users[c] = struct{}{}
	return nil
}

func (db *DB) forget(c io.Closer) {
	db.mu.Lock()
	defer db.mu.Unlock()
	delete(db.users, c)
}

func (db *DB) clean(err error) error { return clean(db.path, err) }

func (db *DB) now() time.Time { return db.opts.Now().UTC() }

// inTx runs fn within a transaction that fn's error, or a panic, undoes.
func (db *DB) inTx(ctx context.Context, fn func(*sql.Tx) error) error {
	tx, err := db.sql.BeginTx(ctx, nil)
	if err != nil {
		return db.clean(err)
	}
	defer tx.Rollback()
	if err := fn(tx); err != nil {
		return db.clean(err)
	}
	return db.clean(tx.Commit())
}
