package pcapio_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"netshare/workspace/pcapio"
	"netshare/workspace/trace"
)

// FuzzRead reads anything, and writes what rows it gives: neither may panic,
// and what was written must be read with no reject.
func FuzzRead(f *testing.F) {
	for _, format := range []string{"pcap", "pcapng"} {
		for _, link := range []string{"0", "1", "101", "113", "276"} {
			schema := packetSchema(format)
			schema.Props[pcapio.PropLinkType] = link
			var rows []trace.Row
			for _, proto := range []string{"TCP", "UDP", "ICMP", "SCTP", "41"} {
				rows = append(rows, packetRow(schema, base(map[string]any{"proto": proto, "pkt_len": int64(90)})),
					packetRow(schema, base(map[string]any{
						"proto": proto, "srcip": "fe80::1", "dstip": "ff02::1", "id": int64(9), "flag": int64(1), "payload_len": int64(2),
					})))
			}
			f.Add(write(f, schema, rows, pcapio.WriterOptions{}))
		}
	}
	f.Add([]byte("\x0a\x0d\x0d\x0a\x1c\x00\x00\x00\x4d\x3c\x2b\x1a"))
	f.Add([]byte("time,srcip\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		r, err := pcapio.NewReader("fuzz", bytes.NewReader(content))
		if err != nil {
			return
		}
		defer r.Close()
		if len(content)%2 == 1 {
			r.Take(pcapio.Innermost)
		}
		var out bytes.Buffer
		w, err := pcapio.NewWriter(&out, r.Schema(), pcapio.WriterOptions{KeepSequence: len(content)%3 == 0})
		if err != nil {
			t.Fatal(err)
		}
		written := 0
		r.Read(context.Background(), func(row trace.Row) error {
			if w.Write(row) == nil { // a time may be beyond the format's years
				written++
			}
			return nil
		}, func(trace.Reject) {})
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if written == 0 {
			return
		}
		if got := read(t, out.Bytes()); got.err != nil || got.count > 0 || len(got.rows) != written {
			t.Fatalf("wrote %d packets, read %d, rejects %v, error %v", written, len(got.rows), got.rejects, got.err)
		}
	})
}

// FuzzWrite writes one packet of any fields: it must be read again with those
// fields that don't depend on others.
func FuzzWrite(f *testing.F) {
	f.Add("10.0.0.1", "10.0.0.2", uint8(6), uint32(60), uint32(20), uint8(2), uint16(0), uint16(80), uint8(0), uint16(24))
	f.Add("fe80::1", "ff02::1", uint8(58), uint32(60), uint32(0), uint8(1), uint16(7), uint16(0), uint8(143), uint16(0))
	f.Add("10.0.0.1", "fe80::2", uint8(17), uint32(70000), uint32(9), uint8(0), uint16(0), uint16(53), uint8(3), uint16(2))
	f.Fuzz(func(t *testing.T, src, dst string, proto uint8, length, payload uint32, flag uint8, off, port uint16, kind uint8, flags uint16) {
		schema := packetSchema("pcapng")
		row := packetRow(schema, map[string]any{
			"time": time.Unix(1700000000, 0), "srcip": src, "dstip": dst, "proto": int64(proto), "pkt_len": int64(length % (1 << 20)),
			"payload_len": int64(payload % (1 << 20)), "flag": int64(flag & 7), "off": int64(off & 0x1fff), "id": int64(off),
			"srcport": int64(port), "dstport": int64(port ^ flags), "icmp_type": int64(kind), "icmp_code": int64(flag),
			"tcp_flags": int64(flags & 0xfff), "ttl": int64(kind), "tos": int64(proto),
		})
		var out bytes.Buffer
		w, err := pcapio.NewWriter(&out, schema, pcapio.WriterOptions{KeepSequence: payload&1 == 0})
		if err != nil {
			t.Fatal(err)
		}
		if w.Write(row) != nil {
			return
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		got := read(t, out.Bytes())
		if got.err != nil || len(got.rows) != 1 {
			t.Fatalf("%d rows, rejects %v, error %v", len(got.rows), got.rejects, got.err)
		}
		for _, column := range []string{"ttl", "tos", "off"} {
			if want := row[schema.Index(column)]; got.at(0, column) != want {
				t.Errorf("%s is %v, want %v", column, got.at(0, column), want)
			}
		}
	})
}
