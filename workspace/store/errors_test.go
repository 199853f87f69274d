package store

import (
	"context"
	"errors"
	"fmt"
	"testing"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

func TestClean(t *testing.T) {
	says := func(msg string) error { return fmt.Errorf("driver: %w", &duckdb.Error{Msg: msg}) }
	for _, test := range []struct {
		err  error
		want string
	}{
		{says("IO Error: Could not write file \"/x/lab.duckdb\": No space left on device"), "lab.duckdb: the disk is full: free some space and run again"},
		{
			says("Out of Memory Error: could not allocate block of size 256.0 KiB (953.6 MiB/953.6 MiB used)\n\nPossible solutions:\n* more"),
			"lab.duckdb: DuckDB needs more memory than its limit: could not allocate block of size 256.0 KiB (953.6 MiB/953.6 MiB used): raise the memory limit",
		},
		{says("Catalog Error: Table with name x does not exist!"), "Catalog Error: Table with name x does not exist!"},
		{errors.Join(context.Canceled, says("INTERRUPT Error: Interrupted!")), "context canceled"},
		{errors.New("other"), "other"},
	} {
		if got := clean("/x/lab.duckdb", test.err); got.Error() != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
	if clean("x", nil) != nil {
		t.Error("an error out of nothing")
	}
	if err := openError("/x/lab.duckdb", says(`IO Error: Could not set lock on file "/x/lab.duckdb": Conflicting lock is held in /usr/bin/duckdb (PID 18276). See also https://duckdb.org`)); err.Error() !=
		"lab.duckdb is in use by process 18276: close it, or use its notebook" {
		t.Error(err)
	}
}
