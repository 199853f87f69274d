package workspace_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netshare/workspace"
)

// shared returns a folder of shared test data, beside that of the traces.
func shared(t *testing.T, name string) string {
	t.Helper()
	data := os.Getenv("NETSHARE_DATA")
	if data == "" {
		data = filepath.Join("..", "..", "shared", "data")
	}
	dir := filepath.Join(filepath.Dir(filepath.Clean(data)), name)
	if name == "data" {
		dir = data
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("%s is not here: set NETSHARE_DATA to the folder of the traces", dir)
	}
	return dir
}

// quiet are the files that are to be warned about when they are learnt, or
// whose oddity is a value like any other: all of them is loaded, and in order.
var quiet = map[string]string{
	"pcap/19-time-extremes.pcap":       "times of 1970 and 2106 are times",
	"pcap/23-one-packet.pcap":          "training says that it is too little",
	"csv/103-one-row.csv":              "training says that it is too little",
	"csv/114-negative-numbers.csv":     "kept as numbers",
	"csv/136-all-missing-column.csv":   "missing values",
	"zeek-json/153-nested.log":         "lists are lists",
	"zeek-json/156-duplicate-keys.log": "the last one holds",
	"zeek-tsv/177-rotated-concat.log":  "the second header is read",
	"zeek-tsv/184-unknown-type.log":    "kept as text",
	"ip/83-ipv6-plen-0-and-big.pcap":   "lengths by the wire",
	"csv/118-ports.csv":                "names of ports are text",
	"csv/130-big-ints.csv":             "kept as text",
	"real/ip-bogus-header-len.pcap":    "a length of 0 is that of an offloaded segment",
}

// TestHostileInputsAsExpected loads every malformed input as a user would.
func TestHostileInputsAsExpected(t *testing.T) {
	dir := shared(t, "hostile")
	data, err := os.ReadFile(filepath.Join(dir, "EXPECT.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		File, Expect, Note string
		TShark             struct {
			WithIP *int64 `json:"with_ip"`
		}
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	ws := open(t, filepath.Join(t.TempDir(), "lab.duckdb"))
	defer ws.Close()
	for _, c := range cases {
		t.Run(c.File, func(t *testing.T) {
			if testing.Short() && strings.Contains(c.File, "bomb") {
				t.Skip("slow: 13 million records")
			}
			if strings.Contains(c.File, "4000-columns") {
				t.Skip("slow: each column is profiled by a query; package tableio reads it")
			}
			l, err := ws.Load(ctx, workspace.Load{Table: "t", Replace: true, Files: []string{filepath.Join(dir, c.File)}})
			if err != nil && (strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), filepath.Base(c.File))) {
				t.Errorf("error %q, want one line that names the file", err)
			}
			told := l.Rejected + l.Skipped + int64(len(l.Notes))
			switch {
			case c.Expect == "reject" && err == nil:
				t.Errorf("%d records were loaded, want an error: %s", l.Added, c.Note)
			case c.Expect == "accept" && err != nil:
				t.Errorf("error %v, want all of it loaded: %s", err, c.Note)
			case c.Expect == "accept" && l.Rejected > 0:
				t.Errorf("%v were rejected, want none: %s", l.Reasons, c.Note)
			case c.Expect == "accept" && c.TShark.WithIP != nil && strings.Contains(c.File, ".pcap") && l.Added != *c.TShark.WithIP:
				t.Errorf("%d packets, tshark has %d", l.Added, *c.TShark.WithIP)
			case c.Expect == "accept-warn" && err == nil && told == 0 && quiet[c.File] == "":
				t.Errorf("%d records were loaded without a word, want a warning: %s", l.Added, c.Note)
			}
			if err == nil && l.Added == 0 {
				t.Error("no record, and no error")
			}
		})
	}
}
