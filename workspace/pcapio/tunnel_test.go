package pcapio_test

import (
	"context"
	"path/filepath"
	"slices"
	"testing"

	"netshare/workspace/pcapio"
	"netshare/workspace/trace"
)

func TestInnermost(t *testing.T) {
	folder := sharedFolder(t, "hostile")
	for _, c := range []struct {
		file         string
		row          int
		outer, inner string
	}{
		{"encap/74-gre.pcap", 0, "GRE", "UDP"},
		{"encap/75-ipip-6in4.pcap", 0, "IPV4", "UDP"},
		{"encap/75-ipip-6in4.pcap", 1, "IPV6", "UDP"},
		{"encap/75-ipip-6in4.pcap", 2, "IPV4", "UDP"},
		{"encap/77-vxlan.pcap", 0, "UDP", "UDP"},
		{"ip/93-icmp-error-embedded.pcap", 0, "ICMP", "ICMP"},
	} {
		r, err := pcapio.Open(filepath.Join(folder, c.file))
		if err != nil {
			t.Fatal(err)
		}
		r.Take(pcapio.Innermost)
		inner, outer := readAll(r), readFile(filepath.Join(folder, c.file))
		r.Close()
		if got := outer.at(c.row, "proto"); got != c.outer {
			t.Errorf("%s: outer protocol %v, want %s", c.file, got, c.outer)
		}
		if got := inner.at(c.row, "proto"); got != c.inner {
			t.Errorf("%s: inner protocol %v, want %s", c.file, got, c.inner)
		}
		shorter := inner.at(c.row, "pkt_len").(int64) < outer.at(c.row, "pkt_len").(int64)
		if want := c.inner != "ICMP"; shorter != want {
			t.Errorf("%s: %v bytes inside %v", c.file, inner.at(c.row, "pkt_len"), outer.at(c.row, "pkt_len"))
		}
	}
}

// TestErspan reads what a mirrored switch port carries.
func TestErspan(t *testing.T) {
	r, err := pcapio.Open(filepath.Join(sharedFolder(t, "hostile"), "real", "erspan.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	r.Take(pcapio.Innermost)
	count := map[any]int{}
	err = r.Read(context.Background(), func(row trace.Row) error {
		count[row[slices.Index(r.Schema().Names(), "proto")]]++
		return nil
	}, nil)
	if err != nil || count["GRE"] > 287/2 {
		t.Errorf("protocols inside: %v, %v", count, err)
	}
}
