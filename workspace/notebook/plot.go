package notebook

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"netshare/eval/figure"
)

// plotSpec is what a plot cell asks for. Its first line is
//
//	cdf|histogram|bar of COLUMN in TABLE[, TABLE...]
//	bar|line|scatter of Y by X in TABLE[, TABLE...]
//	heat of A and B in TABLE
//	heat of VALUE by A and B in TABLE
//
// followed by options: log, bins N, top N. Instead of in TABLE it may say from,
// and an SQL query follows: on the same line or on the next ones. A column's
// name with blanks stands in double quotes. records counts records where no
// column is called so: line of records by ts.
type plotSpec struct {
	kind   figure.ChartKind
	value  string // Y, or the only column
	by     string // X; of a heat map the columns across
	and    string // of a heat map the rows
	tables []string
	sql    string // "" for tables
	log    bool
	bins   int // 0 for a number that suits
	top    int
}

// PlotGrammar is the grammar in a line.
const PlotGrammar = "cdf|histogram|bar|line|scatter|heat of COLUMN [by COLUMN] in TABLE[, TABLE] [log] [bins N] [top N], or from and a query"

// PlotKinds are the words that a plot begins with.
func PlotKinds() map[string]figure.ChartKind {
	return map[string]figure.ChartKind{
		"cdf": figure.CDFChart, "histogram": figure.HistogramChart, "bar": figure.BarChart, "bars": figure.BarChart,
		"line": figure.LineChart, "scatter": figure.ScatterChart, "heat": figure.HeatChart, "heatmap": figure.HeatChart,
	}
}

// parsePlot reads a plot cell; an error is a lineError.
func parsePlot(text string) (plotSpec, error) {
	lines := strings.Split(text, "\n")
	at := 0
	for at < len(lines) && (strings.TrimSpace(lines[at]) == "" || strings.HasPrefix(strings.TrimSpace(lines[at]), "#")) {
		at++
	}
	if at == len(lines) {
		return plotSpec{}, &lineError{0, errors.New("the plot cell is empty: want " + PlotGrammar)}
	}
	p, err := parsePlotLine(lines[at], strings.Join(lines[at+1:], "\n"))
	if err != nil {
		return p, &lineError{at, err}
	}
	return p, nil
}

// plotWords cuts a line at blanks; commas are words of their own, and double
// quotes hold a name together.
func plotWords(line string) ([]string, error) {
	var words []string
	for rest := strings.TrimSpace(line); rest != ""; rest = strings.TrimSpace(rest) {
		switch {
		case rest[0] == ',':
			words, rest = append(words, ","), rest[1:]
		case rest[0] == '"':
			end := strings.IndexByte(rest[1:], '"')
			if end < 0 {
				return nil, errors.New("a quote is not closed")
			}
			words, rest = append(words, rest[1:end+1]), rest[end+2:]
		default:
			n := strings.IndexAny(rest, " \t,")
			if n < 0 {
				n = len(rest)
			}
			words, rest = append(words, rest[:n]), rest[n:]
		}
	}
	return words, nil
}

func parsePlotLine(line, more string) (plotSpec, error) {
	p := plotSpec{top: 12}
	head, query := line, more
	if i := fromWord(line); i >= 0 {
		head = line[:i]
		query = strings.TrimSpace(line[i+len("from"):] + "\n" + more)
		if query == "" {
			return p, errors.New("no query after from: want one, such as select * from raw.branch")
		}
		if all := Split(query); len(all) != 1 || !asks(all[0].Text) {
			return p, errors.New("after from stands one SELECT")
		} else {
			p.sql = all[0].Text
		}
	} else if strings.TrimSpace(more) != "" {
		return p, errors.New("a plot is one line: only after from there are more")
	}
	words, err := plotWords(head)
	if err != nil {
		return p, err
	}
	next := func() string {
		if len(words) == 0 {
			return ""
		}
		w := words[0]
		words = words[1:]
		return w
	}
	is := func(word string) bool {
		if len(words) > 0 && words[0] == word {
			next()
			return true
		}
		return false
	}
	first := next()
	kind, ok := PlotKinds()[strings.ToLower(first)]
	if !ok {
		return p, fmt.Errorf("%q is no kind of plot: want %s", first, PlotGrammar)
	}
	p.kind = kind
	if kind == figure.HeatChart {
		is("map")
	}
	if !is("of") {
		return p, fmt.Errorf("%s of which column? want %s", first, PlotGrammar)
	}
	if p.value = next(); p.value == "" || p.value == "in" {
		return p, fmt.Errorf("%s of which column? want %s", first, PlotGrammar)
	}
	if is("by") {
		p.by = next()
	}
	if is("and") {
		p.and = next()
		if p.by == "" { // heat of A and B
			p.by, p.value = p.value, ""
		}
	}
	if is("in") {
		for {
			t := next()
			if t == "" || t == "," {
				return p, errors.New("in which table? want the name of one, such as raw.branch")
			}
			p.tables = append(p.tables, FullName(t, "raw"))
			if !is(",") {
				break
			}
		}
	}
	if err := p.options(words); err != nil {
		return p, err
	}
	return p, p.validate(first)
}

// fromWord finds the word from that a query follows, -1 where there is none.
func fromWord(line string) int {
	quoted := false
	for i := range len(line) {
		if line[i] == '"' {
			quoted = !quoted
		}
		if !quoted && strings.HasPrefix(line[i:], "from") && i > 0 && (line[i-1] == ' ' || line[i-1] == '\t') &&
			(i+4 == len(line) || strings.ContainsRune(" \t\r", rune(line[i+4]))) {
			return i
		}
	}
	return -1
}

func (p *plotSpec) options(words []string) error {
	takes := map[string]option{
		"log":  {alone: func() { p.log = true }},
		"bins": whole(&p.bins, 1),
		"top":  whole(&p.top, 1),
	}
	if len(words) > 0 && slices.Contains([]string{"in", "by", "and", "of"}, words[0]) {
		return fmt.Errorf("%q stands in the wrong place: want %s", words[0], PlotGrammar)
	}
	for i, w := range words {
		if (w == "bins" || w == "top") && i+1 < len(words) {
			if n, err := strconv.Atoi(words[i+1]); err == nil && n > maxPlotParts {
				return fmt.Errorf("%s: %d is more than can be seen: want at most %d", w, n, maxPlotParts)
			}
		}
	}
	return options(KindPlot, words, takes)
}

// maxPlotParts bounds bins and bars.
const maxPlotParts = 200

func (p *plotSpec) validate(word string) error {
	if p.tables == nil && p.sql == "" {
		return errors.New("of which table? add in raw.TABLE, or from and a query")
	}
	if p.tables != nil && p.sql != "" {
		return errors.New("in a table and from a query can't both be")
	}
	switch p.kind {
	case figure.CDFChart, figure.HistogramChart:
		if p.by != "" {
			return fmt.Errorf("%s takes one column: leave out by %s", word, p.by)
		}
	case figure.LineChart, figure.ScatterChart:
		if p.by == "" || p.and != "" {
			return fmt.Errorf("%s of %s by which column? want %s of Y by X", word, p.value, word)
		}
	case figure.BarChart:
		if p.and != "" {
			return errors.New("bar takes one column, and one more after by")
		}
	case figure.HeatChart:
		if p.and == "" {
			return errors.New("heat takes two columns: heat of A and B, or heat of VALUE by A and B")
		}
		if len(p.tables) > 1 {
			return errors.New("a heat map shows one table: draw one for each")
		}
	}
	if p.log && p.kind != figure.CDFChart && p.kind != figure.HistogramChart && p.kind != figure.LineChart && p.kind != figure.ScatterChart {
		return fmt.Errorf("log is no option of %s", word)
	}
	return nil
}

// title says what is plotted.
func (p *plotSpec) title() string {
	what := p.value
	if p.by != "" {
		what = strings.TrimPrefix(p.value+" by "+p.by, " by ")
	}
	if p.and != "" {
		what += " and " + p.and
	}
	if p.tables != nil {
		what += " in " + strings.Join(p.tables, ", ")
	}
	return what
}
