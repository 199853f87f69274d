package dissect_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"netshare/workspace/dissect"
	"netshare/workspace/pcapio"
	"netshare/workspace/trace"
)

// sharedData returns the folder of the shared test traces, or skips.
func sharedData(t testing.TB) string {
	t.Helper()
	data := os.Getenv("NETSHARE_DATA")
	if data == "" {
		root, err := filepath.Abs("../..")
		if err != nil {
			t.Fatal(err)
		}
		data = filepath.Join(filepath.Dir(root), "shared", "data")
	}
	if _, err := os.Stat(data); err != nil {
		t.Skipf("no shared traces at %s: set NETSHARE_DATA", data)
	}
	return data
}

// eventsOf returns the events of a capture.
func eventsOf(t testing.TB, path, protocol string, take pcapio.Header) (trace.Schema, []trace.Row) {
	t.Helper()
	d, err := dissect.New(protocol)
	if err != nil {
		t.Fatal(err)
	}
	r, err := pcapio.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	r.Take(take)
	var rows []trace.Row
	emit := func(row trace.Row) error {
		rows = append(rows, slices.Clone(row))
		return nil
	}
	err = r.Packets(context.Background(), func(p *trace.Packet) error { return d.Packet(p, emit) }, nil)
	if err == nil {
		err = d.Flush(emit)
	}
	if err != nil {
		t.Fatal(err)
	}
	return d.Schema(), rows
}

// zeekLog reads a log that Zeek wrote, as text, by column.
func zeekLog(t testing.TB, path string) (rows []map[string]string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	var fields []string
	for s := bufio.NewScanner(f); s.Scan(); {
		line := s.Text()
		if names, ok := strings.CutPrefix(line, "#fields\t"); ok {
			fields = strings.Split(names, "\t")
		}
		if strings.HasPrefix(line, "#") {
			continue
		}
		row := map[string]string{}
		for i, v := range strings.Split(line, "\t") {
			row[fields[i]] = v
		}
		rows = append(rows, row)
	}
	return rows
}

// zeekText is a value as Zeek's logs write it.
func zeekText(c trace.Column, v any) string {
	switch v := v.(type) {
	case nil:
		return "-"
	case bool:
		return strings.ToUpper(strconv.FormatBool(v)[:1])
	case float64:
		return strconv.FormatFloat(v, 'f', 6, 64)
	case time.Time:
		return fmt.Sprintf("%d.%06d", v.Unix(), v.Nanosecond()/1000)
	}
	return fmt.Sprint(v)
}

// TestConnTruth compares conn with what Zeek itself wrote of the same captures.
func TestConnTruth(t *testing.T) {
	data := sharedData(t)
	shares := map[string][2]int{}
	for _, capture := range []string{
		"pcap-zeek-web-ssh/wikipedia", "pcap-zeek-web-ssh/ssh", "pcap-modbus-ics/modbus-mixed-p502",
	} {
		folder, name := filepath.Split(capture)
		want := zeekLog(t, filepath.Join(data, folder, "baseline", name+".conn.log"))
		schema, rows := eventsOf(t, filepath.Join(data, capture+".pcap"), "conn", pcapio.Outermost)
		if len(rows) != len(want) {
			t.Errorf("%s: %d connections, Zeek has %d", capture, len(rows), len(want))
		}
		used := map[int]bool{}
		for _, row := range rows {
			got := map[string]string{}
			for i, c := range schema.Columns {
				got[c.Name] = zeekText(c, row[i])
			}
			best, most := -1, 0
			for i, w := range want { // the logs are without times: of equal five-tuples the likest
				if used[i] || !sameTuple(got, w) {
					continue
				}
				n := 1
				for k, v := range got {
					if w[k] == v {
						n++
					}
				}
				if n > most {
					best, most = i, n
				}
			}
			if best < 0 {
				t.Errorf("%s: Zeek has no %v", capture, row)
				continue
			}
			used[best] = true
			for _, c := range schema.Columns[6:] {
				s := shares[c.Name]
				s[1]++
				if want[best][c.Name] == got[c.Name] {
					s[0]++
				} else {
					t.Logf("%s: %s %s:%s > %s:%s %s is %s, Zeek has %s", name, got["proto"], got["id.orig_h"], got["id.orig_p"],
						got["id.resp_h"], got["id.resp_p"], c.Name, got[c.Name], want[best][c.Name])
				}
				shares[c.Name] = s
			}
		}
	}
	for column, s := range shares {
		t.Logf("%-16s %d of %d", column, s[0], s[1])
		if s[0] < s[1] {
			t.Errorf("%s: %d of %d rows are as Zeek's", column, s[0], s[1])
		}
	}
}

func sameTuple(a, b map[string]string) bool {
	for _, k := range []string{"id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto"} {
		if a[k] != b[k] {
			return false
		}
	}
	return true
}
