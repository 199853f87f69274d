package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// printer tells the user what goes on: results on standard output, progress on
// standard error.
type printer struct {
	out, err io.Writer
	json     bool
	quiet    bool
	tty      bool // standard error is a terminal

	bar     *progressbar.ProgressBar
	barName string
	said    time.Time // when a line of progress was last written

	fidelity string // of a training, as it was last measured
}

func newPrinter(g *global) *printer {
	return &printer{out: os.Stdout, err: os.Stderr, json: g.json, quiet: g.quiet, tty: isTerminal(os.Stderr), said: time.Now()}
}

// lineEvery is the time between lines of progress where there is no terminal.
const lineEvery = 10 * time.Second

// result writes a line of the result, unless results are JSON.
func (p *printer) result(format string, args ...any) {
	p.endBar()
	if !p.json {
		fmt.Fprintf(p.out, format+"\n", args...)
	}
}

// event writes a JSON event, where results are JSON.
func (p *printer) event(name string, fields any) {
	p.endBar()
	if !p.json {
		return
	}
	data, err := json.Marshal(fields)
	if err != nil {
		fmt.Fprintf(p.err, "netshare: event %s: %v\n", name, err)
		return
	}
	head := fmt.Sprintf(`{"event":%q`, name)
	if len(data) > 2 {
		head += ","
	}
	fmt.Fprintf(p.out, "%s%s\n", head, data[1:])
}

// note writes a line about what goes on.
func (p *printer) note(format string, args ...any) {
	p.endBar()
	if !p.quiet {
		fmt.Fprintf(p.err, format+"\n", args...)
	}
}

// progress shows how far a step has come: share is 0 to 1, or negative where
// nobody knows.
func (p *printer) progress(name string, share float64, detail string, left time.Duration) {
	if p.quiet {
		return
	}
	text := detail
	if left > 0 {
		text += fmt.Sprintf(", %s left", short(left))
	}
	if !p.tty {
		if time.Since(p.said) >= lineEvery {
			p.said = time.Now()
			if share >= 0 {
				text = fmt.Sprintf("%.0f %%, %s", share*100, text)
			}
			fmt.Fprintf(p.err, "%s: %s\n", name, text)
		}
		return
	}
	if p.bar == nil || p.barName != name {
		p.endBar()
		p.barName = name
		p.bar = progressbar.NewOptions(barSteps,
			progressbar.OptionSetWriter(p.err), progressbar.OptionSetWidth(barWidth(os.Stderr)), progressbar.OptionSetPredictTime(false),
			progressbar.OptionSetElapsedTime(false), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(50*time.Millisecond),
			progressbar.OptionSetTheme(progressbar.Theme{Saucer: "█", SaucerPadding: "░", BarStart: "", BarEnd: ""}))
	}
	p.bar.Describe(fmt.Sprintf("%-10s %s", name, text))
	p.bar.Set(int(max(0, share) * barSteps)) //nolint:errcheck // a bar that can't be drawn is no failure
}

const barSteps = 1000

// barWidth leaves a line of the terminal enough room for what the bar says.
func barWidth(f *os.File) int { return max(4, min(30, columns(f)-68)) }

// columns is how wide a terminal is; of no terminal, wide enough for all.
func columns(f *os.File) int {
	if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
		return w
	}
	return 1 << 20
}

// endBar takes the bar off the terminal.
func (p *printer) endBar() {
	if p.bar != nil {
		p.bar.Clear() //nolint:errcheck // as above
		p.bar = nil
	}
}

// short writes a duration for a person: 1m05s, 12s, 0.4s.
func short(d time.Duration) string {
	switch {
	case d >= time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	case d >= time.Minute:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d >= 10*time.Second:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	}
	return fmt.Sprintf("%.1fs", d.Seconds())
}

// count writes a number with its thousands apart.
func count[T int | int64](n T) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plural writes a number with its noun: 1 record, 2 records.
func plural[T int | int64](n T, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return count(n) + " " + noun + "s"
}
