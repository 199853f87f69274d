package dissect_test

import (
	"fmt"
	"net/netip"
	"time"

	"netshare/workspace/dissect"
	"netshare/workspace/trace"
)

func Example() {
	d, err := dissect.New("conn")
	if err != nil {
		fmt.Println(err)
		return
	}
	state := d.Schema().Index("conn_state")
	emit := func(row trace.Row) error {
		fmt.Println(row[2], row[3], row[4], row[5], row[6], row[state])
		return nil
	}
	query := trace.Packet{
		Time: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC),
		FiveTuple: trace.FiveTuple{
			SrcIP: netip.MustParseAddr("192.0.2.7"), DstIP: netip.MustParseAddr("192.0.2.53"), SrcPort: 40000, DstPort: 53, Proto: 17,
		},
		Length: 28, PayloadLen: 0,
	}
	reply := query
	reply.FiveTuple = query.Reverse()
	for _, p := range []trace.Packet{query, reply} { // of a capture: pcapio.Reader.Packets
		if err := d.Packet(&p, emit); err != nil {
			fmt.Println(err)
		}
	}
	if err := d.Flush(emit); err != nil {
		fmt.Println(err)
	}
	// Output: 192.0.2.7 40000 192.0.2.53 53 udp SF
}
