package pcapio_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"netshare/workspace/pcapio"
	"netshare/workspace/trace"
)

// benchRows are packets of a thousand flows.
func benchRows(schema trace.Schema, n int) []trace.Row {
	rows := make([]trace.Row, n)
	for i := range rows {
		rows[i] = packetRow(schema, map[string]any{
			"time": time.Unix(1700000000, int64(i)*1000), "srcip": fmt.Sprintf("10.0.%d.%d", i%7, i%143), "dstip": "192.0.2.1",
			"srcport": int64(40000 + i%1000), "dstport": int64(443), "proto": []string{"TCP", "UDP"}[i%2],
			"pkt_len": int64(60 + i%1400), "tos": int64(0), "id": int64(i % 65536), "flag": int64(2), "off": int64(0),
			"ttl": int64(64), "tcp_flags": int64(24),
		})
	}
	return rows
}

func BenchmarkRead(b *testing.B) {
	schema := packetSchema("pcap")
	const n = 20000
	capture := write(b, schema, benchRows(schema, n), pcapio.WriterOptions{})
	b.SetBytes(int64(len(capture)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := pcapio.NewReader("bench", bytes.NewReader(capture))
		if err != nil {
			b.Fatal(err)
		}
		if err := r.Read(context.Background(), func(trace.Row) error { return nil }, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "packets/s")
}

func BenchmarkWrite(b *testing.B) {
	schema := packetSchema("pcap")
	const n = 20000
	rows := benchRows(schema, n)
	b.ReportAllocs()
	for b.Loop() {
		w, err := pcapio.NewWriter(io.Discard, schema, pcapio.WriterOptions{})
		if err != nil {
			b.Fatal(err)
		}
		for _, row := range rows {
			if err := w.Write(row); err != nil {
				b.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "packets/s")
}
