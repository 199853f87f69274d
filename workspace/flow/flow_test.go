package flow_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"netshare/workspace/flow"
	"netshare/workspace/trace"
)

// rollup returns the records of packets.
func rollup(t testing.TB, packets []trace.Packet) []trace.Row {
	t.Helper()
	r, err := flow.NewRollup(flow.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	var rows []trace.Row
	emit := func(row trace.Row) error {
		rows = append(rows, slices.Clone(row))
		return nil
	}
	for i := range packets {
		if err := r.Packet(&packets[i], emit); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Flush(emit); err != nil {
		t.Fatal(err)
	}
	sortRecords(rows)
	return rows
}

// sortRecords sorts records by their start and then by all they hold.
func sortRecords(rows []trace.Row) {
	slices.SortFunc(rows, func(a, b trace.Row) int {
		if c := a[5].(time.Time).Compare(b[5].(time.Time)); c != 0 {
			return c
		}
		return strings.Compare(fmt.Sprint(a...), fmt.Sprint(b...))
	})
}

// expand returns the packets of records, and what was warned of.
func expand(t testing.TB, s trace.Schema, rows []trace.Row) ([]trace.Packet, []flow.Warning) {
	t.Helper()
	e, err := flow.NewExpander(s, false)
	if err != nil {
		t.Fatal(err)
	}
	var packets []trace.Packet
	ps := e.Schema()
	emit := func(row trace.Row) error {
		packets = append(packets, packetOf(ps, row))
		return nil
	}
	for _, row := range rows {
		if err := e.Row(row, emit); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Flush(emit); err != nil {
		t.Fatal(err)
	}
	for i := 1; i < len(packets); i++ {
		if packets[i].Time.Before(packets[i-1].Time) {
			t.Fatalf("packet %d is before the one before it", i)
		}
	}
	return packets, e.Warnings()
}

func packetOf(s trace.Schema, row trace.Row) trace.Packet {
	n := func(name string) int64 {
		if v := row[s.Index(name)]; v != nil {
			return v.(int64)
		}
		return -1
	}
	numbers := map[string]uint8{"TCP": 6, "UDP": 17, "ICMP": 1, "GRE": 47, "IPV6-ICMP": 58}
	return trace.Packet{
		Time: row[s.Index("time")].(time.Time),
		FiveTuple: trace.FiveTuple{
			SrcIP: netip.MustParseAddr(row[s.Index("srcip")].(string)), DstIP: netip.MustParseAddr(row[s.Index("dstip")].(string)),
			SrcPort: int32(n("srcport")), DstPort: int32(n("dstport")), Proto: numbers[row[s.Index("proto")].(string)],
		},
		Length: int(n("pkt_len")), ToS: uint8(max(n("tos"), 0)), TCPFlags: uint16(max(n("tcp_flags"), 0)),
		ICMPType: uint8(max(n("icmp_type"), 0)), ICMPCode: uint8(max(n("icmp_code"), 0)), PayloadLen: int(n("payload_len")),
	}
}

// randomPackets are packets of some hundred flows with pauses of all lengths.
func randomPackets(seed uint64, n int) []trace.Packet {
	r := rand.New(rand.NewPCG(seed, 1))
	now := time.Unix(1700000000, 0).UTC()
	packets := make([]trace.Packet, n)
	for i := range packets {
		now = now.Add(time.Duration(r.ExpFloat64()*float64(200*time.Millisecond)) / 1000 * 1000)
		f := r.IntN(200)
		p := trace.Packet{Time: now, ToS: uint8(f % 3 * 8), FiveTuple: trace.FiveTuple{
			SrcIP: netip.AddrFrom4([4]byte{10, 0, 0, byte(f % 50)}), DstIP: netip.MustParseAddr("192.0.2.1"), SrcPort: 40000 + int32(f), DstPort: 80,
		}}
		if f%5 == 0 {
			p.SrcIP, p.DstIP = netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2")
		}
		header := 20
		if p.SrcIP.Is6() {
			header = 40
		}
		switch f % 4 {
		case 0, 1:
			p.Proto, p.TCPFlags = 6, []uint16{2, 16, 24, 17, 4, 0, 194, 18, 16, 16}[r.IntN(10)]
			header += 20
		case 2:
			p.Proto = 17
			header += 8
		case 3:
			p.Proto, p.ICMPType, p.SrcPort, p.DstPort = 1, 8, trace.NoPort, trace.NoPort
			if p.SrcIP.Is6() {
				p.Proto, p.ICMPType = 58, 128
			}
			header += 8
		}
		p.Length = header + []int{0, 0, 12, 20, 333, 1440, 9000}[r.IntN(7)]
		packets[i] = p
	}
	return packets
}

// TestRoundTrip rolls packets up, expands the records, and rolls those packets
// up again: the records are the same.
func TestRoundTrip(t *testing.T) {
	for seed := range uint64(4) {
		first := rollup(t, randomPackets(seed, 20000))
		s := trace.Schema{Columns: flow.Columns()}
		packets, warnings := expand(t, s, first)
		if len(warnings) > 0 || len(packets) != 20000 {
			t.Errorf("%d packets, warnings %v", len(packets), warnings)
		}
		again := rollup(t, packets)
		if len(again) != len(first) || len(first) < 500 {
			t.Fatalf("%d records, want %d", len(again), len(first))
		}
		for i := range first {
			if !reflect.DeepEqual(again[i], first[i]) {
				t.Errorf("record %v, want %v", again[i], first[i])
			}
		}
	}
}

// column is a column of a test table.
func column(name string, typ trace.Type, unit trace.Unit) trace.Column {
	return trace.Column{Name: name, Type: typ, Unit: unit}
}

// table makes a schema of columns named in one line.
func table(names string) trace.Schema {
	var s trace.Schema
	for _, name := range strings.Split(names, ",") {
		unit := trace.Unit("")
		name, word, ok := strings.Cut(name, ":")
		if ok {
			unit = trace.Unit(word)
		}
		s.Columns = append(s.Columns, column(name, trace.TypeText, unit))
	}
	return s
}

// TestShapes expands one record of each shape.
func TestShapes(t *testing.T) {
	at := time.Date(2019, 4, 4, 16, 24, 47, 672448000, time.UTC)
	const zeek = "ts,uid,id.orig_h,id.orig_p,id.resp_h,id.resp_p,proto,duration,conn_state,history,orig_pkts,orig_ip_bytes,resp_pkts,resp_ip_bytes"
	for _, c := range []struct {
		name, columns string
		row           trace.Row
		out, in       int // packets
		outBytes      int
		inBytes       int
		lasts         time.Duration
		flags         string // of the packets in order, o out and i in
	}{
		{
			"netshare", "srcip,dstip,srcport,dstport,proto,ts:us,td,pkt,byt,type",
			trace.Row{int64(1730436467), int64(719036359), int64(4000), int64(80), "TCP", 1458298072364000.0, 0.5, int64(4), int64(400), "background"},
			4, 0, 400, 0, 500 * time.Millisecond, "o2 o16 o24 o17",
		},
		{
			"ugr16", "te,td,sa,da,sp,dp,pr,flg,fwd,stos,pkt,byt,label",
			trace.Row{at.Add(time.Second), 1.0, "42.219.153.7", "10.0.0.1", int64(53), int64(53), "UDP", ".A....", int64(0), int64(0), int64(2), int64(131), "x"},
			2, 0, 131, 0, time.Second, "o0 o0",
		},
		{
			"nfdump", "ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt",
			trace.Row{at, at.Add(time.Second), 1.0, "10.1.1.1", "10.0.0.1", int64(5000), int64(80), "TCP", "...AP.SF", int64(0), int64(0), int64(5), int64(1000), int64(0), int64(0)},
			5, 0, 1000, 0, time.Second, "o2 o16 o24 o16 o17",
		},
		{
			"argus", "StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,sTos,dTos,TotPkts,TotBytes,SrcBytes,SrcPkts,Label",
			trace.Row{at, 0.7, "tcp", "10.1.1.1", "52798", "   ->", "10.0.0.1", "445", "S_RA", int64(0), int64(0), int64(2), int64(134), int64(70), int64(1), ""},
			1, 1, 70, 64, 700 * time.Millisecond, "o2 i20",
		},
		{
			"argus without SrcPkts", "StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,sTos,dTos,TotPkts,TotBytes,SrcBytes,Label",
			trace.Row{at, 0.7, "udp", "10.1.1.1", int64(52798), "  <->", "10.0.0.1", int64(53), "CON", int64(0), int64(0), int64(4), int64(330), int64(130), ""},
			2, 2, 130, 200, 700 * time.Millisecond, "o0 i0 o0 i0",
		},
		{
			"zeek S0", zeek,
			trace.Row{at, "C1", "10.1.1.1", int64(5000), "10.0.0.1", int64(23), "tcp", nil, "S0", "S", int64(1), int64(60), int64(0), int64(0)},
			1, 0, 60, 0, 0, "o2",
		},
		{
			"zeek REJ", zeek,
			trace.Row{at, "C1", "10.1.1.1", int64(5000), "10.0.0.1", int64(23), "tcp", 0.1, "REJ", nil, int64(1), int64(60), int64(1), int64(40)},
			1, 1, 60, 40, 100 * time.Millisecond, "o2 i20",
		},
		{
			"zeek SF", zeek,
			trace.Row{at, "C1", "10.1.1.1", int64(5000), "10.0.0.1", int64(80), "tcp", 1.5, "SF", "ShADadFf", int64(6), int64(740), int64(5), int64(4000)},
			6, 5, 740, 4000, 1500 * time.Millisecond, "o2 i18 o16 o24 i16 i24 o16 i24 o17 i17 o16",
		},
		{
			"zeek icmp", zeek,
			trace.Row{at, "C1", "10.1.1.1", int64(8), "10.0.0.1", int64(0), "icmp", 1.5, "OTH", nil, int64(2), int64(168), int64(1), int64(84)},
			2, 1, 168, 84, 1500 * time.Millisecond, "o0 i0 o0",
		},
		{
			"cicflowmeter", "Src IP,Src Port,Dst IP,Dst Port,Protocol,Timestamp,Flow Duration,Total Fwd Packets,Total Backward Packets," +
				"Total Length of Fwd Packets,Total Length of Bwd Packets,Fwd Header Length,Bwd Header Length,FIN Flag Count,SYN Flag Count,RST Flag Count",
			trace.Row{
				"10.1.1.1", int64(5000), "10.0.0.1", int64(80), int64(6), at, int64(1500000), int64(3), int64(2), int64(100), int64(3000),
				int64(60), int64(40), int64(0), int64(1), int64(0),
			},
			3, 2, 220, 3080, 1500 * time.Millisecond, "o2 i18 o16 o24 i24",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			packets, warnings := expand(t, table(c.columns), []trace.Row{c.row})
			if len(warnings) > 0 {
				t.Errorf("warned of %v", warnings)
			}
			var flags []string
			n, bytes := [2]int{}, [2]int{}
			for _, p := range packets {
				side := 0
				if p.SrcIP == netip.MustParseAddr("10.0.0.1") {
					side = 1
				}
				n[side]++
				bytes[side] += p.Length
				flags = append(flags, fmt.Sprintf("%c%d", "oi"[side], p.TCPFlags))
			}
			if n != [2]int{c.out, c.in} || bytes != [2]int{c.outBytes, c.inBytes} {
				t.Errorf("%v packets of %v bytes, want %d and %d of %d and %d", n, bytes, c.out, c.in, c.outBytes, c.inBytes)
			}
			if got := packets[len(packets)-1].Time.Sub(packets[0].Time); got != c.lasts {
				t.Errorf("lasts %v, want %v", got, c.lasts)
			}
			if got := strings.Join(flags, " "); got != c.flags {
				t.Errorf("flags %s, want %s", got, c.flags)
			}
		})
	}
}

// TestImpossible counts what no packets can be.
func TestImpossible(t *testing.T) {
	s := table("ts:s,td,srcip,dstip,srcport,dstport,proto,pkt,byt")
	rows := []trace.Row{
		{int64(1), 0.5, "10.0.0.1", "10.0.0.2", int64(1), int64(2), "TCP", int64(3), int64(60)},
		{int64(2), 0.5, "10.0.0.1", "10.0.0.2", int64(1), int64(2), "UDP", int64(1), int64(60)},
		{int64(3), 0.5, "10.0.0.1", "10.0.0.2", int64(1), int64(2), "UDP", int64(0), int64(60)},
		{int64(4), -1.0, "10.0.0.1", "somewhere", int64(1), int64(2), "UDP", int64(1), int64(60)},
		{int64(5), -1.0, "10.0.0.1", "10.0.0.2", int64(1), int64(70000), "UDP", 1.5, int64(160)},
		{nil, 0.0, "10.0.0.1", "10.0.0.2", int64(1), int64(2), "UDP", int64(1), int64(60)},
		{int64(7), 0.0, "10.0.0.1", "10.0.0.2", int64(1), int64(2), "ARP", int64(1), int64(60)},
	}
	packets, warnings := expand(t, s, rows)
	got := map[flow.Reason]int64{}
	for _, w := range warnings {
		got[w.Reason] = w.First
		if w.Count != 1 || !strings.Contains(w.String(), fmt.Sprintf("number %d", w.First)) {
			t.Errorf("warning %v", w)
		}
	}
	want := map[flow.Reason]int64{
		flow.FewBytes: 1, flow.LongSingle: 2, flow.NoPackets: 3, flow.NoAddress: 4, flow.BadDuration: 5, flow.BadPort: 5,
		flow.RoundedCount: 5, flow.NoStart: 6, flow.NoProtocol: 7,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("warned of %v, want %v", got, want)
	}
	if len(packets) != 3+1+2 {
		t.Errorf("%d packets", len(packets))
	}
}

func TestMissing(t *testing.T) {
	if missing := flow.Missing(trace.Schema{Columns: flow.Columns()}); missing != nil {
		t.Error(missing)
	}
	_, err := flow.NewExpander(table("time,user,host"), false)
	if err == nil || !strings.Contains(err.Error(), "packets (pkt), bytes (byt): it has time, user, host") {
		t.Errorf("an event log: %v", err)
	}
}

func TestEvicted(t *testing.T) {
	o := flow.DefaultOptions()
	o.MaxFlows = 10
	r, err := flow.NewRollup(o)
	if err != nil {
		t.Fatal(err)
	}
	var packets int64
	emit := func(row trace.Row) error {
		packets += row[7].(int64)
		return nil
	}
	for _, p := range randomPackets(1, 1000) {
		if err := r.Packet(&p, emit); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Flush(emit); err != nil || packets != 1000 || r.Evicted() == 0 {
		t.Errorf("%d packets counted, %d ended early, %v", packets, r.Evicted(), err)
	}
	if _, err := flow.NewRollup(flow.Options{}); err == nil {
		t.Error("no options were accepted")
	}
}

// TestFragments counts a packet's fragments where its ports are.
func TestFragments(t *testing.T) {
	first := trace.Packet{
		Time: time.Unix(1, 0), Length: 1500, ID: 7, MoreFragments: true,
		FiveTuple: trace.FiveTuple{SrcIP: netip.MustParseAddr("10.0.0.1"), DstIP: netip.MustParseAddr("10.0.0.2"), SrcPort: 5, DstPort: 6, Proto: 17},
	}
	later := first
	later.SrcPort, later.DstPort, later.FragmentOffset, later.Length, later.MoreFragments = trace.NoPort, trace.NoPort, 185, 100, false
	lost := later
	lost.ID = 8
	got := rollup(t, []trace.Packet{first, later, lost})
	if len(got) != 2 || got[0][7] != int64(1) && got[1][7] != int64(1) || got[0][8].(int64)+got[1][8].(int64) != 1700 {
		t.Errorf("records %v", got)
	}
}
