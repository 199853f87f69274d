package dissect_test

import (
	"bytes"
	"context"
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"time"

	"netshare/workspace/dissect"
	"netshare/workspace/trace"
	"netshare/workspace/zeekio"
)

func TestProtocols(t *testing.T) {
	want := []string{"conn", "dns", "http", "modbus", "ssl", "syslog"}
	if got := dissect.Protocols(); !slices.Equal(got, want) {
		t.Errorf("protocols %v, want %v", got, want)
	}
	for name, path := range map[string]string{"tls": "ssl", "TLS": "ssl", "DNS": "dns"} {
		if d, err := dissect.New(name); err != nil || d.Schema().Props["path"] != path {
			t.Errorf("protocol %s: %v, want that of %s", name, err, path)
		}
	}
	if _, err := dissect.New("gopher"); err == nil || err.Error() != `protocol "gopher": choose one of conn, dns, http, modbus, ssl, syslog` {
		t.Errorf("error %v", err)
	}
}

// TestSchemas wants the schemas that zeekio gives the logs which it writes of
// them, and rows that come back as they were.
func TestSchemas(t *testing.T) {
	for _, name := range dissect.Protocols() {
		d, err := dissect.New(name)
		if err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		w, err := zeekio.NewWriter(&log, d.Schema())
		if err != nil {
			t.Fatal(err)
		}
		var rows []trace.Row
		emit := func(row trace.Row) error {
			rows = append(rows, slices.Clone(row))
			return w.Write(row)
		}
		for i := range 3 {
			p := trace.Packet{
				Time: time.Unix(1700000000, int64(i)*1e6).UTC(), Length: 60, PayloadLen: 9, Payload: []byte("<13>hello"),
				FiveTuple: trace.FiveTuple{
					SrcIP: netip.MustParseAddr("192.0.2.7"), DstIP: netip.MustParseAddr("10.0.0.1"), SrcPort: 40000, DstPort: 514, Proto: 17,
				},
			}
			if err := d.Packet(&p, emit); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.Flush(emit); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := zeekio.NewReader(name, &log)
		if err != nil {
			t.Fatal(err)
		}
		got, want := r.Schema(), d.Schema()
		delete(got.Props, "open")
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: zeekio reads\n%+v\nwant\n%+v", name, got, want)
		}
		n := 0
		err = r.Read(context.Background(), func(row trace.Row) error {
			if !reflect.DeepEqual(row, rows[n]) {
				t.Errorf("%s: zeekio reads %v, want %v", name, row, rows[n])
			}
			n++
			return nil
		}, func(j trace.Reject) { t.Error(j) })
		if err != nil || n != len(rows) {
			t.Errorf("%s: %d rows, error %v, want %d", name, n, err, len(rows))
		}
		if (name == "conn" || name == "syslog") && n == 0 {
			t.Errorf("%s: no rows", name)
		}
	}
}
