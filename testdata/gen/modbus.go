package main

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
)

// poll is one Modbus request and its response, as Zeek logs it.
type poll struct {
	asked, answered int64
	tid             uint16
	unit            byte
	function        string
	exception       bool
}

// task is something that a master asks of a slave over and over.
type task struct {
	code   byte
	name   string
	period int64 // microseconds
	fields [2]uint16
	reply  int // bytes of the response's data, 0 where it echoes the request
}

// plant is a test run of the firm's plant: from 14:00 two masters poll four
// slaves over Modbus TCP, on one long connection each.
func (d *day) plant() {
	r := d.w.rng
	panel := []task{
		{3, "READ_HOLDING_REGISTERS", 2e6, [2]uint16{0, 12}, 24},
		{1, "READ_COILS", 5e6, [2]uint16{16, 16}, 2},
		{6, "WRITE_SINGLE_REGISTER", 31e6, [2]uint16{7, 0}, 0},
	}
	historian := []task{
		{4, "READ_INPUT_REGISTERS", 10e6, [2]uint16{100, 30}, 60},
		{2, "READ_DISCRETE_INPUTS", 10e6, [2]uint16{0, 24}, 3},
	}
	for m, tasks := range [][]task{panel, historian} {
		master := netip.AddrFrom4([4]byte{10, 20, 0, byte(10 + m)})
		for s := range 4 {
			slave := netip.AddrFrom4([4]byte{10, 20, 0, byte(101 + s)})
			c := d.open(master, slave, d.w.ephemeral(), 502, protoTCP, "modbus").path(640)
			start := d.w.at(14, 0, 0) + int64(m)*700e3 + int64(s)*151e3
			d.pollSlave(c, tasks, byte(1+s), start, start+205e6)
			c.serverHasten = r.Float64() < 0.5
		}
	}
}

// pollSlave fills in a polling connection: each task in its strict period with
// a little jitter, one request after the other.
func (d *day) pollSlave(c *conn, tasks []task, unit byte, start, stop int64) {
	type due struct {
		at int64
		t  task
	}
	r := d.w.rng
	var plan []due
	for i, t := range tasks {
		for at := start + 20e3 + int64(i)*430e3; at < stop; at += t.period {
			plan = append(plan, due{at + int64(900*r.NormFloat64()), t})
		}
	}
	slices.SortStableFunc(plan, func(a, b due) int { return cmp.Compare(a.at, b.at) })
	var msgs []*message
	tid := uint16(r.Uint32N(900))
	clock := start + 2*c.rtt
	for _, p := range plan {
		tid++
		broken := p.t.code == 4 && unit == 3 && r.Float64() < 0.25 // a slave that lacks some registers
		think := int64(lognormal(r, 1900, 0.25))
		asked := max(p.at, clock+50)
		request := modbusMessage(tid, unit, p.t.code, p.t.fields[0], p.t.fields[1]+uint16(r.IntN(2))*uint16(p.t.code/6))
		response := append([]byte{}, request...)
		switch {
		case broken:
			response = append(modbusHead(tid, unit, 3), p.t.code|0x80, 2)
		case p.t.reply > 0:
			response = append(modbusHead(tid, unit, 3+p.t.reply), p.t.code, byte(p.t.reply))
			for i := range p.t.reply {
				response = append(response, byte(int(unit)*16+i*3)+byte(r.IntN(3)))
			}
		}
		msgs = append(msgs,
			&message{orig: true, wait: asked - clock, head: request},
			&message{wait: think, head: response})
		clock = asked + think + c.rtt
		c.polls = append(c.polls, poll{tid: tid, unit: unit, function: p.t.name, exception: broken})
	}
	runTCP(r, c, start, msgs, finByOrig)
	at := map[*message]int64{}
	for _, p := range c.packets {
		if p.n > 0 {
			at[p.msg] = p.at
		}
	}
	for i := range c.polls {
		c.polls[i].asked, c.polls[i].answered = at[msgs[2*i]], at[msgs[2*i+1]]
	}
}

// modbusHead is the head of a Modbus TCP message whose unit, function code and
// data are n bytes long.
func modbusHead(tid uint16, unit byte, n int) []byte {
	b := binary.BigEndian.AppendUint16(nil, tid)
	b = append(b, 0, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(n))
	return append(b, unit)
}

// modbusMessage is a request with two fields of 16 bits.
func modbusMessage(tid uint16, unit, code byte, first, second uint16) []byte {
	b := append(modbusHead(tid, unit, 6), code)
	b = binary.BigEndian.AppendUint16(b, first)
	return binary.BigEndian.AppendUint16(b, second)
}

// modbusLog renders all polls as Zeek's modbus.log in JSON.
func modbusLog(conns []*conn) []byte {
	type line struct {
		at   int64
		text string
	}
	var lines []line
	for _, c := range conns {
		for _, p := range c.polls {
			for _, pdu := range []string{"REQ", "RESP"} {
				at, function := p.asked, p.function
				if pdu == "RESP" {
					at = p.answered
					if p.exception {
						function += "_EXCEPTION"
					}
				}
				lines = append(lines, line{at, fmt.Sprintf(
					`{"ts":%s,"uid":%q,"id.orig_h":%q,"id.orig_p":%d,"id.resp_h":%q,"id.resp_p":%d,"tid":%d,"unit":%d,"func":%q,"pdu_type":%q}`,
					seconds(at), c.uid, c.orig.Addr(), c.orig.Port(), c.resp.Addr(), c.resp.Port(), p.tid, p.unit, function, pdu)})
			}
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int { return cmp.Compare(a.at, b.at) })
	var b bytes.Buffer
	for _, l := range lines {
		b.WriteString(l.text + "\n")
	}
	return b.Bytes()
}
