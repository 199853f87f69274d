package workspace

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"strings"

	"netshare/workspace/packed"
	"netshare/workspace/pcapio"
	"netshare/workspace/store"
	"netshare/workspace/tableio"
	"netshare/workspace/trace"
	"netshare/workspace/zeekio"
)

// Exported is what an export wrote.
type Exported struct {
	Path     string
	Format   string
	Rows     int64    // records in the file; of a flow table written as a capture, packets
	Warnings []string // what could not be written as the table says
}

// Export writes a table, of schema synth where it is not named otherwise, to a
// file whose extension tells the format: .pcap, .pcapng, .csv, .tsv, .parquet,
// .jsonl or .log (the Zeek log that the trace was), each with .gz or .zst after
// it for a compressed one. Where that is the format of the trace itself, or the
// extension is the one that the trace's file had, values are written as that
// file had them. Records are in the order of time. A flow table is written as a
// capture in packets that sum up to it: see package flow. The file is whole or
// absent.
func (w *Workspace) Export(ctx context.Context, table, path string) (Exported, error) {
	x, err := w.export(ctx, table, path)
	if err != nil {
		return Exported{}, err
	}
	if x.schema.Format == "parquet" {
		return x.exported, w.exportParquet(ctx, x.rows, path, x.packing)
	}
	err = whole(path, func(f *os.File) error { return x.write(ctx, f) })
	return x.exported, err
}

// ExportTo writes a table to a stream, in the format that a file of the given
// extension would have (csv, jsonl, pcap.gz, ...).
func (w *Workspace) ExportTo(ctx context.Context, table string, to io.Writer, format string) (Exported, error) {
	return w.ExportWhere(ctx, table, "", to, format)
}

// ExportWhere is ExportTo of those rows that meet a condition in SQL, such as
// those of one session.
func (w *Workspace) ExportWhere(ctx context.Context, table, where string, to io.Writer, format string) (Exported, error) {
	x, err := w.export(ctx, table, "-."+strings.TrimPrefix(format, "."))
	if err != nil {
		return Exported{}, err
	}
	if x.schema.Format == "parquet" {
		return Exported{}, errors.New("parquet is written to a file, not to a stream: name one")
	}
	x.exported.Path, x.rows.Where = "-", where
	err = x.write(ctx, to)
	return x.exported, err
}

// export is one export under way.
type export struct {
	w        *Workspace
	recipe   *trace.Recipe
	rows     store.RowsQuery
	schema   trace.Schema // of the table, with the format of the file
	packing  string       // of the file: gzip, zstd or ""
	expand   bool         // flows into packets
	real     bool
	exported Exported
}

// export settles what is written, and how.
func (w *Workspace) export(ctx context.Context, table, path string) (*export, error) {
	t, err := w.table(ctx, table, store.Synth)
	if err != nil {
		return nil, err
	}
	own, err := w.ownExtension(ctx, t)
	if err != nil {
		return nil, err
	}
	to, err := parseTarget(path, own, t.Schema)
	if err != nil {
		return nil, err
	}
	recipe, err := w.recipeOf(ctx, t)
	if err != nil && t.Name.Schema != "main" {
		return nil, err
	}
	x := &export{
		w: w, recipe: recipe, rows: store.RowsQuery{Table: t.Name}, schema: to.schema(t.Schema), packing: to.packing,
		real: t.Name.Schema == store.Raw,
	}
	x.exported = Exported{Path: path, Format: x.schema.Format}
	if recipe != nil && recipe.HasTime() && t.Schema.Index(recipe.Time.Name) >= 0 {
		x.rows.OrderBy = []string{recipe.Time.Name}
	}
	if x.schema.Format == "parquet" {
		x.exported.Rows = t.Rows
	}
	if isCapture(x.schema.Format) {
		if x.expand, err = expands(x.schema); err != nil {
			return nil, fmt.Errorf("%s: %w", t.Name, err)
		}
	}
	return x, nil
}

// write writes the table to a stream.
func (x *export) write(ctx context.Context, to io.Writer) (err error) {
	b := bufio.NewWriterSize(to, 1<<20)
	z, err := packed.NewWriter(b, x.packing)
	if err != nil {
		return err
	}
	if x.expand {
		err = x.writePackets(ctx, z)
	} else {
		err = x.writeRows(ctx, z)
	}
	return errors.Join(err, z.Close(), b.Flush())
}

func (x *export) writeRows(ctx context.Context, to io.Writer) error {
	number := x.numbering()
	writer, err := x.writer(ctx, to)
	if err != nil {
		return err
	}
	if number != nil {
		number.to = writer
		writer = number
	}
	x.exported.Rows, err = x.copyRows(ctx, writer)
	return errors.Join(err, writer.Close())
}

// writer is the writer of the file's format.
func (x *export) writer(ctx context.Context, to io.Writer) (trace.Writer, error) {
	if x.schema.Format == formatRecipe {
		return newLineWriter(ctx, to, x.schema, x.recipe)
	}
	return newWriter(to, x.schema, x.real)
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
	if !real { // no formula that the input did not have
		s.Props = maps.Clone(s.Props)
		if s.Props == nil {
			s.Props = map[string]string{}
		}
		s.Props["guard"] = "true"
	}
	return tableio.NewWriter(w, s)
}

// exportParquet lets DuckDB write the file.
func (w *Workspace) exportParquet(ctx context.Context, q store.RowsQuery, path, packing string) (err error) {
	if packing != "" {
		return fmt.Errorf("%s: parquet is compressed within: leave the %s out", path, packing)
	}
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
