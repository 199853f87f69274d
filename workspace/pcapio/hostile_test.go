package pcapio_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"netshare/workspace/pcapio"
)

// wanted is what is asked of a hostile file beyond its EXPECT.json entry.
type wanted struct {
	rows    int    // -1 for whatever it is
	rejects int    // at least
	says    string // in the error, a reject or a note
}

var hostileWants = map[string]wanted{
	"pcap/00-good-5.pcap":                 {5, 0, ""},
	"pcap/01-empty-file.pcap":             {0, 0, "empty file"},
	"pcap/02-cut-global-header.pcap":      {0, 0, "header cut short"},
	"pcap/04-cut-record-header.pcap":      {4, 1, "04-cut-record-header.pcap:5: record header cut short"},
	"pcap/05-cut-in-packet.pcap":          {4, 1, "05-cut-in-packet.pcap:5: packet cut short"},
	"pcap/07-caplen-over-snaplen.pcap":    {2, 0, "above the file's snapshot length"},
	"pcap/08-caplen-over-origlen.pcap":    {2, 0, "above the length on the wire"},
	"pcap/10-snaplen-4g.pcap":             {5, 0, ""},
	"pcap/11-wrong-magic.pcap":            {0, 0, "not a pcap or pcapng file (magic deadbeef)"},
	"pcap/13-big-endian.pcap":             {5, 0, ""},
	"pcap/14-nanosecond.pcap":             {5, 0, ""},
	"pcap/16-modified-magic.pcap":         {5, 0, ""},
	"pcap/17-usec-overflow.pcap":          {2, 0, "carried into the seconds"},
	"pcap/19-time-extremes.pcap":          {3, 0, ""},
	"pcap/20-version-9.pcap":              {0, 0, "version 9.9 is not supported"},
	"pcap/22-caplen-14.pcap":              {0, 5, "frame cut short before the IP header (5)"},
	"pcap/23-one-packet.pcap":             {1, 0, ""},
	"pcap/24-good.pcap.gz":                {5, 0, ""},
	"pcap/26-gzip-cut.pcap.gz":            {-1, 0, "gzip"},
	"pcap/27-gzip-bomb.pcap.gz":           {1, 13_000_000, "empty record"},
	"pcapng/30-good.pcapng":               {5, 0, ""},
	"pcapng/31-interfaces-tsresol.pcapng": {4, 0, ""},
	"pcapng/32-unknown-blocks.pcapng":     {2, 0, ""},
	"pcapng/34-simple-packet.pcapng":      {2, 0, "without a time"},
	"pcapng/35-length-mismatch.pcapng":    {1, 1, "two lengths differ"},
	"pcapng/37-length-huge.pcapng":        {1, 1, "impossible block length"},
	"pcapng/38-cut.pcapng":                {1, 1, "block cut short"},
	"pcapng/40-two-sections.pcapng":       {2, 0, ""},
	"pcapng/41-no-interface.pcapng":       {0, 1, "interface that was not described"},
	"pcapng/43-tsresol-silly.pcapng":      {2, 0, "time resolution"},
	"pcapng/44-caplen-over-block.pcapng":  {-1, 1, "captured length exceeds its block"},
	"link/60-user-147.pcap":               {0, 0, "unsupported link type 147 (USER0)"},
	"link/63-linktype-fcs-bits.pcap":      {1, 0, ""},
	"link/64-non-ip-only.pcap":            {0, 3, "not IP: ARP (1), not IP: LLDP (1), not IP: STP (1)"},
	"encap/72-vlan-cut.pcap":              {0, 1, "cut short"},
	"ip/87-ipv4-ihl-bogus.pcap":           {1, 3, "IPv4 header"},
	"ip/89-version-5-in-0800.pcap":        {2, 1, "IP version"},
	"ip/90-tcp-doff-bogus.pcap":           {4, 0, "transport header"},
	"real/empty.pcap":                     {0, 0, "nothing after it"},
	"real/ieee80211.15.4.pcap":            {0, 0, "unsupported link type"},
	"real/ip4-trunc.pcap":                 {0, 1, "IPv4 header cut short"},
	"real/ip6-trunc.pcap":                 {0, 1, "IPv6 header cut short"},
	"real/ip6-ext-trunc.pcap":             {0, 1, "IPv6 extension header cut short"},
}

// TestHostile reads every malformed capture and compares the outcome with what
// EXPECT.json asks for, and the rows with those that tshark saw.
func TestHostile(t *testing.T) {
	folder := sharedFolder(t, "hostile")
	text, err := os.ReadFile(filepath.Join(folder, "EXPECT.json"))
	if err != nil {
		t.Fatal(err)
	}
	var entries []struct {
		File, Expect string
		Tshark       struct {
			WithIP int `json:"with_ip"`
		}
	}
	if err := json.Unmarshal(text, &entries); err != nil {
		t.Fatal(err)
	}
	tested := 0
	for _, e := range entries {
		if !strings.Contains(e.File, ".pcap") {
			continue
		}
		tested++
		t.Run(e.File, func(t *testing.T) {
			t.Parallel()
			got := readFile(filepath.Join(folder, e.File))
			want, listed := hostileWants[e.File]
			if !listed {
				want.rows = e.Tshark.WithIP
			}
			switch e.Expect {
			case "accept":
				if got.err != nil {
					t.Errorf("refused: %v", got.err)
				}
			case "reject":
				if got.err == nil {
					t.Errorf("accepted with %d rows", len(got.rows))
				}
			case "accept-warn":
				if got.err == nil && got.count == 0 && len(got.notes) == 0 && want.says != "" {
					t.Errorf("nothing was reported")
				}
			}
			if want.rows >= 0 && len(got.rows) != want.rows {
				t.Errorf("%d rows, want %d", len(got.rows), want.rows)
			}
			if got.count < want.rejects {
				t.Errorf("%d rejects, want %d", got.count, want.rejects)
			}
			said := strings.Join(got.notes, "\n")
			if got.err != nil {
				said += "\n" + got.err.Error()
			}
			for _, r := range got.rejects {
				said += "\n" + r.String()
				if r.Offset < 0 || r.Reason == "" {
					t.Errorf("reject without offset or reason: %+v", r)
				}
			}
			if !strings.Contains(said, want.says) {
				t.Errorf("want %q said, got %s", want.says, said[:min(len(said), 500)])
			}
			if got.err != nil && strings.Contains(got.err.Error(), "\n") {
				t.Errorf("error of several lines: %q", got.err)
			}
		})
	}
	if tested < 70 {
		t.Errorf("%d captures tested, want all of some 80", tested)
	}
}

// TestHostileValues checks values that a naive reader gets wrong.
func TestHostileValues(t *testing.T) {
	folder := sharedFolder(t, "hostile")
	base := time.Unix(1700000000, 0).UTC()
	for _, c := range []struct {
		file   string
		row    int
		column string
		want   any
	}{
		{"pcap/00-good-5.pcap", 4, "srcport", int64(5005)},
		{"pcap/13-big-endian.pcap", 4, "time", base.Add(4004 * time.Millisecond)},
		{"pcap/14-nanosecond.pcap", 4, "time", base.Add(4*time.Second + 4*time.Microsecond)},
		{"pcap/16-modified-magic.pcap", 4, "srcport", int64(5005)},
		{"pcap/17-usec-overflow.pcap", 0, "time", base.Add(1500 * time.Millisecond)},
		{"pcap/19-time-extremes.pcap", 0, "time", time.Unix(0, 0).UTC()},
		{"pcap/19-time-extremes.pcap", 2, "time", time.Unix(4294967295, 0).UTC()},
		{"pcapng/31-interfaces-tsresol.pcapng", 1, "time", base.Add(1)},
		{"pcapng/31-interfaces-tsresol.pcapng", 2, "time", base},
		{"pcapng/31-interfaces-tsresol.pcapng", 3, "time", base},
		{"pcapng/34-simple-packet.pcapng", 0, "time", nil},
		{"encap/74-gre.pcap", 0, "proto", "GRE"},
		{"encap/74-gre.pcap", 0, "srcport", nil},
		{"encap/75-ipip-6in4.pcap", 1, "proto", "IPV6"},
		{"encap/77-vxlan.pcap", 0, "dstport", int64(4789)},
		{"ip/80-ipv6-ext-chain.pcap", 0, "proto", "TCP"},
		{"ip/80-ipv6-ext-chain.pcap", 0, "dstport", int64(80)},
		{"ip/81-ipv6-ext-200.pcap", 0, "proto", "UDP"},
		{"ip/84-ipv6-fragments.pcap", 1, "srcport", nil},
		{"ip/86-ipv4-fragments.pcap", 1, "dstport", nil},
		{"ip/93-icmp-error-embedded.pcap", 0, "srcport", nil},
		{"ip/93-icmp-error-embedded.pcap", 0, "icmp_type", int64(3)},
		{"ip/95-proto-mix-sctp-esp-dccp.pcap", 1, "proto", "ESP"},
		{"ip/96-ipv4-options.pcap", 0, "dstport", int64(53)},
	} {
		got := readFile(filepath.Join(folder, c.file))
		if len(got.rows) <= c.row {
			t.Errorf("%s: %d rows: %v", c.file, len(got.rows), got.err)
			continue
		}
		if v := got.at(c.row, c.column); v != c.want {
			t.Errorf("%s row %d: %s is %v, want %v", c.file, c.row, c.column, v, c.want)
		}
	}
}

func TestErrNotCapture(t *testing.T) {
	folder := t.TempDir()
	for name, content := range map[string]string{
		"empty.pcap": "", "text.pcap": "time,srcip\n1,2\n", "short.pcap": "\xa1\xb2", "magic.pcap": "\xde\xad\xbe\xef\x00\x00",
	} {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := pcapio.Open(path)
		if !errors.Is(err, pcapio.ErrNotCapture) || !strings.HasPrefix(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := pcapio.Open(folder); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("directory: %v", err)
	}
	if _, err := pcapio.Open(filepath.Join(folder, "absent.pcap")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}
