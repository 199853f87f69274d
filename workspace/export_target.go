package workspace

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"netshare/workspace/packed"
	"netshare/workspace/store"
	"netshare/workspace/trace"
)

// exportFormats are the export formats by extension; that of a log is the
// trace's own.
var exportFormats = map[string]string{
	".pcap": "pcap", ".cap": "pcap", ".pcapng": "pcapng", ".csv": "csv", ".tsv": "csv",
	".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".log": "zeek-tsv",
}

func isCapture(format string) bool { return format == "pcap" || format == "pcapng" }

// target is a file to be written.
type target struct {
	extension string // of the format, in lower case
	packing   string // gzip, zstd or ""
	own       bool   // written as the trace's own file
}

// splitExtension returns the extension of a name's format and that of its
// compression, in lower case.
func splitExtension(name string) (format, compression string) {
	name = strings.ToLower(filepath.Base(name))
	if ext := filepath.Ext(name); packed.Extension(ext) != "" {
		compression = ext
		name = strings.TrimSuffix(name, ext)
	}
	return filepath.Ext(name), compression
}

// parseTarget reads what a file's name asks for. Own is the extension that the
// trace's own file had.
func parseTarget(path, own string, s trace.Schema) (target, error) {
	ext, compression := splitExtension(path)
	t := target{extension: ext, packing: packed.Extension(compression)}
	format, known := exportFormats[ext]
	switch {
	case s.Format == "":
	case ext == own: // whatever it says: a pcapng file named .pcap; but a capture's events are none
		t.own = !isCapture(format) || isCapture(s.Format)
	case !known:
		info, err := os.Stat(path)
		t.own = err == nil && !info.Mode().IsRegular() // a device or a pipe
	}
	if !known && !t.own {
		return t, fmt.Errorf("%s: the extension %q names no format: use .pcap, .pcapng, .csv, .tsv, .parquet, .jsonl or .log, "+
			"with .gz or .zst after it where it is to be compressed", path, ext)
	}
	return t, nil
}

// numbers is how times that are declared as numbers are written.
var numbers = map[trace.Unit]string{trace.Second: "epoch:6", trace.Millisecond: "units:3", trace.Microsecond: "units:6", trace.Nanosecond: "units:9"}

// schema is a table's schema with the format of the file.
func (to target) schema(s trace.Schema) trace.Schema {
	format := exportFormats[to.extension]
	switch {
	case to.own:
		return s
	case to.extension == ".tsv" && s.Format == "csv":
		s.Props = maps.Clone(s.Props)
		if s.Props == nil {
			s.Props = map[string]string{}
		}
		s.Props["delimiter"] = "\t"
		return s
	case format == s.Format,
		strings.HasPrefix(format, "zeek") && strings.HasPrefix(s.Format, "zeek"),
		format == "jsonl" && s.Format == "zeek-json":
		return s
	case isCapture(format) && isCapture(s.Format): // the link type and the resolution are as good in the other
		s.Format = format
		return s
	}
	s.Columns = append([]trace.Column(nil), s.Columns...)
	for i := range s.Columns { // how another format wrote values says nothing here
		s.Columns[i].Format = ""
		if c := s.Columns[i]; c.Type == trace.TypeTime { // declared as a number
			s.Columns[i].Format = numbers[c.Unit]
		}
	}
	s.Format, s.Props = format, nil
	if to.extension == ".tsv" {
		s.Props = map[string]string{"delimiter": "\t"}
	}
	return s
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
	ext, _ := splitExtension(t.Sources[0].File)
	return ext, nil
}
