package pcapio_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"netshare/workspace/pcapio"
	"netshare/workspace/trace"
)

// sharedFolder returns a folder of the shared test traces, or skips.
func sharedFolder(t *testing.T, name string) string {
	t.Helper()
	data := os.Getenv("NETSHARE_DATA")
	if data == "" {
		root, err := filepath.Abs("../..")
		if err != nil {
			t.Fatal(err)
		}
		data = filepath.Join(filepath.Dir(root), "shared", "data")
	}
	folder := filepath.Join(filepath.Dir(data), name)
	if name == "data" {
		folder = data
	}
	if _, err := os.Stat(folder); err != nil {
		t.Skipf("no shared traces at %s: set NETSHARE_DATA", folder)
	}
	return folder
}

// reading is all that a reader gives.
type reading struct {
	schema  trace.Schema
	rows    []trace.Row
	rejects []trace.Reject // the first thousand
	count   int            // of rejects
	notes   []string
	err     error
}

func readFile(path string) reading {
	r, err := pcapio.Open(path)
	if err != nil {
		return reading{err: err}
	}
	defer r.Close()
	return readAll(r)
}

func readAll(r *pcapio.Reader) reading {
	got := reading{schema: r.Schema()}
	got.err = r.Read(context.Background(), func(row trace.Row) error {
		got.rows = append(got.rows, slices.Clone(row))
		return nil
	}, func(reject trace.Reject) {
		if got.count++; got.count <= 1000 {
			got.rejects = append(got.rejects, reject)
		}
	})
	got.notes = r.Notes()
	return got
}

// at returns a row's value by column name.
func (g reading) at(row int, column string) any { return g.rows[row][g.schema.Index(column)] }
