package terminal

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"netshare/eval/figure"
	"netshare/workspace/notebook/render"
)

// chartStyle says how a chart is drawn in characters.
type chartStyle struct {
	title  string
	width  int // in cells; 0 for 80
	height int // of curves, in cells; 0 for 12
	color  bool
}

const (
	ansiReset = "\x1b[0m"
	sparks    = "▁▂▃▄▅▆▇█"
)

// ansi colours a text as a series is.
func ansi(text string, c *figure.Chart, i int, on bool) string {
	if !on {
		return text
	}
	hex, _ := c.Tint(i)
	var r, g, b int
	if _, err := fmt.Sscanf(hex, "#%02X%02X%02X", &r, &g, &b); err != nil {
		return text
	}
	return fmt.Sprintf("\x1b[38;2;%d;%d;%dm%s%s", r, g, b, text, ansiReset)
}

// drawChart draws a chart in characters: bars, or dots of Braille. Without
// colours the series after the first are told apart by thinner dots and
// lighter bars.
func drawChart(w io.Writer, c *figure.Chart, style chartStyle) {
	if style.width == 0 {
		style.width = 80
	}
	style.width = max(30, min(style.width, 120))
	if style.height == 0 {
		style.height = 12
	}
	if style.title != "" {
		fmt.Fprintln(w, render.Harmless(style.title))
	}
	if len(c.Series) > 1 && c.Kind != figure.HeatChart {
		var keys []string
		for i, s := range c.Series {
			keys = append(keys, ansi(keyMark(c.Kind, i, style.color)+" "+render.Harmless(s.Name), c, i, style.color))
		}
		fmt.Fprintln(w, strings.Join(keys, "   "))
	}
	switch c.Kind {
	case figure.BarChart:
		drawBars(w, c, style)
	case figure.HeatChart:
		drawHeat(w, c, style)
	case figure.HistogramChart:
		if len(c.Series) == 1 {
			drawColumns(w, c, style)
			return
		}
		drawDots(w, c, style)
	default:
		drawDots(w, c, style)
	}
}

// keyMark shows how a series is drawn.
func keyMark(kind figure.ChartKind, i int, color bool) string {
	switch {
	case kind == figure.BarChart:
		return string([]rune("█▒░")[min(i, 2)])
	case color:
		return "⠒⠒"
	}
	return []string{"⠒⠒", "⠂⠐", "⠁⠀"}[min(i, 2)]
}

// bar is a bar of eighths of cells.
func bar(v, most float64, width int) string {
	if most <= 0 || v <= 0 {
		return strings.Repeat(" ", width)
	}
	eighths := int(math.Round(min(1, v/most) * float64(width) * 8))
	text := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		text += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return text + strings.Repeat(" ", max(0, width-(eighths+7)/8))
}

func drawBars(w io.Writer, c *figure.Chart, style chartStyle) {
	names, most := 0, 0.0
	for _, l := range c.Labels {
		names = max(names, render.Width(render.Harmless(l)))
	}
	names = min(names, style.width/3)
	for _, s := range c.Series {
		for _, v := range s.Y {
			most = max(most, v)
		}
	}
	wide := style.width - names - 12
	for i, l := range c.Labels {
		for k, s := range c.Series {
			name := ""
			if k == 0 {
				name = render.Clip(render.Harmless(l), names)
			}
			text := bar(s.Y[i], most, wide)
			if k > 0 {
				n := int(math.Round(max(0, s.Y[i]) / max(most, 1e-300) * float64(wide)))
				if n == 0 && s.Y[i] > 0 {
					n = 1
				}
				text = strings.Repeat(keyMark(c.Kind, k, false), n)
			}
			text = strings.TrimRight(text, " ")
			fmt.Fprintf(w, "%s │%s %s\n", render.Pad(name, names, 1), ansi(text, c, k, style.color), shortNumber(s.Y[i]))
		}
	}
	fmt.Fprintf(w, "%s  %s\n", strings.Repeat(" ", names), render.Harmless(c.XLabel))
}

// shortNumber writes a number in at most some four digits.
func shortNumber(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return render.Thousands(int64(v))
	}
	return strings.Replace(fmt.Sprintf("%.4g", v), "e+0", "e", 1)
}

// spark is numbers as a line of blocks, each against the greatest.
func spark(counts []float64) string {
	most := 0.0
	for _, n := range counts {
		most = max(most, n)
	}
	var b strings.Builder
	for _, n := range counts {
		if n <= 0 || most == 0 {
			b.WriteByte(' ')
			continue
		}
		b.WriteRune([]rune(sparks)[min(7, int(n/most*8))])
	}
	return b.String()
}

// drawColumns draws a histogram of one series.
func drawColumns(w io.Writer, c *figure.Chart, style chartStyle) {
	s := c.Series[0]
	most := 0.0
	for _, v := range s.Y {
		most = max(most, v)
	}
	left := len(shortNumber(most))
	each := max(1, (style.width-left-2)/len(s.Y))
	high := 8
	for row := high; row > 0; row-- {
		label := ""
		switch row {
		case high:
			label = shortNumber(most)
		case 1:
			label = "0"
		}
		var b strings.Builder
		for _, v := range s.Y {
			level := v/max(most, 1e-300)*float64(high) - float64(row-1)
			cell := " "
			switch {
			case level >= 1:
				cell = "█"
			case level > 0:
				cell = string([]rune(sparks)[int(level*8)])
			case row == 1 && v > 0:
				cell = "▁"
			}
			b.WriteString(strings.Repeat(cell, each))
		}
		fmt.Fprintf(w, "%s │%s\n", render.Pad(label, left, 1), ansi(strings.TrimRight(b.String(), " "), c, 0, style.color))
	}
	lo, hi := s.X[0], s.X[len(s.X)-1]
	if lo-math.Floor(lo) == .5 && hi-math.Floor(hi) == .5 { // of whole numbers
		lo, hi = math.Ceil(lo), math.Floor(hi)
	}
	drawXAxis(w, c, left, each*len(s.Y), lo, hi)
}

// drawXAxis draws the axis below, with its ends and its name.
func drawXAxis(w io.Writer, c *figure.Chart, left, wide int, lo, hi float64) {
	fmt.Fprintf(w, "%s └%s\n", strings.Repeat(" ", left), strings.Repeat("─", wide))
	a, b := axisNumber(c, lo), axisNumber(c, hi)
	name := render.Harmless(c.XLabel)
	if c.Log {
		name += " (log)"
	}
	gap := wide - len(a) - len(b) - render.Width(name)
	if gap < 2 {
		name = render.Clip(name, max(1, wide-len(a)-len(b)-2))
		gap = max(2, wide-len(a)-len(b)-render.Width(name))
	}
	fmt.Fprintf(w, "%s  %s%s%s%s%s\n", strings.Repeat(" ", left), a, strings.Repeat(" ", gap/2), name, strings.Repeat(" ", gap-gap/2), b)
}

func axisNumber(c *figure.Chart, v float64) string {
	if c.Time {
		return time.Unix(0, int64(v*1e9)).UTC().Format("2006-01-02 15:04:05")
	}
	return shortNumber(v)
}

// dots is a canvas of Braille: two by four dots in each cell.
type dots struct {
	wide, high int // in cells
	bits       []byte
	owner      []int // the series that drew in the cell last
}

func (d *dots) set(x, y, series int) {
	if x < 0 || y < 0 || x >= 2*d.wide || y >= 4*d.high {
		return
	}
	at := y/4*d.wide + x/2
	d.bits[at] |= [4][2]byte{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}[y%4][x%2]
	d.owner[at] = series
}

// line draws between two dots; of a thin series only one dot of some.
func (d *dots) line(x0, y0, x1, y1, series, thin int) {
	steps := max(abs(x1-x0), abs(y1-y0))
	for i := 0; i <= steps; i++ {
		x, y := x0, y0
		if steps > 0 {
			x = x0 + int(math.Round(float64(i*(x1-x0))/float64(steps)))
			y = y0 + int(math.Round(float64(i*(y1-y0))/float64(steps)))
		}
		if (x+y)%(thin+1) == 0 {
			d.set(x, y, series)
		}
	}
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// drawDots draws curves, distributions and clouds.
func drawDots(w io.Writer, c *figure.Chart, style chartStyle) {
	at := func(x float64) float64 { return x }
	if c.Log {
		least := math.Inf(1)
		for _, s := range c.Series {
			for _, x := range s.X {
				if x > 0 {
					least = min(least, x)
				}
			}
		}
		at = func(x float64) float64 { return math.Log10(max(x, least/2)) }
	}
	x0, x1, y0, y1 := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, s := range c.Series {
		for _, x := range s.X {
			x0, x1 = min(x0, x), max(x1, x)
		}
		for _, y := range s.Y {
			y0, y1 = min(y0, y), max(y1, y)
		}
	}
	switch c.Kind {
	case figure.CDFChart:
		y0, y1 = 0, 1
	case figure.LineChart, figure.HistogramChart:
		y0 = min(0, y0)
	}
	if y0 == y1 {
		y1 = y0 + 1
	}
	left := max(len(shortNumber(y0)), len(shortNumber(y1)))
	d := &dots{wide: style.width - left - 2, high: style.height}
	d.bits, d.owner = make([]byte, d.wide*d.high), make([]int, d.wide*d.high)
	span := at(x1) - at(x0)
	if span == 0 {
		span = 1
	}
	col := func(x float64) int { return int(math.Round((at(x) - at(x0)) / span * float64(2*d.wide-1))) }
	row := func(y float64) int { return int(math.Round((y1 - y) / (y1 - y0) * float64(4*d.high-1))) }
	for i, s := range c.Series {
		thin := 0
		if !style.color {
			thin = min(i, 3)
		}
		px, py := 0, row(max(0, y0))
		for k, x := range s.X {
			cx := col(x)
			switch c.Kind {
			case figure.ScatterChart:
				d.set(cx, row(s.Y[k]), i)
			case figure.CDFChart:
				if k == 0 {
					px = cx
				}
				d.line(px, py, cx, py, i, thin)
				d.line(cx, py, cx, row(s.Y[k]), i, thin)
				px, py = cx, row(s.Y[k])
			case figure.HistogramChart:
				to := row(0)
				if k < len(s.Y) {
					to = row(s.Y[k])
				}
				if k == 0 {
					px = cx
				}
				d.line(px, py, cx, py, i, thin)
				d.line(cx, py, cx, to, i, thin)
				px, py = cx, to
			default:
				if k > 0 {
					d.line(px, py, cx, row(s.Y[k]), i, thin)
				} else {
					d.set(cx, row(s.Y[k]), i)
				}
				px, py = cx, row(s.Y[k])
			}
		}
		if c.Kind == figure.CDFChart && len(s.X) > 0 {
			d.line(px, py, 2*d.wide-1, py, i, thin)
		}
	}
	for r := range d.high {
		label := ""
		switch r {
		case 0:
			label = shortNumber(y1)
		case d.high - 1:
			label = shortNumber(y0)
		}
		var b strings.Builder
		for x := range d.wide {
			bits := d.bits[r*d.wide+x]
			if bits == 0 {
				b.WriteByte(' ')
				continue
			}
			b.WriteString(ansi(string(rune(0x2800+int(bits))), c, d.owner[r*d.wide+x], style.color))
		}
		fmt.Fprintf(w, "%s │%s\n", render.Pad(label, left, 1), strings.TrimRight(b.String(), " "))
	}
	drawXAxis(w, c, left, d.wide, x0, x1)
	if c.YLabel != "" {
		fmt.Fprintf(w, "%s  up: %s\n", strings.Repeat(" ", left), render.Harmless(c.YLabel))
	}
}

// drawHeat draws a heat map in shades.
func drawHeat(w io.Writer, c *figure.Chart, style chartStyle) {
	most, names := 0.0, render.Width(render.Harmless(c.YLabel))
	for _, s := range c.Series {
		names = max(names, render.Width(render.Harmless(s.Name)))
		for _, v := range s.Y {
			most = max(most, v)
		}
	}
	names = min(names, style.width/3)
	each := max(3, min(10, (style.width-names-2)/max(1, len(c.Labels))))
	shades := []rune(" ░▒▓█")
	head := make([]string, len(c.Labels))
	for i, l := range c.Labels {
		head[i] = render.Pad(render.Clip(render.Harmless(l), each-1), each, -1)
	}
	fmt.Fprintf(w, "%s  %s\n", render.Pad(render.Clip(render.Harmless(c.YLabel), names), names, 1), strings.TrimRight(strings.Join(head, ""), " "))
	for _, s := range c.Series {
		var b strings.Builder
		for _, v := range s.Y {
			k := 0
			if v > 0 {
				k = 1 + min(3, int(v/most*4))
			}
			b.WriteString(strings.Repeat(string(shades[k]), each))
		}
		fmt.Fprintf(w, "%s │%s\n", render.Pad(render.Clip(render.Harmless(s.Name), names), names, 1), strings.TrimRight(b.String(), " "))
	}
	fmt.Fprintf(w, "%s  by %s; █ is %s\n", strings.Repeat(" ", names), render.Harmless(c.XLabel), shortNumber(most))
}
