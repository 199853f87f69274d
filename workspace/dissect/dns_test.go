package dissect

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"

	"netshare/workspace/trace"
)

// dnsName writes a name in labels.
func dnsName(name string) []byte {
	var b []byte
	for label := range strings.SplitSeq(name, ".") {
		if label != "" {
			b = append(append(b, byte(len(label))), label...)
		}
	}
	return append(b, 0)
}

// dnsHead writes a message's header with the given numbers of records.
func dnsHead(id, flags uint16, counts ...uint16) []byte {
	b := binary.BigEndian.AppendUint16(nil, id)
	b = binary.BigEndian.AppendUint16(b, flags)
	for i := range 4 {
		var n uint16
		if i < len(counts) {
			n = counts[i]
		}
		b = binary.BigEndian.AppendUint16(b, n)
	}
	return b
}

func dnsQuestion(name string, kind uint16) []byte {
	return append(dnsName(name), byte(kind>>8), byte(kind), 0, 1)
}

// dnsQuery asks one question and wants recursion.
func dnsQuery(id uint16, name string, kind uint16) []byte {
	return append(dnsHead(id, 0x0100, 1), dnsQuestion(name, kind)...)
}

// dnsRecord answers with a name that points to the message's first question.
func dnsRecord(kind uint16, ttl uint32, data ...byte) []byte {
	b := []byte{0xc0, 12, byte(kind >> 8), byte(kind), 0, 1}
	b = binary.BigEndian.AppendUint32(b, ttl)
	b = binary.BigEndian.AppendUint16(b, uint16(len(data)))
	return append(b, data...)
}

// dnsReply answers a query with records.
func dnsReply(query []byte, flags uint16, records ...[]byte) []byte {
	b := append([]byte(nil), query...)
	binary.BigEndian.PutUint16(b[2:], flags)
	binary.BigEndian.PutUint16(b[6:], uint16(len(records)))
	for _, r := range records {
		b = append(b, r...)
	}
	return b
}

func TestDNSPairs(t *testing.T) {
	q := dnsQuery(7, "WWW.Example", 1)
	r := read(t, dnsProtocol(), protoUDP, 40000, 53).send(true, q)
	r.send(false, dnsReply(q, 0x8180, dnsRecord(5, 300, dnsName("cdn.example")...), dnsRecord(1, 60, 203, 0, 113, 9)))
	r.want("proto trans_id rtt query qclass qclass_name qtype qtype_name rcode rcode_name AA TC RD RA Z answers TTLs rejected",
		"udp 7 0.001000 www.example 1 C_INTERNET 1 A 0 NOERROR F F T T 0 cdn.example,203.0.113.9 300.000000,60.000000 F")
	r.want("ts id.orig_h id.orig_p id.resp_h id.resp_p", "2025-03-04 09:41:00.001 +0000 UTC 192.0.2.1 40000 198.51.100.2 53")
	r.close().want("trans_id", "7")
}

func TestDNSUnmatched(t *testing.T) {
	a, b := dnsQuery(1, "a.example", 28), dnsQuery(2, "b.example", 33)
	r := read(t, dnsProtocol(), protoUDP, 40000, 53).send(true, a).send(true, a).send(true, b)
	r.send(false, dnsReply(a, 0x8183)) // the first of two with the same transaction
	r.send(false, dnsReply(dnsQuery(9, "c.example", 1), 0x8180, dnsRecord(1, 5, 1, 2, 3, 4)))
	r.close().want("trans_id query qtype_name rcode_name rtt answers rejected",
		"1 a.example AAAA NXDOMAIN - - T",
		"1 a.example AAAA - - - F",
		"2 b.example SRV - - - F",
		"9 c.example - NOERROR - 1.2.3.4 F")
}

// TestDNSReplyFirst: a reply whose query was not captured came from the server.
func TestDNSReplyFirst(t *testing.T) {
	q := dnsQuery(3, "a.example", 1)
	r := read(t, dnsProtocol(), protoUDP, 53, 40000).send(true, dnsReply(q, 0x8180, dnsRecord(1, 5, 1, 2, 3, 4))).close()
	r.want("id.orig_h id.orig_p id.resp_p query", "198.51.100.2 40000 53 a.example")
}

func TestDNSRecords(t *testing.T) {
	soa := append(append(dnsName("ns.example"), dnsName("admin.example")...), make([]byte, 20)...)
	v6 := []byte{0x20, 1, 0xd, 0xb8, 15: 1}
	rrsig := append(append([]byte{0, 1}, make([]byte, 16)...), dnsName("signer.example")...)
	for _, tc := range []struct {
		name string
		kind uint16
		data []byte
		want string
	}{
		{"A", 1, []byte{192, 0, 2, 7}, "192.0.2.7"},
		{"AAAA", 28, v6, "2001:db8::1"},
		{"AAAA of an IPv4 address", 28, []byte{10: 0xff, 11: 0xff, 12: 1, 13: 2, 14: 3, 15: 4}, "1.2.3.4"},
		{"NS", 2, dnsName("ns.example"), "ns.example"},
		{"PTR", 12, dnsName("Host.EXAMPLE"), "host.example"},
		{"a pointer", 12, []byte{1, 'x', 0xc0, 12}, "x.a.example"},
		{"a pointer to itself", 12, []byte{1, 'x', 0xc0, 41}, "x"},
		{"MX", 15, append([]byte{0, 10}, dnsName("mail.example")...), "mail.example"},
		{"TXT", 16, []byte("\x05hello\x03a\x01b"), `TXT 5 hello TXT 3 a\x01b`},
		{"TXT cut short", 16, []byte("\x02ok\x09no"), "TXT 2 ok"},
		{"SPF", 99, []byte("\x04v=sp"), "SPF 4 v=sp"},
		{"SOA", 6, soa, "ns.example"},
		{"SRV", 33, append([]byte{0, 1, 0, 2, 0, 80}, dnsName("web.example")...), "web.example"},
		{"NAPTR", 35, append([]byte("\x00\x64\x00\x0a\x01u\x07E2U+sip\x03!.!"), 0), "NAPTR 100 10 u E2U+sip !.!"},
		{"LOC", 29, []byte{0, 1, 2, 3, 15: 0}, "LOC:  1 2 3"},
		{"DS", 43, []byte{0, 1, 8, 2, 9, 9}, "DS 8 2"},
		{"SSHFP", 44, []byte{1, 1, 0xab, 0xcd}, "SSHFP: abcd"},
		{"RRSIG", 46, rrsig, "RRSIG 1 signer.example"},
		{"RRSIG of the root", 46, append(make([]byte, 18), 0), "RRSIG 0 <Root>"},
		{"NSEC", 47, append(dnsName("b.example"), 0, 1, 0x40), "NSEC a.example b.example"},
		{"DNSKEY", 48, []byte{1, 1, 3, 8, 7}, "DNSKEY 8"},
		{"NSEC3", 50, []byte{1}, "NSEC3"},
		{"NSEC3PARAM", 51, []byte{1}, "NSEC3PARAM"},
		{"BIND9", 65534, []byte{8, 0, 0, 0, 1}, "BIND9 signing signal"},
		{"unknown", 4711, []byte{1, 2}, "<unknown type=4711>"},
		{"root", 2, []byte{0}, "-"},
		{"HINFO", 13, []byte("\x03PDP\x04UNIX"), "-"},
		{"A of the wrong length", 1, []byte{1, 2}, "-"},
	} {
		q := dnsQuery(7, "a.example", tc.kind)
		r := read(t, dnsProtocol(), protoUDP, 40000, 53).send(true, q).send(false, dnsReply(q, 0x8180, dnsRecord(tc.kind, 1, tc.data...)))
		if got := strings.TrimSuffix(r.cut("answers"), "\n"); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

func TestDNSQuestions(t *testing.T) {
	two := append(dnsHead(5, 0, 2), append(dnsQuestion("a.example", 1), dnsQuestion("b.example", 65000)...)...)
	many := dnsHead(6, 0, 26)
	update := append(dnsHead(7, 0x2800, 1), dnsQuestion("c.example", 6)...)
	r := read(t, dnsProtocol(), protoUDP, 40000, 53).send(true, two).send(true, many).send(true, update).send(true, []byte("short"))
	r.close().want("trans_id query qtype qtype_name", "5 b.example 65000 query-65000", "6 - - -")
}

func TestDNSNetBIOS(t *testing.T) {
	workgroup := "FHEPFCELEHFCEPFFFACACACACACACABL"
	r := read(t, dnsProtocol(), protoUDP, 137, netbiosPort)
	r.send(true, dnsQuery(1, workgroup, 32)).send(true, dnsQuery(2, "CK"+strings.Repeat("A", 30), 33)).send(true, dnsQuery(3, "short", 32))
	r.close().want("query qtype_name", "WORKGROUP NIMLOC", "* NBSTAT", "(empty) NIMLOC")
}

func TestDNSOverTCP(t *testing.T) {
	q := dnsQuery(1, "a.example", 1)
	reply := dnsReply(q, 0x8180, dnsRecord(1, 5, 1, 2, 3, 4))
	frame := func(m []byte) []byte { return append([]byte{byte(len(m) >> 8), byte(len(m))}, m...) }
	want := "tcp 1 a.example 1.2.3.4"
	r := read(t, dnsProtocol(), protoTCP, 40000, 53)
	r.send(true, append(frame(q), frame(q)...)).send(false, append(frame(reply), frame(reply)...)).want("proto trans_id query answers", want, want)
	r = read(t, dnsProtocol(), protoTCP, 40000, 53)
	for _, b := range frame(q) {
		r.send(true, []byte{b})
	}
	r.send(false, frame(reply)[:9]).send(false, frame(reply)[9:]).want("proto trans_id query answers", want)
	r.reader.gap(r.at, true, 1)
	r.send(true, frame(q)).close().want("proto trans_id query answers", want)
}

// TestDNSPendingBounded: replies without query don't pile up.
func TestDNSPendingBounded(t *testing.T) {
	r := read(t, dnsProtocol(), protoUDP, 40000, 5353)
	for i := range 2000 {
		q := dnsQuery(uint16(i%3), "a.example", 16)
		r.send(false, dnsReply(q, 0x8400, dnsRecord(16, 1, append([]byte{200}, make([]byte, 200)...)...)))
	}
	if len(r.rows) < 1800 {
		t.Errorf("%d of 2000 replies were let go", len(r.rows))
	}
	if r.close(); len(r.rows) != 2000 {
		t.Errorf("%d rows of 2000 replies", len(r.rows))
	}
}

// TestDNSCutShort: a datagram that the snapshot length cut gives no event that
// tells half of it.
func TestDNSCutShort(t *testing.T) {
	d, err := New("dns")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	emit := func(trace.Row) error { n++; return nil }
	for _, missing := range []int{0, 1} {
		q := dnsQuery(7, "a.example", 1)
		p := &trace.Packet{Time: began, Length: 28 + len(q), PayloadLen: len(q), Payload: q[:len(q)-missing], FiveTuple: trace.FiveTuple{
			SrcIP: netip.MustParseAddr("192.0.2.1"), DstIP: netip.MustParseAddr("192.0.2.2"), SrcPort: 40000, DstPort: 53, Proto: protoUDP,
		}}
		if err := d.Packet(p, emit); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Flush(emit); err != nil || n != 1 {
		t.Errorf("%d events, error %v, want that of the whole query", n, err)
	}
}

func FuzzDNS(f *testing.F) {
	q := dnsQuery(7, "a.example", 16)
	f.Add(packets(string(q), string(dnsReply(q, 0x8180, dnsRecord(16, 9, 3, 'a', 'b', 'c')))), false)
	f.Add(packets(string(dnsReply(q, 0x8180, dnsRecord(46, 9, append(make([]byte, 18), 0xc0, 12)...)))), false)
	f.Add(packets("\x00\x1b"+string(q), "\x00"), true)
	f.Fuzz(func(t *testing.T, script []byte, tcp bool) {
		transport := byte(protoUDP)
		if tcp {
			transport = protoTCP
		}
		fuzzed(t, dnsProtocol(), transport, 53, script)
		fuzzed(t, dnsProtocol(), transport, netbiosPort, script)
	})
}
