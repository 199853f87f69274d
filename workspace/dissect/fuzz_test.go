package dissect

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"netshare/workspace/trace"
)

// scriptPacket is what a script of fuzzing has for one packet, in bytes.
const scriptPacket = 14

// scripted returns the packet that the script's next bytes describe: of few
// hosts and ports, so that connections come about, with any flags and numbers.
func scripted(s []byte, now *time.Time, text []byte) trace.Packet {
	host := func(b byte) netip.Addr {
		if b&8 != 0 {
			return netip.AddrFrom16([16]byte{0: 0xfe, 1: 0x80, 15: b & 3})
		}
		return netip.AddrFrom4([4]byte{10, 0, 0, b & 3})
	}
	ports := [16]int32{53, 80, 443, 502, 514, 5353, 137, 40000, 40001, 22, 25, 67, 123, 8080, 0, 65535}
	protos := [8]uint8{6, 6, 6, 6, 17, 17, 1, 58}
	p := trace.Packet{FiveTuple: trace.FiveTuple{
		SrcIP: host(s[0]), DstIP: host(s[0]>>2&3 | s[0]&8), SrcPort: ports[s[1]&15], DstPort: ports[s[1]>>4], Proto: protos[s[2]&7],
	}}
	if s[2]&0xf8 == 0xf8 {
		p.Proto = s[3]
	}
	if p.Proto != 6 && p.Proto != 17 {
		p.SrcPort, p.DstPort = trace.NoPort, trace.NoPort
		p.ICMPType, p.ICMPCode = s[3], s[4]
	}
	if s[2]&0x18 == 0x18 { // a fragment
		p.ID, p.FragmentOffset, p.MoreFragments = uint32(s[3]&3), int(s[4]), s[3]&4 != 0
	}
	p.TCPFlags = uint16(s[5])
	p.Seq, p.Ack = uint32(int32(int16(binary.LittleEndian.Uint16(s[6:])))), uint32(int32(int16(binary.LittleEndian.Uint16(s[8:]))))
	if s[5]&0x40 != 0 {
		p.Seq, p.Ack = p.Seq<<16, p.Ack<<16
	}
	p.Window = uint16(s[10] & 3)
	p.PayloadLen = int(s[11]) - 1 // sometimes unknown
	if s[12]&1 != 0 {
		p.PayloadLen *= 300
	}
	at := min(int(s[13]), len(text))
	p.Payload = text[at:min(len(text), at+max(p.PayloadLen, 0))]
	p.Length = 40 + max(p.PayloadLen, 0)
	step := time.Duration(s[12]>>1) * time.Millisecond
	if s[12] > 0xf0 {
		step = time.Duration(s[12]-0xf0) * time.Minute
	} else if s[12] == 0xf0 {
		step = -time.Hour
	}
	*now = now.Add(step)
	if p.Time = *now; s[12] == 0xef {
		p.Time = time.Time{}
	}
	return p
}

// FuzzPackets gives every protocol packets of any order and content, and wants
// memory within its bounds and each packet in one connection.
func FuzzPackets(f *testing.F) {
	script := func(packets ...[scriptPacket]byte) (s []byte) {
		for _, p := range packets {
			s = append(s, p[:]...)
		}
		return s
	}
	f.Add(script(
		[scriptPacket]byte{0: 1, 1: 0x17, 5: 2, 11: 1}, [scriptPacket]byte{0: 4, 1: 0x71, 5: 18, 8: 1, 11: 1},
		[scriptPacket]byte{0: 1, 1: 0x17, 5: 16, 6: 1, 8: 1, 11: 30}, [scriptPacket]byte{0: 1, 1: 0x17, 5: 17, 6: 40, 8: 1, 11: 3, 12: 0xf1},
	), []byte("GET / HTTP/1.1\r\nHost: a\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"))
	f.Add(script([scriptPacket]byte{0: 1, 1: 0x07, 2: 4, 11: 40}, [scriptPacket]byte{0: 1, 2: 0x1c, 3: 5, 11: 17}, [scriptPacket]byte{0: 1, 2: 0x1c, 3: 1, 4: 3, 11: 9}),
		dnsQuery(7, "a.example", 1))
	f.Add(script([scriptPacket]byte{0: 1, 2: 6, 3: 8, 11: 9}, [scriptPacket]byte{0: 0x2d, 2: 7, 3: 135, 11: 40}, [scriptPacket]byte{0: 1, 2: 0xff, 3: 47}), []byte("<13>hello"))
	f.Fuzz(func(t *testing.T, script, text []byte) {
		if len(script) > 400*scriptPacket {
			t.Skip()
		}
		for _, name := range Protocols() {
			d, err := New(name)
			if err != nil {
				t.Fatal(err)
			}
			d.table.limit = 8
			taken, counted := int64(0), int64(0)
			emit := func(row trace.Row) error {
				if len(row) != len(d.schema.Columns) {
					t.Fatalf("%s: %d values, %d columns", name, len(row), len(d.schema.Columns))
				}
				for i, c := range d.schema.Columns {
					checkValue(t, c, row[i])
				}
				if name == "conn" {
					counted += row[16].(int64) + row[18].(int64)
					for _, i := range []int{14, 16, 17, 18, 19} {
						if row[i].(int64) < 0 {
							t.Fatalf("%s is %d", d.schema.Columns[i].Name, row[i])
						}
					}
				}
				return nil
			}
			now := time.Unix(1700000000, 0)
			for s := script; len(s) >= scriptPacket; s = s[scriptPacket:] {
				p := scripted(s, &now, text)
				if _, _, ok := keyOf(&p); ok && p.FragmentOffset == 0 && !p.MoreFragments {
					taken++
				}
				if err := d.Packet(&p, emit); err != nil {
					t.Fatal(err)
				}
				checkBounds(t, d)
			}
			if err := d.Flush(emit); err != nil {
				t.Fatal(err)
			}
			if d.table.held != 0 || len(d.table.conns) != 0 || len(d.table.queue) != 0 {
				t.Fatalf("%s: %d bytes held and %d connections open after the end", name, d.table.held, len(d.table.conns))
			}
			if name == "conn" && counted < taken {
				t.Fatalf("%d packets in connections, want %d and those put together of fragments", counted, taken)
			}
		}
	})
}

// checkBounds holds a dissector to the bounds of its memory.
func checkBounds(t *testing.T, d *Dissector) {
	t.Helper()
	held := 0
	for key, c := range d.table.conns {
		if c.key != key || d.table.queue[c.place] != c {
			t.Fatal("the table and the queue are of different connections")
		}
		if c.due() < c.deadline && c.due() < d.table.now {
			t.Fatalf("a connection was over %v ago", time.Duration(d.table.now-c.due()))
		}
		if c.tcp == nil {
			continue
		}
		for i := range c.tcp.ends {
			s := &c.tcp.ends[i].stream
			held += s.bytes
			at := s.next
			for _, g := range s.held {
				if g.from <= at || g.to <= g.from || g.captured > g.to-g.from || int64(len(g.payload)) > g.captured {
					t.Fatalf("segment %d to %d held after %d", g.from, g.to, at)
				}
				at = g.to - 1
			}
			if s.bytes > maxHeld {
				t.Fatalf("%d bytes held of a direction", s.bytes)
			}
		}
	}
	if held != d.table.held || held > maxHeldAll || len(d.table.conns) > d.table.limit {
		t.Fatalf("%d bytes held, %d counted, %d connections", held, d.table.held, len(d.table.conns))
	}
	if d.fragments.bytes > maxFragmentAll+maxDatagram || len(d.fragments.open) > maxDatagrams {
		t.Fatalf("%d bytes of fragments", d.fragments.bytes)
	}
}
