package pcapio_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"netshare/workspace/pcapio"
	"netshare/workspace/trace"
)

// noisyRows are TCP packets as a model makes them: the directions of a
// connection know nothing of each other, flags come in any order.
func noisyRows(schema trace.Schema, seed uint64, flows int, flags []int64) []trace.Row {
	random := rand.New(rand.NewPCG(seed, 2))
	at := time.Unix(1700000000, 0)
	var rows []trace.Row
	for range flows * 12 {
		at = at.Add(time.Duration(random.IntN(1e6)) * time.Microsecond)
		k := random.IntN(flows)
		src, dst, srcPort, dstPort := fmt.Sprintf("10.0.%d.%d", k/250, k%250), "192.0.2.1", int64(40000), int64(9999)
		if k%3 > 0 && random.IntN(2) == 0 {
			src, dst, srcPort, dstPort = dst, src, dstPort, srcPort
		}
		flag := flags[random.IntN(len(flags))]
		size := int64(0)
		if flag == 24 || flag == 16 && random.IntN(2) == 0 {
			size = random.Int64N(1400)
		}
		rows = append(rows, packetRow(schema, map[string]any{
			"time": at, "proto": "TCP", "srcip": src, "dstip": dst, "srcport": srcPort, "dstport": dstPort,
			"pkt_len": 40 + size, "payload_len": size, "tcp_flags": flag, "tcp_win": 100 + random.Int64N(3)*1000,
		}))
	}
	return rows
}

// TestNoisyStreams writes what no connection is like: nothing but what the
// flags ask for is flagged.
func TestNoisyStreams(t *testing.T) {
	schema := packetSchema("pcap")
	for _, c := range []struct {
		name  string
		flags []int64
		asked string // a filter for what can't but be flagged
		most  int    // packets without it that are flagged all the same: acknowledgements of nothing by who sent nothing
	}{
		{"data and acknowledgements", []int64{24, 24, 16}, "", 6},
		{"with ends", []int64{24, 24, 16, 16, 17, 20, 4}, "", 20},
		{"with beginnings", []int64{2, 18, 24, 24, 16, 16, 17}, "tcp.flags.syn == 1", 30},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			capture := write(t, schema, noisyRows(schema, 1, 100, c.flags), pcapio.WriterOptions{})
			wantNoComplaint(t, capture)
			filter := "tcp.analysis.flags"
			if c.asked != "" {
				filter += " && !(" + c.asked + ")"
			}
			flagged := complaints(t, capture, filter)
			if len(flagged) > c.most {
				t.Errorf("%d packets flagged, want at most %d", len(flagged), c.most)
			}
			flagged = append(flagged, complaints(t, capture, "tcp.analysis.lost_segment || tcp.analysis.ack_lost_segment || "+
				"tcp.analysis.out_of_order || tcp.analysis.keep_alive || tcp.analysis.zero_window || "+
				"tcp.analysis.retransmission && tcp.flags.syn == 0 || tcp.analysis.reused_ports && tcp.flags.syn == 0")...)
			for i, line := range flagged {
				if i < 20 && !(strings.Contains(line, "[TCP Dup ACK") || strings.Contains(line, "[TCP Window Update")) {
					t.Errorf("flagged: %s", line)
				}
			}
		})
	}
}
