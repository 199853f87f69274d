package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"netshare/workspace/trace"
)

// FileFunction is a SQL table function over files of one format, used as
// read_csv is: FROM read_pcap('captures/*.pcap'). Its argument is a path or a
// pattern as DuckDB's glob has it, whose files are read in the order of their
// names; they must have the first one's columns, or some of them. Besides its
// own, it has the named parameters of read_csv that make sense for any format:
//
//	filename := true        adds a column filename
//	ignore_errors := true   leaves out records that can't be read
//
// Without ignore_errors the first such record is an error. What is left out is
// counted: see Result.Skipped.
type FileFunction struct {
	Name       string   // read_pcap
	Extensions []string // of files that FROM 'x.pcap' reads with it, without what compression adds: ".pcap"
	Parameters []string // names of further named parameters, whose values are text

	// Open opens a file; parameters not given are absent. Its errors, and those
	// of the reader, name the file.
	Open func(ctx context.Context, path string, params map[string]string) (trace.Reader, error)
	// Foreign, where set, tells records that are sound but no part of such a
	// table, like ARP frames among packets: they are left out always.
	Foreign func(trace.Reject) bool
}

// The named parameters of all file functions.
const (
	paramFilename = "filename"
	paramIgnore   = "ignore_errors"
)

// plainName is the name of the table function behind a file function: it takes
// every parameter in its place, all of them as text. The driver has no
// parameters that may be left out, so that what users call is a macro.
func (f FileFunction) plainName() string { return "netshare_" + f.Name }

// macro is the SQL that makes the file function known to a connection.
func (f FileFunction) macro() string {
	names, values := []string{paramFilename + " := false", paramIgnore + " := false"}, []string{paramFilename + "::VARCHAR", paramIgnore + "::VARCHAR"}
	for _, p := range f.Parameters {
		names, values = append(names, p+" := ''"), append(values, p+"::VARCHAR")
	}
	return fmt.Sprintf("CREATE OR REPLACE TEMP MACRO %s(path, %s) AS TABLE FROM %s(path, %s)",
		f.Name, strings.Join(names, ", "), f.plainName(), strings.Join(values, ", "))
}

// registerFiles makes the table functions behind the file functions known to
// all connections.
func registerFiles(db *DB, conn *sql.Conn) error {
	text, err := duckdb.NewTypeInfo(duckdb.TYPE_VARCHAR)
	if err != nil {
		return err
	}
	for _, f := range db.opts.FileFunctions {
		err = duckdb.RegisterTableUDF(conn, f.plainName(), duckdb.ParallelChunkTableFunction{
			Config: duckdb.TableFunctionConfig{Arguments: slices.Repeat([]duckdb.TypeInfo{text}, 3+len(f.Parameters))},
			BindArgumentsContext: func(ctx context.Context, _ map[string]any, args ...any) (duckdb.ParallelChunkTableSource, error) {
				values := make([]string, len(args))
				for i, a := range args {
					values[i], _ = a.(string)
				}
				return db.bindFiles(ctx, f, values)
			},
		})
		if err != nil {
			return fmt.Errorf("SQL function %s: %w", f.Name, err)
		}
	}
	return nil
}

// replaceFile says what FROM 'x.pcap' stands for: the function that reads the
// file, "" for none, and its arguments.
func replaceFile(functions []FileFunction, file string) (string, []any) {
	name := strings.ToLower(file)
	for _, packed := range []string{".gz", ".zst"} {
		name = strings.TrimSuffix(name, packed)
	}
	for _, f := range functions {
		for _, e := range f.Extensions {
			if strings.HasSuffix(name, e) {
				args := []any{file, "false", "false"}
				for range f.Parameters {
					args = append(args, "")
				}
				return f.plainName(), args
			}
		}
	}
	return "", nil
}

// fileSource is a file function bound to its files.
type fileSource struct {
	db        *DB
	function  FileFunction
	ctx       context.Context // of the statement that it was bound in
	statement *statement
	files     []string
	params    map[string]string
	ignore    bool
	filename  bool
	schema    trace.Schema // of the first file, with filename where asked for
	first     *openedFile
}

// openedFile is a file that was opened for its columns, to be read once.
type openedFile struct {
	mu     sync.Mutex
	reader trace.Reader
}

func (o *openedFile) take() trace.Reader {
	o.mu.Lock()
	defer o.mu.Unlock()
	r := o.reader
	o.reader = nil
	return r
}

func (o *openedFile) close() {
	if r := o.take(); r != nil {
		r.Close()
	}
}

// bindFiles opens the first file for its columns. The arguments are those of
// FileFunction.macro.
func (db *DB) bindFiles(ctx context.Context, f FileFunction, args []string) (duckdb.ParallelChunkTableSource, error) {
	path, filename, ignore := args[0], args[1], args[2]
	s := &fileSource{db: db, function: f, ctx: ctx, params: map[string]string{}, filename: filename == "true", ignore: ignore == "true"}
	s.statement, _ = ctx.Value(statementKey{}).(*statement)
	for i, p := range f.Parameters {
		if v := args[3+i]; v != "" {
			s.params[p] = v
		}
	}
	var err error
	if s.files, err = db.glob(ctx, path); err != nil {
		return nil, err
	}
	reader, err := f.Open(ctx, s.files[0], s.params)
	if err != nil {
		return nil, err
	}
	s.schema = reader.Schema()
	if err := checkColumns(Name{Main, f.Name}, s.schema.Columns); err != nil {
		reader.Close()
		return nil, fmt.Errorf("%s: %w", s.files[0], err)
	}
	if s.filename {
		s.schema.Columns = append(slices.Clone(s.schema.Columns), trace.Column{Name: paramFilename, Type: trace.TypeText, Kind: trace.KindText})
	}
	s.first = &openedFile{reader: reader}
	// DuckDB does not say when it needs a source no more.
	runtime.AddCleanup(s, (*openedFile).close, s.first)
	s.statement.atEnd(s.first.close)
	return s, nil
}

// glob lists the files of a path or pattern in the order of their names.
func (db *DB) glob(ctx context.Context, pattern string) ([]string, error) {
	if _, err := os.Stat(pattern); err == nil || !strings.ContainsAny(pattern, "*?[") {
		return []string{pattern}, nil
	}
	rows, err := db.sql.QueryContext(context.WithoutCancel(ctx), "SELECT file FROM glob(?) ORDER BY file", pattern)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var files []string
	for rows.Next() {
		var f string
		if err := rows.Scan(&f); err != nil {
			return nil, err
		}
		if !strings.HasPrefix(pattern, "./") {
			f = strings.TrimPrefix(f, "./") // which DuckDB adds
		}
		files = append(files, f)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: there is no such file: check the pattern", pattern)
	}
	return files, nil
}

// ColumnInfos implements duckdb.ParallelChunkTableSource.
func (s *fileSource) ColumnInfos() []duckdb.ColumnInfo { return columnInfos(s.schema.Columns) }

// Cardinality implements duckdb.ParallelChunkTableSource: nobody knows.
func (s *fileSource) Cardinality() *duckdb.CardinalityInfo { return nil }

// Init implements duckdb.ParallelChunkTableSource: one thread, so that records
// stay in order.
func (s *fileSource) Init() duckdb.ParallelTableSourceInfo {
	return duckdb.ParallelTableSourceInfo{MaxThreads: 1}
}

// NewLocalState implements duckdb.ParallelChunkTableSource: a source may be
// read more than once, each time from the start.
func (s *fileSource) NewLocalState() any {
	p := &pump{source: s}
	scan := &fileScan{p}
	runtime.AddCleanup(scan, (*pump).stop, p)
	return scan
}

// FillChunk implements duckdb.ParallelChunkTableSource.
func (s *fileSource) FillChunk(state any, chunk duckdb.DataChunk) error {
	scan, ok := state.(*fileScan)
	if !ok {
		return errors.New("a scan without its state")
	}
	return scan.fill(chunk)
}

// openNext opens a file, and finds the source's columns among its own: -1 for
// those that it lacks.
func (s *fileSource) openNext(ctx context.Context, i int) (trace.Reader, []int, error) {
	var reader trace.Reader
	if i == 0 {
		reader = s.first.take()
	}
	if reader == nil {
		var err error
		if reader, err = s.function.Open(ctx, s.files[i], s.params); err != nil {
			return nil, nil, err
		}
	}
	has := reader.Schema()
	at := make([]int, len(s.schema.Columns))
	for k, c := range s.schema.Columns {
		at[k] = has.Index(c.Name)
	}
	for _, c := range has.Columns {
		if k := s.schema.Index(c.Name); k < 0 || s.schema.Columns[k].Type != c.Type {
			reader.Close()
			return nil, nil, fmt.Errorf("%s has a column %q of type %s, which %s has not: read them apart and join them with UNION ALL BY NAME",
				s.files[i], c.Name, c.Type, s.files[0])
		}
	}
	return reader, at, nil
}
