package eval

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"netshare/eval/figure"
	"netshare/eval/task"
	"netshare/workspace/trace"
)

// TaskReport is what the synthetic trace is worth for tasks that the real one is
// used for. A part that can't be done is nil, and Notes say why.
type TaskReport struct {
	Classification *task.Classification `json:"classification,omitempty"`
	Sketches       []task.Sketching     `json:"sketches,omitempty"`
	Anomalies      *task.Anomalies      `json:"anomalies,omitempty"`
	Notes          []string             `json:"notes,omitempty"`
}

const (
	taskRows      = 4000 // records of each part at most
	taskLeast     = 50   // records of each part at least
	taskClasses   = 10   // most frequent values of the label
	taskShare     = .005 // of the real records that a class has at least
	taskThreshold = .001 // of the weight from which a key is a heavy hitter: NetShare's
)

// labelWords are what a column is called that says what kind of traffic a record
// is, the surest first.
func labelWords() []string {
	return []string{"label", "class", "attack", "malicious", "category", "type", "app", "application", "service", "detailed"}
}

// label finds the column that classifiers predict, -1 where there is none.
func (c *comparison) label() int {
	if f := c.field(c.opts.Roles.Label); f >= 0 {
		return f
	}
	best, place := -1, math.MaxInt
	for f := range c.fields {
		fd := &c.fields[f]
		at := len(labelWords()) + 1
		switch fd.Column.Kind {
		case trace.KindCategory, trace.KindBoolean:
		case trace.KindProtocol:
			at--
		default:
			continue
		}
		for i, w := range labelWords() {
			if strings.Contains(strings.ToLower(fd.Column.Name), w) {
				at = min(at, i)
			}
		}
		if at < place && len(c.classes(f)) > 1 {
			best, place = f, at
		}
	}
	return best
}

// classes are a text field's values that are frequent enough to be learnt, the
// most frequent first.
func (c *comparison) classes(f int) []int32 {
	n := tally(c.real.codes[f], len(c.fields[f].values))[:c.fields[f].slot()]
	var out []int32
	for i, v := range n {
		if v >= taskShare*float64(c.real.rows) && v > 0 {
			out = append(out, int32(i))
		}
	}
	slices.SortStableFunc(out, func(a, b int32) int { return cmp.Compare(n[b], n[a]) })
	return out[:min(len(out), taskClasses)]
}

// tasks does all tasks.
func (c *comparison) tasks(ctx context.Context, rng *rand.Rand) (*TaskReport, []Score, error) {
	out := &TaskReport{}
	var scores []Score
	note := func(what, why string) {
		out.Notes = append(out.Notes, what+": "+why)
		scores = append(scores, Score{Property: Tasks, Metric: "task_" + what, Target: what, Note: why})
	}
	if c.halves.splits == 0 || c.synth.rows < taskLeast || c.real.rows < 2*taskLeast {
		note("all", fmt.Sprintf("want %d real and %d synthetic records, got %d and %d", 2*taskLeast, taskLeast, c.real.rows, c.synth.rows))
		return out, scores, nil
	}
	half := func(h uint32) func(i int) bool { return func(i int) bool { return c.halves.row[i]&1 == h } }
	switch f := c.label(); {
	case f < 0:
		note("classification", "no category has two values that are frequent enough to be told apart")
	case c.fields[f].numeric:
		note("classification", "the label "+quote(c.opts.Roles.Label)+" holds numbers: name a category")
	case len(c.classes(f)) < 2:
		note("classification", "the label "+quote(c.fields[f].Column.Name)+" has fewer than two frequent values")
	default:
		classes := c.classes(f)
		train, test := c.records(c.real, f, classes, half(0), rng), c.records(c.real, f, classes, half(1), rng)
		synth := c.records(c.synth, f, classes, nil, rng)
		least := min(train.Len(), synth.Len(), test.Len())
		if least < taskLeast {
			note("classification", fmt.Sprintf("fewer than %d records on a side have a frequent value of %s", taskLeast, quote(c.fields[f].Column.Name)))
			break
		}
		if len(train.Features) == 0 {
			note("classification", "no column to predict "+quote(c.fields[f].Column.Name)+" by")
			break
		}
		n := min(train.Len(), synth.Len())
		found, err := task.Classify(ctx, first(train, n), first(synth, n), test, len(classes), c.opts.Seed)
		if err != nil {
			return nil, nil, err
		}
		found.Label = c.fields[f].Column.Name
		for _, code := range classes {
			found.Classes = append(found.Classes, c.fields[f].values[code])
		}
		for _, x := range train.Features {
			found.Features = append(found.Features, x.Name)
		}
		out.Classification = &found
		for _, m := range found.Models {
			scores = append(scores, taskScore("task_classification", found.Label+" by "+m.Model, max(0, m.Real-m.Synthetic), max(0, m.Real-found.Majority),
				fmt.Sprintf("a %s that learnt from synthetic records predicts %s right in %s of real ones, from real records %s", m.Model, quote(found.Label), percent(m.Synthetic), percent(m.Real))))
		}
		scores = append(scores, rankScore("order of the classifiers", found.Rank))
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, context.Cause(ctx)
	}
	for _, s := range c.sketching() {
		out.Sketches = append(out.Sketches, s)
		for _, e := range s.Sketches {
			scores = append(scores, taskScore("task_sketches", s.Key+" by "+e.Sketch, math.Abs(e.Real-e.Synthetic)/max(e.Real, 1e-9), 1,
				fmt.Sprintf("a %s of %d counters is off by %s on synthetic heavy hitters of %s, by %s on real ones", e.Sketch, s.Counters, percent(e.Synthetic), quote(s.Key), percent(e.Real))))
		}
	}
	if len(out.Sketches) == 0 {
		note("sketches", "no address and no session key to count by")
	}
	learnt, real := c.records(c.real, -1, nil, half(0), rng), c.records(c.real, -1, nil, half(1), rng)
	if len(learnt.Features) == 0 || min(learnt.Len(), real.Len()) < taskLeast {
		note("anomalies", "no column that detectors can learn")
		return out, scores, nil
	}
	found, err := task.Detect(ctx, learnt, real, c.records(c.synth, -1, nil, nil, rng), c.opts.Seed)
	if err != nil {
		return nil, nil, err
	}
	out.Anomalies = &found
	for _, d := range found.Detectors {
		scores = append(scores, taskScore("task_anomalies", d.Detector, math.Abs(d.Real-d.Synthetic), 1-d.Real,
			fmt.Sprintf("%s takes %s of synthetic records for anomalies, %s of real ones", d.Detector, percent(d.Synthetic), percent(d.Real))))
	}
	return out, append(scores, rankScore("order of the detectors", found.Rank)), nil
}

// taskScore is a task's row: it is no part of the overall score.
func taskScore(metric, target string, value, worst float64, words string) Score {
	s := Score{Property: Tasks, Metric: metric, Target: target, Words: words}
	if !(worst > 0) {
		s.Note = "nothing can be learnt here from real records either"
		return s
	}
	s.settle(measured{value: min(value, worst), uniform: math.NaN(), independent: math.NaN(), worst: worst})
	s.Counted = false
	s.note("a task: shown, not part of the overall score")
	return s
}

func rankScore(target string, rank *float64) Score {
	if rank == nil {
		return Score{Property: Tasks, Metric: "task_rank", Target: target, Note: "all are equally good on one side"}
	}
	return taskScore("task_rank", target, (1-*rank)/2, 1, fmt.Sprintf("%s: Spearman's correlation of real and synthetic %.2f", target, *rank))
}

// first are the first n records.
func first(r task.Records, n int) task.Records {
	out := task.Records{Class: r.Class[:n]}
	for _, f := range r.Features {
		f.Values = f.Values[:n]
		out.Features = append(out.Features, f)
	}
	return out
}

// records draws records for a task: numbers, ports, frequent categories, session
// length and the time since the session's last record. Addresses, texts and
// times are left out. label is the field that is predicted, -1 for none; records
// whose label is none of the classes are left out.
func (c *comparison) records(s *side, label int, classes []int32, in func(i int) bool, rng *rand.Rand) task.Records {
	classOf := map[int32]int{}
	for k, code := range classes {
		classOf[code] = k
	}
	var rows []int32
	for i := range s.rows {
		if in != nil && !in(i) {
			continue
		}
		if label >= 0 {
			if _, ok := classOf[s.codes[label][i]]; !ok {
				continue
			}
		}
		rows = append(rows, int32(i))
	}
	rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	rows = rows[:min(len(rows), taskRows)]
	var out task.Records
	add := func(name string, category bool, of func(row int32) float64) {
		x := make([]float64, len(rows))
		for i, r := range rows {
			if x[i] = of(r); math.IsInf(x[i], 0) {
				x[i] = math.NaN()
			}
		}
		out.Features = append(out.Features, task.Feature{Name: name, Category: category, Values: x})
	}
	for f := range c.fields {
		fd, codes := &c.fields[f], s.codes[f]
		switch {
		case f == label || fd.time || f == c.clock:
		case fd.numeric:
			add(fd.Column.Name, false, func(r int32) float64 { return s.numbers[f][r] })
		case fd.Column.Kind == trace.KindPort:
			values := numbersOf(fd.values)
			add(fd.Column.Name, false, func(r int32) float64 { return values[codes[r]] })
		case fd.Column.Kind == trace.KindProtocol || fd.Column.Kind == trace.KindCategory || fd.Column.Kind == trace.KindBoolean:
			sm := newSmall(tally(c.real.codes[f], len(fd.values)), treeBins-2)
			add(fd.Column.Name, true, func(r int32) float64 { return float64(sm.codeOf[codes[r]]) })
		}
	}
	if len(c.opts.Key) > 0 {
		add("session length", false, func(r int32) float64 { return s.sess.length[s.sess.of[r]] })
		if c.clock >= 0 {
			gap := s.gapBefore(c.clock)
			add("interarrival time", false, func(r int32) float64 { return gap[r] })
		}
	}
	if label >= 0 {
		for _, r := range rows {
			out.Class = append(out.Class, classOf[s.codes[label][r]])
		}
	}
	return out
}

// sketching estimates the heavy hitters of addresses and sessions.
func (c *comparison) sketching() []task.Sketching {
	var out []task.Sketching
	ws := c.weights()
	w := ws[min(1, len(ws)-1)] // bytes where there are, else packets, else records
	add := func(key string, real, synth []float64) {
		s := task.Sketch(real, synth, taskThreshold, c.opts.Seed)
		if s.Hitters[0] > 0 && s.Hitters[1] > 0 {
			s.Key = key + " by " + w.name
			out = append(out, s)
		}
	}
	for _, name := range []string{c.opts.Roles.Source, c.opts.Roles.Destination} {
		if f := c.field(name); f >= 0 && !c.fields[f].numeric {
			add(name, c.shares(c.real, f, w, nil), c.shares(c.synth, f, w, nil))
		}
	}
	if len(c.opts.Key) > 0 {
		add("sessions", w.bySession(c.real), w.bySession(c.synth))
	}
	return out
}

// taskMetrics are the metrics of property Tasks.
func taskMetrics() []Metric {
	return []Metric{
		{
			Name: "task_classification", Title: "Prediction of the kind of traffic", Property: Tasks, Worst: 1,
			Formula: "accuracy on held-out real records, learnt from other real records less learnt from as many synthetic ones; the yardstick is what learning from real records gains over always saying the most frequent class",
			Source:  "NetShare (SIGCOMM 2022) section 6.3, traffic type prediction",
		},
		{
			Name: "task_sketches", Title: "Heavy hitters by sketches", Property: Tasks, Worst: 1,
			Formula: "|error on synthetic - error on real| / error on real, the error being the mean of |estimate - true| / true over keys with 0.1 % of the weight",
			Source:  "NetShare (SIGCOMM 2022) section 6.3, telemetry; UnivMon (SIGCOMM 2016)",
		},
		{
			Name: "task_anomalies", Title: "Anomaly detection", Property: Tasks, Worst: 1,
			Formula: "|share of synthetic records - share of held-out real ones| that a detector which learnt real records takes for anomalies, at a threshold beyond which 5 % of further real ones lie",
			Source:  "NetShare (SIGCOMM 2022) section 6.3, anomaly detection",
		},
		{
			Name: "task_rank", Title: "Order of models", Property: Tasks, Worst: 1,
			Formula: "(1 - rho)/2, rho Spearman's rank correlation of the models' results on real and on synthetic records",
			Source:  "NetShare (SIGCOMM 2022) section 6.3",
		},
	}
}

// numbersOf reads the texts of a dictionary as numbers, NaN where one is none
// and, last, for what is missing.
func numbersOf(values []string) []float64 {
	out := make([]float64, len(values)+1)
	for i := range out {
		out[i] = math.NaN()
		if i < len(values) {
			if x, err := strconv.ParseFloat(values[i], 64); err == nil {
				out[i] = x
			}
		}
	}
	return out
}

// text writes the tasks for a terminal.
func (t *TaskReport) text(w io.Writer) {
	if t == nil {
		return
	}
	rank := func(r *float64) string {
		if r == nil {
			return ""
		}
		return fmt.Sprintf("; their order agrees by %.2f", *r)
	}
	line := func(name string, real, synth float64) {
		fmt.Fprintf(w, "  %-24s %9s %9s\n", figure.Label(name, 24), percent(real), percent(synth))
	}
	fmt.Fprintf(w, "\n%-26s %9s %9s\n", "tasks", "real", "synthetic")
	if c := t.Classification; c != nil {
		fmt.Fprintf(w, "predicting %s: accuracy on %d held-out real records (always the most frequent: %s)%s\n", sentence(c.Label), c.Tested, percent(c.Majority), rank(c.Rank))
		for _, m := range c.Models {
			line(m.Model, m.Real, m.Synthetic)
		}
	}
	for _, s := range t.Sketches {
		fmt.Fprintf(w, "heavy hitters of %s: mean relative error of %d counters%s\n", sentence(s.Key), s.Counters, rank(s.Rank))
		for _, e := range s.Sketches {
			line(e.Sketch, e.Real, e.Synthetic)
		}
	}
	if a := t.Anomalies; a != nil {
		fmt.Fprintf(w, "taken for anomalies by detectors that learnt real records%s\n", rank(a.Rank))
		for _, d := range a.Detectors {
			line(d.Detector, d.Real, d.Synthetic)
		}
	}
	for _, n := range t.Notes {
		fmt.Fprintf(w, "note: %s\n", sentence(n))
	}
}
