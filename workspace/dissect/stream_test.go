package dissect

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"netshare/workspace/trace"
)

// recorder writes down what a reader is given: the bytes, [n] for a gap.
type recorder struct {
	sent  [2]bytes.Buffer
	ended int
}

func (r *recorder) data(_ time.Time, orig bool, b []byte) error {
	r.sent[side(orig)].Write(b)
	return nil
}

func (r *recorder) gap(_ time.Time, orig bool, n int64) {
	fmt.Fprintf(&r.sent[side(orig)], "[%d]", n)
}

func (r *recorder) end(time.Time) error { r.ended++; return nil }

// wire sends packets of one TCP connection, positions counted from its first
// byte of payload.
type wire struct {
	table   *table
	readers []*recorder
	logs    []string
	at      time.Time
	isn     [2]uint32
}

func newWire() *wire {
	w := &wire{at: time.Unix(1700000000, 0), isn: [2]uint32{1000, 4294967000}}
	p := &protocol{tcp: []uint16{80}, midstream: true, analyze: func(*conn, func(trace.Row) error) analyzer {
		w.readers = append(w.readers, &recorder{})
		return w.readers[len(w.readers)-1]
	}}
	w.table = newTable(p, nil)
	return w
}

// send sends a packet: flags as in S, A, F, R, with payload from a position on
// and an acknowledgement up to another.
func (w *wire) send(orig bool, flags string, from int, payload string, ack int) *wire {
	return w.cut(orig, flags, from, payload, len(payload), ack)
}

// cut sends a packet of which the capture has the given payload of n bytes.
func (w *wire) cut(orig bool, flags string, from int, payload string, n, ack int) *wire {
	w.at = w.at.Add(time.Millisecond)
	p := trace.Packet{
		FiveTuple: trace.FiveTuple{
			SrcIP: netip.MustParseAddr("10.0.0.1"), DstIP: netip.MustParseAddr("10.0.0.2"), SrcPort: 4000, DstPort: 80, Proto: protoTCP,
		},
		Time: w.at, Window: 100, Length: 40 + n, PayloadLen: n, Payload: []byte(payload),
	}
	if !orig {
		p.FiveTuple = p.Reverse()
	}
	for i, f := range "FSR.A" {
		if strings.ContainsRune(flags, f) {
			p.TCPFlags |= 1 << i
		}
	}
	p.Seq, p.Ack = w.isn[side(orig)]+uint32(from)+1, w.isn[side(!orig)]+uint32(ack)+1
	if p.TCPFlags&flagSYN != 0 {
		p.Seq--
	}
	if err := w.table.packet(&p); err != nil {
		panic(err)
	}
	return w
}

func (w *wire) handshake() *wire {
	return w.send(true, "S", 0, "", 0).send(false, "SA", 0, "", 0).send(true, "A", 0, "", 0)
}

// TestStream follows what a reader is given of one side.
func TestStream(t *testing.T) {
	tests := []struct {
		name string
		send func(w *wire)
		want string
	}{
		{"in order", func(w *wire) { w.handshake().send(true, "A", 0, "abc", 0).send(true, "A", 3, "def", 0) }, "abcdef"},
		{"out of order", func(w *wire) {
			w.handshake().send(true, "A", 3, "def", 0).send(true, "A", 6, "ghi", 0).send(true, "A", 0, "abc", 0)
		}, "abcdefghi"},
		{"repeated", func(w *wire) {
			w.handshake().send(true, "A", 0, "abc", 0).send(true, "A", 0, "abc", 0).send(true, "A", 3, "d", 0).send(true, "A", 0, "abcd", 0)
		}, "abcd"},
		{"overlapping, the first stands", func(w *wire) {
			w.handshake().send(true, "A", 0, "abc", 0).send(true, "A", 1, "XXde", 0)
		}, "abcde"},
		{"overlapping what is held", func(w *wire) {
			w.handshake().send(true, "A", 4, "ef", 0).send(true, "A", 2, "cdXXgh", 0).send(true, "A", 8, "ij", 0).send(true, "A", 0, "ab", 0)
		}, "abcdefghij"},
		{"lost, as the acknowledgement tells", func(w *wire) {
			w.handshake().send(true, "A", 0, "abc", 0).send(true, "A", 5, "fg", 0).send(false, "A", 0, "", 7)
		}, "abc[2]fg"},
		{"lost at the end", func(w *wire) { w.handshake().send(true, "A", 0, "abc", 0).send(false, "A", 0, "", 9) }, "abc[6]"},
		{"lost, and the capture ends", func(w *wire) { w.handshake().send(true, "A", 0, "abc", 0).send(true, "A", 5, "fg", 0) }, "abc[2]fg"},
		{"the acknowledgement before the segment", func(w *wire) {
			w.handshake().send(true, "A", 0, "abc", 0).send(false, "A", 0, "", 6).send(true, "A", 3, "def", 0)
		}, "abc[3]"},
		{"cut by the snapshot length", func(w *wire) {
			w.handshake().cut(true, "A", 0, "ab", 10, 0).send(true, "A", 10, "c", 0)
		}, "ab[8]c"},
		{"cut and held", func(w *wire) {
			w.handshake().cut(true, "A", 3, "de", 10, 0).send(true, "A", 0, "abc", 0)
		}, "abcde[8]"},
		{"nothing captured", func(w *wire) { w.handshake().cut(true, "A", 0, "", 10, 0) }, "[10]"},
		{"midstream", func(w *wire) { w.send(true, "A", 5000, "abc", 9).send(true, "A", 5003, "def", 9) }, "abcdef"},
		{"midstream, one lost", func(w *wire) {
			w.send(true, "A", 5000, "abc", 9).send(true, "A", 5005, "fgh", 9).send(false, "A", 9, "", 5008)
		}, "abc[2]fgh"},
		{"with the SYN", func(w *wire) { w.send(true, "S", 0, "abc", 0).send(false, "SA", 0, "", 3).send(true, "A", 3, "d", 0) }, "abcd"},
		{"with the FIN", func(w *wire) {
			w.handshake().send(true, "A", 0, "abc", 0).send(true, "FA", 3, "d", 0).send(false, "FA", 0, "", 5)
		}, "abcd"},
		{"of a RST", func(w *wire) { w.handshake().send(true, "A", 0, "abc", 0).send(true, "R", 3, "why", 0) }, "abc"},
		{"one-sided", func(w *wire) { w.send(true, "S", 0, "", 0).send(true, "A", 0, "abc", 1).send(true, "A", 3, "d", 200) }, "abcd"},
		{"before the beginning", func(w *wire) { w.send(true, "A", 5000, "abc", 9).send(true, "A", 4000, "zz", 9) }, "abc"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, wrap := range []uint32{0, 1000, 1 << 31, 1<<32 - 2, 1<<32 - 5005} {
				w := newWire()
				w.isn[0] = wrap
				test.send(w)
				if err := w.table.flush(); err != nil {
					t.Fatal(err)
				}
				if len(w.readers) != 1 || w.readers[0].sent[0].String() != test.want || w.readers[0].ended != 1 {
					t.Errorf("first sequence number %d: %d readers, got %q, want %q", wrap, len(w.readers), w.readers[0].sent[0].String(), test.want)
				}
				if w.table.held != 0 || len(w.table.conns) != 0 || len(w.table.queue) != 0 {
					t.Errorf("%d bytes held after the end", w.table.held)
				}
			}
		})
	}
}

// TestStreamAnyOrder sends a stream in pieces that come in disorder, overlap
// and repeat, and wants it whole.
func TestStreamAnyOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		whole := make([]byte, 1+random.IntN(3000))
		for i := range whole {
			whole[i] = byte('a' + i*7%26 + i/100%3)
		}
		w := newWire()
		w.isn[0] = random.Uint32()
		w.handshake()
		var pieces [][2]int
		for at := 0; at < len(whole); {
			to := min(len(whole), at+1+random.IntN(200))
			pieces = append(pieces, [2]int{at, to})
			at = to
			if random.IntN(3) == 0 {
				at = max(0, at-random.IntN(150))
			}
		}
		random.Shuffle(len(pieces), func(i, j int) { pieces[i], pieces[j] = pieces[j], pieces[i] })
		for _, p := range pieces {
			w.send(true, "A", p[0], string(whole[p[0]:p[1]]), 0)
		}
		if err := w.table.flush(); err != nil {
			t.Fatal(err)
		}
		if got := w.readers[0].sent[0].Bytes(); !bytes.Equal(got, whole) {
			t.Fatalf("got %q, want %q", got, whole)
		}
	}
}

// TestStreamBounded holds what is kept of streams with holes that nobody
// acknowledges to its bounds, and wants what came after the hole.
func TestStreamBounded(t *testing.T) {
	w := newWire()
	w.handshake().send(true, "A", 0, "abc", 0)
	piece := strings.Repeat("x", 1000)
	for i := range 5000 {
		w.send(true, "A", 10+i*1000, piece, 0)
		if c := w.table.queue[0]; c.tcp.ends[0].stream.bytes > maxHeld || c.tcp.ends[0].stream.bytes != w.table.held {
			t.Fatalf("%d bytes held, %d in all", c.tcp.ends[0].stream.bytes, w.table.held)
		}
	}
	if err := w.table.flush(); err != nil {
		t.Fatal(err)
	}
	if got := w.readers[0].sent[0].String(); len(got) != 3+3+5000*1000 || !strings.HasPrefix(got, "abc[7]xx") {
		t.Errorf("%d bytes that begin with %q", len(got), got[:10])
	}
}

// TestFarSequence follows a stream over several turns of its sequence numbers.
func TestFarSequence(t *testing.T) {
	w := newWire()
	w.handshake()
	at, pieces := 0, 0
	for ; at < 3<<32; pieces++ { // of each gigabyte a byte is captured
		w.cut(true, "A", at, "x", 1<<30, 0)
		at += 1 << 30
		w.send(false, "A", 0, "", at)
	}
	w.send(true, "FA", at, "", 0).send(false, "FA", 0, "", at+1)
	c := w.table.queue[0]
	if got := c.tcp.ends[0].size(&c.tcp.ends[1]); got != int64(at) {
		t.Errorf("%d bytes, want %d", got, at)
	}
	if c.missed != int64(at) { // a segment that was cut is missed as a whole
		t.Errorf("%d bytes missed, want %d", c.missed, at)
	}
	if err := w.table.flush(); err != nil {
		t.Fatal(err)
	}
	if got, want := w.readers[0].sent[0].String(), strings.Repeat("x[1073741823]", pieces); got != want {
		t.Errorf("got %q", got)
	}
}
