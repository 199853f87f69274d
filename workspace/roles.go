package workspace

import (
	"strings"

	"netshare/eval"
	"netshare/workspace/trace"
)

const (
	byteWords   = "byt byte bytes ibyt octets octet doctets totbytes totalbytes bytecount numbytes len length pktlen size"
	packetWords = "pkt pkts packet packets ipkt totpkts totalpackets dpkts packetcount numpackets"
)

// roles finds the columns that the metrics of networks are about: who sends,
// who is sent to, and how many bytes and packets. Where a trace counts both
// directions in columns of their own and no sum of them, the first counts.
func roles(r *trace.Recipe) eval.Roles {
	var out eval.Roles
	first := func(kind trace.Kind, list string) string {
		for _, f := range r.Fields() {
			if (f.Kind == kind || kind == trace.KindInteger && f.Kind == trace.KindReal) && anyOf(wholes(f.Name), list) {
				return f.Name
			}
		}
		return ""
	}
	out.Source, out.Destination = first(trace.KindAddress, sourceWords), first(trace.KindAddress, destWords)
	for _, whole := range []bool{true, false} { // "bytes" and "TotBytes" before "SrcBytes" and "orig_bytes"
		for _, f := range r.Fields() {
			if f.Kind != trace.KindInteger && f.Kind != trace.KindReal {
				continue
			}
			ws := wholes(f.Name)
			if whole && (anyOf(ws[:len(ws)-1], sourceWords) || anyOf(ws[:len(ws)-1], destWords)) {
				continue
			}
			if out.Bytes == "" && counts(ws, byteWords) {
				out.Bytes = f.Name
			}
			if out.Packets == "" && counts(ws, packetWords) && !counts(ws, byteWords) {
				out.Packets = f.Name
			}
		}
	}
	return out
}

// counts reports whether a name's last word, or all of it, says what is
// counted: "pkt_len" is a length, "TotPkts" a number of packets.
func counts(ws []string, list string) bool {
	if anyOf(ws[len(ws)-1:], list) {
		return true
	}
	return len(ws) > 1 && strings.Contains(" "+list+" ", " "+ws[len(ws)-2]+" ")
}
