package dissect

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"netshare/workspace/trace"
)

// connWire is a wire whose connections are logged.
func connWire() *wire {
	w := newWire()
	w.table = newTable(nil, w.log)
	return w
}

// log writes down state, history, bytes and missed bytes of a connection.
func (w *wire) log(row trace.Row) error {
	w.logs = append(w.logs, fmt.Sprint(row[11], " ", row[15], " ", row[9], " ", row[10], " ", row[14]))
	return nil
}

// wait lets time pass.
func (w *wire) wait(d time.Duration) *wire { w.at = w.at.Add(d); return w }

// other sends a packet that has nothing to do with the connection, so that its
// time passes.
func (w *wire) other() *wire {
	w.at = w.at.Add(time.Millisecond)
	err := w.table.packet(&trace.Packet{
		Time: w.at, FiveTuple: trace.FiveTuple{
			SrcIP: netip.MustParseAddr("10.9.9.9"), DstIP: netip.MustParseAddr("10.9.9.8"), SrcPort: -1, DstPort: -1, Proto: 47,
		},
	})
	if err != nil {
		panic(err)
	}
	return w
}

func TestTCPStates(t *testing.T) {
	tests := []struct {
		name string
		send func(w *wire)
		want string // lines of state, history, orig_bytes, resp_bytes, missed_bytes
	}{
		{"attempt", func(w *wire) { w.send(true, "S", 0, "", 0) }, "S0 S <nil> <nil> 0"},
		{"attempts", func(w *wire) {
			w.send(true, "S", 0, "", 0).wait(time.Second).send(true, "S", 0, "", 0).wait(6*time.Second).send(true, "S", 0, "", 0)
		}, "S0 S 0 0 0\nS0 S <nil> <nil> 0"},
		{"rejected", func(w *wire) { w.send(true, "S", 0, "", 0).send(false, "RA", 0, "", 0) }, "REJ Sr 0 0 0"},
		{"established", func(w *wire) { w.handshake() }, "S1 ShA 0 0 0"},
		{"closed", func(w *wire) {
			w.handshake().send(true, "A", 0, "abc", 0).send(false, "A", 0, "defgh", 3).send(true, "FA", 3, "", 5).
				send(false, "FA", 5, "", 4).send(true, "A", 4, "", 6)
		}, "SF ShADdFf 3 5 0"},
		{"closed by the originator only", func(w *wire) { w.handshake().send(true, "FA", 0, "", 0).send(false, "A", 0, "", 1) }, "S2 ShAFa 0 0 0"},
		{"closed by the responder only", func(w *wire) { w.handshake().send(false, "FA", 0, "", 0).send(true, "A", 0, "", 1) }, "S3 ShAf 0 0 0"},
		{"reset by the originator", func(w *wire) { w.handshake().send(true, "R", 0, "", 0) }, "RSTO ShAR 0 0 0"},
		{"reset by the responder", func(w *wire) { w.handshake().send(true, "A", 0, "ab", 0).send(false, "R", 0, "", 0) }, "RSTR ShADr 2 0 0"},
		{"reset without an answer", func(w *wire) { w.send(true, "S", 0, "", 0).send(true, "R", 0, "", 0) }, "RSTOS0 SR 0 0 0"},
		{"answered and reset by the responder", func(w *wire) { w.send(false, "SA", 0, "", 0).send(false, "R", 0, "", 0) }, "RSTRH ^hr 0 0 0"},
		{"closed without an answer", func(w *wire) { w.send(true, "S", 0, "", 0).send(true, "F", 0, "", 0) }, "SH SF 0 0 0"},
		{"answer without a SYN, closed", func(w *wire) { w.send(false, "SA", 0, "", 0).send(false, "FA", 0, "", 0) }, "SHR ^hf 0 0 0"},
		{"midstream", func(w *wire) { w.send(false, "A", 7, "abc", 3).send(true, "A", 3, "de", 10) }, "OTH ^dD 2 3 0"},
		{"SYN with ACK before the SYN", func(w *wire) {
			w.table.ports.tcp[80] = false
			w.send(false, "SA", 0, "", 0).send(true, "S", 0, "", 0).send(true, "A", 0, "abc", 0)
		}, "S1 Hs^D 3 0 0"},
		{"missing SYN", func(w *wire) { w.send(false, "SA", 0, "", 0).send(true, "A", 0, "", 0).send(true, "A", 0, "abc", 0) }, "S1 ^hAD 3 0 0"},
		{"retransmissions", func(w *wire) {
			w.handshake()
			for range 12 {
				w.send(true, "A", 0, "abc", 0)
			}
		}, "S1 ShADTT 3 0 0"},
		{"lost bytes", func(w *wire) {
			w.handshake().send(true, "A", 5, "abc", 0).send(false, "A", 0, "", 8).send(true, "A", 8, "x", 0).send(true, "A", 10, "x", 0).send(false, "A", 0, "", 11)
		}, "S1 ShADaG 11 0 6"},
		{"odd flags", func(w *wire) { w.send(true, "SF", 0, "", 0).send(true, "FR", 0, "", 0).send(true, "SR", 0, "", 0) }, "OTH QI 0 0 0"},
		{"another connection of the same five-tuple", func(w *wire) {
			w.handshake().send(true, "FA", 0, "", 0).send(false, "FA", 0, "", 1)
			w.isn = [2]uint32{77777, 88888}
			w.handshake()
		}, "SF ShAFf 0 0 0\nS1 ShA 0 0 0"},
		{"a packet after the end", func(w *wire) {
			w.handshake().send(true, "FA", 0, "", 0).send(false, "FA", 0, "", 1).wait(6*time.Second).send(true, "A", 1, "", 1)
		}, "SF ShAFf 0 0 0\nOTH A <nil> <nil> 0"},
		{"idle", func(w *wire) {
			w.handshake().wait(4*time.Minute).send(true, "A", 0, "ab", 0).wait(5*time.Minute).send(true, "A", 2, "cd", 0)
		}, "S1 ShAD 2 0 0\nOTH D <nil> <nil> 0"},
		{"time goes back a little", func(w *wire) { w.handshake().wait(-time.Minute).send(true, "A", 0, "ab", 0) }, "S1 ShAD 2 0 0"},
		{"time goes back", func(w *wire) { w.handshake().wait(-time.Hour).send(true, "A", 0, "ab", 0) }, "S1 ShA 0 0 0\nOTH D <nil> <nil> 0"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := connWire()
			test.send(w)
			if err := w.table.flush(); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(w.logs, "\n"); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// TestTimeOuts wants each connection to end when Zeek's would.
func TestTimeOuts(t *testing.T) {
	tests := []struct {
		name  string
		send  func(w *wire)
		after time.Duration // from the last packet
	}{
		{"attempt", func(w *wire) { w.send(true, "S", 0, "", 0) }, 5 * time.Second},
		{"established", func(w *wire) { w.handshake() }, 5 * time.Minute},
		{"closed", func(w *wire) { w.handshake().send(true, "FA", 0, "", 0).send(false, "FA", 0, "", 1) }, 5 * time.Second},
		{"reset", func(w *wire) { w.handshake().send(true, "R", 0, "", 0) }, 5 * time.Second},
	}
	for _, test := range tests {
		w := connWire()
		test.send(w)
		if w.wait(test.after - 2*time.Millisecond).other(); len(w.logs) != 0 {
			t.Errorf("%s: over too early", test.name)
		}
		if w.wait(time.Millisecond).other(); len(w.logs) != 1 {
			t.Errorf("%s: not over %v after the last packet", test.name, test.after)
		}
	}
}

// packetOf is a packet of a protocol other than TCP.
func packetOf(src, dst string, sport, dport int32, proto uint8, n int) trace.Packet {
	return trace.Packet{
		FiveTuple: trace.FiveTuple{
			SrcIP: netip.MustParseAddr(src), DstIP: netip.MustParseAddr(dst), SrcPort: sport, DstPort: dport, Proto: proto,
		},
		Length: 28 + n, PayloadLen: n, Payload: make([]byte, n),
	}
}

func icmp(src, dst string, kind, code uint8, proto uint8, n int) trace.Packet {
	p := packetOf(src, dst, trace.NoPort, trace.NoPort, proto, n)
	p.ICMPType, p.ICMPCode = kind, code
	return p
}

func TestOtherTransports(t *testing.T) {
	tests := []struct {
		name    string
		packets []trace.Packet
		want    string // of proto, both ends, state, history, bytes, packets
	}{
		{
			"one way",
			[]trace.Packet{packetOf("10.0.0.1", "10.0.0.2", 4000, 5000, 17, 9), packetOf("10.0.0.1", "10.0.0.2", 4000, 5000, 17, 1)},
			"udp 10.0.0.1:4000 10.0.0.2:5000 S0 D 10/0 2/0",
		},
		{
			"two ways",
			[]trace.Packet{packetOf("10.0.0.1", "10.0.0.2", 4000, 5000, 17, 9), packetOf("10.0.0.2", "10.0.0.1", 5000, 4000, 17, 4)},
			"udp 10.0.0.1:4000 10.0.0.2:5000 SF Dd 9/4 1/1",
		},
		{
			"answer first, by its port",
			[]trace.Packet{packetOf("10.0.0.2", "10.0.0.1", 123, 4000, 17, 9), packetOf("10.0.0.2", "10.0.0.1", 123, 4000, 17, 9)},
			"udp 10.0.0.1:4000 10.0.0.2:123 SHR ^d 0/18 0/2",
		},
		{
			"to all",
			[]trace.Packet{packetOf("10.0.0.2", "255.255.255.255", 67, 4000, 17, 9), packetOf("10.0.0.2", "255.255.255.255", 67, 4000, 17, 9)},
			"udp 10.0.0.2:67 255.255.255.255:4000 S0 D 18/0 2/0",
		},
		{
			"to itself",
			[]trace.Packet{packetOf("10.0.0.2", "10.0.0.2", 5000, 4000, 17, 9), packetOf("10.0.0.2", "10.0.0.2", 4000, 5000, 17, 1)},
			"udp 10.0.0.2:5000 10.0.0.2:4000 SF Dd 9/1 1/1",
		},
		{
			"echo",
			[]trace.Packet{icmp("10.0.0.2", "10.0.0.1", 8, 0, 1, 56), icmp("10.0.0.1", "10.0.0.2", 0, 0, 1, 56)},
			"icmp 10.0.0.2:8 10.0.0.1:0 OTH <nil> 56/56 1/1",
		},
		{
			"unreachable",
			[]trace.Packet{icmp("10.0.0.2", "10.0.0.1", 3, 1, 1, 28), icmp("10.0.0.2", "10.0.0.1", 3, 1, 1, 28)},
			"icmp 10.0.0.2:3 10.0.0.1:1 OTH <nil> 56/0 2/0",
		},
		{
			"neighbours",
			[]trace.Packet{icmp("fe80::2", "fe80::1", 135, 0, 58, 28), icmp("fe80::1", "fe80::2", 136, 0, 58, 28)},
			"icmp fe80::2:135 fe80::1:136 OTH <nil> 24/24 1/1",
		},
		{
			"another",
			[]trace.Packet{packetOf("10.0.0.2", "10.0.0.1", -1, -1, 47, 20), packetOf("10.0.0.1", "10.0.0.2", -1, -1, 47, 20)},
			"unknown_transport 10.0.0.2:47 10.0.0.1:47 OTH <nil> 0/0 1/1",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			d, err := New("conn")
			if err != nil {
				t.Fatal(err)
			}
			emit := func(r trace.Row) error {
				got = append(got, fmt.Sprintf("%v %v:%v %v:%v %v %v %v/%v %v/%v", r[6], r[2], r[3], r[4], r[5], r[11], r[15], r[9], r[10], r[16], r[18]))
				return nil
			}
			for i, p := range test.packets {
				p.Time = time.Unix(1700000000, int64(i)*1e6)
				if err := d.Packet(&p, emit); err != nil {
					t.Fatal(err)
				}
			}
			if err := d.Flush(emit); err != nil {
				t.Fatal(err)
			}
			if len(got) != 1 || got[0] != test.want {
				t.Errorf("got  %s\nwant %s", strings.Join(got, "\n"), test.want)
			}
		})
	}
}

// TestUIDs wants identifiers like Zeek's, the same for the same connection in
// either direction's view, and different for others.
func TestUIDs(t *testing.T) {
	seen := map[string]bool{}
	for i := range 5000 {
		p := packetOf(fmt.Sprintf("10.0.%d.%d", i/200, i%200), "10.1.0.1", 4000, 5000, 17, 1)
		k, reverse, _ := keyOf(&p)
		p.FiveTuple = p.Reverse()
		back, _, _ := keyOf(&p)
		c := &conn{key: k, reverse: reverse, began: 1700000000e9}
		other := &conn{key: back, reverse: !reverse, began: 1700000000e9}
		if c.uid() != other.uid() {
			t.Fatalf("%s one way, %s the other", c.uid(), other.uid())
		}
		if seen[c.uid()] || len(c.uid()) < 12 || len(c.uid()) > 19 || c.uid()[0] != 'C' {
			t.Fatalf("identifier %s", c.uid())
		}
		seen[c.uid()] = true
	}
}

// TestManyConnections holds the connections that are followed to their bound
// and loses none.
func TestManyConnections(t *testing.T) {
	rows := 0
	table := newTable(nil, func(trace.Row) error { rows++; return nil })
	table.limit = 100
	for i := range 5000 {
		p := packetOf(fmt.Sprintf("10.%d.%d.%d", i/40000, i/200, i%200), "10.1.0.1", 4000, 5000, 17, 1)
		p.Time = time.Unix(1700000000, int64(i))
		if err := table.packet(&p); err != nil {
			t.Fatal(err)
		}
		if len(table.conns) > 100 || len(table.queue) != len(table.conns) {
			t.Fatalf("%d connections, %d queued", len(table.conns), len(table.queue))
		}
	}
	if err := table.flush(); err != nil || rows != 5000 {
		t.Errorf("%d connections, error %v", rows, err)
	}
}

// TestFragments puts fragments together in any order.
func TestFragments(t *testing.T) {
	whole := make([]byte, 4000)
	for i := range whole {
		whole[i] = byte(i / 8)
	}
	cut := func(from, to int) trace.Packet { // of the IP payload, whose first 8 bytes are the UDP header
		p := packetOf("10.0.0.1", "10.0.0.2", 4000, 5000, 17, 0)
		p.ID, p.FragmentOffset, p.MoreFragments = 7, from/8, to < len(whole)+8
		p.Length = 20 + to - from
		if from == 0 {
			p.Payload = whole[:to-8]
		} else {
			p.SrcPort, p.DstPort, p.Payload = -1, -1, whole[from-8:to-8]
		}
		p.PayloadLen = len(p.Payload)
		return p
	}
	a, b, c := cut(0, 1480), cut(1480, 2960), cut(2960, 4008)
	for _, order := range [][]trace.Packet{{a, b, c}, {c, b, a}, {b, a, c}, {a, a, c, b}, {b, b, c, c, a}} {
		f := newFragments()
		var got *trace.Packet
		for i := range order {
			if p := f.add(&order[i]); p != nil {
				got = p
			}
		}
		if got == nil || got.PayloadLen != 4000 || got.Length != 4028 || string(got.Payload) != string(whole) || got.SrcPort != 4000 || got.MoreFragments {
			t.Fatalf("got %+v", got)
		}
		if f.bytes != 0 || len(f.open) != 0 {
			t.Errorf("%d bytes held of %d datagrams", f.bytes, len(f.open))
		}
	}
	f := newFragments()
	for i := range 50000 {
		p := a
		p.ID, p.Time = uint32(i), time.Unix(1700000000, 0)
		if f.add(&p) != nil {
			t.Fatal("a first fragment is not whole")
		}
		if len(f.open) > maxDatagrams || f.bytes > maxFragmentAll+2000 {
			t.Fatalf("%d datagrams, %d bytes", len(f.open), f.bytes)
		}
	}
}
