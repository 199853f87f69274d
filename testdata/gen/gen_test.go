package main

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSamplesAreCurrent holds the kept samples to what the generator writes.
func TestSamplesAreCurrent(t *testing.T) {
	for _, s := range samples(defaultSeed) {
		kept, err := os.ReadFile(filepath.Join("..", s.name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(kept, s.data) {
			t.Errorf("%s differs from what the generator writes: run go run ./testdata/gen", s.name)
		}
	}
}

func TestSeeds(t *testing.T) {
	a, b, other := samples(8), samples(8), samples(9)
	for i := range a {
		if !bytes.Equal(a[i].data, b[i].data) {
			t.Errorf("%s: the same seed gave other bytes", a[i].name)
		}
		if bytes.Equal(a[i].data, other[i].data) {
			t.Errorf("%s: another seed gave the same bytes", a[i].name)
		}
	}
}

// TestChecksums recomputes the IPv4 checksums of a capture: with the field in
// place, the sum over a header is zero.
func TestChecksums(t *testing.T) {
	for _, s := range samples(defaultSeed) {
		if !strings.HasSuffix(s.name, ".pcap") {
			continue
		}
		n := 0
		for b := s.data[24:]; len(b) > 0; n++ {
			size := binary.LittleEndian.Uint32(b[8:])
			frame := b[16 : 16+size]
			b = b[16+size:]
			if frame[12] == 0x08 && checksum(frame[14:34]) != 0 {
				t.Errorf("%s: packet %d has a wrong header checksum", s.name, n+1)
			}
		}
		if n < 500 {
			t.Errorf("%s has %d packets, want at least 500", s.name, n)
		}
	}
}

// TestConversations checks that every TCP connection's bytes are all there,
// once, and acknowledged only after they were seen.
func TestConversations(t *testing.T) {
	for _, c := range liveDay(newWorld(defaultSeed)) {
		var next [2]uint32
		last := int64(0)
		for i, p := range c.packets {
			if p.at < last {
				t.Fatalf("%s > %s: packet %d goes back in time", c.orig, c.resp, i)
			}
			last = p.at
			if c.proto != protoTCP {
				continue
			}
			from := side(p.orig)
			if i > 1 && p.seq != next[from] {
				t.Fatalf("%s > %s: packet %d has sequence number %d, want %d", c.orig, c.resp, i, p.seq, next[from])
			}
			if p.flags&ack != 0 && p.ack > next[1-from] {
				t.Fatalf("%s > %s: packet %d acknowledges %d of %d", c.orig, c.resp, i, p.ack, next[1-from])
			}
			next[from] = p.seq + uint32(p.n)
			if p.flags&(syn|fin) != 0 {
				next[from]++
			}
		}
	}
}
