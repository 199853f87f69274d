package pcapio_test

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"netshare/workspace/pcapio"
	"netshare/workspace/trace"
)

// TestPackets compares the packets of every real capture with its rows.
func TestPackets(t *testing.T) {
	truths, _ := filepath.Glob(filepath.Join(sharedFolder(t, "data"), "*", "*.truth.json"))
	if len(truths) == 0 {
		t.Skip("no captures")
	}
	for _, truth := range truths {
		path := strings.TrimSuffix(truth, ".truth.json")
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			want := readFile(path)
			r, err := pcapio.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			n, rejects := 0, 0
			err = r.Packets(context.Background(), func(p *trace.Packet) error {
				comparePacket(t, &want, n, p)
				n++
				return nil
			}, func(trace.Reject) { rejects++ })
			if err != nil || n != len(want.rows) || rejects != want.count {
				t.Errorf("%d packets, %d rejects, error %v; want %d and %d", n, rejects, err, len(want.rows), want.count)
			}
		})
	}
}

func comparePacket(t *testing.T, want *reading, n int, p *trace.Packet) {
	t.Helper()
	number := func(column string, absent int64) int64 {
		if v, ok := want.at(n, column).(int64); ok {
			return v
		}
		return absent
	}
	got := map[string]int64{
		"srcport": int64(p.SrcPort), "dstport": int64(p.DstPort), "pkt_len": int64(p.Length), "payload_len": int64(p.PayloadLen),
		"tcp_seq": int64(p.Seq), "tcp_ack": int64(p.Ack), "tcp_flags": int64(p.TCPFlags), "tcp_win": int64(p.Window),
		"icmp_type": int64(p.ICMPType), "icmp_code": int64(p.ICMPCode), "off": int64(p.FragmentOffset), "ttl": int64(p.TTL),
		"tos": int64(p.ToS), "id": int64(p.ID),
	}
	for column, v := range got {
		absent := int64(0)
		if column == "srcport" || column == "dstport" || column == "payload_len" {
			absent = -1
		}
		if w := number(column, absent); v != w {
			t.Fatalf("packet %d: %s is %d, want %d", p.Number, column, v, w)
		}
	}
	stamp, _ := want.at(n, "time").(time.Time)
	if !p.Time.Equal(stamp) || p.SrcIP.String() != want.at(n, "srcip") || p.DstIP.String() != want.at(n, "dstip") {
		t.Fatalf("packet %d: %v %v %v", p.Number, p.Time, p.SrcIP, p.DstIP)
	}
	if len(p.Payload) > max(p.PayloadLen, 0) {
		t.Fatalf("packet %d: %d bytes captured of a payload of %d", p.Number, len(p.Payload), p.PayloadLen)
	}
	if whole := number("cap_len", 0) >= int64(p.Length)+20; whole && len(p.Payload) != max(p.PayloadLen, 0) {
		t.Fatalf("packet %d: %d of %d bytes of payload, though its frame has room for them", p.Number, len(p.Payload), p.PayloadLen)
	}
}

// TestPacketsAllocate holds Packets to no allocation for a packet.
func TestPacketsAllocate(t *testing.T) {
	schema := packetSchema("pcap")
	allocations := func(n int) float64 {
		capture := write(t, schema, benchRows(schema, n), pcapio.WriterOptions{})
		return testing.AllocsPerRun(3, func() {
			r, err := pcapio.NewReader("memory", bytes.NewReader(capture))
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Packets(context.Background(), func(*trace.Packet) error { return nil }, nil); err != nil {
				t.Fatal(err)
			}
		})
	}
	if few, many := allocations(500), allocations(4500); many > few+40 {
		t.Errorf("%.0f allocations for 4000 packets more", many-few)
	}
}
