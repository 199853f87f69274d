package workspace

import (
	"testing"

	"netshare/eval"
	"netshare/workspace/trace"
)

func TestRoles(t *testing.T) {
	for _, c := range []struct {
		addresses, numbers []string
		want               eval.Roles
	}{
		{[]string{"srcip", "dstip"}, []string{"td", "pkt", "byt"}, eval.Roles{Source: "srcip", Destination: "dstip", Bytes: "byt", Packets: "pkt"}},
		{[]string{"srcip", "dstip"}, []string{"id", "pkt_len", "ttl"}, eval.Roles{Source: "srcip", Destination: "dstip", Bytes: "pkt_len"}},
		{[]string{"SrcAddr", "DstAddr"}, []string{"Dur", "TotPkts", "TotBytes", "SrcBytes"}, eval.Roles{Source: "SrcAddr", Destination: "DstAddr", Bytes: "TotBytes", Packets: "TotPkts"}},
		{
			[]string{"id.orig_h", "id.resp_h"},
			[]string{"duration", "orig_bytes", "resp_bytes", "orig_pkts", "orig_ip_bytes"},
			eval.Roles{Source: "id.orig_h", Destination: "id.resp_h", Bytes: "orig_bytes", Packets: "orig_pkts"},
		},
		{nil, []string{"cpu"}, eval.Roles{}},
	} {
		r := &trace.Recipe{Name: "t"}
		for _, a := range c.addresses {
			r.Metadata = append(r.Metadata, trace.IP(a))
		}
		for _, n := range c.numbers {
			r.Series = append(r.Series, trace.Integer(n))
		}
		if got := roles(r); got != c.want {
			t.Errorf("%v %v: %+v, want %+v", c.addresses, c.numbers, got, c.want)
		}
	}
}
