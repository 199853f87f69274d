package workspace

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"netshare/workspace/pcapio"
	"netshare/workspace/store"
	"netshare/workspace/tableio"
	"netshare/workspace/trace"
)

// loadJob is one load under way.
type loadJob struct {
	w *Workspace
	Load
	format   string
	spec     store.TableSpec
	existing *Table // that is added to, nil for a new one

	writer  *store.TableWriter
	rejects store.Rejects
	schema  trace.Schema // of the records that are put in, before the recipe
	fields  *fieldParser // nil without a recipe
	sources []store.Source
	merged  int64 // put in by SQL

	read     int64
	reported time.Time
	opened   *openInput // whose digest tells how far reading has come
	done     int64      // bytes of the files before it
	size     int64      // of all files, bytes; 0 where unknown

	table             Table
	added             int64
	reasons           []store.ReasonCount
	rejected, skipped int64
	examples          []trace.Reject
	notes             []string
}

func (j *loadJob) run(ctx context.Context) (err error) {
	defer func() {
		if j.writer != nil {
			err = errors.Join(err, j.writer.Abort()) // nothing once it is committed
		}
	}()
	j.size = sizeOf(j.inputs)
	switch {
	case len(j.Protocols) > 0:
		err = j.loadEvents(ctx, j.Protocols[0])
	case !isTable(j.format):
		err = j.loadRecords(ctx)
	case j.Recipe != nil:
		err = j.loadParsed(ctx)
	case len(j.inputs) == 1 && j.existing == nil:
		err = j.loadWhole(ctx)
	default:
		err = j.loadMerged(ctx)
	}
	if err != nil {
		return err
	}
	if j.fields != nil {
		if err := j.fields.flush(ctx); err != nil {
			return err
		}
	}
	j.count()
	if j.added = j.merged + j.writer.Rows(); j.added == 0 {
		return fmt.Errorf("%s: no record could be loaded%s", some(j.Files), j.why())
	}
	j.compare()
	j.writer.Rejects = j.rejects
	j.writer.SetSources(j.sources)
	j.table, err = j.writer.Commit(ctx)
	return err
}

// count settles what was not loaded, and why.
func (j *loadJob) count() {
	j.reasons = j.rejects.Counts()
	for _, r := range j.reasons {
		if SkippedReason(r.Reason) {
			j.skipped += r.Count
		} else {
			j.rejected += r.Count
		}
	}
}

// why says in a clause what was wrong with the rejected records.
func (j *loadJob) why() string {
	if len(j.reasons) == 0 {
		return ""
	}
	var parts []string
	for _, r := range j.reasons {
		parts = append(parts, fmt.Sprintf("%d: %s", r.Count, r.Reason))
	}
	return " (" + strings.Join(parts, "; ") + ")"
}

// compare notes which files hold the same as others that the table has.
func (j *loadJob) compare() {
	known := map[string]string{}
	if j.existing != nil {
		for _, s := range j.existing.Sources {
			known[s.SHA256] = s.File
		}
	}
	for _, s := range j.sources {
		if first, ok := known[s.SHA256]; ok && s.SHA256 != "" {
			if first == s.File {
				j.note("%s is loaded a second time: its records are in %s twice", s.File, j.spec.Name)
			} else {
				j.note("%s holds the same as %s: its records are in %s twice", s.File, first, j.spec.Name)
			}
		}
		known[s.SHA256] = s.File
	}
}

func (j *loadJob) note(format string, args ...any) {
	j.notes = append(j.notes, fmt.Sprintf(format, args...))
}

// came records where the table's records come from: each file once, however
// many logs were made of it.
func (j *loadJob) came(s store.Source) {
	if !slices.Contains(j.sources, s) {
		j.sources = append(j.sources, s)
	}
}

// begin makes the table for records of a schema.
func (j *loadJob) begin(ctx context.Context, s trace.Schema) error {
	j.schema, j.spec.Schema = s, s
	switch {
	case j.Recipe != nil:
		p, err := newFieldParser(j.Recipe, s, j.inputs[0].name)
		if err != nil {
			return err
		}
		j.fields, j.spec.Schema = p, p.schema
	case j.existing != nil:
		j.schema, j.spec.Schema = j.existing.Schema, j.existing.Schema
	}
	writer, err := j.w.db.NewTable(ctx, j.spec)
	if err != nil {
		return err
	}
	j.writer = writer
	if j.fields != nil {
		j.fields.emit, j.fields.reject = writer.Append, j.reject
	}
	return nil
}

func (j *loadJob) reject(r trace.Reject) {
	j.rejects.Add(r)
	for _, e := range j.examples {
		if e.Reason == r.Reason {
			return
		}
	}
	if len(j.examples) < 20 {
		j.examples = append(j.examples, r)
	}
}

// put takes a record in the columns of j.schema.
func (j *loadJob) put(ctx context.Context, file string, line int64, row trace.Row) error {
	if j.read++; j.read&0xfff == 0 && j.Progress != nil {
		j.report(file)
	}
	if j.fields != nil {
		return j.fields.add(ctx, file, line, row)
	}
	return j.writer.Append(row)
}

// report tells how far loading has come, a few times a second.
func (j *loadJob) report(file string) {
	if time.Since(j.reported) < 200*time.Millisecond {
		return
	}
	j.reported = time.Now()
	p := LoadProgress{File: file, Records: j.read, Share: -1}
	if j.size > 0 && j.opened != nil && j.opened.digest != nil {
		p.Share = min(1, float64(j.done+j.opened.digest.n.Load())/float64(j.size))
	}
	j.Progress(p)
}

// loadRecords loads files that are read record by record.
func (j *loadJob) loadRecords(ctx context.Context) error {
	readers, schemas, err := j.survey(ctx)
	defer func() {
		for _, r := range readers {
			if r != nil {
				r.Close()
			}
		}
	}()
	if err != nil {
		return err
	}
	if err := j.begin(ctx, union(schemas)); err != nil {
		return err
	}
	for i := range j.inputs {
		if j.existing != nil && j.fields == nil {
			if err := fits(j.inputs[i].name, schemas[i], j.existing.Name.String(), j.schema); err != nil {
				return err
			}
		}
	}
	for i := range j.inputs {
		r := readers[i]
		readers[i] = nil
		if err := j.loadInput(ctx, &j.inputs[i], r, schemas[i]); err != nil {
			return err
		}
	}
	return nil
}

// openAtOnce bounds how many files are held open to be read one after another;
// more are opened twice.
const openAtOnce = 100

// survey opens the inputs for their columns. Readers that are nil are opened
// again.
func (j *loadJob) survey(ctx context.Context) (readers []*openInput, schemas []trace.Schema, err error) {
	for i := range j.inputs {
		if ctx.Err() != nil {
			return readers, nil, context.Cause(ctx)
		}
		in := &j.inputs[i]
		r, err := readerOf(in)
		if err != nil {
			return readers, nil, err
		}
		schemas = append(schemas, r.Schema())
		if in.stream == nil && len(j.inputs) > openAtOnce {
			r.Close()
			r = nil
		}
		readers = append(readers, r)
	}
	return readers, schemas, nil
}

// loadInput loads one input, from a reader that is open already, or opens it.
func (j *loadJob) loadInput(ctx context.Context, in *input, r *openInput, s trace.Schema) error {
	a := newAdapter(s, j.schema)
	var n int64
	return j.reading(ctx, in, r, func(r *openInput) error {
		lines, _ := r.Reader.(interface{ Line() int64 })
		if a == nil {
			return r.Read(ctx, func(row trace.Row) error {
				n++
				if lines != nil {
					n = lines.Line()
				}
				return j.put(ctx, in.name, n, row)
			}, j.reject)
		}
		return r.Read(ctx, func(row trace.Row) error {
			n++
			fit, why := a.adapt(row)
			if why != "" {
				j.unfit(in.name, n, why)
				return nil
			}
			return j.put(ctx, in.name, n, fit)
		}, j.reject)
	})
}

// reading has read read an input, and keeps what is said of it: its hash, its
// notes. A capture without a packet is nothing to fail for among others.
func (j *loadJob) reading(ctx context.Context, in *input, r *openInput, read func(*openInput) error) (err error) {
	if r == nil {
		if r, err = readerOf(in); err != nil {
			return err
		}
	}
	j.opened = r
	defer func() { err = errors.Join(err, r.Close()) }()
	var hashed func() (store.Source, error)
	if in.origin == nil && r.digest == nil {
		hashed = digestFile(ctx, in.name, in.path)
	}
	if r.packets != nil {
		h, err := header(j.Header)
		if err != nil {
			return err
		}
		r.packets.Take(h)
	}
	err = read(r)
	if r.packets != nil {
		j.notes = append(j.notes, r.packets.Notes()...)
	}
	if errors.Is(err, pcapio.ErrNoPackets) && len(j.inputs) > 1 {
		j.note("%v", err)
		err = nil
	}
	s := store.Source{File: in.name}
	switch {
	case in.origin != nil:
		s = *in.origin
	case hashed != nil:
		var failed error
		if s, failed = hashed(); err == nil {
			err = failed
		}
	case err == nil:
		err = r.digest.rest(ctx)
		s = r.digest.source(in.name)
		j.done += r.digest.n.Load()
	}
	j.came(s)
	return inFile(in.name, in.renamed(err))
}

// inFile names the file in an error that does not.
func inFile(file string, err error) error {
	if err == nil || strings.Contains(err.Error(), file) || errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%s: %w", file, err)
}

// loadWhole lets DuckDB make the table of a single file itself.
func (j *loadJob) loadWhole(ctx context.Context) error {
	writer, err := j.w.db.NewTable(ctx, j.spec)
	if err != nil {
		return err
	}
	j.writer = writer
	s, n, err := j.loadFile(ctx, &j.inputs[0], writer.Tx(), writer.Name())
	j.merged = n
	writer.SetSchema(s)
	return err
}

// loadFile lets DuckDB read one file into a new table.
func (j *loadJob) loadFile(ctx context.Context, in *input, db tableio.DB, table string) (trace.Schema, int64, error) {
	hashed := func() (store.Source, error) { return *in.origin, nil }
	if in.origin == nil {
		hashed = digestFile(ctx, in.name, in.path)
	}
	s, n, err := tableio.Load(ctx, db, in.path, table, func(r trace.Reject) {
		r.File = in.name
		j.reject(r)
	}, func(n string) { j.note("%s: %s", in.name, n) }, j.mended()...)
	source, failed := hashed()
	j.came(source)
	if err == nil {
		err = failed
	}
	return s, n, inFile(in.name, in.renamed(err))
}

// mended names the columns of the file whose abnormal numbers the recipe mends.
func (j *loadJob) mended() (names []string) {
	if j.Recipe == nil {
		return nil
	}
	for _, f := range j.Recipe.Declared() {
		if f.Abnormal || f.Clamped {
			names = append(names, f.InFile())
		}
	}
	return names
}

// loadMerged lets DuckDB read several files, or one that comes to a table that
// is there, each into a table beside it.
func (j *loadJob) loadMerged(ctx context.Context) error {
	spec := j.spec
	spec.Schema = trace.Schema{}
	writer, err := j.w.db.NewTable(ctx, spec)
	if err != nil {
		return err
	}
	j.writer = writer
	var parts []tableio.Part
	var schemas []trace.Schema
	defer func() {
		for _, p := range parts { // of the connection, which outlives the transaction
			writer.Tx().ExecContext(context.WithoutCancel(ctx), "DROP TABLE IF EXISTS "+p.Table)
		}
	}()
	for i := range j.inputs {
		in := &j.inputs[i]
		p := tableio.Part{File: in.name, Table: tableio.Temporary + tableio.Quote(fmt.Sprintf("load_%d", i))}
		if p.Schema, _, err = j.loadFile(ctx, in, writer.Tx(), p.Table); err != nil {
			if len(j.inputs) > 1 && errors.Is(err, tableio.ErrNoRows) {
				j.note("%v", err)
				continue
			}
			return err
		}
		parts, schemas = append(parts, p), append(schemas, p.Schema)
	}
	if len(parts) == 0 {
		return nil
	}
	var to trace.Schema
	if j.existing != nil {
		to = j.existing.Schema
		for _, p := range parts {
			if err := fits(p.File, p.Schema, j.existing.Name.String(), to); err != nil {
				return err
			}
		}
	} else {
		if err := j.sameType(ctx, parts, schemas); err != nil {
			return err
		}
		to = union(schemas)
	}
	j.merged, err = tableio.Merge(ctx, writer.Tx(), parts, writer.Name(), to.Columns, j.existing == nil, j.reject)
	writer.SetSchema(to)
	return err
}

// sameType has a column without any value in one file take its type from the
// others.
func (j *loadJob) sameType(ctx context.Context, parts []tableio.Part, schemas []trace.Schema) error {
	for i := range schemas {
		schemas[i].Columns = slices.Clone(schemas[i].Columns)
	}
	for i, p := range parts {
		for k, c := range p.Schema.Columns {
			if c.Type != trace.TypeText {
				continue
			}
			for _, other := range parts {
				o, ok := columnOf(other.Schema, c.Name)
				if !ok || o.Type == trace.TypeText {
					continue
				}
				empty, err := tableio.Empty(ctx, j.writer.Tx(), p.Table, c.Name)
				if err != nil {
					return err
				}
				if empty {
					schemas[i].Columns[k] = o
				}
				break
			}
		}
	}
	return nil
}

// loadParsed has files that DuckDB reads go through a recipe, from a table
// beside the one that they become part of, since their columns are known only
// then.
func (j *loadJob) loadParsed(ctx context.Context) error {
	for i := range j.inputs {
		if err := j.parseFile(ctx, &j.inputs[i], i); err != nil {
			return err
		}
	}
	return nil
}

func (j *loadJob) parseFile(ctx context.Context, in *input, i int) error {
	side, err := j.w.db.Scratch(ctx)
	if err != nil {
		return err
	}
	defer side.Close()
	table := tableio.Quote(fmt.Sprintf("load_%d", i))
	s, _, err := j.loadFile(ctx, in, side.Tx(), table)
	if err != nil {
		return err
	}
	if j.writer == nil {
		if err := j.begin(ctx, s); err != nil {
			return err
		}
	} else if err := fits(in.name, s, j.Files[0], j.schema); err != nil {
		return err
	}
	a := newAdapter(s, j.schema)
	var n int64
	for row, err := range side.Rows(ctx, table, s.Columns) {
		if err != nil {
			return err
		}
		n++
		if a != nil {
			fit, why := a.adapt(row)
			if why != "" {
				j.unfit(in.name, n, why)
				continue
			}
			row = fit
		}
		if err := j.put(ctx, in.name, n+1, row); err != nil {
			return err
		}
	}
	return nil
}

// unfit rejects a record whose value is not of the table's type.
func (j *loadJob) unfit(file string, record int64, why string) {
	j.reject(trace.Reject{File: file, Offset: -1, Reason: "value of another type than the table's", Detail: fmt.Sprintf("record %d: %s", record, why)})
}
