package dissect_test

import (
	"bytes"
	"context"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"netshare/workspace/pcapio"
	"netshare/workspace/trace"
	"netshare/workspace/zeekio"
)

// TestEventsAsLogs: events that are written as a Zeek log and read again are
// the same, in the same columns.
func TestEventsAsLogs(t *testing.T) {
	for file, protocols := range map[string][]string{
		"web.pcap": {"conn", "dns", "http", "ssl"}, "modbus.pcap": {"modbus"}, "syslog.pcap": {"syslog"},
	} {
		for _, protocol := range protocols {
			schema, rows := eventsOf(t, filepath.Join("../../testdata", file), protocol, pcapio.Outermost)
			if len(rows) < 15 {
				t.Errorf("%s: %d events", protocol, len(rows))
			}
			var log bytes.Buffer
			w, err := zeekio.NewWriter(&log, schema)
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range rows {
				if err := w.Write(row); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			r, err := zeekio.NewReader(protocol+".log", &log)
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Schema().Columns; !slices.Equal(got, schema.Columns) {
				t.Errorf("%s: columns %v became %v", protocol, schema.Columns, got)
			}
			n := 0
			err = r.Read(context.Background(), func(got trace.Row) error {
				for i, want := range rows[n] {
					if c := schema.Columns[i]; !sameValue(got[i], want) {
						t.Errorf("%s: event %d: %s is %#v, was %#v", protocol, n, c.Name, got[i], want)
					}
				}
				n++
				return nil
			}, func(r trace.Reject) { t.Error(r) })
			if err != nil || n != len(rows) {
				t.Errorf("%s: %d of %d events were read, error %v", protocol, n, len(rows), err)
			}
		}
	}
}

// sameValue compares what was read of a log with what was written: intervals
// have six decimals there.
func sameValue(got, want any) bool {
	switch want := want.(type) {
	case float64:
		g, ok := got.(float64)
		return ok && g-want < 1e-6 && want-g < 1e-6
	case time.Time:
		g, ok := got.(time.Time)
		return ok && g.Equal(want)
	}
	return reflect.DeepEqual(got, want)
}
