package workspace

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netshare/workspace/store"
)

// ask returns the rows of a query's result as lines, and what was left out.
func ask(t *testing.T, w *Workspace, sql string) (string, []store.ReasonCount, error) {
	t.Helper()
	r, err := w.Query(t.Context(), sql)
	if err != nil {
		return "", nil, err
	}
	defer r.Close()
	var lines []string
	for row, err := range r.Rows() {
		if err != nil {
			return "", nil, err
		}
		var cells []string
		for i, v := range row {
			cells = append(cells, store.FormatValue(v, r.Columns[i].Type))
		}
		lines = append(lines, strings.Join(cells, " "))
	}
	return strings.Join(lines, "\n"), r.Skipped, nil
}

func TestReadFunctions(t *testing.T) {
	dir := t.TempDir()
	samples, err := filepath.Abs("../testdata")
	if err != nil {
		t.Fatal(err)
	}
	web, err := os.ReadFile(filepath.Join(samples, "web.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	arp := bytes.Clone(web)
	copy(arp[24+16+12:], "\x08\x06") // the first frame's type
	for name, data := range map[string][]byte{"web.pcap": web, "arp.pcap": arp, "cut.pcap": web[:len(web)-7], "empty.pcap": web[:24]} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "lab.duckdb")
	w, err := Open(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Load(t.Context(), Load{Files: []string{filepath.Join(samples, "web.pcap"), filepath.Join(samples, "modbus.pcap")}, Table: "packets"}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := ask(t, w, fmt.Sprintf("CREATE TABLE main.web AS FROM read_pcap('%s/web.pcap')", dir)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if w, err = Open(t.Context(), path, &Options{ReadOnly: true}); err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, tc := range []struct{ sql, want, skipped, fault string }{
		// The same packets as loading gives, one by one.
		{sql: "SELECT count(*) FROM (FROM read_pcap('SAMPLES/[wm]*.pcap') EXCEPT ALL FROM raw.packets)", want: "0"},
		{sql: "SELECT count(*) FROM main.web a POSITIONAL JOIN read_pcap('DIR/web.pcap') b WHERE a.time = b.time AND a.srcip = b.srcip AND a.pkt_len = b.pkt_len", want: "2459"},
		{sql: "SELECT proto, count(*) FROM 'DIR/web.pcap' GROUP BY ALL ORDER BY ALL", want: "ICMP 18\nTCP 2347\nUDP 94"},
		{sql: "SELECT count(*) FROM read_pcap('DIR/arp.pcap')", want: "2458", skipped: "[{not IP: ARP 1}]"},
		{sql: "SELECT count(*) FROM read_pcap('DIR/empty.pcap')", want: "0"},
		{sql: "SELECT count(*) FROM read_pcap('DIR/cut.pcap')", fault: "cut.pcap:2459: packet cut short at the end of the file: "},
		{sql: "SELECT count(*) FROM read_pcap('DIR/cut.pcap', ignore_errors := true)", want: "2458", skipped: "[{packet cut short at the end of the file 1}]"},
		{sql: "SELECT count(*) FROM read_pcap('DIR/web.pcap', header := 'innermost')", want: "2459"},
		{sql: "SELECT count(*) FROM read_pcap('DIR/web.pcap', header := 'middle')", fault: `header "middle": choose`},
		{sql: "SELECT count(*) > 100, sum(orig_pkts + resp_pkts) FROM read_pcap('DIR/web.pcap', protocol := 'conn')", want: "true 2459"},
		{sql: "SELECT count(*) FROM read_pcap('DIR/web.pcap', protocol := 'gopher')", fault: `protocol "gopher": choose`},
		{sql: "SELECT count(*), count(DISTINCT uid), typeof(any_value(answers)) FROM read_zeek('SAMPLES/dns.log')", want: fmt.Sprint(rowsOf(t, filepath.Join(samples, "dns.log")), " ", rowsOf(t, filepath.Join(samples, "dns.log")), " VARCHAR[]")},
		{sql: "SELECT count(*) FROM 'SAMPLES/conn.log'", want: fmt.Sprint(rowsOf(t, filepath.Join(samples, "conn.log")))},
		{sql: "FROM read_zeek('DIR/web.pcap')", fault: "web.pcap: not a Zeek log"},
		{sql: "FROM read_zeek('DIR/none.log')", fault: "none.log: there is no such file"},
	} {
		got, skipped, err := ask(t, w, strings.NewReplacer("SAMPLES", samples, "DIR", dir).Replace(tc.sql))
		left := ""
		if len(skipped) > 0 {
			left = fmt.Sprint(skipped)
		}
		switch {
		case tc.fault == "" && (err != nil || got != tc.want || left != tc.skipped):
			t.Errorf("%s: got %q, left out %s, %v; want %q, left out %s", tc.sql, got, left, err, tc.want, tc.skipped)
		case tc.fault != "" && (err == nil || !strings.Contains(err.Error(), tc.fault)):
			t.Errorf("%s: got %v, want an error with %q", tc.sql, err, tc.fault)
		}
	}
}

// rowsOf counts the records of a Zeek log in TSV.
func rowsOf(t *testing.T, path string) (n int) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		if line[0] != '#' {
			n++
		}
	}
	return n
}
