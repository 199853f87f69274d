package pcapio

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// filling is how a port's payloads are filled.
type filling struct {
	with  byte
	least int // bytes of payload that its dissector accepts
}

// payloads chooses what payloads are filled with: zero, but for the ports
// whose dissectors want something else.
type payloads struct {
	udp, tcp *portFillings
}

// portFillings are the fillings of all ports: those there are, that of zero
// first, and which of them each port has.
type portFillings struct {
	list []filling
	of   [1 << 16]uint8
}

func (p *portFillings) port(n int) filling { return p.list[p.of[uint16(max(n, 0))]] }

func newPayloads() payloads {
	return payloads{udp: portTable(udpPorts), tcp: portTable(tcpPorts)}
}

// portTable reads the tables of payload_ports.go.
func portTable(text string) *portFillings {
	table := &portFillings{list: []filling{{}}}
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		if err != nil {
			panic("pcapio: port table: " + err.Error())
		}
		return n
	}
	for _, entry := range strings.Fields(text) {
		part := strings.Split(entry, ":")
		first, last, isRange := strings.Cut(part[0], "-")
		if !isRange {
			last = first
		}
		f := filling{with: byte(number(part[1])), least: maxPacket + 1}
		if part[2] != "*" {
			f.least = number(part[2])
		}
		i := slices.Index(table.list, f)
		if i < 0 {
			i = len(table.list)
			table.list = append(table.list, f)
		}
		if i > math.MaxUint8 {
			panic("pcapio: port table: more than 256 fillings")
		}
		for port := number(first); port <= number(last); port++ {
			table.of[port] = uint8(i)
		}
	}
	return table
}

// of returns the filling for a pair of ports. Wireshark asks the lower port's
// dissector first; what pleases only one of two is no choice, and least tells.
func of(table *portFillings, a, b int) filling {
	low, high := table.port(min(a, b)), table.port(max(a, b))
	if low.with == high.with {
		return filling{low.with, max(low.least, high.least)}
	}
	if low == (filling{}) {
		return high
	}
	return low
}

// fill fills a payload.
func (f filling) fill(payload []byte) {
	if f.with == 0 {
		return
	}
	for i := range payload {
		payload[i] = f.with
	}
}

// dnsLeast is the least that a DNS message over TCP has with its length, in
// bytes.
const dnsLeast = 2 + 12

// isDNS reports whether a connection between the ports is dissected as DNS
// over TCP, whose messages must be whole ones from segment to segment.
func isDNS(a, b int) bool {
	low, high := min(a, b), max(a, b)
	return low == 53 || low == 5353 || high == 53 || high == 5353 && low > 1023
}
