package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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
	all := ""
	for _, readme := range append(readmes, filepath.Join(root, "README.md")) {
		commands := commandsOf(t, readme)
		if len(commands) == 0 {
			t.Errorf("%s has no command to run", readme)
		}
		script := ""
		for _, c := range commands {
			script += c + "\n" + columnsOf(t, root, c)
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
		all += script
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(script), 0o644); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	for _, c := range configs(t, root) {
		if !strings.Contains(all, "netshare run "+c+" --input ") {
			t.Errorf("no README runs %s", c)
		}
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
// netshare, or with a prompt and netshare, in its fenced blocks. Where it does
// not say for how many epochs, a recipe trains for two, and a configuration for
// one that ends after a second.
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
		switch {
		case !strings.HasPrefix(line, "netshare run ") || strings.Contains(line, "--epochs") || strings.Contains(line, ".md"):
		case strings.Contains(line, configName): // whose networks are as large as NetShare's
			line += " --epochs 1 --time 1s --sessions 60"
		default:
			line += " --epochs 2"
		}
		commands = append(commands, strings.ReplaceAll(line, `"`, `'`))
	}
	return commands
}

// configName is how an example's NetShare configuration is called.
const configName = "config.json"

// configs are the examples' configurations, from the root.
func configs(t *testing.T, root string) []string {
	t.Helper()
	var found []string
	for _, depth := range []string{"*", "*/*"} {
		files, err := filepath.Glob(filepath.Join(root, "examples", filepath.FromSlash(depth), configName))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			rel, err := filepath.Rel(root, f)
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, filepath.ToSlash(rel))
		}
	}
	return found
}

// columnsOf is what holds of the CSV that a command with a configuration
// writes, as a script has it: each column that the configuration names is
// there. It is nothing for other commands.
func columnsOf(t *testing.T, root, command string) string {
	t.Helper()
	words := strings.Fields(command)
	out := slices.Index(words, "-o") + 1
	if len(words) < 3 || filepath.Base(words[2]) != configName {
		return ""
	}
	if out == 0 {
		t.Errorf("%s: want -o FILE", command)
		return ""
	}
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(words[2])))
	if err != nil {
		t.Fatal(err)
	}
	var config any
	if err := json.Unmarshal(text, &config); err != nil {
		t.Fatalf("%s: %v", words[2], err)
	}
	check := ""
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				of := v[key]
				if name, ok := of.(string); ok && (key == "name" || key == "column") {
					check += fmt.Sprintf("grep '^(.*,)?%s(,.*)?$' %s\n", regexp.QuoteMeta(name), words[out])
				}
				walk(of)
			}
		case []any:
			for _, of := range v {
				walk(of)
			}
		}
	}
	walk(config)
	if check == "" {
		t.Errorf("%s names no column", words[2])
	}
	return check
}
