package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestFullDisk fills small file systems at various steps.
func TestFullDisk(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can mount a small file system")
	}
	if testing.Short() {
		t.Skip("slow: runs synth several times")
	}
	for _, size := range []string{"64k", "1m", "5m", "9m"} {
		t.Run(size, func(t *testing.T) {
			dir := t.TempDir()
			if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
				t.Skipf("no file system can be mounted here: %v", err)
			}
			t.Cleanup(func() { syscall.Unmount(dir, 0) })
			input := filepath.Join(t.TempDir(), "flows.csv")
			if err := os.WriteFile(input, []byte(flowsCSV(3000)), 0o666); err != nil {
				t.Fatal(err)
			}
			code, said := once(t, dir, "synth", input, "--epochs", "1", "--workspace", filepath.Join(dir, "lab.duckdb"), "--quiet")
			if code != exitFailed || strings.Count(said, "\n") != 1 || !strings.Contains(said, "disk is full") {
				t.Errorf("exits with %d and says %q, want %d and one line about the full disk", code, said, exitFailed)
			}
		})
	}
}
