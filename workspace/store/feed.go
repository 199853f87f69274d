package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"sync"

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
	wanted  []bool      // all of them
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
		columns: columns, wanted: slices.Repeat([]bool{true}, len(columns)), cancel: cancel, stopped: ctx.Done(),
		full: make(chan *batch, batchesAhead), free: make(chan *batch, batchesAhead+2), done: make(chan struct{}),
	}
	for range cap(f.free) {
		f.free <- newBatch(columns, f.wanted)
	}
	go func() {
		defer close(f.done)
		_, f.err = tx.ExecContext(context.WithValue(ctx, feedKey{}, f), "INSERT INTO "+table+" FROM "+feedFunction+"()")
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
	if err := f.batch.add(f.columns, f.wanted, row); err != nil {
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
		err := b.fill(f.columns, f.wanted, chunk)
		b.rows = 0
		f.free <- b
		return err
	case <-f.stopped:
		return context.Canceled
	}
}

// threads counts the feeds of a workspace, while any of which DuckDB has one
// thread. A feed's statement has no work for a second one, whose part in it is
// to ask for some without a pause, on the core that the reader needs.
type threads struct {
	mu    sync.Mutex
	feeds int
}

// lend leaves the other cores to the maker of rows.
func (db *DB) lend(ctx context.Context) error {
	db.threads.mu.Lock()
	defer db.threads.mu.Unlock()
	if db.threads.feeds == 0 {
		if err := db.setThreads(ctx, 1); err != nil {
			return err
		}
	}
	db.threads.feeds++
	return nil
}

// takeBack is lend's end.
func (db *DB) takeBack(ctx context.Context) error {
	db.threads.mu.Lock()
	defer db.threads.mu.Unlock()
	if db.threads.feeds--; db.threads.feeds > 0 {
		return nil
	}
	return db.setThreads(ctx, db.opts.Threads)
}

func (db *DB) setThreads(ctx context.Context, n int) error {
	_, err := db.sql.ExecContext(context.WithoutCancel(ctx), "SET GLOBAL threads = "+strconv.Itoa(n))
	return err
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
