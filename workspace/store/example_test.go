package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"netshare/workspace/store"
	"netshare/workspace/trace"
)

// A table is written, read back as sessions, and asked in SQL.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	db, err := store.Open(ctx, filepath.Join(dir, "lab.duckdb"), store.Options{Version: "1.0"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()

	run, err := db.StartRun(ctx, store.Run{Verb: "load", Table: "raw.flows"})
	if err != nil {
		fmt.Println(err)
		return
	}
	name := store.Name{Schema: store.Raw, Table: "flows"}
	w, err := db.NewTable(ctx, store.TableSpec{Name: name, Run: run, Schema: trace.Schema{Format: "csv", Columns: []trace.Column{
		{Name: "ts", Type: trace.TypeReal, Kind: trace.KindTimestamp, Unit: trace.Second},
		{Name: "srcip", Type: trace.TypeText, Kind: trace.KindAddress},
		{Name: "bytes", Type: trace.TypeInt, Kind: trace.KindInteger},
	}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer w.Abort() // nothing, once committed
	for _, row := range []trace.Row{{1.5, "10.0.0.1", int64(60)}, {1.6, "192.168.7.7", int64(40)}, {1.2, "10.0.0.1", int64(1500)}} {
		if err := w.Append(row); err != nil {
			fmt.Println(err)
			return
		}
	}
	if _, err := w.Commit(ctx); err != nil {
		fmt.Println(err)
		return
	}

	for s, err := range db.Sessions(ctx, store.SessionQuery{Table: name, Time: "ts", Meta: []string{"srcip"}, Series: []string{"bytes"}}) {
		fmt.Println(s.Meta, s.Series, err)
	}
	result, err := db.Query(ctx, "SELECT srcip, sum(bytes) AS total FROM raw.flows WHERE in_cidr(srcip, '10.0.0.0/8') GROUP BY srcip")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer result.Close()
	for row, err := range result.Rows() {
		fmt.Println(row, err)
	}
	// Output:
	// [10.0.0.1] [[1.2 1500] [1.5 60]] <nil>
	// [192.168.7.7] [[1.6 40]] <nil>
	// [10.0.0.1 1560] <nil>
}
