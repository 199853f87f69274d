package tableio

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"slices"
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
	known        []string // names for columns without header
	top          string   // the header as it stands in the file
	runs         bool     // any number of blanks is one delimiter
	trailing     bool     // every record ends with a delimiter
	padded       bool     // values are filled up with blanks
}

// sampleRecords bounds how many records a dialect is judged by.
const sampleRecords = 200

// sniff finds the dialect of the CSV text that begins with head; whole says
// that there is no more of it.
func sniff(head []byte, whole bool) dialect {
	var best dialect
	bestScore := -1.0
	var bestSample []sampled
	try := func(d dialect, whole1 bool) {
		sample := sampleOf(head, whole, d)
		width, share := usual(sample)
		score := share
		if width < 2 || whole1 && share < 1 {
			score = 0
		}
		if score > bestScore {
			d.width = width
			best, bestScore, bestSample = d, score, sample
		}
	}
	for i := range len(delimiters) {
		try(dialect{delim: delimiters[i]}, delimiters[i] == ' ')
	}
	if bestScore < 1 {
		try(dialect{delim: ' ', runs: true}, true)
	}
	if bestScore == 0 {
		best = dialect{delim: ',', width: 1}
		bestSample = sampleOf(head, whole, best)
	}
	best.shape(bestSample)
	for i, s := range bestSample { // the header is the first record that is no comment
		if len(s.fields) == 0 || len(s.fields) != best.width && isComment(s.fields[0]) || isBlank(s.raw) {
			continue
		}
		best.header = headed(s.fields, bestSample[i+1:])
		if best.header {
			best.names, best.top = s.fields, string(s.raw)
			if n := len(s.fields); n != best.width && n > 0 {
				best.width = n
			}
			best.headerQuoted = s.allQuoted
		} else {
			best.known = knownNames(bestSample[i:], best.width)
		}
		break
	}
	return best
}

// shape tells a delimiter at each record's end, and values that are filled up
// with blanks, as SiLK's rwcut writes both.
func (d *dialect) shape(sample []sampled) {
	if d.runs || d.width < 2 || d.delim == ' ' {
		return
	}
	n, ended := 0, 0
	filled, bare := make([]int, d.width), make([]int, d.width)
	for _, s := range sample {
		if len(s.fields) != d.width {
			continue
		}
		n++
		if s.fields[d.width-1] == "" {
			ended++
		}
		for i, f := range s.fields {
			switch trimmed := strings.Trim(f, " "); {
			case trimmed == "" || s.allQuoted:
			case trimmed != f:
				filled[i]++
			default:
				bare[i]++
			}
		}
	}
	if d.trailing = n > 1 && ended == n && (d.delim == '|' || d.delim == ';'); d.trailing {
		d.width--
		for i, s := range sample {
			if len(s.fields) == d.width+1 {
				sample[i].fields = s.fields[:d.width]
			}
		}
	}
	columns := 0
	for i := range d.width {
		if filled[i] > 1 && bare[i]*4 <= filled[i] {
			columns++
		}
	}
	// A single column may have its own reasons: Argus' directions do.
	d.padded = columns >= 2 && columns*3 >= d.width || columns == 1 && d.width == 2
	if d.padded {
		for _, s := range sample {
			for i := range s.fields {
				s.fields[i] = strings.Trim(s.fields[i], " ")
			}
		}
	}
}

// sampled is one record of the head.
type sampled struct {
	fields    []string
	raw       []byte
	allQuoted bool
}

func sampleOf(head []byte, whole bool, d dialect) []sampled {
	r := newRecords(bufio.NewReader(bytes.NewReader(head)), d)
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
// address, or a time above other times, and none comes again below it in its
// own column.
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
		if len(layoutsOf(cell)) > 0 && (len(rest) == 0 || slices.ContainsFunc(rest, func(s sampled) bool {
			return i < len(s.fields) && len(layoutsOf(strings.TrimSpace(s.fields[i]))) > 0
		})) {
			return false
		}
		for _, s := range rest {
			if i < len(s.fields) && strings.TrimSpace(s.fields[i]) == cell && !slices.Equal(s.fields, first) { // which may come again
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
		if d.known != nil {
			n = d.known[i]
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
			if other == n && d.header && d.names[i] == n && strings.TrimSpace(n) != "Fwd Header Length" { // which CICFlowMeter 3 writes twice
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
	case win1252:
		strange := 0
		for _, c := range text {
			if c < 0x20 && c != '\t' && c != '\r' && c != '\n' || c == 0x7f || c == 0x81 || c == 0x8d || c == 0x8f || c == 0x90 || c == 0x9d {
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
