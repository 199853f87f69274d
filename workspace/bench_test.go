package workspace_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"netshare/workspace"
)

// packetsEnv sets how many packets the benchmarks load and export, a million
// where it is absent. For ten million:
//
//	NETSHARE_BENCH_PACKETS=10000000 go test -run '^$' -bench Capture -benchtime 1x ./workspace
const packetsEnv = "NETSHARE_BENCH_PACKETS"

func benchPackets(b *testing.B) int {
	text := os.Getenv(packetsEnv)
	if text == "" {
		return 1_000_000
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		b.Fatalf("%s: want a number of packets, got %q", packetsEnv, text)
	}
	return n
}

// writeCapture writes the packets of the sample, which testdata/gen made, again
// and again: each time a while later, with other client addresses and sequence
// numbers, so that it compresses and groups as a long capture does.
func writeCapture(b *testing.B, path string, packets int) {
	b.Helper()
	sample, err := os.ReadFile("../testdata/web.pcap")
	if err != nil {
		b.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	const fileHeader, recordHeader, ethernet, ip = 24, 16, 14, 20
	w.Write(sample[:fileHeader])
	le, be := binary.LittleEndian, binary.BigEndian
	const span = 1200 // seconds, more than the sample's
	for round, made := uint32(0), 0; made < packets; round++ {
		for rest := sample[fileHeader:]; len(rest) > 0 && made < packets; made++ {
			size := recordHeader + int(le.Uint32(rest[8:]))
			record := bytes.Clone(rest[:size])
			rest = rest[size:]
			le.PutUint32(record, le.Uint32(record)+round*span)
			if frame := record[recordHeader:]; be.Uint16(frame[12:]) == 0x0800 {
				client := frame[ethernet+12 : ethernet+16]
				if client[0] != 198 { // the other direction
					client = frame[ethernet+16 : ethernet+20]
				}
				client[1], client[2] = byte(round), byte(round>>8)
				if frame[ethernet+9] == 6 {
					for _, number := range [][]byte{frame[ethernet+ip+4:], frame[ethernet+ip+8:]} {
						be.PutUint32(number, be.Uint32(number)+round*7919)
					}
				}
			}
			if _, err := w.Write(record); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
}

// peakMemory is the most memory that this process had since resetPeak, in
// megabytes; 0 where the system doesn't say.
func peakMemory() float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(status) {
		var kB float64
		if n, _ := fmt.Sscanf(string(line), "VmHWM: %f kB", &kB); n == 1 {
			return kB / 1024
		}
	}
	return 0
}

func resetPeak() { os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) } //nolint:errcheck // without it the peak is that of the process

// BenchmarkCapture loads a capture, with all that netshare ws load does, and
// writes it again. Peak memory is that of the process, DuckDB's part of it (1 GB
// at most) included.
func BenchmarkCapture(b *testing.B) {
	packets := benchPackets(b)
	dir := b.TempDir()
	capture := filepath.Join(dir, "bench.pcap")
	writeCapture(b, capture, packets)
	ws, err := workspace.Open(b.Context(), filepath.Join(dir, "bench.duckdb"), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer ws.Close()
	report := func(b *testing.B) {
		b.ReportMetric(float64(packets)*float64(b.N)/b.Elapsed().Seconds(), "packets/s")
		b.ReportMetric(peakMemory(), "peak-MB")
	}
	b.Run("load", func(b *testing.B) {
		resetPeak()
		for b.Loop() {
			loaded, err := ws.Load(b.Context(), workspace.Load{Table: "bench", Files: []string{capture}, Replace: true})
			if err != nil {
				b.Fatal(err)
			}
			if loaded.Table.Rows != int64(packets) {
				b.Fatalf("%d rows", loaded.Table.Rows)
			}
		}
		report(b)
	})
	b.Run("sql", func(b *testing.B) {
		resetPeak()
		for b.Loop() {
			r, err := ws.Query(b.Context(), "SELECT proto, sum(pkt_len) FROM '"+capture+"' GROUP BY proto")
			if err != nil {
				b.Fatal(err)
			}
			r.Close()
		}
		report(b)
	})
	b.Run("export", func(b *testing.B) {
		resetPeak()
		for b.Loop() {
			if _, err := ws.Export(b.Context(), "raw.bench", filepath.Join(dir, "out.pcap")); err != nil {
				b.Fatal(err)
			}
		}
		report(b)
	})
}
