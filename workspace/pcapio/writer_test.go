package pcapio_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/klauspost/compress/zstd"

	"netshare/workspace/pcapio"
	"netshare/workspace/trace"
)

// base are the values of a sound packet.
func base(more map[string]any) map[string]any {
	values := map[string]any{
		"time": time.Unix(1700000000, 123456789), "srcip": "10.0.0.1", "dstip": "192.0.2.1", "proto": "TCP",
		"srcport": int64(4000), "dstport": int64(80), "pkt_len": int64(1000),
	}
	for name, v := range more {
		values[name] = v
	}
	return values
}

func TestWriteFaults(t *testing.T) {
	for _, c := range []struct {
		name   string
		values map[string]any
		says   string
	}{
		{"address", map[string]any{"srcip": "10.0.0"}, `row 1: column "srcip": 10.0.0 is not an address`},
		{"no address", map[string]any{"dstip": nil}, `column "dstip"`},
		{"protocol", map[string]any{"proto": "XYZZY"}, `"XYZZY" is no IP protocol`},
		{"port", map[string]any{"srcport": int64(65536)}, "65536 is not a whole number from 0 to 65535"},
		{"half", map[string]any{"ttl": 1.5}, "1.5 is not a whole number"},
		{"year", map[string]any{"time": time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)}, "write a pcapng file"},
		{"before", map[string]any{"time": time.Unix(-1, 0)}, "outside the years 1970 to 2106"},
		{"time", map[string]any{"time": "noon"}, "noon is not a time"},
	} {
		schema := packetSchema("pcap")
		w, err := pcapio.NewWriter(io.Discard, schema, pcapio.WriterOptions{})
		if err != nil {
			t.Fatal(err)
		}
		err = w.Write(packetRow(schema, base(c.values)))
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", c.name, err, c.says)
		}
		if err := w.Write(packetRow(schema, base(nil))); err != nil {
			t.Errorf("%s: the row after the wrong one: %v", c.name, err)
		}
	}
	schema := packetSchema("pcap")
	schema.Columns = schema.Columns[1:]
	if _, err := pcapio.NewWriter(io.Discard, schema, pcapio.WriterOptions{}); err == nil ||
		!strings.Contains(err.Error(), `column "time" is missing`) {
		t.Errorf("table without time: %v", err)
	}
	schema = packetSchema("csv")
	if _, err := pcapio.NewWriter(io.Discard, schema, pcapio.WriterOptions{}); err == nil {
		t.Error("a csv was written as a capture")
	}
}

// TestWriteOdd writes rows that no captured packet is like, and reads them.
func TestWriteOdd(t *testing.T) {
	for _, c := range []struct {
		name   string
		values map[string]any
		column string
		want   any
	}{
		{"too short for TCP", map[string]any{"pkt_len": int64(20)}, "pkt_len", int64(40)},
		{"too short for UDP", map[string]any{"pkt_len": int64(0), "proto": "udp"}, "pkt_len", int64(28)},
		{"impossible payload", map[string]any{"payload_len": int64(5000)}, "payload_len", int64(960)},
		{"offloaded", map[string]any{"pkt_len": int64(70000)}, "pkt_len", int64(70000)},
		{"offloaded over IPv6", map[string]any{
			"pkt_len": int64(70000), "srcip": "2001:db8::1", "dstip": "2001:db8::2",
		}, "pkt_len", int64(70000)},
		{"two families", map[string]any{"dstip": "2001:db8::2"}, "srcip", "::ffff:10.0.0.1"},
		{"number for a name", map[string]any{"proto": int64(6)}, "proto", "TCP"},
		{"reals for integers", map[string]any{"ttl": 17.0}, "ttl", int64(17)},
		{"flags", map[string]any{"tcp_flags": int64(0x1ff)}, "tcp_flags", int64(0x1ff)},
		{"no flags, no payload", map[string]any{"pkt_len": int64(40)}, "tcp_flags", int64(2)},
		{"reserved bit", map[string]any{"flag": int64(4)}, "flag", int64(4)},
	} {
		for _, format := range []string{"pcap", "pcapng"} {
			schema := packetSchema(format)
			got := read(t, write(t, schema, []trace.Row{packetRow(schema, base(c.values))}, pcapio.WriterOptions{}))
			if got.err != nil || len(got.rows) != 1 {
				t.Errorf("%s: %d rows, %v", c.name, len(got.rows), got.err)
			} else if v := got.at(0, c.column); v != c.want {
				t.Errorf("%s: %s is %v, want %v", c.name, c.column, v, c.want)
			}
		}
	}
}

// TestWriteLinks writes each link type, with the resolution of the times.
func TestWriteLinks(t *testing.T) {
	for link, want := range map[string]string{
		"": "1", "0": "0", "1": "1", "12": "101", "101": "101", "108": "108", "113": "113", "276": "276", "105": "1", "228": "101",
	} {
		for _, format := range []string{"pcap", "pcapng"} {
			for resolution, nanos := range map[string]int{"us": 123456000, "ns": 123456789} {
				schema := packetSchema(format)
				schema.Props = map[string]string{pcapio.PropResolution: resolution}
				if link != "" {
					schema.Props[pcapio.PropLinkType] = link
				}
				got := read(t, write(t, schema, []trace.Row{packetRow(schema, base(nil))}, pcapio.WriterOptions{}))
				if got.err != nil || len(got.rows) != 1 {
					t.Fatalf("link type %q: %d rows, %v", link, len(got.rows), got.err)
				}
				if got.schema.Format != format || got.schema.Props[pcapio.PropLinkType] != want ||
					got.schema.Props[pcapio.PropResolution] != resolution {
					t.Errorf("link type %q: %s %v", link, got.schema.Format, got.schema.Props)
				}
				if at := got.at(0, "time").(time.Time); at.Nanosecond() != nanos {
					t.Errorf("%s %s: %v", format, resolution, at)
				}
			}
		}
	}
}

// TestWriteVLAN writes a tag, and reads the packet by gopacket's decoders.
func TestWriteVLAN(t *testing.T) {
	schema := packetSchema("pcap")
	schema.Props = nil
	values := base(map[string]any{"vlan": int64(42), "tcp_flags": int64(18), "tos": int64(8), "pkt_len": int64(48)})
	capture := write(t, schema, []trace.Row{packetRow(schema, values)}, pcapio.WriterOptions{})
	if got := read(t, capture); got.at(0, "vlan") != int64(42) || got.at(0, "frame_len") != int64(14+4+48) {
		t.Errorf("row %v", got.rows[0])
	}
	packet := gopacket.NewPacket(capture[24+16:], layers.LayerTypeEthernet, gopacket.Default)
	if failure := packet.ErrorLayer(); failure != nil {
		t.Fatal(failure.Error())
	}
	ip, tcp := packet.NetworkLayer().(*layers.IPv4), packet.TransportLayer().(*layers.TCP)
	if ip.TOS != 8 || ip.Length != 48 || !tcp.SYN || !tcp.ACK || tcp.FIN || len(tcp.Payload) != 8 {
		t.Errorf("decoded as %+v %+v", ip, tcp)
	}
	if tag := packet.Layer(layers.LayerTypeDot1Q).(*layers.Dot1Q); tag.VLANIdentifier != 42 {
		t.Errorf("tag %+v", tag)
	}
}

func TestReadZstd(t *testing.T) {
	schema := packetSchema("pcap")
	var packed bytes.Buffer
	z, err := zstd.NewWriter(&packed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(write(t, schema, []trace.Row{packetRow(schema, base(nil))}, pcapio.WriterOptions{})); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if got := read(t, packed.Bytes()); got.err != nil || len(got.rows) != 1 {
		t.Errorf("%d rows, %v", len(got.rows), got.err)
	}
	if r, err := pcapio.NewReader("cut.zst", bytes.NewReader(packed.Bytes()[:packed.Len()-9])); err == nil {
		if got := readAll(r); got.err == nil || !strings.Contains(got.err.Error(), "zstd") {
			t.Errorf("cut stream: %v", got.err)
		}
	} else if !strings.Contains(err.Error(), "zstd") {
		t.Errorf("cut stream: %v", err)
	}
}
