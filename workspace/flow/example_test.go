package flow_test

import (
	"fmt"
	"log"
	"time"

	"netshare/workspace/flow"
	"netshare/workspace/trace"
)

// A record becomes its packets, and packets become a record.
func Example() {
	records := trace.Schema{Columns: flow.Columns()}
	e, err := flow.NewExpander(records, false)
	if err != nil {
		log.Fatal(err)
	}
	r := e.Schema()
	show := func(p trace.Row) error {
		fmt.Println(p[r.Index("time")].(time.Time).Format("05.0"), p[r.Index("pkt_len")], p[r.Index("tcp_flags")])
		return nil
	}
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	record := trace.Row{
		"10.0.0.1", "192.0.2.1", int64(50000), int64(80), "TCP", at, 0.9, int64(4), int64(700), int64(27), int64(0), nil, nil,
	}
	if err := e.Row(record, show); err != nil {
		log.Fatal(err)
	}
	if err := e.Flush(show); err != nil {
		log.Fatal(err)
	}
	// Output:
	// 00.0 40 2
	// 00.2 40 16
	// 00.5 580 24
	// 00.9 40 17
}
