package dissect_test

import (
	"bytes"
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"netshare/workspace/dissect"
	"netshare/workspace/pcapio"
	"netshare/workspace/trace"
)

// manyConnections are the packets of TCP connections, so many of them open at a
// time, each of a handshake, a few requests with answers, and a close.
func manyConnections(connections, open int) []trace.Packet {
	var packets []trace.Packet
	at := time.Unix(1700000000, 0)
	server := netip.MustParseAddr("192.0.2.1")
	request, answer := []byte("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"), make([]byte, 1200)
	copy(answer, "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
	for base := 0; base < connections; base += open {
		for step := range 16 {
			for i := base; i < base+open; i++ {
				client := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
				p := trace.Packet{
					FiveTuple: trace.FiveTuple{SrcIP: client, DstIP: server, SrcPort: 40000, DstPort: 80, Proto: 6},
					TCPFlags:  16, Window: 1000, Length: 40,
				}
				sent, got := uint32(i), uint32(2*i)
				toServer := step%2 == 0
				switch {
				case step == 0:
					p.TCPFlags, p.Seq = 2, sent
				case step == 1:
					p.TCPFlags, p.Seq, p.Ack = 18, got, sent+1
				case step < 13:
					n := uint32(step-2) / 2
					p.Seq, p.Ack = sent+1+n*uint32(len(request)), got+1+n*uint32(len(answer))
					p.Payload = request
					if !toServer {
						p.Seq, p.Ack, p.Payload = p.Ack, p.Seq+uint32(len(request)), answer
					}
				default:
					p.Seq, p.Ack = sent+1+6*uint32(len(request)), got+1+5*uint32(len(answer))
					if !toServer {
						p.Seq, p.Ack = p.Ack, p.Seq
					}
					if p.TCPFlags = 17; step == 15 {
						p.TCPFlags = 16
					}
				}
				if !toServer {
					p.FiveTuple = p.Reverse()
				}
				p.PayloadLen = len(p.Payload)
				p.Length += p.PayloadLen
				at = at.Add(time.Microsecond)
				p.Time, p.Number = at, int64(len(packets)+1)
				packets = append(packets, p)
			}
		}
	}
	return packets
}

func benchmark(b *testing.B, protocol string, packets []trace.Packet) {
	emit := func(trace.Row) error { return nil }
	b.ReportAllocs()
	for b.Loop() {
		d, err := dissect.New(protocol)
		if err != nil {
			b.Fatal(err)
		}
		for i := range packets {
			if err := d.Packet(&packets[i], emit); err != nil {
				b.Fatal(err)
			}
		}
		if err := d.Flush(emit); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(packets)*b.N)/b.Elapsed().Seconds(), "packets/s")
}

func BenchmarkConn(b *testing.B)     { benchmark(b, "conn", manyConnections(8192, 64)) }
func BenchmarkConnOpen(b *testing.B) { benchmark(b, "conn", manyConnections(32768, 32768)) }
func BenchmarkDNS(b *testing.B)      { benchmark(b, "dns", manyConnections(8192, 64)) }

// BenchmarkCapture reads a real capture and its connections.
func BenchmarkCapture(b *testing.B) {
	capture, err := os.ReadFile(filepath.Join(sharedData(b), "pcap-ndpi-apps", "gnutella.pcap"))
	if err != nil {
		b.Skip(err)
	}
	packets := 0
	emit := func(trace.Row) error { return nil }
	for b.Loop() {
		d, err := dissect.New("conn")
		if err != nil {
			b.Fatal(err)
		}
		r, err := pcapio.NewReader("bench", bytes.NewReader(capture))
		if err != nil {
			b.Fatal(err)
		}
		err = r.Packets(context.Background(), func(p *trace.Packet) error { packets++; return d.Packet(p, emit) }, nil)
		if err == nil {
			err = d.Flush(emit)
		}
		if err != nil {
			b.Fatal(err)
		}
		r.Close()
	}
	b.ReportMetric(float64(packets)/b.Elapsed().Seconds(), "packets/s")
}
