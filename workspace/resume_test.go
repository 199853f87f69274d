package workspace_test

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"netshare/engine"
	"netshare/workspace"
)

// killTrainEnv names the workspace to a process that trains until it is killed.
const killTrainEnv = "NETSHARE_TRAIN_KILL"

// resumeOptions learn with small networks, and save now and then.
func resumeOptions() engine.Options {
	o := engine.DefaultOptions()
	o.Epochs, o.CheckpointEvery = 24, 40*time.Millisecond
	o.GAN.MetaUnits, o.GAN.CriticUnits, o.GAN.AttributeCriticUnits, o.GAN.LSTMUnits = 16, 16, 16, 8
	return o
}

// TestTrainUntilKilled is the killed process: it tells of each epoch.
func TestTrainUntilKilled(t *testing.T) {
	path := os.Getenv(killTrainEnv)
	if path == "" {
		t.Skip("it is run by TestKilledTrainingIsResumed")
	}
	ws, err := workspace.Open(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	hooks := engine.Hooks{Progress: func(p engine.Progress) error {
		if p.EpochEnded {
			fmt.Println("epoch", p.Epoch)
		}
		return nil
	}}
	runs, err := ws.Runs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if last := runs[len(runs)-1]; last.Verb == "train" {
		_, err = ws.Resume(t.Context(), last.ID, hooks)
	} else {
		_, err = ws.Train(t.Context(), "flows", resumeOptions(), hooks)
	}
	fmt.Println("ended", err)
}

// modelBytes returns the last model of a workspace as text.
func modelBytes(t *testing.T, ws *workspace.Workspace) string {
	t.Helper()
	m, err := ws.ModelOf(context.Background(), 0, "flows")
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(m.Data)
}

// TestKilledTrainingIsResumed: a training whose process is killed again and
// again, wherever it is, comes to the bytes of one that is not.
func TestKilledTrainingIsResumed(t *testing.T) {
	dir := t.TempDir()
	whole := opened(t, filepath.Join(dir, "whole.duckdb"))
	if _, err := whole.Train(t.Context(), "flows", resumeOptions(), engine.Hooks{}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "cut.duckdb")
	if err := opened(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	for i, epoch := range []int{0, 5, 14} {
		child := exec.Command(os.Args[0], "-test.run", "^TestTrainUntilKilled$")
		child.Env = append(os.Environ(), killTrainEnv+"="+path)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for epoch > 0 && lines.Scan() {
			if strings.HasPrefix(lines.Text(), "ended") {
				t.Fatalf("the training ended before it was killed: %s", lines.Text())
			}
			if lines.Text() == fmt.Sprint("epoch ", epoch) {
				break
			}
		}
		time.Sleep(time.Duration(i*7) * time.Millisecond) // within saving, or learning
		child.Process.Kill()
		child.Wait() //nolint:errcheck // that it was killed
	}
	ws, err := workspace.Open(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	cut := ws.Interrupted()
	if len(cut) != 1 || cut[0].Verb != "train" {
		t.Fatalf("interrupted are %+v, want one training", cut)
	}
	trained, err := ws.Resume(t.Context(), cut[0].ID, engine.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	if trained.Epochs != 24 || trained.Run != cut[0].ID {
		t.Errorf("trained is %+v", trained)
	}
	if modelBytes(t, ws) != modelBytes(t, whole) {
		t.Error("killed three times and resumed, the model is another")
	}
}

// opened makes a workspace with flows loaded.
func opened(t *testing.T, path string) *workspace.Workspace {
	t.Helper()
	ws := open(t, path)
	t.Cleanup(func() { ws.Close() })
	file := flowsCSV(t, filepath.Dir(path))
	if _, err := ws.Load(t.Context(), workspace.Load{Table: "flows", Files: []string{file}}); err != nil {
		t.Fatal(err)
	}
	return ws
}

// TestResumeRefusesWhatChanged: a table, a recipe, options or a program that are
// not those of the run are told of.
func TestResumeRefusesWhatChanged(t *testing.T) {
	ctx := t.Context()
	cancelled := func(t *testing.T) (*workspace.Workspace, int64) {
		ws := opened(t, filepath.Join(t.TempDir(), "lab.duckdb"))
		stop, cancel := context.WithCancel(ctx)
		got, err := ws.Train(stop, "flows", resumeOptions(), engine.Hooks{Progress: func(p engine.Progress) error {
			if p.Epoch == 3 {
				cancel()
			}
			return nil
		}})
		if err == nil {
			t.Fatal("the training was not cancelled")
		}
		return ws, got.Run
	}
	sql := func(text string) func(*testing.T, *workspace.Workspace) {
		return func(t *testing.T, ws *workspace.Workspace) {
			r, err := ws.Query(ctx, text)
			if err != nil {
				t.Fatal(err)
			}
			for {
				if _, err := r.Next(); err != nil {
					break
				}
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range []struct {
		name    string
		change  func(*testing.T, *workspace.Workspace)
		message string
	}{
		{"a value", sql("update raw.flows set byt = byt + 1 where rowid = 5"), "the trace changed since the run began: train again"},
		{"records", sql("delete from raw.flows where rowid = 5"), "the trace changed since the run began"},
		{"another load", func(t *testing.T, ws *workspace.Workspace) {
			file := filepath.Join(filepath.Dir(ws.Path()), "flows.csv")
			if _, err := ws.Load(ctx, workspace.Load{Table: "flows", Files: []string{file}, Replace: true}); err != nil {
				t.Fatal(err)
			}
		}, "raw.flows changed since the run began: train again"},
		{"program", sql("update netshare.runs set program = '9.9'"), `begun by netshare "9.9"`},
		{"newer options", sql(`update netshare.runs set options = '{"Epochs": 24, "Wormholes": 3}' where verb = 'train'`), `unknown field "Wormholes"`},
		{"older options", sql(`update netshare.runs set options = replace(options::varchar, '"Epochs":24', '"Epochs":25')::json where verb = 'train'`), "the options changed since the run began"},
		{"a checkpoint", sql("update netshare.checkpoints set data = '\\x00\\x01'::blob"), "the checkpoint is damaged"},
		{"no table", sql("drop table raw.flows"), "no such table raw.flows"},
		{"nothing", func(*testing.T, *workspace.Workspace) {}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			ws, run := cancelled(t)
			c.change(t, ws)
			_, err := ws.Resume(ctx, run, engine.Hooks{})
			if c.message == "" {
				if err != nil {
					t.Errorf("what did not change is refused: %v", err)
				}
				_, err = ws.Resume(ctx, run, engine.Hooks{})
				c.message = "is done and its model is kept"
			}
			if err == nil || !strings.Contains(err.Error(), c.message) {
				t.Errorf("got error %v, want %q", err, c.message)
			}
		})
	}
	ws, _ := cancelled(t)
	if _, err := ws.Resume(ctx, 1, engine.Hooks{}); err == nil || !strings.Contains(err.Error(), "run 1 is a load") {
		t.Errorf("resuming a load: %v", err)
	}
	if _, err := ws.Resume(ctx, 77, engine.Hooks{}); err == nil || !strings.Contains(err.Error(), "run 77: not found") {
		t.Errorf("resuming no run: %v", err)
	}
}
