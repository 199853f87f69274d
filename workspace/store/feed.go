package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"netshare/workspace/trace"
)

// feedFunction is the SQL table function that a feed's rows come out of, in the
// statement that the feed runs; nobody else gets anything from it.
const feedFunction = "netshare_rows"

// batchesAhead is how many batches wait between the goroutine that makes rows
// and DuckDB's, so that neither waits for the other at each.
const batchesAhead = 4

// feed carries rows into a table: they are gathered in batches of columns, and
// taken out by DuckDB in a goroutine of its own, a vector at a time.
type feed struct {
	columns []trace.Column
	batch   *batch      // being filled
	full    chan *batch // to DuckDB; closed after the last
	free    chan *batch // back from it
	cancel  context.CancelFunc
	stopped <-chan struct{}
	done    chan struct{} // closed when DuckDB has ended, with err
	err     error
	closed  bool
}

// feedKey is under which the context of a feed's statement holds the feed.
type feedKey struct{}

// startFeed begins to insert into a table, named as in SQL, on a transaction
// that must not be used otherwise until the feed has ended.
func startFeed(ctx context.Context, tx *sql.Tx, table string, columns []trace.Column) *feed {
	ctx, cancel := context.WithCancel(ctx)
	f := &feed{
		columns: columns, cancel: cancel, stopped: ctx.Done(),
		full: make(chan *batch, batchesAhead), free: make(chan *batch, batchesAhead+2), done: make(chan struct{}),
	}
	for range cap(f.free) {
		f.free <- newBatch(columns)
	}
	go func() {
		defer close(f.done)
		_, f.err = tx.ExecContext(context.WithValue(ctx, feedKey{}, f), "INSERT INTO "+table+" SELECT "+sqlColumns(columns)+" FROM "+feedFunction+"()")
	}()
	return f
}

// add puts a row into the batch; a row that doesn't fit leaves nothing of it.
func (f *feed) add(row trace.Row) error {
	if f.batch == nil {
		select {
		case f.batch = <-f.free:
		case <-f.done:
			return f.ended()
		}
	}
	if err := f.batch.add(f.columns, row); err != nil {
		return err
	}
	if f.batch.rows == batchRows {
		return f.send()
	}
	return nil
}

func (f *feed) send() error {
	select {
	case f.full <- f.batch:
		f.batch = nil
		return nil
	case <-f.done:
		return f.ended()
	}
}

// ended is the error of a feed whose statement ended before its rows did.
func (f *feed) ended() error {
	if f.err == nil {
		return errors.New("DuckDB stopped to take rows")
	}
	return f.err
}

// finish hands over the rows that are left, and waits for DuckDB to take them.
func (f *feed) finish(ctx context.Context) error {
	if f.batch != nil && f.batch.rows > 0 {
		if err := f.send(); err != nil {
			return err
		}
	}
	f.close()
	defer context.AfterFunc(ctx, f.cancel)()
	<-f.done
	f.cancel()
	if f.err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return f.err
}

// abort ends the statement, whose transaction is good for nothing then.
func (f *feed) abort() {
	f.cancel()
	<-f.done
}

func (f *feed) close() {
	if !f.closed {
		f.closed = true
		close(f.full)
	}
}

// ColumnInfos implements duckdb.ChunkTableSource.
func (f *feed) ColumnInfos() []duckdb.ColumnInfo { return columnInfos(f.columns) }

// Cardinality implements duckdb.ChunkTableSource: nobody knows.
func (f *feed) Cardinality() *duckdb.CardinalityInfo { return nil }

// Init implements duckdb.ChunkTableSource.
func (f *feed) Init() {}

// FillChunk implements duckdb.ChunkTableSource.
func (f *feed) FillChunk(chunk duckdb.DataChunk) error {
	select {
	case b, more := <-f.full:
		if !more {
			return chunk.SetSize(0)
		}
		err := b.fill(f.columns, chunk)
		b.rows = 0
		f.free <- b
		return err
	case <-f.stopped:
		return context.Canceled
	}
}

// registerFeed makes feedFunction known to all connections.
func registerFeed(conn *sql.Conn) error {
	return duckdb.RegisterTableUDF(conn, feedFunction, duckdb.ChunkTableFunction{
		BindArgumentsContext: func(ctx context.Context, _ map[string]any, _ ...any) (duckdb.ChunkTableSource, error) {
			f, ok := ctx.Value(feedKey{}).(*feed)
			if !ok {
				return nil, errors.New(feedFunction + " is what netshare loads tables with: use read_pcap, read_zeek, read_csv and their like")
			}
			return f, nil
		},
	})
}

// batchRows is how many rows go to DuckDB together: one of its vectors.
var batchRows = duckdb.GetDataChunkCapacity()

// batch is some rows by column.
type batch struct {
	rows    int
	columns []batchColumn
}

// batchColumn has one slice of values, by the column's type, and says which
// are missing.
type batchColumn struct {
	missing  []bool
	bools    []bool
	integers []int64 // of a TIMESTAMP_NS, nanoseconds since 1970
	reals    []float64
	texts    []string
	lists    [][]any
}

func newBatch(columns []trace.Column) *batch {
	b := &batch{columns: make([]batchColumn, len(columns))}
	for i := range columns {
		c := &b.columns[i]
		c.missing = make([]bool, batchRows)
		switch columns[i].Type {
		case trace.TypeBool:
			c.bools = make([]bool, batchRows)
		case trace.TypeInt, trace.TypeTime:
			c.integers = make([]int64, batchRows)
		case trace.TypeReal:
			c.reals = make([]float64, batchRows)
		case trace.TypeText:
			c.texts = make([]string, batchRows)
		default:
			c.lists = make([][]any, batchRows)
		}
	}
	return b
}

// add writes a row behind the others; where a value doesn't fit its column, the
// next row takes its place.
func (b *batch) add(columns []trace.Column, row trace.Row) error {
	n := b.rows
	for i, value := range row {
		c := &b.columns[i]
		c.missing[n] = value == nil
		if value == nil {
			continue
		}
		ok := false
		switch columns[i].Type {
		case trace.TypeBool:
			c.bools[n], ok = value.(bool)
		case trace.TypeInt:
			c.integers[n], ok = value.(int64)
		case trace.TypeReal:
			c.reals[n], ok = value.(float64)
		case trace.TypeText:
			var s string
			s, ok = value.(string)
			c.texts[n] = validText(s)
		case trace.TypeTime:
			var t time.Time
			if t, ok = value.(time.Time); ok {
				if t.Before(earliest) || t.After(latest) {
					return &ValueError{columns[i].Name, string(columns[i].Type), value, "outside the years 1678 to 2262 that nanoseconds reach"}
				}
				c.integers[n] = t.UnixNano()
			}
		default:
			list, err := encodeList(&columns[i], value)
			if err != nil {
				return err
			}
			c.lists[n], ok = list, true
		}
		if !ok {
			return &ValueError{columns[i].Name, string(columns[i].Type), value, ""}
		}
	}
	b.rows++
	return nil
}

// fill writes the rows into a chunk of DuckDB's.
func (b *batch) fill(columns []trace.Column, chunk duckdb.DataChunk) error {
	for i := range columns {
		c := &b.columns[i]
		var err error
		switch columns[i].Type {
		case trace.TypeBool:
			err = fillColumn(chunk, i, c.bools[:b.rows], c.missing)
		case trace.TypeInt, trace.TypeTime:
			err = fillColumn(chunk, i, c.integers[:b.rows], c.missing)
		case trace.TypeReal:
			err = fillColumn(chunk, i, c.reals[:b.rows], c.missing)
		case trace.TypeText:
			err = fillColumn(chunk, i, c.texts[:b.rows], c.missing)
		default:
			err = fillColumn(chunk, i, c.lists[:b.rows], c.missing)
		}
		if err != nil {
			return fmt.Errorf("column %q: %w", columns[i].Name, err)
		}
	}
	return chunk.SetSize(b.rows)
}

func fillColumn[T any](chunk duckdb.DataChunk, column int, values []T, missing []bool) error {
	for i, v := range values {
		var err error
		if missing[i] {
			err = duckdb.SetChunkValue[any](chunk, column, i, nil)
		} else {
			err = duckdb.SetChunkValue(chunk, column, i, v)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// columnInfos describes the columns of a batch to DuckDB: times are BIGINT
// there, see sqlColumns.
func columnInfos(columns []trace.Column) []duckdb.ColumnInfo {
	infos := make([]duckdb.ColumnInfo, len(columns))
	for i, c := range columns {
		infos[i] = duckdb.ColumnInfo{Name: fmt.Sprint("c", i), T: typeInfo(c.Type)}
	}
	return infos
}

// typeInfo is the driver's description of a column type.
func typeInfo(t trace.Type) duckdb.TypeInfo {
	if elem, isList := t.Elem(); isList {
		info, err := duckdb.NewListInfo(typeInfo(elem))
		if err != nil {
			panic("store: " + err.Error()) // a type without a constructor of its own
		}
		return info
	}
	types := map[trace.Type]duckdb.Type{
		trace.TypeBool: duckdb.TYPE_BOOLEAN, trace.TypeInt: duckdb.TYPE_BIGINT, trace.TypeReal: duckdb.TYPE_DOUBLE,
		trace.TypeText: duckdb.TYPE_VARCHAR, trace.TypeTime: duckdb.TYPE_BIGINT,
	}
	info, err := duckdb.NewTypeInfo(types[t])
	if err != nil {
		panic("store: " + err.Error())
	}
	return info
}

// sqlColumns gives the columns of a batch their types.
func sqlColumns(columns []trace.Column) string {
	terms := make([]string, len(columns))
	for i, c := range columns {
		if terms[i] = fmt.Sprint("c", i); c.Type == trace.TypeTime {
			terms[i] = "make_timestamp_ns(" + terms[i] + ")"
		}
	}
	return strings.Join(terms, ", ")
}
