package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestBadFiles holds that a command that is given a bad recipe or a bad
// configuration of NetShare's says so in one line, with the place, ends with
// code 1, and leaves nothing behind.
func TestBadFiles(t *testing.T) {
	scripting, err := filepath.Abs(filepath.Join("..", "..", "scripting"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := os.WriteFile("flows.csv", []byte(flowsCSV(50)), 0o666); err != nil {
		t.Fatal(err)
	}
	tried := 0
	try := func(archive string, commands ...[]string) {
		bad, err := txtar.ParseFile(filepath.Join(scripting, archive))
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i+1 < len(bad.Files); i += 2 {
			file, want := bad.Files[i], "netshare: "+string(bad.Files[i+1].Data)
			text := bytes.ReplaceAll(file.Data, []byte(`\xff`), []byte("\xff"))
			if strings.Contains(want, "only reads declarations") { // of a program without the verbs
				continue
			}
			if file.Name == "empty.go" {
				text = nil
			}
			t.Run(archive+"/"+file.Name, func(t *testing.T) {
				if err := os.WriteFile(file.Name, text, 0o666); err != nil {
					t.Fatal(err)
				}
				defer os.Remove(file.Name)
				for _, c := range commands {
					args := strings.Fields(strings.ReplaceAll(strings.Join(c, " "), "FILE", file.Name))
					code, said := runSaying(t, args)
					if code == 0 && args[1] == "check" {
						t.Skip("shows when its functions are called")
					}
					if code != exitFailed || said != want {
						t.Errorf("%v: code %d\ngot  %swant %s", args, code, said, want)
					}
				}
			})
			tried++
		}
	}
	for _, topic := range []string{"columns", "declaration", "dialect", "imports", "syntax", "types"} {
		try("testdata/"+topic+".txtar", []string{"recipe", "check", "FILE"}, []string{"run", "FILE", "--input", "flows.csv"})
	}
	try("netsharecfg/testdata/bad.txtar", []string{"run", "FILE", "--input", "flows.csv"}, []string{"recipe", "import", "FILE"})
	if tried < 200 {
		t.Errorf("%d bad files were tried", tried)
	}
	left, err := filepath.Glob("*")
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

// runSaying runs the program in this process, and returns its exit code and
// what it says on standard error.
func runSaying(t *testing.T, args []string) (code int, said string) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, stderr := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = w, w
	text := make(chan string)
	go func() {
		all, err := io.ReadAll(r)
		if err != nil {
			all = fmt.Append(all, err)
		}
		text <- string(all)
	}()
	code = run(args)
	os.Stdout, os.Stderr = out, stderr
	w.Close()
	return code, <-text
}
