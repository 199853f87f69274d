package main

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// The exporter's timeouts, in microseconds: a flow that goes on is reported
// every so often, one that is silent so long is over.
const (
	activeTimeout   = 120e6
	inactiveTimeout = 15e6
)

// netflowCSV renders what a NetFlow version 5 exporter at the border would
// report from 08:00 to 12:00: IPv4 only, each direction by itself, long flows
// in pieces. The layout is that of NetShare's UGR16 sample.
func netflowCSV(w *world, conns []*conn) []byte {
	type flow struct {
		c           *conn
		orig        bool
		first, last int64
		pkts, bytes int
	}
	var flows []flow
	for _, c := range conns {
		if !c.orig.Addr().Is4() {
			continue
		}
		for _, orig := range []bool{true, false} {
			var f flow
			for _, p := range c.packets {
				if p.orig != orig {
					continue
				}
				if f.pkts > 0 && (p.at-f.last > inactiveTimeout || p.at-f.first > activeTimeout) {
					flows = append(flows, f)
					f = flow{}
				}
				if f.pkts == 0 {
					f = flow{c: c, orig: orig, first: p.at}
				}
				f.last = p.at
				f.pkts++
				f.bytes += p.n + c.overhead(p)
			}
			if f.pkts > 0 {
				flows = append(flows, f)
			}
		}
	}
	slices.SortStableFunc(flows, func(a, b flow) int { return cmp.Compare(a.first, b.first) })
	var b bytes.Buffer
	b.WriteString("srcip,dstip,srcport,dstport,proto,ts,td,pkt,byt,type\n")
	for _, f := range flows {
		if f.first < w.at(8, 0, 0) || f.first >= w.at(12, 0, 0) {
			continue
		}
		src, dst := f.c.orig, f.c.resp
		if !f.orig {
			src, dst = dst, src
		}
		srcPort, dstPort := src.Port(), dst.Port()
		if f.c.proto == protoICMP {
			srcPort, dstPort = 0, 0
		}
		fmt.Fprintf(&b, "%s,%s,%d,%d,%s,%d,%.3f,%d,%d,%s\n", src.Addr(), dst.Addr(), srcPort, dstPort,
			strings.ToUpper(protoNames[f.c.proto]), f.first, float64(f.last-f.first)/1e6, f.pkts, f.bytes, f.c.label)
	}
	return b.Bytes()
}
