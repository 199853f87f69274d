package main

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestOpenWeb: the page is at the printed address; who else opens the workspace
// is told of it; Ctrl-C ends it and frees the workspace.
func TestOpenWeb(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	netshare := func(args ...string) *exec.Cmd {
		return &exec.Cmd{Path: exe, Args: append([]string{"netshare"}, args...), Dir: dir, Env: append(os.Environ(), "XDG_CONFIG_HOME="+filepath.Join(dir, "config"))}
	}
	page := netshare("ws", "open", "lab.duckdb", "--web")
	out, err := page.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := page.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { page.Process.Kill() })
	lines := bufio.NewReader(out)
	address, err := lines.ReadString('\n')
	address = strings.TrimSpace(address)
	if err != nil || !strings.HasPrefix(address, "http://127.0.0.1:") {
		t.Fatalf("the address is %q, %v", address, err)
	}
	r, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r.Body)
	r.Body.Close()
	if err != nil || r.StatusCode != 200 || !bytes.Contains(body, []byte("<main")) {
		t.Errorf("%s gives %s, %v", address, r.Status, err)
	}
	said, err := netshare("ws", "sql", "lab.duckdb", "select 1").CombinedOutput()
	if code := exitOf(err); code != exitInUse || !strings.Contains(string(said), address) {
		t.Errorf("another process ends with %d and says %s; want %d and %s", code, said, exitInUse, address)
	}
	if err := page.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, lines)
	if err := page.Wait(); err != nil {
		t.Errorf("Ctrl-C ends it with %v", err)
	}
	for range 100 {
		if said, err = netshare("ws", "sql", "lab.duckdb", "select 1").CombinedOutput(); err == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("the workspace stays held: %v %s", err, said)
}

// TestKilledWeb: what cells showed is there after the program was killed.
func TestKilledWeb(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	open := func() (*exec.Cmd, *http.Client, string) {
		c := &exec.Cmd{Path: exe, Args: []string{"netshare", "ws", "open", "lab.duckdb", "--web"}, Dir: dir, Env: append(os.Environ(), "XDG_CONFIG_HOME="+filepath.Join(dir, "config"))}
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Process.Kill() })
		address, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		client := &http.Client{Jar: jar}
		r, err := client.Get(strings.TrimSpace(address))
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		base, _, _ := strings.Cut(address, "/?")
		return c, client, base
	}
	c, client, base := open()
	post := func(path, body string) string {
		r, err := http.NewRequest("POST", base+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Origin", base)
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode > 299 {
			t.Fatalf("%s: %s %s %v", path, answer.Status, text, err)
		}
		return string(text)
	}
	shown := func() string {
		r, err := client.Get(base + "/api/notebook")
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		text, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	_, id, _ := strings.Cut(post("/api/edit", `{"op":"insert","kind":"sql","text":"select 6 * 7 as answer"}`), `"cell":"`)
	id, _, _ = strings.Cut(id, `"`)
	post("/api/run", `{"id":"`+id+`"}`)
	for i := 0; !strings.Contains(shown(), `"rows":[["42"]]`); i++ {
		if i == 1000 {
			t.Fatalf("the cell does not run: %s", shown())
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	c.Wait()
	_, client, base = open()
	if text := shown(); !strings.Contains(text, `"rows":[["42"]]`) || !strings.Contains(text, `"status":"fresh"`) {
		t.Errorf("after the kill: %s", text)
	}
}

func exitOf(err error) int {
	if e, ok := err.(*exec.ExitError); ok {
		return e.ExitCode()
	}
	return 0
}
