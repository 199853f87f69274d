package workspace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"netshare/workspace/pcapio"
	"netshare/workspace/tableio"
	"netshare/workspace/zeekio"
)

// headSize is how much of a file its format is told by.
const headSize = 64 << 10

const formatPcap = "pcap"

// detect returns the format of a content by its head: pcap (for pcapng also),
// zeek-tsv, zeek-json, csv, jsonl or parquet. The name settles what a text of
// one column is, and stands in the error.
func detect(head []byte, name string) (string, error) {
	if len(head) == 0 {
		return "", fmt.Errorf("%s: the file is empty: name one with records in it", name)
	}
	if pcapio.Detect(head) {
		return formatPcap, nil
	}
	if format, ok := zeekio.Detect(head); ok {
		return format, nil
	}
	if named(name, "pcap", "pcapng", "cap") {
		return "", fmt.Errorf("%s: not a pcap or pcapng file (magic %x): if it is text, name it .csv or .log", name, head[:min(4, len(head))])
	}
	if format, ok := tableio.Detect(head, name); ok {
		return format, nil
	}
	return "", fmt.Errorf("%s: no format that netshare reads (begins with %q): want pcap, pcapng, a Zeek log, CSV, JSON lines or Parquet", name, head[:min(16, len(head))])
}

// likely reports whether a file that nobody named is a trace: of text in a
// folder much looks like a table and is none.
func likely(in *input) bool {
	switch in.format {
	case "csv":
		_, columns := tableio.Detect(in.head, "") // two at least
		return named(in.name, "csv", "tsv") ||
			columns && named(in.name, "tab", "psv", "txt", "log", "dat", "data", "binetflow", "biargus", "argus", "netflow", "nfdump", "flow", "flows")
	case "jsonl":
		line, _, whole := bytes.Cut(bytes.TrimSpace(bytes.TrimPrefix(in.head, []byte("\xef\xbb\xbf"))), []byte{'\n'})
		return json.Valid(line) || !whole && len(in.head) == headSize
	}
	return true
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

// isTable reports whether a format is read and written by package tableio.
func isTable(format string) bool { return format == "csv" || format == "jsonl" || format == "parquet" }
