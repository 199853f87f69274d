package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestReadmeSession runs the README's session, and the examples' commands, as
// they stand there, in a folder with the samples and the examples in it.
func TestReadmeSession(t *testing.T) {
	if testing.Short() {
		t.Skip("the README's commands train models: left out by -short")
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	readmes, err := filepath.Glob(filepath.Join(root, "examples", "*", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var files []string
	for _, readme := range append(readmes, filepath.Join(root, "README.md")) {
		commands := commandsOf(t, readme)
		if len(commands) == 0 {
			t.Errorf("%s has no command to run", readme)
		}
		script := ""
		for _, c := range commands {
			script += c + "\n"
		}
		name := filepath.Base(filepath.Dir(readme)) + ".txtar"
		if filepath.Dir(readme) == root {
			name = "readme.txtar"
			if len(commands) != 10 {
				t.Errorf("the session has %d commands, the README says ten", len(commands))
			}
			// what the session is said to leave behind
			script += "exists report/report.html report/report.json report/figures flows-synth.csv modbus-synth.log\n"
		}
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(script), 0o644); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	testscript.Run(t, testscript.Params{
		Files: files,
		Setup: func(e *testscript.Env) error {
			for _, folder := range []string{"testdata", "examples"} {
				if err := os.CopyFS(filepath.Join(e.WorkDir, folder), os.DirFS(filepath.Join(root, folder))); err != nil {
					return err
				}
			}
			return nil
		},
	})
}

// commandsOf returns the netshare commands of a README: lines that begin with
// netshare, or with a prompt and netshare, in its fenced blocks. An example
// trains for two epochs where it does not say for how many.
func commandsOf(t *testing.T, readme string) []string {
	t.Helper()
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	var commands []string
	fenced := false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
			continue
		}
		line, _ = strings.CutPrefix(line, "$ ")
		if !fenced || !strings.HasPrefix(line, "netshare ") {
			continue
		}
		if strings.HasPrefix(line, "netshare run ") && !strings.Contains(line, "--epochs") {
			line += " --epochs 2"
		}
		commands = append(commands, strings.ReplaceAll(line, `"`, `'`))
	}
	return commands
}
