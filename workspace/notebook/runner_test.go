package notebook

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"netshare/workspace"
)

// flowsFile writes n flow records.
func flowsFile(t *testing.T, dir string, n int) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("ts,srcip,dstip,srcport,dstport,proto,pkts,bytes\n")
	for i := range n {
		k := i * 7919 % 101
		s := k % 37
		fmt.Fprintf(&b, "%d.%06d,10.0.0.%d,192.0.2.%d,%d,%d,%s,%d,%d\n", 1700000000+3*i, k*9901%1000000, 1+s%9, 1+s%4,
			40000+s, []int{53, 80, 443}[s%3], []string{"UDP", "TCP", "TCP"}[s%3], 1+k%12, (1+k%12)*(60+k))
	}
	path := filepath.Join(dir, "flows.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// testLab is an open workspace with a notebook beside it.
type testLab struct {
	t    *testing.T
	dir  string
	ws   *workspace.Workspace
	jobs *Jobs
	r    *Runner
	doc  *Document
}

func newTestLab(t *testing.T, text string) *testLab {
	t.Helper()
	dir := t.TempDir()
	flowsFile(t, dir, 300)
	ws, err := workspace.Open(t.Context(), filepath.Join(dir, "lab.duckdb"), nil)
	if err != nil {
		t.Fatal(err)
	}
	l := &testLab{t: t, dir: dir, ws: ws, jobs: NewJobs()}
	l.r = NewRunner(ws, l.jobs, filepath.Join(dir, "lab.md"))
	t.Cleanup(func() {
		l.jobs.Close()
		if err := errors.Join(l.r.Close(), ws.Close()); err != nil {
			t.Error(err)
		}
	})
	l.read(text)
	return l
}

// read has the notebook say something else, as an editor beside the program
// would.
func (l *testLab) read(text string) {
	l.t.Helper()
	d, err := ParseDocument(filepath.Join(l.dir, "lab.md"), []byte(text))
	if err != nil {
		l.t.Fatal(err)
	}
	l.doc = d
	if err := l.r.Attach(l.t.Context(), d); err != nil {
		l.t.Fatal(err)
	}
}

func (l *testLab) run(i int) Output {
	l.t.Helper()
	out, err := l.r.Run(l.t.Context(), *l.doc.Cells[i], nil)
	if err != nil {
		l.t.Fatalf("cell %d: %v", i, err)
	}
	return out
}

// states are the cells' states in letters, with why the first stale one is.
func (l *testLab) states() string {
	l.t.Helper()
	all, err := l.r.States(l.t.Context(), l.doc)
	if err != nil {
		l.t.Fatal(err)
	}
	letters, why := "", ""
	for _, s := range all {
		letters += strings.ToUpper(string(s.Status[:2]))[:1]
		if why == "" && s.Why != "" {
			why = " " + s.Why
		}
		if s.Status == CellFailed {
			letters = letters[:len(letters)-1] + "X"
		}
	}
	return letters + why
}

// cell is a fenced cell.
func cell(kind, text string) string { return "```" + kind + "\n" + text + "\n```\n\n" }

func TestRunCells(t *testing.T) {
	l := newTestLab(t, "# Lab\n\n"+
		cell("load", "flows.csv as flows")+
		cell("sql", "create or replace table big as from raw.flows where bytes > 500;\nselect count(*) as n from big;")+
		cell("train", "flows epochs 2 seed 1")+
		cell("generate", "flows as made sessions 60")+
		cell("report", "flows against made")+
		cell("export", "made to made.csv"))
	if err := l.r.Check(l.doc); err != nil {
		t.Fatal(err)
	}
	if got := l.states(); got != "FNNNNNN" {
		t.Errorf("before: %s", got)
	}
	loaded := l.run(1)
	if len(loaded.Parts) != 2 || !strings.HasPrefix(loaded.Parts[0].Text, "raw.flows: 300 records in ") || len(loaded.Parts[1].Table.Rows) != 8 {
		t.Errorf("load showed %+v", loaded.Parts)
	}
	asked := l.run(2)
	if len(asked.Parts) != 1 || len(asked.Parts[0].Table.Rows) != 1 || asked.Parts[0].Table.Columns[0].Name != "n" {
		t.Errorf("sql showed %+v", asked.Parts)
	}
	var steps []string
	_, err := l.r.Run(t.Context(), *l.doc.Cells[3], func(p Progress) {
		if p.Training != nil && p.Training.EpochEnded {
			steps = append(steps, p.Text)
		}
	})
	if err != nil || len(steps) != 2 || !strings.HasPrefix(steps[1], "epoch 2 of 2, ") {
		t.Errorf("train told %q, %v", steps, err)
	}
	if made := l.run(4); !strings.HasPrefix(made.Parts[0].Text, "made synth.made: 60 sessions, ") {
		t.Errorf("generate showed %+v", made.Parts)
	}
	rep := l.run(5).Parts[0].Report
	if rep == nil || rep.Real != "raw.flows" || rep.Synthetic != "synth.made" || rep.Overall.Score <= 0 || len(rep.Figures) < 5 {
		t.Errorf("report showed %+v", rep)
	}
	l.run(6)
	if _, err := os.Stat(filepath.Join(l.dir, "made.csv")); err != nil {
		t.Error(err)
	}
	if got := l.states(); got != "FFFFFFF" {
		t.Errorf("after: %s", got)
	}
	if err := os.Chtimes(filepath.Join(l.dir, "flows.csv"), time.Time{}, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := l.states(); got != "FSSSSSS file "+filepath.Join(l.dir, "flows.csv")+" has changed" {
		t.Errorf("the file changed: %s", got)
	}
	l.run(1)
	if got := l.states(); got != "FFSSSSS raw.flows has changed" {
		t.Errorf("loaded again: %s", got)
	}
	// What is kept is found again by another process, after another editor.
	l.read("# Lab, edited\n\n" + cell("sql", "select 1;") +
		cell("load", "flows.csv as flows") +
		cell("sql", "create or replace table big as from raw.flows where bytes > 501;\nselect count(*) as n from big;"))
	if got := l.states(); got != "FNFS its text has changed" {
		t.Errorf("edited: %s", got)
	}
}

func TestStaleness(t *testing.T) {
	l := newTestLab(t, cell("sql", "create or replace table a as select 1 as x;")+
		cell("sql", "create or replace view b as select x + 1 as y from a;")+
		cell("sql", "select y from b;")+
		cell("sql", "select 'from a' as t;")+
		cell("plot", "bar of x in main.a"))
	for i := range l.doc.Cells {
		l.run(i)
	}
	if got := l.states(); got != "FFFFF" {
		t.Errorf("all run: %s", got)
	}
	if err := l.doc.SetText(l.doc.Cells[0].ID, "create or replace table a as select 2 as x;"); err != nil {
		t.Fatal(err)
	}
	if got := l.states(); got != "SSSFS its text has changed" {
		t.Errorf("changed: %s", got)
	}
	l.run(0)
	if got := l.states(); got != "FSSFS main.a has changed" {
		t.Errorf("run again: %s", got)
	}
	l.run(1)
	l.run(2)
	l.run(4)
	if got := l.states(); got != "FFFFF" {
		t.Errorf("all run again: %s", got)
	}
	if err := l.doc.SetText(l.doc.Cells[3].ID, "select nosuch;"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.r.Run(t.Context(), *l.doc.Cells[3], nil); err == nil {
		t.Error("a column that is not there gave no error")
	}
	if got := l.states(); got != "FFFXF" {
		t.Errorf("one failed: %s", got)
	}
}

func TestCellErrors(t *testing.T) {
	l := newTestLab(t, "text\n\n"+
		cell("sql", "select 1;\n\nselect\n  nosuch;")+
		cell("load", "# a comment\nnosuch.csv")+
		cell("plot", "cdf of x in raw.nosuch"))
	for i, want := range []string{"lab.md:7: ", "lab.md:12: ", "lab.md:16: "} {
		_, err := l.r.Run(t.Context(), *l.doc.Cells[i+1], nil)
		if err == nil || !strings.HasPrefix(err.Error(), filepath.Join(l.dir, want)) {
			t.Errorf("cell %d gave %v, want it at %s", i+1, err, want)
		}
	}
}

func TestSteps(t *testing.T) {
	for _, tt := range []struct {
		kind Kind
		text string
		want string // part of the error, "" for none
	}{
		{KindLoad, "a.pcap 'b c.pcap' as lan protocol dns,conn header innermost", ""},
		{KindLoad, "as x", "load of no file"},
		{KindLoad, "a.pcap as synth.x", "name it raw.x"},
		{KindLoad, "- as x", "no standard input"},
		{KindLoad, "a.pcap as", "as needs a value after it"},
		{KindLoad, "a.pcap as x prtocol dns", `"prtocol" is no option of load: did you mean protocol?`},
		{KindTrain, "lan epochs 40 seed 3 time 5m recipe r.go", ""},
		{KindTrain, "lan dp epsilon 1 dp-unit host host-cap 4", ""},
		{KindGenerate, "lan given dstport=53 given 'proto=UDP : 30%' sessions 5", ""},
		{KindTrain, "lan min-seen 9", ""},
		{KindTrain, "lan epoch 40", `"epoch" is no option of train: did you mean epochs?`},
		{KindTrain, "lan epochs many", `epochs: "many" is no number: want 1 or more`},
		{KindTrain, "lan epochs 1 epochs 2", "epochs is given twice"},
		{KindTrain, "lan memory 2GB set batch_size=50 set patience=3 time 90s", ""},
		{KindTrain, "lan pretrain other.duckdb:3 iterations 10", ""},
		{KindTrain, "lan dp pretrain 3", "pretrain with dp"},
		{KindTrain, "lan dp dp-model gan noise-multiplier 2 clip .5 dp-force pretrain raw.public epochs 3", ""},
		{KindTrain, "lan epsilon 2", "epsilon without dp: add dp"},
		{KindTrain, "lan clip 2", "clip without dp: add dp"},
		{KindTrain, "lan dp clip 2", "clip without dp-model gan: add it"},
		{KindTrain, "lan dp set batch_size=5", "set with dp"},
		{KindTrain, "lan dp dp-model gan time 5m", "time with dp"},
		{KindTrain, "lan dp dp-model wgan", `model "wgan" under differential privacy is unknown`},
		{KindTrain, "lan memory much", `memory: "much" is no size: want one such as 512MB or 4GB`},
		{KindTrain, "lan set batch_sise=5", "batch_size"},
		{KindTrain, "lan dp epochs 2", "epochs with dp"},
		{KindLoad, "a.pcap append --header innermost max-rejects 0 with-zeek", ""},
		{KindLoad, "a.pcap header inner", `header: "inner": want outermost or innermost`},
		{KindSplit, "lan share .3 by host seed 4", ""},
		{KindSplit, "lan share 3", "share: 3: want more than 0 and less than 1"},
		{KindTrain, "lan memory 2GB set batch_size=50 set num_packing=2 epochs 3", ""},
		{KindTrain, "lan --epochs 3 --seed 9", ""},
		{KindTrain, "lan memory lots", `memory: "lots" is no size`},
		{KindTrain, "lan set batch_sise=50", "batch_size"},
		{KindTrain, "lan set batch_size", "want name=value"},
		{KindTrain, "lan dp dp-model gan epochs 3 set batch_size=50 clip 2 noise-multiplier 3 pretrain raw.public", ""},
		{KindTrain, "lan dp dp-model gann", `model "gann"`},
		{KindTrain, "lan dp clip 2", "clip without dp-model gan"},
		{KindTrain, "lan dp-model gan", "dp-model without dp"},
		{KindTrain, "lan dp set batch_size=50", "set with dp"},
		{KindTrain, "lan dp dp-model gan time 2m", "time with dp"},
		{KindTrain, "lan dp host-cap 3", "host-cap without dp-unit host"},
		{KindTrain, "lan dp dp-model gan clip 0", `clip: "0": want a number above 0`},
		{KindTrain, "resume 3", ""},
		{KindTrain, "--resume 3", ""},
		{KindTrain, "resume 3 epochs 4", "leave out epochs 4"},
		{KindTrain, "lan resume 3", "stands alone"},
		{KindTrain, "resume soon", `"soon" is no number`},
		{KindGenerate, "lan records 100 from 2024-05-01 span 2h", ""},
		{KindGenerate, "lan records 100 sessions 3", "sessions"},
		{KindReport, "lan label proto", "label without tasks"},
		{KindReport, "lan against lan tasks label proto to out", ""},
		{KindAudit, "lan_train against lan holdout lan_holdout shadow 4 addresses cryptopan to out", ""},
		{KindAudit, "lan shadow 2", `"2" is no number: want 4 or more`},
		{KindAudit, "lan aginst x", `did you mean against?`},
		{KindAudit, "lan addresses hidden", "hidden"},
		{KindExport, "lan to x.csv addresses keep-structure", ""},
		{KindPublish, "a b to out addresses cryptopan text as-generated allow 8.8.8.8 allow names.txt counts force replace", ""},
		{KindPublish, "to out", "publish of no table"},
		{KindPublish, "a b", "publish of a, b: to which file or folder?"},
		{KindPublish, "a to out text hidden", `text: text policy "hidden" is unknown`},
		{KindPublish, "a to out cuonts", `did you mean counts?`},
		{KindTrain, "lan time soon", `"soon" is no length of time`},
		{KindGenerate, "lan as raw.x", "name it synth.x"},
		{KindGenerate, "lan sessions 0", `sessions: "0" is no number: want 1 or more`},
		{KindReport, "lan against", "against needs a value"},
		{KindExport, "lan", "to which file?"},
		{KindExport, "", "the export cell is empty: want TABLE to FILE"},
	} {
		_, err := parseSteps(tt.kind, tt.text)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s %q gave %v, want %q", tt.kind, tt.text, err, tt.want)
		}
	}
}

func TestJobs(t *testing.T) {
	j := NewJobs()
	begun := make(chan struct{})
	a, err := j.Start(t.Context(), "first", func(ctx context.Context, tell func(Progress)) (Output, error) {
		give, err := j.take(ctx, alone, tell)
		if err != nil {
			return Output{}, err
		}
		defer give()
		tell(Progress{Step: "learning", Share: .5})
		close(begun)
		<-ctx.Done()
		return Output{}, context.Cause(ctx)
	})
	if err != nil {
		t.Fatal(err)
	}
	<-begun
	b, err := j.Start(t.Context(), "second", func(ctx context.Context, tell func(Progress)) (Output, error) {
		give, err := j.take(ctx, alone, tell)
		if err != nil {
			return Output{}, err
		}
		give()
		return Output{Parts: []Part{{Text: "done"}}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for {
		changed := b.Changed()
		if s := b.Status(); s.Progress.Step == "waiting" {
			if want := "waiting for job 1 (first)"; s.Progress.Text != want {
				t.Errorf("waits with %q, want %q", s.Progress.Text, want)
			}
			break
		}
		<-changed
	}
	a.Stop()
	if out, err := b.Wait(t.Context()); err != nil || out.Parts[0].Text != "done" {
		t.Errorf("second gave %v, %v", out, err)
	}
	if s := a.Status(); s.State != JobStopped || s.Progress.Share != .5 {
		t.Errorf("first is %+v", s)
	}
	c, err := j.Start(t.Context(), "third", func(context.Context, func(Progress)) (Output, error) { panic("oops") })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Wait(t.Context()); err == nil || c.Status().State != JobFailed {
		t.Errorf("a panic gave %v, %+v", err, c.Status())
	}
	j.Close()
	if _, err := j.Start(t.Context(), "late", nil); err == nil {
		t.Error("a job began after Close")
	}
}

func TestReadPage(t *testing.T) {
	l := newTestLab(t, "")
	page, shown, err := ReadPage(t.Context(), l.ws, "select i, i * 2.5 as d, 'x' || i as s from range(1000) t(i) order by i desc -- end", 10, 5)
	if err != nil || !shown || page.Total != 1000 || len(page.Rows) != 5 || string(page.Rows[0][0]) != "989" || string(page.Rows[0][2]) != `"x989"` {
		t.Errorf("%+v, %v, %v", page, shown, err)
	}
	if page, _, err = ReadPage(t.Context(), l.ws, "describe select 1 as x", 0, 5); err != nil || len(page.Rows) != 1 || page.Total != 1 {
		t.Errorf("describe: %+v, %v", page, err)
	}
	if _, shown, err = ReadPage(t.Context(), l.ws, "create table z as select 1", 0, 5); err != nil || shown {
		t.Errorf("create: shown %v, %v", shown, err)
	}
	if _, _, err = ReadPage(t.Context(), l.ws, "select nosuch from z", 0, 5); err == nil || !strings.Contains(err.Error(), "LINE 1: select nosuch") {
		t.Errorf("the error names another statement: %v", err)
	}
}

func TestSQLNames(t *testing.T) {
	for sql, want := range map[string]string{
		"select a from raw.branch, \"Synth\".\"S\" where x = 'raw.no' -- raw.no":     "select a from raw.branch synth.s where x ''>",
		"create or replace table t as select * from raw.b; insert into u values (1)": "as select from raw.b values 1>t u",
		"/* c */ copy x from 'f.csv'":      "from ''>x",
		"update raw.t set a = $$ raw.x $$": "set a ''>raw.t",
	} {
		reads, writes := sqlNames(sql)
		var kept []string
		for _, r := range reads {
			if r != "create" && r != "or" && r != "replace" && r != "table" && r != "insert" && r != "into" && r != "update" && r != "copy" {
				kept = append(kept, r)
			}
		}
		got := strings.Join(kept, " ") + ">" + strings.Join(writes, " ")
		if strings.ReplaceAll(got, " ''", "") != strings.ReplaceAll(want, " ''", "") {
			t.Errorf("%s: %s, want %s", sql, got, want)
		}
	}
}

func TestGoCells(t *testing.T) {
	l := newTestLab(t, cell("load", "flows.csv as flows")+
		cell("go", "n := 40\nfmt.Println(\"before\")\nws.Query(ctx, \"select proto, count(*) as n from raw.flows group by proto order by n desc\")")+
		cell("go", "tables, err := ws.Tables(ctx)\nif err != nil { panic(err) }\nplot(\"bar of proto in raw.flows\")\nn + len(tables)")+
		cell("go", "n++\nws.Query(ctx, \"select nosuch\")")+
		cell("go", "type point struct{ X, Y int }\n[]point{{1, 2}, {3, 4}}"))
	l.run(0)
	parts := l.run(1).Parts
	if len(parts) != 2 || parts[0].Text != "before\n" || parts[1].Table == nil || parts[1].Table.Total != 2 {
		t.Errorf("a result: %+v", parts)
	}
	parts = l.run(2).Parts
	if len(parts) != 2 || parts[0].Figure == nil || parts[1].Text != "41\n" {
		t.Errorf("a figure and a value: %+v", parts)
	}
	if _, err := l.r.Run(t.Context(), *l.doc.Cells[3], nil); err == nil || !strings.Contains(err.Error(), "nosuch") {
		t.Errorf("an error as the value gave %v", err)
	}
	if parts = l.run(4).Parts; len(parts) != 1 || parts[0].Table == nil || string(parts[0].Table.Rows[1][1]) != "4" {
		t.Errorf("structs: %+v", parts)
	}
	l.read(string(l.doc.Bytes()))
	if got := l.states(); got != "FFFXS go comes of a cell above that is failed" {
		t.Errorf("states: %s", got)
	}
	if err := l.doc.SetText(l.doc.Cells[3].ID, "x := 1\n\nnosuch()"); err != nil {
		t.Fatal(err)
	}
	_, err := l.r.Run(t.Context(), *l.doc.Cells[3], nil)
	if want := fmt.Sprintf("lab.md:%d: undefined: nosuch", l.doc.Cells[3].Line+2); err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("a fault gave %v, want it to end in %s", err, want)
	}
}

// TestBesideTraining holds that what only reads tables does not wait for a
// training, and what writes them does.
func TestBesideTraining(t *testing.T) {
	if testing.Short() {
		t.Skip("an audit and a report take a while")
	}
	l := newTestLab(t, cell("load", "flows.csv")+cell("split", "flows by session")+cell("train", "flows_train epochs 1")+cell("generate", "flows_train as flows"))
	for i := range 4 {
		l.run(i)
	}
	train, err := l.r.Start(t.Context(), Cell{ID: "train", Kind: KindTrain, Text: "flows_train epochs 1000000", Line: 1})
	if err != nil {
		t.Fatal(err)
	}
	for train.Status().Progress.Step != "learning" {
		<-train.Changed()
	}
	load, err := l.r.Start(t.Context(), Cell{ID: "load", Kind: KindLoad, Text: "flows.csv as other", Line: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []Cell{
		{ID: "audit", Kind: KindAudit, Text: "flows_train against flows to audit", Line: 1},
		{ID: "report", Kind: KindReport, Text: "flows_train against flows to report", Line: 1},
		{ID: "export", Kind: KindExport, Text: "flows to out.csv", Line: 1},
		{ID: "publish", Kind: KindPublish, Text: "flows to shared.csv text as-generated replace", Line: 1},
	} {
		out, err := l.r.Run(t.Context(), c, nil)
		if err != nil || len(out.Parts) == 0 {
			t.Errorf("%s gave %v, %v", c.Kind, out, err)
		}
	}
	for _, name := range []string{"audit/audit.html", "report/report.html", "out.csv", "shared.csv"} {
		if info, err := os.Stat(filepath.Join(l.dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s := load.Status(); s.Progress.Step != "waiting" || s.Progress.Text != "waiting for job 1 (train flows_train epochs 1000000)" {
		t.Errorf("a load beside a training is %+v", s)
	}
	if s := train.Status(); s.State != JobRunning {
		t.Errorf("the training is %s", s.State)
	}
	train.Stop()
	if _, err := load.Wait(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestStoppedCells holds that a training that was stopped says so when the
// program runs again, and that what goes on with it draws all its epochs.
func TestStoppedCells(t *testing.T) {
	l := newTestLab(t, cell("load", "flows.csv")+cell("train", "flows iterations 1000000 seed 3"))
	l.run(0)
	job, err := l.r.Start(t.Context(), *l.doc.Cells[1])
	if err != nil {
		t.Fatal(err)
	}
	for len(job.Epochs()) < 3 {
		<-job.Changed()
	}
	if s := l.states(); s != "FR" {
		t.Errorf("while it runs the cells are %s", s)
	}
	job.Stop()
	var stopped *StoppedTraining
	if _, err := job.Wait(t.Context()); !errors.As(err, &stopped) || !stopped.Resumable {
		t.Fatalf("it ended with %v", err)
	}
	again := NewRunner(l.ws, NewJobs(), l.r.path) // as after a restart
	defer again.Close()
	why := func() string {
		states, err := again.States(t.Context(), l.doc)
		if err != nil {
			t.Fatal(err)
		}
		return string(states[1].Status) + ": " + states[1].Why
	}
	if got := why(); !strings.Contains(got, "stopped: the training of raw.flows was stopped after") || !strings.Contains(got, "train resume 2 goes on") {
		t.Errorf("afterwards the cell is %s", got)
	}
	// What a process that was killed leaves is the same but for the end.
	kept, err := l.ws.Cells(t.Context(), again.key)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range kept {
		if k.Kind == "train" {
			k.Output = nil
			if err := l.ws.KeepCell(t.Context(), k); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := why(); !strings.Contains(got, "train resume 2 goes on") {
		t.Errorf("after a kill the cell is %s", got)
	}
	first := stopped.Epochs
	resumed, err := again.ResumeCell(t.Context(), *l.doc.Cells[1], stopped.Run)
	if err != nil {
		t.Fatal(err)
	}
	for len(resumed.Epochs()) <= first {
		<-resumed.Changed()
	}
	for i, e := range resumed.Epochs() {
		if e.Epoch != i+1 || e.Losses.Critic == 0 {
			t.Fatalf("epoch %d of the resumed run is %+v", i+1, e)
		}
	}
	resumed.Stop()
	if _, err := resumed.Wait(t.Context()); !errors.As(err, &stopped) || stopped.Epochs < first {
		t.Errorf("the resumed run ended with %v", err)
	}
}
