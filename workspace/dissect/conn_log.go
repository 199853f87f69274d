package dissect

import (
	"time"
)

// connLogColumns are those of Zeek's conn.log.
const connLogColumns = connColumns + `proto:enum service:string duration:interval orig_bytes:count resp_bytes:count
	conn_state:string local_orig:bool local_resp:bool missed_bytes:count history:string orig_pkts:count
	orig_ip_bytes:count resp_pkts:count resp_ip_bytes:count tunnel_parents:set[string]`

const numConnColumns = 21

// log emits a connection's own record.
func (t *table) log(c *conn) error {
	row := t.row
	clear(row)
	c.head(row, c.start())
	row[6] = c.proto()
	if c.service != "" {
		row[7] = c.service
	}
	o, r := &c.ends[originator], &c.ends[responder]
	if c.tcp != nil {
		a, b := &c.tcp.ends[originator], &c.tcp.ends[responder]
		o.bytes, r.bytes = a.size(b), b.size(a)
	}
	if c.last > c.began {
		row[8] = time.Duration(c.last - c.began).Seconds()
		row[9], row[10] = max(o.bytes, 0), max(r.bytes, 0)
	}
	row[11] = c.state()
	origH, _ := c.orig()
	respH, _ := c.resp()
	row[12], row[13] = t.local.contains(origH), t.local.contains(respH)
	row[14] = c.missed
	if len(c.history) > 0 {
		row[15] = string(c.history)
	}
	row[16], row[17] = o.packets, o.ipBytes
	row[18], row[19] = r.packets, r.ipBytes
	return t.emit(row)
}

// state is Zeek's conn_state.
func (c *conn) state() string {
	o, r := c.ends[originator].active, c.ends[responder].active
	switch {
	case c.tcp != nil:
		return c.tcpStateName()
	case c.key.proto != protoUDP:
		return "OTH"
	case o && r:
		return "SF"
	case o:
		return "S0"
	case r:
		return "SHR"
	}
	return "OTH"
}
