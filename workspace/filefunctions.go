package workspace

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"netshare/workspace/pcapio"
	"netshare/workspace/store"
	"netshare/workspace/trace"
	"netshare/workspace/zeekio"
)

// fileFunctions are the SQL functions over files that every workspace has,
// beside DuckDB's own (read_csv, read_parquet, read_json):
//
//	FROM read_pcap('captures/*.pcap')                        packets, pcap and pcapng
//	FROM read_pcap('tunnel.pcap', header := 'innermost')     what is in the tunnels
//	FROM read_pcap('x.pcap', protocol := 'dns')              events, as Load.Protocol has them, file by file
//	FROM read_zeek('conn.log.gz')                            a Zeek log, TSV or JSON
//	FROM 'x.pcap'                                            the same by the file's name
//
// A file's compression and byte order, and whether it is pcap or pcapng, TSV or
// JSON, are told by its content. Frames that are no IP packets are left out and
// counted. A damaged packet or line is an error, as with read_csv, unless
// ignore_errors := true leaves it out; filename := true adds a column. (Loading
// with Load keeps the rejected records in netshare.rejects.)
func fileFunctions() []store.FileFunction {
	return []store.FileFunction{
		{
			Name: "read_pcap", Extensions: []string{".pcap", ".pcapng", ".cap"}, Parameters: []string{"header", "protocol"},
			Open: openCapture, Foreign: foreignFrame,
		},
		{Name: "read_zeek", Extensions: []string{".log"}, Open: openLog},
	}
}

func openCapture(_ context.Context, path string, params map[string]string) (trace.Reader, error) {
	take, err := header(params["header"])
	if err != nil {
		return nil, err
	}
	var events dissector
	if name := params["protocol"]; name != "" {
		if events, err = newDissector(name); err != nil {
			return nil, err
		}
	}
	r, err := pcapio.Open(path)
	if err != nil {
		return nil, err
	}
	r.Take(take)
	return captureReader{r, events}, nil
}

// captureReader reads a capture's packets, or the events in them. A capture
// without packets is a table without rows.
type captureReader struct {
	*pcapio.Reader
	events dissector // nil for packets
}

func (r captureReader) Schema() trace.Schema {
	if r.events != nil {
		return r.events.Schema()
	}
	return r.Reader.Schema()
}

func (r captureReader) Read(ctx context.Context, emit func(trace.Row) error, reject func(trace.Reject)) (err error) {
	if r.events == nil {
		err = r.Reader.Read(ctx, emit, reject)
	} else if err = r.Packets(ctx, func(p *trace.Packet) error { return r.events.Packet(p, emit) }, reject); err == nil {
		err = r.events.Flush(emit)
	}
	if errors.Is(err, pcapio.ErrNoPackets) {
		return nil
	}
	return err
}

// foreignFrame tells frames that are whole but no IP packets.
func foreignFrame(r trace.Reject) bool {
	return strings.HasPrefix(r.Reason, "not IP: ") || strings.HasPrefix(r.Reason, "not readable: ")
}

func openLog(_ context.Context, path string, _ map[string]string) (trace.Reader, error) {
	r, err := zeekio.Open(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("%s: there is no such file: check the name", path)
	case err != nil:
		return nil, err
	}
	return r, nil
}
