package tableio

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
)

// delimiters are those that are tried, the likelier first.
const delimiters = ",\t;| "

// dialect is how a CSV file is written.
type dialect struct {
	delim        byte
	header       bool
	headerQuoted bool     // every name of the header stands in quotes
	names        []string // as the header has them, or none
	width        int
}

// sampleRecords bounds how many records a dialect is judged by.
const sampleRecords = 200

// sniff finds the dialect of the CSV text that begins with head; whole says
// that there is no more of it.
func sniff(head []byte, whole bool) dialect {
	var best dialect
	bestScore := -1.0
	var bestSample []sampled
	for i := range len(delimiters) {
		sample := sampleOf(head, whole, delimiters[i])
		width, share := usual(sample)
		score := share
		if width < 2 || delimiters[i] == ' ' && share < 1 {
			score = 0
		}
		if score > bestScore {
			best, bestScore, bestSample = dialect{delim: delimiters[i], width: width}, score, sample
		}
	}
	if bestScore == 0 {
		best.delim, best.width = ',', 1
		bestSample = sampleOf(head, whole, ',')
	}
	for i, s := range bestSample { // the header is the first record that is no comment
		if len(s.fields) != best.width && isComment(s.fields[0]) || isBlank(s.raw) {
			continue
		}
		best.header = headed(s.fields, bestSample[i+1:])
		if best.header {
			best.names = s.fields
			if n := len(s.fields); n != best.width && n > 0 {
				best.width = n
			}
			best.headerQuoted = s.allQuoted
		}
		break
	}
	return best
}

// sampled is one record of the head.
type sampled struct {
	fields    []string
	raw       []byte
	allQuoted bool
}

func sampleOf(head []byte, whole bool, delim byte) []sampled {
	r := newRecords(bufio.NewReader(bytes.NewReader(head)), delim)
	var out []sampled
	for len(out) < sampleRecords && r.next() == nil {
		if !whole && r.nextOff >= int64(len(head)) && len(out) > 0 { // cut by the head's end
			break
		}
		s := sampled{raw: bytes.Clone(r.raw), allQuoted: true}
		for i, f := range r.fields {
			s.fields = append(s.fields, string(f))
			s.allQuoted = s.allQuoted && r.quoted[i]
		}
		out = append(out, s)
	}
	return out
}

func isBlank(raw []byte) bool { return len(bytes.Trim(raw, " \t")) == 0 }

func isComment(cell string) bool { return strings.HasPrefix(cell, "#") }

// usual returns the number of fields that most records have, and their share.
func usual(sample []sampled) (width int, share float64) {
	counts, n := map[int]int{}, 0
	for _, s := range sample {
		if !isBlank(s.raw) && !isComment(s.fields[0]) {
			counts[len(s.fields)]++
			n++
		}
	}
	best := 0
	for w, c := range counts {
		if c > best || c == best && w > width {
			width, best = w, c
		}
	}
	if n == 0 {
		return 0, 0
	}
	return width, float64(best) / float64(n)
}

// headed reports whether first is a header: none of its cells is a number, an
// address or a time, and none comes again below it in its own column.
func headed(first []string, rest []sampled) bool {
	named := false
	for i, cell := range first {
		cell = strings.TrimSpace(cell)
		if cell == "" {
			continue
		}
		named = true
		if _, err := strconv.ParseFloat(cell, 64); err == nil {
			return false
		}
		if _, err := netip.ParseAddr(cell); err == nil {
			return false
		}
		if len(layoutsOf(cell)) > 0 {
			return false
		}
		for _, s := range rest {
			if i < len(s.fields) && strings.TrimSpace(s.fields[i]) == cell {
				return false
			}
		}
	}
	return named
}

// columnNames makes a header's names usable: blank ones are called after
// their place, and two that differ only in case are told apart, since the
// database does not.
func columnNames(d dialect) (names []string, blank []int, err error) {
	seen := map[string]string{}
	names = make([]string, d.width)
	for i := range names {
		n := ""
		if d.header {
			n = d.names[i]
		}
		if strings.TrimSpace(n) == "" {
			if d.header {
				blank = append(blank, i+1)
			}
			n = "column" + strconv.Itoa(i)
			for has(d.names, n) {
				n += "_"
			}
		}
		for {
			other, taken := seen[strings.ToLower(n)]
			if !taken {
				break
			}
			if other == n && d.header && d.names[i] == n {
				return nil, nil, fmt.Errorf("header names %q twice (columns %d and %d): rename one", n, position(names, n)+1, i+1)
			}
			n += "_"
		}
		seen[strings.ToLower(n)] = n
		names[i] = n
	}
	return names, blank, nil
}

func has(names []string, n string) bool { return position(names, n) >= 0 }

func position(names []string, n string) int {
	for i := range names {
		if names[i] == n {
			return i
		}
	}
	return -1
}

// Detect tells from the first bytes of a decompressed file whether it is a
// table: "parquet" by its magic, "jsonl" for lines that are JSON objects,
// "csv" for any delimited text. Of a single column it is sure only where the
// name ends in .csv, .tsv or .txt. Binary data and empty files are no tables.
func Detect(head []byte, name string) (format string, ok bool) {
	if bytes.HasPrefix(head, []byte("PAR1")) {
		return formatParquet, true
	}
	encoding, skip := encodingOf(head)
	text := head[skip:]
	switch encoding {
	case utf16LE, utf16BE:
		text, _ = io.ReadAll(&utf16Reader{r: bufio.NewReader(bytes.NewReader(text)), big: encoding == utf16BE})
	case latin1:
		strange := 0
		for _, c := range text {
			if c < 0x20 && c != '\t' && c != '\r' && c != '\n' || c >= 0x7f && c < 0xa0 {
				strange++
			}
		}
		if strange*20 > len(text) {
			return "", false
		}
	}
	trimmed := bytes.TrimSpace(text)
	if len(trimmed) == 0 {
		return "", false
	}
	if trimmed[0] == '{' || isJSONArray(trimmed) {
		return formatJSONL, true
	}
	if controls := bytes.Count(text, []byte{0}); controls*100 > len(text) {
		return "", false
	}
	if d := sniff(text, len(head) < headLen); d.width >= 2 {
		return formatCSV, true
	}
	for _, ext := range []string{".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz"} {
		if strings.HasSuffix(strings.ToLower(name), ext) {
			return formatCSV, true
		}
	}
	return "", false
}

const (
	formatCSV     = "csv"
	formatJSONL   = "jsonl"
	formatParquet = "parquet"
)
