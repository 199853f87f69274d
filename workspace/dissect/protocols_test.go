package dissect

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"netshare/workspace/trace"
)

// began is when the connections of these tests begin.
var began = time.Date(2025, 3, 4, 9, 41, 0, 0, time.UTC)

// reading is a connection whose payload a test gives to a protocol's parser.
type reading struct {
	tb      testing.TB
	schema  trace.Schema
	reader  analyzer
	rows    []trace.Row
	at      time.Time
	refused error // what emit returns
}

// read opens a connection from 192.0.2.1 to 198.51.100.2.
func read(tb testing.TB, p protocol, transport byte, origPort, respPort uint16) *reading {
	r := &reading{tb: tb, schema: schemaOf(p.name, p.columns), at: began}
	key, reverse, ok := keyOf(&trace.Packet{Time: began, FiveTuple: trace.FiveTuple{
		SrcIP: netip.MustParseAddr("192.0.2.1"), DstIP: netip.MustParseAddr("198.51.100.2"),
		SrcPort: int32(origPort), DstPort: int32(respPort), Proto: transport,
	}})
	if !ok {
		tb.Fatal("no connection")
	}
	c := &conn{key: key, reverse: reverse, began: began.UnixNano()}
	r.reader = p.analyze(c, func(row trace.Row) error {
		if len(row) != len(r.schema.Columns) {
			tb.Fatalf("a row of %d values for %d columns", len(row), len(r.schema.Columns))
		}
		for i, v := range row {
			checkValue(tb, r.schema.Columns[i], v)
		}
		r.rows = append(r.rows, slices.Clone(row))
		return r.refused
	})
	return r
}

// checkValue fails where a value is not of its column's type.
func checkValue(tb testing.TB, c trace.Column, v any) {
	tb.Helper()
	if v == nil {
		return
	}
	ok := false
	switch c.Type {
	case trace.TypeBool:
		_, ok = v.(bool)
	case trace.TypeInt:
		_, ok = v.(int64)
	case trace.TypeReal:
		_, ok = v.(float64)
	case trace.TypeText:
		_, ok = v.(string)
	case trace.TypeTime:
		_, ok = v.(time.Time)
	default:
		var list []any
		if list, ok = v.([]any); ok {
			elem, _ := c.Type.Elem()
			for _, e := range list {
				checkValue(tb, trace.Column{Name: c.Name, Type: elem}, e)
			}
		}
	}
	if !ok {
		tb.Errorf("column %s of type %s has %#v", c.Name, c.Type, v)
	}
}

// send gives the parser a packet's payload, a millisecond after the one before.
func (r *reading) send(orig bool, payload []byte) *reading {
	r.at = r.at.Add(time.Millisecond)
	if err := r.reader.data(r.at, orig, payload); err != r.refused {
		r.tb.Fatal(err)
	}
	return r
}

// client and server send texts.
func (r *reading) client(s string) *reading { return r.send(true, []byte(s)) }
func (r *reading) server(s string) *reading { return r.send(false, []byte(s)) }

func (r *reading) close() *reading {
	if err := r.reader.end(r.at); err != r.refused {
		r.tb.Fatal(err)
	}
	return r
}

// cut returns the named columns of the rows, one row a line, unset values as -
// and lists by commas.
func (r *reading) cut(names string) string {
	var sb strings.Builder
	for _, row := range r.rows {
		for i, name := range strings.Fields(names) {
			if i > 0 {
				sb.WriteByte(' ')
			}
			at := r.schema.Index(name)
			if at < 0 {
				r.tb.Fatalf("no column %q", name)
			}
			sb.WriteString(show(row[at]))
		}
		sb.WriteByte('\n')
	}
	return sb.String()
}

// show writes a value as Zeek's logs do.
func show(v any) string {
	switch v := v.(type) {
	case nil:
		return "-"
	case bool:
		if v {
			return "T"
		}
		return "F"
	case float64:
		return fmt.Sprintf("%.6f", v)
	case string:
		if v == "" {
			return "(empty)"
		}
	case []any:
		if len(v) == 0 {
			return "(empty)"
		}
		var parts []string
		for _, e := range v {
			parts = append(parts, show(e))
		}
		return strings.Join(parts, ",")
	}
	return fmt.Sprint(v)
}

// want compares what cut returns with lines.
func (r *reading) want(names string, lines ...string) *reading {
	r.tb.Helper()
	want := strings.Join(lines, "\n")
	if len(lines) > 0 {
		want += "\n"
	}
	if got := r.cut(names); got != want {
		r.tb.Errorf("%s\n%s, want\n%s", names, got, want)
	}
	return r
}

// fuzzed gives a parser a connection that the fuzzer wrote: each packet is a
// byte that says who sent it, or that bytes are missing, one for its length,
// and its payload. It is to give rows of the schema's types and end.
func fuzzed(t *testing.T, p protocol, transport byte, respPort uint16, script []byte) {
	r := read(t, p, transport, 40000, respPort)
	for len(script) >= 2 {
		how, n := script[0], min(int(script[1])*(1+int(script[0]>>4)), len(script)-2)
		payload := bytes.Clone(script[2 : 2+n])
		script = script[2+n:]
		if how&2 != 0 && transport == protoTCP {
			r.reader.gap(r.at, how&1 != 0, int64(how)<<4+1)
		}
		r.send(how&1 != 0, payload)
		for i := range payload { // what is kept must have been copied
			payload[i] = 0xee
		}
	}
	r.close()
	for _, row := range r.rows {
		if row[0] == nil || row[1] == nil {
			t.Fatalf("a row without time or connection: %v", row)
		}
	}
}

// packets writes such a script.
func packets(payloads ...string) []byte {
	var script []byte
	for i, p := range payloads {
		for len(p) > 0 {
			n := min(len(p), 255)
			script = append(script, byte(1-i%2), byte(n))
			script = append(script, p[:n]...)
			p = p[n:]
		}
	}
	return script
}

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"plain": "plain", "": "", "tab\tand\nline": "tab\tand\nline", "zürich": "zürich",
		"\x00\x1b[0m": `\x00\x1b[0m`, "\xff\xfe": `\xff\xfe`, `back\slash`: `back\slash`, "ü\xc3": `ü\xc3`,
	} {
		if got := text([]byte(in)); got != want {
			t.Errorf("text(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestEmitFails: a parser hands on the error of emit from wherever it emits.
func TestEmitFails(t *testing.T) {
	full := fmt.Errorf("disk full")
	for _, tc := range []struct {
		protocol  protocol
		transport byte
		port      uint16
		sent      []byte
		atEnd     bool
	}{
		{dnsProtocol(), protoUDP, 53, dnsQuery(7, "a.example", 1), true},
		{httpProtocol(), protoTCP, 80, []byte("GET / HTTP/1.1\r\n\r\n"), true},
		{modbusProtocol(), protoTCP, 502, []byte{0, 1, 0, 0, 0, 2, 1, 1}, false},
		{sslProtocol(), protoTCP, 443, tlsClientHello(helloOptions{}), true},
		{syslogProtocol(), protoUDP, 514, []byte("<34>hello"), false},
	} {
		r := read(t, tc.protocol, tc.transport, 40000, tc.port)
		r.refused = full
		err := r.reader.data(r.at, true, tc.sent)
		if tc.atEnd {
			if err != nil {
				t.Errorf("%s: %v before the end", tc.protocol.name, err)
			}
			err = r.reader.end(r.at)
		}
		if err != full {
			t.Errorf("%s: error %v, want that of emit", tc.protocol.name, err)
		}
	}
}
