package workspace

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"netshare/scripting"
	"netshare/workspace/pcapio"
	"netshare/workspace/store"
	"netshare/workspace/tableio"
	"netshare/workspace/trace"
	"netshare/workspace/zeekio"
)

// Exported is what an export wrote.
type Exported struct {
	Path   string
	Format string
	Rows   int64
}

// Export writes a table, of schema synth where it is not named otherwise, to a
// file whose extension tells the format: .pcap, .pcapng, .csv, .parquet,
// .jsonl or .log (the Zeek log that the trace was). Where that is the format of
// the trace itself, or the file has no extension that is known, values are
// written as the trace's own file had them. Records are in the order of time.
// The file is whole or absent.
func (w *Workspace) Export(ctx context.Context, table, path string) (Exported, error) {
	t, err := w.table(ctx, table, store.Synth)
	if err != nil {
		return Exported{}, err
	}
	s, err := w.exportSchema(ctx, t, path)
	if err != nil {
		return Exported{}, err
	}
	recipe, err := w.recipeOf(ctx, t)
	if err != nil && t.Name.Schema != "main" {
		return Exported{}, err
	}
	q := store.RowsQuery{Table: t.Name}
	if recipe != nil && recipe.HasTime() && t.Schema.Index(recipe.Time.Name) >= 0 {
		q.OrderBy = []string{recipe.Time.Name}
	}
	out := Exported{Path: path, Format: s.Format}
	if s.Format == "parquet" {
		out.Rows = t.Rows
		return out, w.exportParquet(ctx, q, path)
	}
	err = whole(path, func(f *os.File) error {
		b := bufio.NewWriterSize(f, 1<<20)
		writer, err := newWriter(b, s, t.Name.Schema == store.Raw)
		if err != nil {
			return err
		}
		out.Rows, err = w.copyRows(ctx, q, s, recipe, writer)
		return errors.Join(err, writer.Close(), b.Flush())
	})
	return out, err
}

// formats are the export formats by extension; that of a log is the trace's own.
var formats = map[string]string{
	".pcap": "pcap", ".cap": "pcap", ".pcapng": "pcapng", ".csv": "csv", ".tsv": "csv",
	".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".log": "zeek-tsv",
}

// exportSchema is the trace's schema with the format that a path asks for.
func (w *Workspace) exportSchema(ctx context.Context, t Table, path string) (trace.Schema, error) {
	s := t.Schema
	ext := strings.ToLower(filepath.Ext(path))
	format, known := formats[ext]
	own, err := w.ownExtension(ctx, t)
	if err != nil {
		return s, err
	}
	switch {
	case s.Format != "" && (!known || ext == own): // whatever its extension says: a pcapng file named .pcap
		return s, nil
	case !known:
		return s, fmt.Errorf("%s: the extension %q names no format: use .pcap, .pcapng, .csv, .parquet, .jsonl or .log", path, filepath.Ext(path))
	case ext == ".tsv" && s.Format == "csv":
		s.Props = maps.Clone(s.Props)
		if s.Props == nil {
			s.Props = map[string]string{}
		}
		s.Props["delimiter"] = "\t"
		return s, nil
	case format == s.Format,
		strings.HasPrefix(format, "zeek") && strings.HasPrefix(s.Format, "zeek"),
		format == "jsonl" && s.Format == "zeek-json":
		return s, nil
	}
	s.Columns = append([]trace.Column(nil), s.Columns...)
	for i := range s.Columns { // how another format wrote values says nothing here
		s.Columns[i].Format = ""
	}
	s.Format, s.Props = format, nil
	if ext == ".tsv" {
		s.Props = map[string]string{"delimiter": "\t"}
	}
	return s, nil
}

// ownExtension is that of the file that a trace, or the one it imitates, came
// from.
func (w *Workspace) ownExtension(ctx context.Context, t Table) (string, error) {
	if t.Imitates != "" {
		real, err := w.table(ctx, t.Imitates, store.Raw)
		switch {
		case errors.Is(err, store.ErrNoTable):
			return "", nil
		case err != nil:
			return "", err
		}
		t = real
	}
	if len(t.Sources) == 0 {
		return "", nil
	}
	file := strings.ToLower(t.Sources[0].File)
	return filepath.Ext(strings.TrimSuffix(strings.TrimSuffix(file, ".gz"), ".zst")), nil
}

// newWriter writes a table in the format of its schema. Packets of a real
// trace keep their sequence numbers; those of synthetic ones are made to fit.
func newWriter(w io.Writer, s trace.Schema, real bool) (trace.Writer, error) {
	switch s.Format {
	case "pcap", "pcapng":
		return pcapio.NewWriter(w, s, pcapio.WriterOptions{KeepSequence: real})
	case "zeek-tsv", "zeek-json":
		return zeekio.NewWriter(w, s)
	}
	return tableio.NewWriter(w, s)
}

// formattedAtOnce is how many records go through a recipe's format functions
// together.
const formattedAtOnce = 1 << 14

// copyRows writes a table's rows, through the recipe's format functions where
// it has any.
func (w *Workspace) copyRows(ctx context.Context, q store.RowsQuery, s trace.Schema, r *trace.Recipe, out trace.Writer) (n int64, err error) {
	var formatted []int
	fields := map[int]trace.Field{}
	if r != nil {
		for _, f := range r.Fields() {
			if i := s.Index(f.Name); i >= 0 && f.FormatFunc != nil {
				formatted = append(formatted, i)
				fields[i] = f
			}
		}
	}
	var waiting []trace.Row
	flush := func() error {
		for _, c := range formatted {
			in := make([]any, len(waiting))
			for k, row := range waiting {
				in[k] = row[c]
			}
			done, err := scripting.Format(ctx, fields[c], in)
			if err != nil {
				return err
			}
			for k := range waiting {
				waiting[k][c] = done[k]
			}
		}
		for _, row := range waiting {
			if err := out.Write(row); err != nil {
				return err
			}
		}
		n += int64(len(waiting))
		waiting = waiting[:0]
		return nil
	}
	for row, err := range w.db.Rows(ctx, q) {
		if err != nil {
			return n, err
		}
		if formatted == nil {
			n++
			if err := out.Write(row); err != nil {
				return n, err
			}
			continue
		}
		if waiting = append(waiting, append(trace.Row(nil), row...)); len(waiting) == formattedAtOnce {
			if err := flush(); err != nil {
				return n, err
			}
		}
	}
	return n, flush()
}

// exportParquet lets DuckDB write the file.
func (w *Workspace) exportParquet(ctx context.Context, q store.RowsQuery, path string) (err error) {
	if err := placeFor(path); err != nil {
		return err
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file: parquet is written to one", path)
	}
	side := path + ".part"
	defer func() {
		if err != nil {
			os.Remove(side)
		}
	}()
	scratch, err := w.db.Scratch(ctx)
	if err != nil {
		return err
	}
	defer scratch.Close()
	query, err := w.db.RowsSQL(ctx, q)
	if err != nil {
		return err
	}
	if err := tableio.ExportParquet(ctx, scratch.Tx(), query, side); err != nil {
		if strings.Contains(err.Error(), "No space left on device") { // DuckDB's words are all there is
			return fmt.Errorf("%s: the disk is full: free some space and run again", path)
		}
		return err
	}
	return os.Rename(side, path)
}
