package pcapio_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"netshare/workspace/pcapio"
	"netshare/workspace/trace"
)

// complaints returns what tshark finds malformed or wrongly checksummed in a
// capture, a line for each packet.
func complaints(t *testing.T, capture []byte, filter string) []string {
	t.Helper()
	if testing.Short() {
		t.Skip("tshark takes seconds")
	}
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("no tshark on this machine")
	}
	path := filepath.Join(t.TempDir(), "out.pcap")
	if err := os.WriteFile(path, capture, 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"-r", path, "-Y", filter}
	for _, protocol := range []string{"ip", "tcp", "udp"} {
		args = append(args, "-o", protocol+".check_checksum:TRUE")
	}
	out, err := exec.Command("tshark", args...).Output()
	if err != nil {
		t.Fatalf("tshark: %v", err)
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' })
}

const badPackets = "_ws.malformed || ip.checksum.status==0 || tcp.checksum.status==0 || udp.checksum.status==0 || " +
	"icmp.checksum.status==0 || icmpv6.checksum.status==0 || sctp.checksum.status==0 || dccp.checksum.status==0"

func wantNoComplaint(t *testing.T, capture []byte) {
	t.Helper()
	bad := complaints(t, capture, badPackets)
	for i, line := range bad {
		if i == 10 {
			break
		}
		t.Error(line)
	}
	if len(bad) > 0 {
		t.Errorf("%d packets that tshark complains about", len(bad))
	}
}

// packetSchema is that of a packet table written as raw IP.
func packetSchema(format string) trace.Schema {
	return trace.Schema{Format: format, Columns: pcapio.Columns(), Props: map[string]string{pcapio.PropLinkType: "101"}}
}

// packetRow makes a row of values by column name.
func packetRow(schema trace.Schema, values map[string]any) trace.Row {
	row := make(trace.Row, len(schema.Columns))
	for name, v := range values {
		row[schema.Index(name)] = v
	}
	return row
}

// TestComplaints checks that a wrong checksum and a malformed message are seen,
// without which the tests below would say nothing.
func TestComplaints(t *testing.T) {
	schema := packetSchema("pcap")
	rows := []trace.Row{
		packetRow(schema, base(nil)),
		packetRow(schema, base(map[string]any{"proto": "UDP", "dstport": int64(53)})),
	}
	capture := write(t, schema, rows, pcapio.WriterOptions{})
	wantNoComplaint(t, capture)
	capture[24+16+20+16]++                             // TCP's checksum
	copy(capture[24+16+1000+16+28+4:], "\xff\xff\xff") // so many questions
	if bad := complaints(t, capture, badPackets); len(bad) != 2 {
		t.Errorf("complaints %q, want two", bad)
	}
}

// TestApplicationPorts writes payloads of all sizes to well-known ports, which
// make tshark dissect them, and to random ones.
func TestApplicationPorts(t *testing.T) {
	ports := []int64{
		22, 23, 25, 53, 67, 68, 69, 80, 88, 110, 123, 135, 137, 138, 139, 143, 161, 162, 179, 389, 443, 445, 500, 502, 514,
		520, 636, 853, 993, 1194, 1433, 1521, 1701, 1812, 1883, 1900, 2049, 2055, 3306, 3389, 3478, 4500, 4789, 5004, 5060,
		5353, 5355, 5432, 5683, 6379, 6881, 8080, 8443, 9092, 20000, 27017, 44818, 47808, 51820,
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		ports = append(ports, 1+random.Int64N(65535))
	}
	schema := packetSchema("pcap")
	var rows []trace.Row
	start := time.Unix(1700000000, 0)
	for i, port := range ports {
		for size := int64(0); size <= 1460; size += 1 + size/6 {
			for proto, header := range map[string]int64{"TCP": 40, "UDP": 28} {
				rows = append(rows, packetRow(schema, map[string]any{
					"time": start.Add(time.Duration(len(rows)) * time.Millisecond), "proto": proto,
					"srcip": fmt.Sprintf("10.%d.%d.%d", i, size/250, size%250), "dstip": "192.0.2.1",
					"srcport": int64(61999), "dstport": port, "pkt_len": header + size, "tcp_flags": int64(24),
				}))
			}
		}
	}
	wantNoComplaint(t, write(t, schema, rows, pcapio.WriterOptions{}))
}

// TestStreams writes conversations of both directions on well-known ports.
func TestStreams(t *testing.T) {
	schema := packetSchema("pcapng")
	random := rand.New(rand.NewPCG(3, 4))
	var rows []trace.Row
	start := time.Unix(1700000000, 0)
	for i, port := range []int64{22, 25, 53, 80, 110, 143, 389, 443, 445, 502, 1433, 3306, 3389, 5060, 5432, 6379, 8080, 9092} {
		for k := range 60 {
			out, flags, size := k%2 == 0, int64(24), random.Int64N(1461)
			switch {
			case k == 0:
				flags, size = 2, 0
			case k == 1:
				flags, size = 18, 0
			case k == 2 || k%10 == 9:
				flags, size = 16, 0
			case k >= 58:
				flags, size = 17, 0
			}
			values := map[string]any{
				"time": start.Add(time.Duration(len(rows)) * time.Millisecond), "proto": "TCP", "tcp_flags": flags,
				"srcip": fmt.Sprintf("10.0.0.%d", i), "dstip": "192.0.2.1", "srcport": int64(50000), "dstport": port,
				"pkt_len": 40 + size,
			}
			if !out {
				values["srcip"], values["dstip"] = values["dstip"], values["srcip"]
				values["srcport"], values["dstport"] = values["dstport"], values["srcport"]
			}
			rows = append(rows, packetRow(schema, values))
		}
	}
	capture := write(t, schema, rows, pcapio.WriterOptions{})
	wantNoComplaint(t, capture)
	for i, line := range complaints(t, capture, "tcp.analysis.flags") {
		if i < 10 {
			t.Errorf("flagged: %s", line)
		}
	}
}

// TestProtocols writes each protocol and the usual ICMP types at many sizes,
// over IPv4 and IPv6.
func TestProtocols(t *testing.T) {
	// Historic protocols whose dissectors want content: SWIPE, NARP, AX.25.
	spared := map[int]bool{53: true, 54: true, 93: true}
	schema := packetSchema("pcap")
	var rows []trace.Row
	add := func(v6 bool, size int64, values map[string]any) {
		values["time"] = time.Unix(1700000000, int64(len(rows))*1000)
		values["srcip"], values["dstip"], values["pkt_len"] = "10.0.0.1", "10.0.0.2", 20+size
		if v6 {
			values["srcip"], values["dstip"], values["pkt_len"] = "2001:db8::1", "2001:db8::2", 40+size
		}
		rows = append(rows, packetRow(schema, values))
	}
	for _, v6 := range []bool{false, true} {
		for _, size := range []int64{0, 1, 3, 4, 8, 9, 12, 16, 20, 21, 28, 36, 40, 47, 64, 100, 333, 1024, 1440} {
			for number := range 256 {
				if !spared[number] {
					add(v6, size, map[string]any{"proto": fmt.Sprint(number)})
				}
			}
			for _, kind := range []int64{0, 3, 4, 5, 8, 9, 10, 11, 12, 13, 14, 17, 18} {
				add(false, size, map[string]any{"proto": "ICMP", "icmp_type": kind, "icmp_code": int64(1)})
			}
			for _, kind := range []int64{1, 2, 3, 4, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 143} {
				add(true, size, map[string]any{"proto": "IPV6-ICMP", "icmp_type": kind, "icmp_code": int64(0)})
			}
		}
	}
	wantNoComplaint(t, write(t, schema, rows, pcapio.WriterOptions{}))
}

// TestFragments writes fragments that make whole datagrams, and ones that
// don't.
func TestFragments(t *testing.T) {
	schema := packetSchema("pcap")
	var rows []trace.Row
	for _, ends := range [][2]string{{"10.0.0.1", "10.0.0.2"}, {"2001:db8::1", "2001:db8::2"}} {
		header := int64(20)
		if strings.Contains(ends[0], ":") {
			header = 48
		}
		for i, proto := range []string{"TCP", "UDP", "ICMP", "IPV6-ICMP", "GRE", "ESP", "99"} {
			for j, pieces := range [][]int64{{800, 800, 300}, {8, 400}, {1480}, {64, 64, 7}} {
				off := int64(0)
				for k, size := range pieces {
					flag := int64(1)
					if k == len(pieces)-1 {
						flag = 0
					}
					rows = append(rows, packetRow(schema, map[string]any{
						"time": time.Unix(1700000000, int64(len(rows))*1000), "srcip": ends[0], "dstip": ends[1],
						"proto": proto, "srcport": int64(4000 + j), "dstport": int64(4100 + i), "pkt_len": header + size,
						"id": int64(100*i + j + 1), "flag": flag, "off": off, "tcp_flags": int64(24),
					}))
					off += size / 8
				}
			}
		}
	}
	wantNoComplaint(t, write(t, schema, rows, pcapio.WriterOptions{}))
}

// TestRewritten writes what real captures hold, with numbers of its own.
func TestRewritten(t *testing.T) {
	for _, path := range captures(t) {
		switch filepath.Base(path) {
		case "raw.pcap", "test7-malicious.pcap", "netperfmeter.pcapng.gz", "alexa-app.pcapng", "tcpreplay-test.pcap":
		default:
			continue // nothing that these don't have
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			got := readFile(path)
			if got.err != nil {
				t.Fatal(got.err)
			}
			wantNoComplaint(t, write(t, got.schema, got.rows, pcapio.WriterOptions{}))
		})
	}
}
