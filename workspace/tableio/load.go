package tableio

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"netshare/workspace/trace"
)

// ErrNoRows is wrapped by the error of Load for a file that holds no record.
var ErrNoRows = errors.New("no rows")

// Load reads a CSV, JSON lines or Parquet file, plain, gzip or zstd, into a new
// table, whose name must be quoted (and qualified) already; reject, which may
// be nil, gets each record that can't be read; note, which may be nil too, gets
// a clause for what is odd though nothing is lost by it. It returns the table's
// schema and its number of rows. A file without any record, with a quote that is
// never closed or with two columns of one name is an error, and no table is
// made. Numbers outside the range of what a column is taken for, such as
// negative ports and counts, are rejected, but in columns that free names.
func Load(ctx context.Context, db DB, path, table string, reject func(trace.Reject), note func(string), free ...string) (trace.Schema, int64, error) {
	if reject == nil {
		reject = func(trace.Reject) {}
	}
	if note == nil {
		note = func(string) {}
	}
	format, err := formatOf(path)
	if err != nil {
		return trace.Schema{}, 0, err
	}
	stop := func() error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return nil
	}
	switch format {
	case formatParquet:
		return loadParquet(ctx, db, path, table)
	case formatJSONL:
		j, err := surveyJSONL(path, stop)
		if err != nil {
			return trace.Schema{}, 0, err
		}
		unbounded(j.plans, free)
		return loadHanded(ctx, db, path, table, j.schema(), j.longest, func(w io.Writer) error { return j.hand(w, stop, reject) })
	}
	c, err := surveyCSV(path, stop)
	if err != nil {
		return trace.Schema{}, 0, err
	}
	for _, n := range c.notes {
		note(n)
	}
	unbounded(c.plans, free)
	schema := c.schema()
	switch n, ok, err := c.direct(ctx, db, table); {
	case err != nil:
		return trace.Schema{}, 0, fmt.Errorf("%s: %w", path, err)
	case ok:
		return schema, n, nil
	}
	return loadHanded(ctx, db, path, table, schema, c.longest, func(w io.Writer) error { return c.hand(w, stop, reject) })
}

// unbounded lets columns have any number.
func unbounded(plans []plan, names []string) {
	for i := range plans {
		if p := &plans[i]; slices.Contains(names, p.col.Name) && p.col.Kind != trace.KindTimestamp {
			p.lo, p.hi = math.Inf(-1), math.Inf(1)
		}
	}
}

// formatOf looks into a file.
func formatOf(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if info.IsDir() {
		return "", fmt.Errorf("%s: is a directory: name the files in it", path)
	}
	in, err := open(path)
	if err != nil {
		return "", err
	}
	defer in.Close()
	head, err := in.Peek(4)
	if err != nil && err != io.EOF {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	if string(head) == "PAR1" && !in.compressed {
		return formatParquet, nil
	}
	head, err = in.Peek(headLen)
	if err != nil && err != io.EOF {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	format, ok := Detect(head, path)
	switch {
	case len(strings.TrimSpace(string(head))) == 0:
		return "", fmt.Errorf("%s: empty file", path)
	case !ok && strings.IndexByte(string(head), 0) >= 0:
		return "", fmt.Errorf("%s: not a table: it holds binary data", path)
	case !ok:
		return formatCSV, nil
	}
	return format, nil
}

// Temporary begins the name of a table that is the connection's own.
const Temporary = "temp.main."

// create makes a table of a query and counts its rows.
func create(ctx context.Context, db DB, table, query string) (int64, error) {
	word := "CREATE TABLE "
	if strings.HasPrefix(table, Temporary) {
		word = "CREATE TEMP TABLE "
	}
	if _, err := db.ExecContext(ctx, word+table+" AS "+query); err != nil {
		return 0, err
	}
	return count(ctx, db, table)
}

// padding ends the lines handed on of a table of one column: without it a
// missing value would be a blank line, which is skipped.
const padding = ",1"

// loadHanded has hand write a temporary CSV file and the database read it.
func loadHanded(ctx context.Context, db DB, path, table string, schema trace.Schema, longest int, hand func(io.Writer) error) (trace.Schema, int64, error) {
	f, err := os.CreateTemp("", "netshare-*.csv")
	if err != nil {
		return trace.Schema{}, 0, err
	}
	defer os.Remove(f.Name())
	w := bufio.NewWriterSize(f, bufferLen)
	err = hand(w)
	if err == nil {
		err = w.Flush()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return trace.Schema{}, 0, err
	}
	columns, handed := "*", schema
	if len(schema.Columns) == 1 {
		columns = Quote(schema.Columns[0].Name)
		handed.Columns = append(handed.Columns[:1:1], trace.Column{Name: schema.Columns[0].Name + "_pad", Type: trace.TypeText})
	}
	n, err := create(ctx, db, table, "SELECT "+columns+" FROM "+readCSV(f.Name(), handed, ',', "\\n", false, false, longest))
	if err != nil {
		return trace.Schema{}, 0, fmt.Errorf("%s: %w", path, err)
	}
	return schema, n, nil
}

// readCSV is the table function for a file of the given dialect. In a file that
// is read directly, as the user has it, "" is a missing value, and a line that
// the database can't read is left out, which the number of rows then tells.
// longest is the length of the longest record: the database's buffers grow with
// the bound that is made of it.
func readCSV(path string, schema trace.Schema, delim byte, eol string, header, direct bool, longest int) string {
	var sb strings.Builder
	fmt.Fprintf(&sb, "read_csv(%s, auto_detect=false, header=%v, delim=%s, quote='\"', escape='\"', new_line='%s', comment='', max_line_size=%d, allow_quoted_nulls=%v, ignore_errors=%v, nullstr='', columns={",
		literal(path), header, literal(string(delim)), eol, max(2<<20, 2*longest+64*len(schema.Columns)), direct, direct)
	for i, c := range schema.Columns {
		if i > 0 {
			sb.WriteString(", ")
		}
		sb.WriteString(literal(c.Name) + ": " + literal(string(c.Type)))
	}
	sb.WriteString("})")
	return sb.String()
}
