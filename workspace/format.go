package workspace

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"netshare/workspace/packed"
	"netshare/workspace/pcapio"
	"netshare/workspace/tableio"
	"netshare/workspace/trace"
	"netshare/workspace/zeekio"
)

// headSize is how much of a file its format is told by.
const headSize = 64 << 10

// detect returns the format of a file by its content: pcap (for pcapng also),
// zeek-tsv, zeek-json, csv, jsonl or parquet.
func detect(path string) (string, error) {
	head, err := readHead(path)
	if err != nil {
		return "", err
	}
	if len(head) == 0 {
		return "", fmt.Errorf("%s: the file is empty: name one with records in it", path)
	}
	if pcapio.Detect(head) {
		return "pcap", nil
	}
	if format, ok := zeekio.Detect(head); ok {
		return format, nil
	}
	if named(path, "pcap", "pcapng", "cap") {
		return "", fmt.Errorf("%s: not a pcap or pcapng file (magic %x): if it is text, name it .csv or .log", path, head[:min(4, len(head))])
	}
	if format, ok := tableio.Detect(head, path); ok {
		return format, nil
	}
	return "", fmt.Errorf("%s: no format that netshare reads (begins with %q): want pcap, pcapng, a Zeek log, CSV, JSON lines or Parquet", path, head[:min(16, len(head))])
}

// named reports whether a file has one of the extensions, before that of its
// compression.
func named(path string, extensions ...string) bool {
	base := strings.ToLower(filepath.Base(path))
	base = strings.TrimSuffix(strings.TrimSuffix(base, ".gz"), ".zst")
	for _, e := range extensions {
		if strings.HasSuffix(base, "."+e) {
			return true
		}
	}
	return false
}

// readHead returns the first bytes of a file's content, decompressed.
func readHead(path string) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: there is no such file: check the name", path)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a directory: name the files in it", path)
	}
	r, err := packed.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	defer r.Close()
	head := make([]byte, headSize)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return head[:n], nil
}

// openReader opens a file whose records are read one by one; tables are read
// by DuckDB itself.
func openReader(path, format string) (trace.Reader, error) {
	if format == "pcap" {
		return pcapio.Open(path)
	}
	return zeekio.Open(path)
}

// isTable reports whether a format is read and written by package tableio.
func isTable(format string) bool { return format == "csv" || format == "jsonl" || format == "parquet" }
