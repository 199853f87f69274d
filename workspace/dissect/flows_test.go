package dissect_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netshare/workspace/dissect"
	"netshare/workspace/pcapio"
	"netshare/workspace/trace"
)

// TestConnFlows compares what conn counts of each direction of each five-tuple
// with tshark's count: every packet and byte is in one connection.
func TestConnFlows(t *testing.T) {
	tables, _ := filepath.Glob(filepath.Join(sharedData(t), "*", "*.flows.csv"))
	if len(tables) == 0 {
		t.Skip("no flow tables")
	}
	for _, table := range tables {
		path := strings.TrimSuffix(table, ".flows.csv")
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			got := connTotals(t, path)
			want := tsharkTotals(t, table)
			wrong, packets, off := 0, int64(0), int64(0)
			for k, w := range want {
				packets += w[0]
				if g := got[k]; g != w {
					if off += max(w[0]-g[0], g[0]-w[0]); wrong < 3 {
						t.Logf("%s: %d packets and %d bytes, tshark has %d and %d", k, g[0], g[1], w[0], w[1])
					}
					wrong++
				}
			}
			for k := range got {
				if _, known := want[k]; !known {
					t.Errorf("%s: tshark has no such flow", k)
				}
			}
			t.Logf("%d of %d flows are as tshark's, %d packets apart", len(want)-wrong, len(want), off)
			if off*200 > packets {
				t.Errorf("%d of %d packets are in no connection or in two", off, packets)
			}
		})
	}
}

func connTotals(t *testing.T, path string) map[string][2]int64 {
	schema, rows := eventsOf(t, path, "conn", pcapio.Outermost)
	totals := map[string][2]int64{}
	for _, row := range rows {
		at := func(name string) any { return row[schema.Index(name)] }
		origP, respP := at("id.orig_p"), at("id.resp_p")
		if p := at("proto"); p != "tcp" && p != "udp" {
			origP, respP = int64(0), int64(0)
		}
		add := func(src, dst, sport, dport, packets, bytes any) {
			k := fmt.Sprintf("%v %v %v %v %v", src, dst, sport, dport, at("proto"))
			s := totals[k]
			totals[k] = [2]int64{s[0] + packets.(int64), s[1] + bytes.(int64)}
		}
		add(at("id.orig_h"), at("id.resp_h"), origP, respP, at("orig_pkts"), at("orig_ip_bytes"))
		if n := at("resp_pkts"); n != int64(0) {
			add(at("id.resp_h"), at("id.orig_h"), respP, origP, n, at("resp_ip_bytes"))
		}
	}
	for k, n := range totals {
		if n[0] == 0 { // flipped, with a silent originator
			delete(totals, k)
		}
	}
	return totals
}

func tsharkTotals(t *testing.T, path string) map[string][2]int64 {
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	totals := map[string][2]int64{}
	for _, l := range lines[1:] {
		proto, known := map[string]string{"6": "tcp", "17": "udp", "1": "icmp", "58": "icmp"}[l[4]]
		if !known {
			proto = "unknown_transport"
		}
		if proto != "tcp" && proto != "udp" {
			l[2], l[3] = "0", "0"
		}
		var packets, bytes int64
		if _, err := fmt.Sscan(l[5], &packets); err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Sscan(l[6], &bytes); err != nil {
			t.Fatal(err)
		}
		k := strings.Join(l[:4], " ") + " " + proto
		s := totals[k]
		totals[k] = [2]int64{s[0] + packets, s[1] + bytes}
	}
	return totals
}

// TestHostile reads malformed captures, whichever header of a tunnel is taken.
func TestHostile(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(filepath.Dir(sharedData(t)), "hostile", "*", "*"))
	read := 0
	for _, path := range files {
		if ext := filepath.Ext(path); ext == ".gz" || ext == ".zst" { // what unpacks to millions of bad records is pcapio's
			continue
		}
		for _, take := range []pcapio.Header{pcapio.Outermost, pcapio.Innermost} {
			r, err := pcapio.Open(path)
			if err != nil {
				continue
			}
			r.Take(take)
			var all []*dissect.Dissector
			for _, name := range dissect.Protocols() {
				d, err := dissect.New(name)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, d)
			}
			emit := func(trace.Row) error { return nil }
			_ = r.Packets(context.Background(), func(p *trace.Packet) error {
				read++
				for _, d := range all {
					if err := d.Packet(p, emit); err != nil {
						t.Fatalf("%s: %v", path, err)
					}
				}
				return nil
			}, nil)
			for _, d := range all {
				if err := d.Flush(emit); err != nil {
					t.Fatalf("%s: %v", path, err)
				}
			}
			r.Close()
		}
	}
	if t.Logf("%d packets of %d files", read, len(files)); read == 0 && len(files) > 0 {
		t.Error("no packets")
	}
}
