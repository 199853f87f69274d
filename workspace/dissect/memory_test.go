package dissect

import (
	"encoding/binary"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"netshare/workspace/trace"
)

// TestFloodBounded holds the memory of a flood of SYNs, each of a connection of
// its own, all in one second.
func TestFloodBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a second")
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	d, err := New("conn")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	emit := func(trace.Row) error { rows++; return nil }
	const n = maxConns + maxConns/8
	for i := range n {
		var from [4]byte
		binary.BigEndian.PutUint32(from[:], uint32(i))
		p := trace.Packet{
			FiveTuple: trace.FiveTuple{
				SrcIP: netip.AddrFrom4(from), DstIP: netip.AddrFrom4([4]byte{10, 0, 0, 1}), SrcPort: 4000, DstPort: 80, Proto: protoTCP,
			},
			Time: time.Unix(1700000000, int64(i)), TCPFlags: flagSYN, Length: 40,
		}
		if err := d.Packet(&p, emit); err != nil {
			t.Fatal(err)
		}
	}
	used := heap() - before
	t.Logf("%d MiB for %d connections: %d bytes each", used>>20, len(d.table.conns), used/uint64(len(d.table.conns)))
	if used > 300<<20 {
		t.Errorf("%d MiB of memory", used>>20)
	}
	if err := d.Flush(emit); err != nil || rows != n {
		t.Errorf("%d connections, error %v, want %d", rows, err, n)
	}
}
