package dissect_test

import (
	"bufio"
	"bytes"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"netshare/workspace/pcapio"
	"netshare/workspace/trace"
)

// logText is a value as a Zeek log has it, lists too.
func logText(c trace.Column, v any) string {
	switch v := v.(type) {
	case string:
		if v == "" {
			return "(empty)"
		}
	case []any:
		if len(v) == 0 {
			return "(empty)"
		}
		elem, _ := c.Type.Elem()
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = logText(trace.Column{Type: elem}, e)
		}
		return strings.Join(parts, ",")
	}
	return zeekText(c, v)
}

// shares counts, by column, the values that are as they should be.
type shares map[string][2]int

func (s shares) count(column string, same bool) {
	n := s[column]
	n[1]++
	if same {
		n[0]++
	}
	s[column] = n
}

// demand fails for columns of which less than the given share is right.
func (s shares) demand(t *testing.T, least float64) {
	t.Helper()
	for _, column := range slices.Sorted(maps.Keys(s)) {
		n := s[column]
		t.Logf("%-20s %d of %d", column, n[0], n[1])
		if n[1] == 0 || float64(n[0]) < least*float64(n[1]) {
			t.Errorf("%s: %d of %d values are right, want %.1f %%", column, n[0], n[1], 100*least)
		}
	}
}

// TestLogsAsZeek compares events, row by row and in their order within each
// connection (of DNS each transaction: unmatched queries come in no order in
// Zeek's logs), with the logs that Zeek itself wrote of the same captures.
func TestLogsAsZeek(t *testing.T) {
	data := sharedData(t)
	for _, tc := range []struct{ capture, log, protocol string }{
		{"pcap-zeek-web-ssh/wikipedia.pcap", "pcap-zeek-web-ssh/baseline/wikipedia.dns.log", "dns"},
		{"pcap-zeek-web-ssh/wikipedia.pcap", "pcap-zeek-web-ssh/baseline/wikipedia.http.log", "http"},
		{"pcap-modbus-ics/modbus-mixed-p502.pcap", "pcap-modbus-ics/baseline/modbus-mixed-p502.modbus.log", "modbus"},
	} {
		t.Run(filepath.Base(tc.log), func(t *testing.T) {
			want := zeekLog(t, filepath.Join(data, tc.log))
			schema, rows := eventsOf(t, filepath.Join(data, tc.capture), tc.protocol, pcapio.Outermost)
			if len(rows) != len(want) {
				t.Errorf("%d events, Zeek has %d", len(rows), len(want))
			}
			tuple := func(row map[string]string) string {
				return fmt.Sprint(row["id.orig_h"], row["id.orig_p"], row["id.resp_h"], row["id.resp_p"], row["trans_id"])
			}
			left := map[string][]map[string]string{}
			for _, w := range want {
				left[tuple(w)] = append(left[tuple(w)], w)
			}
			s := shares{}
			for _, row := range rows {
				got := map[string]string{}
				for i, c := range schema.Columns {
					got[c.Name] = logText(c, row[i])
				}
				key := tuple(got)
				s.count("id", len(left[key]) > 0)
				if len(left[key]) == 0 {
					t.Logf("Zeek has no %v", got)
					continue
				}
				w := left[key][0]
				left[key] = left[key][1:]
				for _, c := range schema.Columns[6:] {
					same := got[c.Name] == w[c.Name]
					if s.count(c.Name, same); !same {
						t.Logf("%s: %s is %s, Zeek has %s", key, c.Name, got[c.Name], w[c.Name])
					}
				}
			}
			s.demand(t, 1)
		})
	}
}

// TestModbusAsZeek compares the messages of a long capture with the events that
// Zeek wrote of it, of which the baseline tells each with how often it came.
func TestModbusAsZeek(t *testing.T) {
	data := sharedData(t)
	raw, err := os.ReadFile(filepath.Join(data, "pcap-modbus-ics/baseline/modbusBig.events.out"))
	if err != nil {
		t.Skip(err)
	}
	message := regexp.MustCompile(`^ *(\d+) modbus_message, \[orig_h=([^,]+), orig_p=(\d+)/tcp, .*tid=(\d+), pid=0, uid=(\d+), function_code=(\d+).*\], ([TF])$`)
	names := map[string]string{"1": "READ_COILS", "2": "READ_DISCRETE_INPUTS", "3": "READ_HOLDING_REGISTERS", "4": "READ_INPUT_REGISTERS", "5": "WRITE_SINGLE_COIL", "6": "WRITE_SINGLE_REGISTER", "15": "WRITE_MULTIPLE_COILS", "16": "WRITE_MULTIPLE_REGISTERS"}
	want := map[string]int{}
	total := 0
	for line := range strings.SplitSeq(string(raw), "\n") {
		if m := message.FindStringSubmatch(line); m != nil {
			n, _ := strconv.Atoi(m[1])
			kind := map[string]string{"T": "REQ", "F": "RESP"}[m[7]]
			want[strings.Join([]string{m[2], m[3], m[4], m[5], names[m[6]], kind}, " ")] += n
			total += n
		}
	}
	schema, rows := eventsOf(t, filepath.Join(data, "pcap-modbus-ics/modbusBig.pcap"), "modbus", pcapio.Outermost)
	same := 0
	for _, row := range rows {
		get := func(name string) any { return row[schema.Index(name)] }
		key := fmt.Sprint(get("id.orig_h"), " ", get("id.orig_p"), " ", get("tid"), " ", get("unit"), " ", get("func"), " ", get("pdu_type"))
		if want[key] > 0 {
			want[key]--
			same++
		}
	}
	t.Logf("%d of %d messages are Zeek's %d", same, len(rows), total)
	if same != total || len(rows) != total || total == 0 {
		t.Errorf("%d of %d messages are Zeek's %d", same, len(rows), total)
	}
}

// tsharkList separates the values of one field of one packet.
const tsharkList = "\x1f"

// tsharkFields returns what tshark says of a capture's packets.
func tsharkFields(t *testing.T, path, filter string, fields ...string) (rows []map[string][]string) {
	t.Helper()
	if testing.Short() {
		t.Skip("tshark takes its time")
	}
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("no tshark: install it to compare with it")
	}
	args := []string{
		"-n", "-r", path, "-Y", filter, "-o", "tcp.reassemble_out_of_order:TRUE", "-T", "fields", "-E", "aggregator=" + tsharkList,
	}
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	out, err := exec.Command(tshark, args...).Output()
	if err != nil {
		t.Skip(err)
	}
	s := bufio.NewScanner(bytes.NewReader(out))
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		row := map[string][]string{}
		for i, v := range strings.Split(s.Text(), "\t") {
			if v != "" {
				row[fields[i]] = strings.Split(v, tsharkList)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// bag counts values, to compare lists whose orders differ.
type bag map[string]int

// common returns how many values two bags share.
func (b bag) common(o bag) (n int) {
	for k, v := range b {
		n += min(v, o[k])
	}
	return n
}

func (b bag) size() (n int) {
	for _, v := range b {
		n += v
	}
	return n
}

// compareBags fails where two bags differ in more than the given share.
func compareBags(t *testing.T, what string, got, want bag, least float64) {
	t.Helper()
	same, n := got.common(want), max(got.size(), want.size())
	if n == 0 {
		return
	}
	t.Logf("%-40s %d of %d", what, same, n)
	if float64(same) < least*float64(n) {
		for k := range want {
			if want[k] > got[k] {
				t.Logf("missing: %q", k)
			}
		}
		for k := range got {
			if got[k] > want[k] {
				t.Logf("too many: %q", k)
			}
		}
		t.Errorf("%s: %d of %d are as tshark has them, want %.1f %%", what, same, n, 100*least)
	}
}

// eventBag counts what the named columns of a capture's events hold.
func eventBag(t *testing.T, path, protocol string, columns ...string) bag {
	schema, rows := eventsOf(t, path, protocol, pcapio.Outermost)
	b := bag{}
	for _, row := range rows {
		var parts []string
		for _, name := range columns {
			parts = append(parts, logText(schema.Columns[schema.Index(name)], row[schema.Index(name)]))
		}
		b[strings.Join(parts, " ")]++
	}
	return b
}

// TestAsTshark compares questions, requests, statuses and hellos with what
// tshark sees in captures of which there is no log of Zeek's.
func TestAsTshark(t *testing.T) {
	data := sharedData(t)
	filter := "dns.qry.name && dns.flags.response == 0 && dns.flags.opcode == 0 && frame.cap_len == frame.len || http && tcp || tls.handshake.type == 1 || tls.handshake.type == 2"
	for _, capture := range []string{
		"pcap-ndpi-apps/alexa-app.pcapng", "pcap-ndpi-apps/teams.pcap", "pcapng-sanders/http_espn.pcapng",
		"pcapng-sanders/tcp_ports.pcapng", "pcap-format-variety/tcpreplay-test.pcap", "pcap-ctu-malware/test7-malicious.pcap",
	} {
		t.Run(filepath.Base(capture), func(t *testing.T) {
			path := filepath.Join(data, capture)
			queries, requests, replies, names, versions := bag{}, bag{}, bag{}, bag{}, bag{}
			for _, f := range tsharkFields(t, path, filter, "dns.id", "dns.qry.name", "dns.qry.type", "http.request.method", "http.request.uri",
				"http.response.code", "tcp.stream", "tls.handshake.type", "tls.handshake.extensions_server_name", "tls.handshake.version") {
				if q := f["dns.qry.name"]; len(q) > 0 {
					id, _ := strconv.ParseInt(f["dns.id"][0], 0, 32)
					kinds := f["dns.qry.type"]
					queries[strings.ToLower(fmt.Sprint(id, " ", q[len(q)-1], " ", kinds[len(kinds)-1]))]++
				}
				for i, method := range f["http.request.method"] {
					requests[method+" "+unescaped(f["http.request.uri"][i])]++
				}
				for _, code := range f["http.response.code"] {
					replies[code]++
				}
				for i, kind := range f["tls.handshake.type"] {
					switch name := f["tls.handshake.extensions_server_name"]; {
					case kind == "1" && len(name) > 0:
						names[name[0]]++
					case kind == "2":
						versions[f["tls.handshake.version"][min(i, len(f["tls.handshake.version"])-1)]]++
					}
				}
			}
			asked := bag{}
			for k, n := range eventBag(t, path, "dns", "id.resp_p", "trans_id", "query", "qtype") {
				if f := strings.Fields(k); f[0] != "137" && f[3] != "-" {
					asked[strings.Join(f[1:], " ")] += n
				}
			}
			gotRequests, gotReplies := bag{}, bag{}
			for k, n := range eventBag(t, path, "http", "status_code", "method", "uri") {
				code, request, _ := strings.Cut(k, " ")
				if request != "- -" {
					gotRequests[request] += n
				}
				if code != "-" {
					gotReplies[code] += n
				}
			}
			gotNames, gotVersions := bag{}, bag{}
			wire := map[string]string{"TLSv10": "0x0301", "TLSv11": "0x0302", "TLSv12": "0x0303", "TLSv13": "0x0303"}
			for k, n := range eventBag(t, path, "ssl", "version", "server_name") {
				version, name, _ := strings.Cut(k, " ")
				if name != "-" {
					gotNames[name] += n
				}
				if version != "-" {
					gotVersions[wire[version]] += n
				}
			}
			compareBags(t, "dns questions", asked, queries, 0.99)
			compareBags(t, "http requests", gotRequests, requests, 0.99)
			compareBags(t, "http statuses", gotReplies, replies, 0.95) // tshark has none of replies that the capture cuts
			compareBags(t, "tls server names", gotNames, names, 0.99)
			compareBags(t, "tls server hellos", gotVersions, versions, 0.99)
		})
	}
}

// unescaped undoes a URI's percent escapes; bytes that are no UTF-8 become
// \xNN, as in the events.
func unescaped(uri string) string {
	plain, err := url.PathUnescape(uri)
	if err != nil {
		return uri
	}
	var sb strings.Builder
	for plain != "" {
		r, n := utf8.DecodeRuneInString(plain)
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&sb, `\x%02x`, plain[0])
		} else {
			sb.WriteString(plain[:n])
		}
		plain = plain[n:]
	}
	return sb.String()
}

// TestModbusAsTshark compares transactions and units.
func TestModbusAsTshark(t *testing.T) {
	path := filepath.Join(sharedData(t), "pcap-modbus-ics/modbus_test_2.pcap")
	want := bag{}
	for _, f := range tsharkFields(t, path, "mbtcp", "mbtcp.trans_id", "mbtcp.unit_id", "modbus.func_code") {
		for i, id := range f["mbtcp.trans_id"] {
			if i < len(f["mbtcp.unit_id"]) {
				want[id+" "+f["mbtcp.unit_id"][i]]++
			}
		}
	}
	compareBags(t, "modbus messages", eventBag(t, path, "modbus", "tid", "unit"), want, 0.99)
}

// TestSyslogAsTshark compares priorities.
func TestSyslogAsTshark(t *testing.T) {
	path := filepath.Join(sharedData(t), "pcap-netshare-syslog/syslog.pcap")
	facilities := strings.Fields("KERN USER MAIL DAEMON AUTH SYSLOG LPR NEWS UUCP CRON AUTHPRIV FTP NTP AUDIT ALERT CLOCK LOCAL0 LOCAL1 LOCAL2 LOCAL3 LOCAL4 LOCAL5 LOCAL6 LOCAL7")
	severities := strings.Fields("EMERG ALERT CRIT ERR WARNING NOTICE INFO DEBUG")
	want := bag{}
	for _, f := range tsharkFields(t, path, "syslog", "ip.dst", "syslog.facility", "syslog.level") {
		key := f["ip.dst"][0] + " ?-999 ?-999" // without a priority
		if f["syslog.facility"] != nil {
			facility, _ := strconv.Atoi(f["syslog.facility"][0])
			severity, _ := strconv.Atoi(f["syslog.level"][0])
			key = f["ip.dst"][0] + " " + facilities[facility] + " " + severities[severity]
		}
		want[key]++
	}
	compareBags(t, "syslog messages", eventBag(t, path, "syslog", "id.resp_h", "facility", "severity"), want, 0.99)
}
