package main

import (
	"bytes"
	"fmt"
	"strings"
)

var protoNames = map[byte]string{protoICMP: "icmp", protoTCP: "tcp", protoUDP: "udp", protoICMPv6: "icmp"}

// overhead is the length of the IP and transport headers of a packet.
func (c *conn) overhead(p packet) int {
	n := 20
	if c.orig.Addr().Is6() {
		n = 40
	}
	switch c.proto {
	case protoTCP:
		return n + 20 + len(tcpOptions(frame{c, p}))
	case protoUDP:
		return n + 8
	}
	return n + 4 // ICMP: the payload holds the identifier and number
}

// history and state sum a connection up as Zeek does: which events each side
// showed first, and how it ended.
func (c *conn) history() (history, state string) {
	if c.proto == protoICMP || c.proto == protoICMPv6 {
		return "-", "OTH"
	}
	var h strings.Builder
	note := func(p packet, letter string) {
		if p.orig {
			letter = strings.ToUpper(letter)
		}
		if !strings.Contains(h.String(), letter) {
			h.WriteString(letter)
		}
	}
	for _, p := range c.packets {
		switch {
		case p.flags&(syn|ack) == syn:
			note(p, "s")
		case p.flags&syn != 0:
			note(p, "h")
		case p.flags&rst != 0:
			note(p, "r")
		case p.flags&fin != 0:
			note(p, "f")
		case p.n > 0:
			note(p, "d")
		case p.flags&ack != 0:
			note(p, "a")
		}
	}
	history = h.String()
	has := func(letter string) bool { return strings.Contains(history, letter) }
	if c.proto == protoUDP {
		if has("d") {
			return history, "SF"
		}
		return history, "S0"
	}
	switch {
	case has("r") && !has("h"):
		state = "REJ"
	case has("R"):
		state = "RSTO"
	case has("r"):
		state = "RSTR"
	case !has("h"):
		state = "S0"
	case has("F") && has("f"):
		state = "SF"
	case has("F"):
		state = "S2"
	case has("f"):
		state = "S3"
	default:
		state = "S1"
	}
	return history, state
}

// connLog renders the day as Zeek's conn.log.
func connLog(w *world, conns []*conn) []byte {
	var b bytes.Buffer
	zeekHeader(&b, "conn", w.dayStart, [][2]string{
		{"ts", "time"},
		{"uid", "string"},
		{"id.orig_h", "addr"},
		{"id.orig_p", "port"},
		{"id.resp_h", "addr"},
		{"id.resp_p", "port"},
		{"proto", "enum"},
		{"service", "string"},
		{"duration", "interval"},
		{"orig_bytes", "count"},
		{"resp_bytes", "count"},
		{"conn_state", "string"},
		{"local_orig", "bool"},
		{"local_resp", "bool"},
		{"missed_bytes", "count"},
		{"history", "string"},
		{"orig_pkts", "count"},
		{"orig_ip_bytes", "count"},
		{"resp_pkts", "count"},
		{"resp_ip_bytes", "count"},
		{"tunnel_parents", "set[string]"},
	})
	for _, c := range conns {
		var pkts, payload, whole [2]int
		for _, p := range c.packets {
			s, n := side(p.orig), p.n
			if c.proto == protoICMP || c.proto == protoICMPv6 {
				n -= 4 // Zeek leaves the identifier and number out
			}
			pkts[s]++
			payload[s] += n
			whole[s] += p.n + c.overhead(p)
		}
		duration, sent, got := "-", "-", "-"
		if len(c.packets) > 1 {
			duration = seconds(c.packets[len(c.packets)-1].at - c.packets[0].at)
			sent, got = fmt.Sprint(payload[0]), fmt.Sprint(payload[1])
		}
		service := c.service
		if service == "" || payload[0] == 0 || c.proto == protoUDP && pkts[1] == 0 && service == "ntp" {
			service = "-"
		}
		history, state := c.history()
		fmt.Fprintf(&b, "%s\t%s\t%s\t%d\t%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t0\t%s\t%d\t%d\t%d\t%d\t-\n",
			seconds(c.packets[0].at), c.uid, c.orig.Addr(), c.orig.Port(), c.resp.Addr(), c.resp.Port(), protoNames[c.proto], service,
			duration, sent, got, state, zeekBool(inside(c.orig.Addr())), zeekBool(inside(c.resp.Addr())), history, pkts[0], whole[0], pkts[1], whole[1])
	}
	fmt.Fprintf(&b, "#close\t%s\n", w.dayStart.AddDate(0, 0, 1).Format("2006-01-02-15-04-05"))
	return b.Bytes()
}

// zeekBool is how Zeek writes a bool.
func zeekBool(v bool) string {
	if v {
		return "T"
	}
	return "F"
}
