package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"netshare/workspace"
)

// process is netshare running in a folder of its own.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	events chan string // names of its JSON events, as they come
	stderr bytes.Buffer
	done   chan error
}

// start runs netshare with --json, in dir.
func start(t *testing.T, dir string, args ...string) *process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, events: make(chan string, 1<<16), done: make(chan error, 1)}
	p.cmd = &exec.Cmd{Path: exe, Args: append([]string{"netshare"}, args...), Dir: dir, Stderr: &p.stderr}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill() })
	go func() {
		all, line := []byte(nil), make([]byte, 4096)
		for {
			n, err := out.Read(line)
			all = append(all, line[:n]...)
			for {
				text, rest, found := bytes.Cut(all, []byte("\n"))
				if !found {
					break
				}
				all = rest
				name, _, _ := strings.Cut(strings.TrimPrefix(string(text), `{"event":"`), `"`)
				select {
				case p.events <- name:
				default:
				}
			}
			if err != nil {
				close(p.events)
				if !errors.Is(err, io.EOF) {
					p.t.Logf("standard output: %v", err)
				}
				p.done <- p.cmd.Wait()
				return
			}
		}
	}()
	return p
}

// await waits for an event; "" is none.
func (p *process) await(event string) {
	p.t.Helper()
	late := time.After(time.Minute)
	for event != "" {
		select {
		case got, ok := <-p.events:
			if !ok {
				p.t.Fatalf("ended without event %s: %s", event, &p.stderr)
			}
			if got == event {
				return
			}
		case <-late:
			p.t.Fatalf("no event %s within a minute: %s", event, &p.stderr)
		}
	}
}

// end waits for the process and returns its exit code, -1 of one that was
// killed.
func (p *process) end() int {
	p.t.Helper()
	select {
	case err := <-p.done:
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			p.t.Fatal(err)
		}
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(time.Minute):
		p.t.Fatalf("still running after a minute: %s", &p.stderr)
		return 0
	}
}

// once runs netshare to its end.
func once(t *testing.T, dir string, args ...string) (code int, stderr string) {
	t.Helper()
	p := start(t, dir, args...)
	code = p.end()
	return code, p.stderr.String()
}

// lab makes a folder with flow records.
func lab(t *testing.T, flows int) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "flows.csv"), []byte(flowsCSV(flows)), 0o666); err != nil {
		t.Fatal(err)
	}
	return dir
}

// state opens a workspace of 3000 records and returns its runs and its tables.
func state(t *testing.T, path string) (*workspace.Workspace, []workspace.Run, []string) {
	t.Helper()
	return stateOf(t, path, 3000)
}

func stateOf(t *testing.T, path string, records int64) (*workspace.Workspace, []workspace.Run, []string) {
	t.Helper()
	ctx := context.Background()
	ws, err := workspace.Open(ctx, path, nil)
	if err != nil {
		t.Fatalf("the workspace does not open again: %v", err)
	}
	t.Cleanup(func() { ws.Close() })
	runs, err := ws.Runs(ctx)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := ws.Tables(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, x := range tables {
		names = append(names, x.Name.String())
		if x.Name.Schema == "raw" && x.Rows != records {
			t.Errorf("%s has %d rows, want all %d or no table", x.Name, x.Rows, records)
		}
	}
	return ws, runs, names
}

// scalar asks a workspace for one number.
func scalar(t *testing.T, ws *workspace.Workspace, sql string) int64 {
	t.Helper()
	r, err := ws.Query(context.Background(), sql)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	row, err := r.Next()
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	n, ok := row[0].(int64)
	if !ok {
		t.Fatalf("%s: %T, want a number", sql, row[0])
	}
	return n
}

func TestCtrlCEndsTrainingCleanly(t *testing.T) {
	dir := lab(t, 3000)
	p := start(t, dir, "synth", "flows.csv", "--json", "--epochs", "100000")
	p.await("epoch")
	p.await("epoch")
	p.cmd.Process.Signal(syscall.SIGINT)
	began := time.Now()
	if code := p.end(); code != exitCancelled {
		t.Errorf("exit code %d, want %d: %s", code, exitCancelled, &p.stderr)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("ended %v after the signal, want at most 2 s", took)
	}
	if said := p.stderr.String(); !strings.Contains(said, "ws train flows.duckdb --resume 2\n") || !strings.Contains(said, "\nnetshare: cancelled") {
		t.Errorf("said %q, want that it was cancelled and how to go on", said)
	}
	ws, runs, tables := state(t, filepath.Join(dir, "flows.duckdb"))
	if last := runs[len(runs)-1]; last.Verb != "train" || last.Status != "cancelled" {
		t.Errorf("the last run is %s %s, want train cancelled", last.Verb, last.Status)
	}
	if strings.Join(tables, " ") != "raw.flows" {
		t.Errorf("tables %v, want raw.flows only", tables)
	}
	if n := scalar(t, ws, "select count(*) from netshare.checkpoints"); n == 0 {
		t.Error("no checkpoint was kept")
	}
	if _, err := os.Stat(filepath.Join(dir, "flows-synth.csv")); err == nil {
		t.Error("there is an output, want none")
	}
}

func TestKilledSynthLeavesASoundWorkspace(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: runs synth several times")
	}
	moments := []struct {
		after string // event after which it is killed
		wait  time.Duration
		verb  string // that it is likely to interrupt
	}{
		{"", 60 * time.Millisecond, "load"},
		{"", 200 * time.Millisecond, "load"},
		{"epoch", 10 * time.Millisecond, "train"},
		{"trained", 5 * time.Millisecond, "generate"},
		{"generated", 30 * time.Millisecond, "report"},
		{"exported", 100 * time.Millisecond, "report"},
	}
	for _, m := range moments {
		t.Run(m.after+" "+m.wait.String(), func(t *testing.T) {
			dir := lab(t, 3000)
			file := filepath.Join(dir, "flows.duckdb")
			p := start(t, dir, "synth", "flows.csv", "--json", "--epochs", "2")
			p.await(m.after)
			time.Sleep(m.wait)
			p.cmd.Process.Kill()
			p.end()
			if _, err := os.Stat(file); err != nil {
				t.Skip("killed before there was a workspace")
			}
			code, said := once(t, dir, "ws", "runs", "flows.duckdb")
			if code != exitDone {
				t.Fatalf("ws runs exits with %d: %s", code, said)
			}
			ws, runs, tables := state(t, file)
			verbs := map[string]string{}
			for _, r := range runs {
				verbs[r.Verb] = string(r.Status)
				if r.Status == "running" {
					t.Errorf("run %d (%s) is said to be running", r.ID, r.Verb)
				}
				if r.Status == "interrupted" && !strings.Contains(said, "was interrupted") {
					t.Errorf("%s was interrupted, and opening said %q", r.Verb, said)
				}
			}
			for _, made := range [][2]string{{"load", "raw.flows"}, {"generate", "synth.flows"}} {
				if there := strings.Contains(strings.Join(tables, " "), made[1]); there != (verbs[made[0]] == "done") {
					t.Errorf("%s is %q and tables are %v", made[0], verbs[made[0]], tables)
				}
			}
			if n := scalar(t, ws, "select count(*) from duckdb_tables() where schema_name in ('raw', 'synth')"); int(n) != len(tables) {
				t.Errorf("%d tables in raw and synth, %d are known", n, len(tables))
			}
			if m.verb != "generate" { // it is the same of all
				return
			}
			ws.Close()
			if code, said := once(t, dir, "synth", "flows.csv", "--epochs", "1", "--quiet"); code != exitDone {
				t.Errorf("synth after it exits with %d: %s", code, said)
			}
		})
	}
}

// TestCancelledTrainingIsResumed: a run that Ctrl-C or kill -9 ended comes to
// the model of one that nothing ended.
func TestCancelledTrainingIsResumed(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: trains three times")
	}
	dir := lab(t, 600)
	model := func(file string, args ...string) string {
		t.Helper()
		if code, said := once(t, dir, append([]string{"ws", "train", file}, args...)...); code != exitDone {
			t.Fatalf("%v exits with %d: %s", args, code, said)
		}
		ws, _, _ := stateOf(t, filepath.Join(dir, file), 600)
		defer ws.Close()
		r, err := ws.Query(context.Background(), "select sha256(data) from netshare.models")
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		row, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		return row[0].(string)
	}
	for _, file := range []string{"whole.duckdb", "cut.duckdb"} {
		if code, said := once(t, dir, "ws", "load", file, "flows.csv"); code != exitDone {
			t.Fatal(said)
		}
	}
	const epochs = "40"
	want := model("whole.duckdb", "--table", "flows", "--epochs", epochs)
	cut := func(args []string, end func(*os.Process)) {
		p := start(t, dir, append([]string{"ws", "train", "cut.duckdb", "--json"}, args...)...)
		p.await("epoch")
		p.await("epoch")
		end(p.cmd.Process)
		if p.end() == exitDone {
			t.Fatal("the run ended before it was to be cut off")
		}
	}
	cut([]string{"--table", "flows", "--epochs", epochs}, func(p *os.Process) { p.Signal(syscall.SIGINT) })
	cut([]string{"--resume", "2"}, func(p *os.Process) { p.Kill() })
	if got := model("cut.duckdb", "--resume", "2"); got != want {
		t.Error("cut off twice and resumed, the model is another")
	}
	ws, runs, _ := stateOf(t, filepath.Join(dir, "cut.duckdb"), 600)
	if len(runs) != 2 || runs[1].Status != "done" {
		t.Errorf("runs are %+v, want the load and one training that is done", runs)
	}
	if n := scalar(t, ws, "select count(distinct epoch) from netshare.epochs where metric = 'distance'"); n != 40 {
		t.Errorf("%d epochs are known, want 40", n)
	}
	if n := scalar(t, ws, "select count(*) from netshare.epochs where metric = 'distance'"); n != 40 {
		t.Errorf("%d losses are known, want 40", n)
	}
	ws.Close()
	if code, said := once(t, dir, "ws", "train", "cut.duckdb", "--resume", "2"); code != exitFailed || !strings.Contains(said, "run 2 is done") {
		t.Errorf("a run that is done: exit code %d, %s", code, said)
	}
}

func TestWorkspaceInUse(t *testing.T) {
	dir := lab(t, 3000)
	p := start(t, dir, "synth", "flows.csv", "--json", "--epochs", "100000")
	p.await("epoch")
	want := "netshare: flows.duckdb is in use by process " + strconv.Itoa(p.cmd.Process.Pid) + ": close it, or use its notebook\n"
	for _, args := range [][]string{{"ws", "runs", "flows.duckdb"}, {"synth", "flows.csv"}, {"ws", "open", "flows.duckdb"}} {
		if code, said := once(t, dir, args...); code != exitInUse || said != want {
			t.Errorf("%v exits with %d and says %q, want %d and %q", args, code, said, exitInUse, want)
		}
	}
	p.cmd.Process.Signal(syscall.SIGINT)
	if code := p.end(); code != exitCancelled {
		t.Errorf("exit code %d, want %d", code, exitCancelled)
	}
}
