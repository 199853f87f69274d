package main

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// listsCSV renders packets as a dissector's table has them: the time as text,
// the layers and the first answer of a DNS response as lists.
func listsCSV(frames []frame, n int) []byte {
	kinds := map[uint16]string{typeA: "A", typeAAAA: "AAAA", typeCNAME: "CNAME", typePTR: "PTR", typeMX: "MX", typeTXT: "TXT"}
	var b bytes.Buffer
	b.WriteString("time,srcip,dstip,srcport,dstport,packet__layers,packet__len,DNS__qname,DNS__answers\n")
	for _, f := range frames {
		c, p := f.c, f.p
		if c.proto == protoICMP || c.proto == protoICMPv6 {
			continue
		}
		if n--; n < 0 {
			break
		}
		src, dst := c.orig, c.resp
		if !p.orig {
			src, dst = dst, src
		}
		layers := []string{"eth", "ip"}
		if src.Addr().Is6() {
			layers[1] = "ipv6"
		}
		transport := "tcp"
		if c.proto == protoUDP {
			transport = "udp"
		}
		layers = append(layers, transport)
		if p.n > 0 {
			switch c.service {
			case "ssl":
				layers = append(layers, "tls")
			case "dns", "http", "ssh", "ntp":
				layers = append(layers, c.service)
			}
		}
		name, answers := "", ""
		if c.dns != nil {
			name = c.dns.name
			if !p.orig {
				if len(c.dns.answers) > 0 {
					a := c.dns.answers[0]
					answers = fmt.Sprintf("count=%d;type=%s;ttl=%d", len(c.dns.answers), kinds[a.kind], a.ttl)
				} else {
					answers = "count=0"
				}
			}
		}
		fmt.Fprintf(&b, "%s,%s,%s,%d,%d,%s,%d,%s,%s\n", time.UnixMicro(p.at).UTC().Format("2006-01-02 15:04:05.000000"), src.Addr(), dst.Addr(),
			src.Port(), dst.Port(), strings.Join(layers, ":"), p.n+c.overhead(p), name, answers)
	}
	return b.Bytes()
}
