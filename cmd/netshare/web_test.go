package main

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
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

func exitOf(err error) int {
	if e, ok := err.(*exec.ExitError); ok {
		return e.ExitCode()
	}
	return 0
}
