package pcapio_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// truth is what tshark counted in a capture.
type truth struct {
	SizeBytes  int64            `json:"size_bytes"`
	Packets    int              `json:"packets"`
	WireBytes  int64            `json:"wire_bytes"`
	L3         map[string]int   `json:"outer_l3"`
	L4         map[string]int   `json:"outer_l4_packets"`
	IPBytes    int64            `json:"ip_bytes_total"`
	VLANs      map[string]int   `json:"vlan_ids"`
	Flows      int              `json:"flows_unidirectional_5tuple"`
	FlowsTwo   int              `json:"flows_bidirectional_5tuple"`
	Interfaces map[string]int64 `json:"interfaces"`
}

// flow is one line of a flows.csv.
type flow struct {
	packets, bytes int64
	first, last    time.Time
}

// TestTruth compares every real capture with tshark's count of it.
func TestTruth(t *testing.T) {
	truths, err := filepath.Glob(filepath.Join(sharedFolder(t, "data"), "*", "*.truth.json"))
	if err != nil || len(truths) == 0 {
		t.Skipf("no truth files: %v", err)
	}
	for _, path := range truths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			compareTruth(t, strings.TrimSuffix(path, ".truth.json"))
		})
	}
}

func compareTruth(t *testing.T, path string) {
	text, err := os.ReadFile(path + ".truth.json")
	if err != nil {
		t.Fatal(err)
	}
	var want truth
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	got := readFile(path)
	if got.err != nil {
		t.Fatal(got.err)
	}
	if n := len(got.rows) + got.count; n != want.Packets {
		t.Errorf("%d packets, want %d", n, want.Packets)
	}
	if got.count != want.L3["non-ip"] {
		t.Errorf("%d rejects, want %d: %v", got.count, want.L3["non-ip"], got.rejects)
	}
	protocols, flows, total := map[string]int{}, map[string]*flow{}, int64(0)
	pairs := map[string]bool{}
	for i := range got.rows {
		protocols[got.at(i, "proto").(string)]++
		length := got.at(i, "pkt_len").(int64)
		total += length
		key, back := flowKey(got, i)
		pairs[min(key, back)] = true
		stamp := got.at(i, "time").(time.Time)
		if flows[key] == nil {
			flows[key] = &flow{first: stamp, last: stamp}
		}
		f := flows[key]
		f.packets, f.bytes = f.packets+1, f.bytes+length
		if stamp.Before(f.first) {
			f.first = stamp
		}
		if stamp.After(f.last) {
			f.last = stamp
		}
	}
	if total != want.IPBytes {
		t.Errorf("%d IP bytes, want %d", total, want.IPBytes)
	}
	names := map[string]string{"icmpv6": "IPV6-ICMP", "33": "DCCP", "88": "EIGRP"}
	for name, n := range want.L4 {
		keyword := strings.ToUpper(name)
		if names[name] != "" {
			keyword = names[name]
		}
		if protocols[keyword] != n {
			t.Errorf("%d packets of %s, want %d", protocols[keyword], keyword, n)
		}
	}
	if len(flows) != want.Flows || len(pairs) != want.FlowsTwo {
		t.Errorf("%d one-way and %d two-way flows, want %d and %d", len(flows), len(pairs), want.Flows, want.FlowsTwo)
	}
	compareFlows(t, path+".flows.csv", flows)
}

func compareFlows(t *testing.T, path string, flows map[string]*flow) {
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	wrong := 0
	for _, l := range lines[1:] {
		f := flows[strings.Join(l[:5], " ")]
		if f == nil {
			f = &flow{}
		}
		got := fmt.Sprint(f.packets, " ", f.bytes, " ", stampOf(f.first), " ", stampOf(f.last))
		if want := strings.Join([]string{l[5], l[6], l[8], l[9]}, " "); got != want {
			if wrong++; wrong < 5 {
				t.Errorf("flow %v: %s, want %s", l[:5], got, want)
			}
		}
	}
	if len(flows) != len(lines)-1 {
		t.Errorf("%d flows, want %d", len(flows), len(lines)-1)
	}
}

// flowKey returns the five-tuple of a row as flows.csv writes it, and the
// other direction's. The truth counts DCCP without its ports.
func flowKey(g reading, row int) (key, back string) {
	port := func(column string) int64 {
		v, _ := g.at(row, column).(int64)
		return v
	}
	sport, dport := port("srcport"), port("dstport")
	proto := g.at(row, "proto").(string)
	number := map[string]int{"TCP": 6, "UDP": 17, "ICMP": 1, "IPV6-ICMP": 58, "IGMP": 2, "SCTP": 132, "DCCP": 33, "EIGRP": 88}[proto]
	if proto == "DCCP" {
		sport, dport = 0, 0
	}
	src, dst := g.at(row, "srcip"), g.at(row, "dstip")
	return fmt.Sprint(src, " ", dst, " ", sport, " ", dport, " ", number),
		fmt.Sprint(dst, " ", src, " ", dport, " ", sport, " ", number)
}

func stampOf(t time.Time) string { return fmt.Sprintf("%d.%09d", t.Unix(), t.Nanosecond()) }
