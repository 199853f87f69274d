package workspace_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"netshare/engine"
	"netshare/engine/privacy"
	"netshare/eval"
	"netshare/workspace"
)

// BenchmarkFidelity learns one half of the sessions of each real trace and
// measures what is made of it against the other half, which no model has seen:
// the networks with and without calibration beside the learnt half itself
// ("real half", as good as real), a Chow-Liu tree with Markov series, resampled
// rows and independent columns. Each row of the table that it prints is the
// mean over the seeds; "train" is the score against the half that was learnt.
//
// NETSHARE_BENCH_SEEDS is how many seeds, default 1; NETSHARE_BENCH_TIME bounds
// the training by the clock ("2m") where it is set, NETSHARE_BENCH_SET gives a
// setting of the networks as --set takes it ("min_seen=1"). Run it with
// -benchtime 1x -timeout 0; -bench Fidelity/TRACE takes one trace.
func BenchmarkFidelity(b *testing.B) {
	data := os.Getenv("NETSHARE_DATA")
	if data == "" {
		data = filepath.Join("..", "..", "shared", "data")
	}
	seeds := 1
	if s := os.Getenv("NETSHARE_BENCH_SEEDS"); s != "" {
		var err error
		if seeds, err = strconv.Atoi(s); err != nil || seeds < 1 {
			b.Fatalf("NETSHARE_BENCH_SEEDS is %q: want a number of seeds from 1", s)
		}
	}
	var limit time.Duration
	if s := os.Getenv("NETSHARE_BENCH_TIME"); s != "" {
		var err error
		if limit, err = time.ParseDuration(s); err != nil {
			b.Fatal(err)
		}
	}
	for _, name := range workspace.RealTraces {
		b.Run(strings.ReplaceAll(name, "/", "_"), func(b *testing.B) {
			file := filepath.Join(data, filepath.FromSlash(name))
			if _, err := os.Stat(file); err != nil {
				b.Skipf("no real trace at %s: set NETSHARE_DATA", file)
			}
			for b.Loop() {
				f := fidelity{b: b, rows: map[string]*fidelityRow{}, parts: map[string]map[string]float64{}}
				for seed := range seeds {
					f.run(file, uint64(seed+1), limit)
				}
				f.print(name, seeds)
			}
		})
	}
}

// fidelity gathers the measures of one trace.
type fidelity struct {
	b     *testing.B
	ws    *workspace.Workspace
	key   []string
	time  string
	names []string // of the models, in the order in which they came
	rows  map[string]*fidelityRow
	parts map[string]map[string]float64 // of each model, the measures of single columns, summed over seeds
}

// fidelityRow is a model's measures, summed over seeds.
type fidelityRow struct {
	values [len(fidelityColumns)]float64
	seen   [len(fidelityColumns)]int
}

// fidelityColumns names the measures: scores of 100 against the half that was
// learnt and against the other; then, against the other, the mean divergence of
// categories and the mean earth mover's distance of numbers (the paper's), the
// worst pair's correlation similarity, the scores of three properties, the
// distances of session length, duration and interarrival time, the detector's
// area under the curve, the two-way total variation, and the shares of sessions
// whose key, and whose records but for key and times, the learnt half has; the
// row "other half" has these two for real sessions that were not learnt.
var fidelityColumns = [...]string{
	"train", "held out", "JSD", "nEMD", "worst corr", "pairs", "joint", "sessions", "length", "duration", "gap", "AUC", "two-way", "keys known", "copies",
}

func (f *fidelity) run(file string, seed uint64, limit time.Duration) {
	ctx := context.Background()
	var err error
	if f.ws, err = workspace.Open(ctx, filepath.Join(f.b.TempDir(), "lab.duckdb"), nil); err != nil {
		f.b.Fatal(err)
	}
	defer f.ws.Close()
	f.check(f.ws.Load(ctx, workspace.Load{Files: []string{file}, Table: "t"}))
	recipe, err := f.ws.Recipe(ctx, "t")
	if err != nil {
		f.b.Fatal(err)
	}
	f.key, f.time = recipe.KeyNames(), recipe.Time.Name
	half := fmt.Sprintf("hash(hash(%s, %d)) %% 2", f.keyOr("rowid"), seed)
	make := func(name, query string, args ...any) {
		f.sql("create table raw.%s as %s", name, fmt.Sprintf(query, args...))
		if err := f.ws.Declare(ctx, name, recipe, "", ""); err != nil {
			f.b.Fatal(err)
		}
	}
	make("a", "select * from raw.t where %s = 0 order by rowid", half)
	make("b", "select * from raw.t where %s = 1 order by rowid", half)

	opts := engine.DefaultOptions()
	opts.Seed, opts.Time = seed, limit
	if set := os.Getenv("NETSHARE_BENCH_SET"); set != "" {
		if err := opts.Set(set); err != nil {
			f.b.Fatal(err)
		}
	}
	m, err := f.ws.Train(ctx, "a", opts, engine.Hooks{})
	if err != nil {
		f.b.Fatal(err)
	}
	generate := engine.DefaultGenerateOptions()
	generate.Seed = seed
	f.check(f.ws.Generate(ctx, m.ID, workspace.Generate{Table: "calibrated", Options: generate}))
	generate.Raw = true
	f.check(f.ws.Generate(ctx, m.ID, workspace.Generate{Table: "uncalibrated", Options: generate}))
	opts = engine.DefaultOptions()
	opts.DP = engine.DP{Budget: privacy.Budget{Epsilon: 1e6, Delta: 1e-5}} // all but without noise
	if m, err = f.ws.Train(ctx, "a", opts, engine.Hooks{}); err != nil {
		f.b.Fatal(err)
	}
	generate.Raw = false
	f.check(f.ws.Generate(ctx, m.ID, workspace.Generate{Table: "chow_liu", Options: generate}))
	make("real_half", "select * from raw.a order by rowid")
	make("row_bootstrap", `select a.* from raw.a as a join
(select hash(i, %d) %% (select count(*) from raw.a) as r from range((select count(*) from raw.a)) as g(i)) on a.rowid = r`, seed)
	columns, err := f.ws.Describe(ctx, "a")
	if err != nil {
		f.b.Fatal(err)
	}
	var shuffled []string
	for i, c := range columns {
		shuffled = append(shuffled, fmt.Sprintf("unnest(list(%s order by hash(rowid, %d))) as %[1]s", quoted(c.Name), 1000*int(seed)+i))
	}
	make("independent", "select %s from raw.a", strings.Join(shuffled, ", "))

	for _, name := range []string{"synth.calibrated", "synth.uncalibrated", "raw.real_half", "synth.chow_liu", "raw.row_bootstrap", "raw.independent"} {
		f.measure(ctx, name)
	}
	values := noValues()
	values[len(values)-2], values[len(values)-1] = f.known("raw.b"), f.copies("raw.b")
	f.add("other half", values)
}

// measure adds what a synthetic table's reports say.
func (f *fidelity) measure(ctx context.Context, name string) {
	trained, err := f.ws.Report(ctx, "a", name)
	if err != nil {
		f.b.Fatal(err)
	}
	held, err := f.ws.Report(ctx, "b", name)
	if err != nil {
		f.b.Fatal(err)
	}
	worst, auc, pair := math.NaN(), math.NaN(), ""
	sums := map[string][]float64{}
	ranked := map[string]bool{} // columns whose values are names only, compared by rank
	for _, s := range held.Scores {
		ranked[s.Target] = ranked[s.Target] || s.Metric == "jsd_rank" && s.Computed
	}
	if f.parts[name] == nil {
		f.parts[name] = map[string]float64{}
	}
	for _, s := range held.Scores {
		if !s.Computed {
			continue
		}
		if m := s.Metric; m == "jsd_rank" || m == "jsd" && !ranked[s.Target] || strings.HasSuffix(m, "emd") {
			f.parts[name][m+" "+s.Target] += s.Value
		}
		switch s.Metric {
		case "jsd_rank":
			sums["jsd"] = append(sums["jsd"], s.Value)
		case "jsd":
			if !ranked[s.Target] {
				sums["jsd"] = append(sums["jsd"], s.Value)
			}
		case "emd", "time_emd":
			sums["emd"] = append(sums["emd"], s.Value)
		case "pearson":
			if v := 1 - s.Value; !(worst <= v) {
				worst, pair = v, s.Target
			}
		case "detection":
			auc = (s.Value + 1) / 2
		case "session_length_emd", "session_duration_emd", "interarrival_emd":
			sums[s.Metric] = append(sums[s.Metric], s.Value)
		}
	}
	f.b.Logf("%s: least alike in correlation: %s (%.3f)", name, pair, worst)
	property := map[string]float64{}
	for _, p := range held.Properties {
		if p.Counted > 0 {
			property[p.Property] = p.Score
		}
	}
	two := math.NaN()
	if held.TwoWay != nil {
		two = held.TwoWay.Value
	}
	f.add(name, [...]float64{
		trained.Overall.Score, held.Overall.Score, mean(sums["jsd"]), mean(sums["emd"]), worst,
		orNaN(property, eval.Pairs), orNaN(property, eval.Joint), orNaN(property, eval.Sessions),
		mean(sums["session_length_emd"]), mean(sums["session_duration_emd"]), mean(sums["interarrival_emd"]),
		auc, two, f.known(name), f.copies(name),
	})
}

func noValues() (out [len(fidelityColumns)]float64) {
	for i := range out {
		out[i] = math.NaN()
	}
	return out
}

// add adds a seed's measures of a model, NaN for none.
func (f *fidelity) add(name string, values [len(fidelityColumns)]float64) {
	row := f.rows[name]
	if row == nil {
		row = &fidelityRow{}
		f.rows[name] = row
		f.names = append(f.names, name)
	}
	for i, v := range values {
		if !math.IsNaN(v) {
			row.values[i] += v
			row.seen[i]++
		}
	}
}

// known is the share of a table's session keys that the learnt half has.
func (f *fidelity) known(name string) float64 {
	return f.share("select count(*) filter (k in (select %[1]s from raw.a)) / count(*) from (select distinct %[1]s as k from %[2]s)", f.keyOr("null"), name)
}

// copies is the share of a table's sessions whose records the learnt half has
// too, in their order, all columns but the time and the session's key.
func (f *fidelity) copies(name string) float64 {
	exclude := ""
	if but := slices.DeleteFunc(append(slices.Clone(f.key), f.time), func(c string) bool { return c == "" }); len(but) > 0 {
		for i, c := range but {
			but[i] = quoted(c)
		}
		exclude = fmt.Sprintf(" exclude (%s)", strings.Join(but, ", "))
	}
	order := "rowid"
	if f.time != "" {
		order = quoted(f.time) + ", rowid"
	}
	sessions := func(table string) string {
		return fmt.Sprintf("select string_agg(r, ' ' order by o) as s from (select %s as k, row(*columns(*%s))::varchar as r, row_number() over (order by %s) as o from %s) group by k",
			f.keyOr("rowid"), exclude, order, table)
	}
	return f.share("select count(*) filter (s in (%s)) / count(*) from (%s)", sessions("raw.a"), sessions(name))
}

// keyOr is the session key in SQL, or what stands for it where there is none.
func (f *fidelity) keyOr(other string) string {
	if len(f.key) == 0 {
		return other
	}
	var parts []string
	for _, k := range f.key {
		parts = append(parts, quoted(k))
	}
	return "row(" + strings.Join(parts, ", ") + ")::varchar"
}

func (f *fidelity) sql(query string, args ...any) {
	r, err := f.ws.Query(context.Background(), fmt.Sprintf(query, args...))
	if err != nil {
		f.b.Fatal(err)
	}
	for {
		if _, err = r.Next(); err != nil {
			break
		}
	}
	if !errors.Is(err, io.EOF) {
		f.b.Fatal(err)
	}
	if err := r.Close(); err != nil {
		f.b.Fatal(err)
	}
}

// share is the one number of a query; NaN for none.
func (f *fidelity) share(query string, args ...any) float64 {
	r, err := f.ws.Query(context.Background(), fmt.Sprintf(query, args...))
	if err != nil {
		f.b.Fatal(err)
	}
	defer r.Close()
	row, err := r.Next()
	if err != nil {
		f.b.Fatal(err)
	}
	if v, ok := row[0].(float64); ok {
		return v
	}
	return math.NaN()
}

// check fails the benchmark where a step did.
func (f *fidelity) check(_ any, err error) {
	if err != nil {
		f.b.Fatal(err)
	}
}

func (f *fidelity) print(name string, seeds int) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "\n%s (%d seeds)\t", name, seeds)
	for _, c := range fidelityColumns {
		fmt.Fprintf(w, "%s\t", c)
	}
	fmt.Fprintln(w)
	for _, n := range f.names {
		fmt.Fprintf(w, "%s\t", n)
		for i, v := range f.rows[n].values {
			if f.rows[n].seen[i] == 0 {
				fmt.Fprint(w, "-\t")
				continue
			}
			fmt.Fprintf(w, "%.3g\t", v/float64(f.rows[n].seen[i]))
		}
		fmt.Fprintln(w)
	}
	w.Flush()
	f.printParts(seeds)
	made := f.rows["synth.calibrated"]
	for i, c := range fidelityColumns[:2] {
		f.b.ReportMetric(made.values[i]/float64(max(1, made.seen[i])), strings.ReplaceAll(c, " ", "-"))
	}
}

// printParts prints the measures of single columns in which the calibrated
// table is further from the unseen half than the learnt half is, the furthest
// first.
func (f *fidelity) printParts(seeds int) {
	made, half := f.parts["synth.calibrated"], f.parts["raw.real_half"]
	over := func(m string) float64 { return (made[m] - half[m]) / float64(seeds) }
	var names []string
	for m := range made {
		if over(m) > 0 {
			names = append(names, m)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(over(b), over(a)), strings.Compare(a, b)) })
	for _, m := range names[:min(len(names), 8)] {
		fmt.Printf("%-40s %.4f (%.4f)\n", m, made[m]/float64(seeds), half[m]/float64(seeds))
	}
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

func orNaN(m map[string]float64, k string) float64 {
	if v, ok := m[k]; ok {
		return v
	}
	return math.NaN()
}
