package pcapio_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"time"

	"netshare/workspace/pcapio"
	"netshare/workspace/trace"
)

// A capture is written from rows of a packet table, and read again.
func Example() {
	schema := trace.Schema{Format: pcapio.FormatPcap, Columns: []trace.Column{
		{Name: "time", Type: trace.TypeTime},
		{Name: "srcip", Type: trace.TypeText},
		{Name: "dstip", Type: trace.TypeText},
		{Name: "srcport", Type: trace.TypeInt},
		{Name: "dstport", Type: trace.TypeInt},
		{Name: "proto", Type: trace.TypeText},
		{Name: "pkt_len", Type: trace.TypeInt},
	}}
	var capture bytes.Buffer
	w, err := pcapio.NewWriter(&capture, schema, pcapio.WriterOptions{})
	if err != nil {
		log.Fatal(err)
	}
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	for _, row := range []trace.Row{
		{at, "10.0.0.1", "192.0.2.1", int64(50000), int64(80), "TCP", int64(60)},
		{at.Add(time.Millisecond), "10.0.0.1", "192.0.2.2", int64(50001), int64(53), "UDP", int64(71)},
	} {
		if err := w.Write(row); err != nil {
			log.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}

	r, err := pcapio.NewReader("example.pcap", &capture)
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	proto, length := r.Schema().Index("proto"), r.Schema().Index("pkt_len")
	err = r.Read(context.Background(), func(row trace.Row) error {
		fmt.Println(row[proto], row[length])
		return nil
	}, func(reject trace.Reject) { fmt.Println(reject) })
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// TCP 60
	// UDP 71
}
