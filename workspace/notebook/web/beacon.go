package web

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
)

// beacon is the file by which another process of the same user finds the page
// of a workspace.
type beacon struct {
	PID       int    `json:"pid"`
	Workspace string `json:"workspace"`
	URL       string `json:"url"` // with its token
}

// beaconFile is the place of a workspace's beacon.
func beaconFile(workspace string) (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", err
	}
	path, err := canonical(workspace)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(path))
	return filepath.Join(dir, "netshare", "pages", hex.EncodeToString(sum[:12])+".json"), nil
}

// canonical is one path for all names of a file.
func canonical(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real, nil
	}
	return path, nil
}

// Find returns the address of the page of a workspace that the process pid
// holds, "" where that process has none, or is of another user.
func Find(workspace string, pid int) string {
	file, err := beaconFile(workspace)
	if err != nil {
		return ""
	}
	data, err := os.ReadFile(file)
	var b beacon
	if err != nil || json.Unmarshal(data, &b) != nil || b.PID != pid {
		return ""
	}
	return b.URL
}

// announce writes the beacon, readable by the user alone, and returns what
// takes it away. Where it can't be written the page works all the same.
func announce(workspace, url string) (end func()) {
	file, err := beaconFile(workspace)
	if err != nil || os.MkdirAll(filepath.Dir(file), 0o700) != nil {
		return func() {}
	}
	data, err := json.Marshal(beacon{PID: os.Getpid(), Workspace: workspace, URL: url})
	if err != nil {
		return func() {}
	}
	side := file + ".new"
	if os.Remove(side); os.WriteFile(side, data, 0o600) != nil || os.Rename(side, file) != nil {
		return func() {}
	}
	return func() {
		if Find(workspace, os.Getpid()) == url {
			os.Remove(file)
		}
	}
}
