package pcapio

import (
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"netshare/workspace/trace"
)

// cells finds a packet's fields in the rows of a schema.
type cells struct {
	index   [numColumns]int // of each packet column in the schema, -1 without
	names   [numColumns]string
	unit    trace.Unit // of a numeric time
	numbers map[string]byte
}

// limits are the least and greatest value of the integer columns.
var limits = [numColumns][2]int64{
	colSrcPort: {0, 65535}, colDstPort: {0, 65535}, colPktLen: {0, math.MaxInt32}, colToS: {0, 255},
	colID: {0, math.MaxUint32}, colFlag: {0, 7}, colOff: {0, 8191}, colTTL: {0, 255}, colTCPFlags: {0, 4095},
	colTCPSeq: {0, math.MaxUint32}, colTCPAck: {0, math.MaxUint32}, colTCPWin: {0, 65535},
	colICMPType: {0, 255}, colICMPCode: {0, 255}, colPayloadLen: {0, math.MaxInt32}, colVLAN: {0, 4095},
	colFrameLen: {0, math.MaxInt32}, colCapLen: {0, math.MaxInt32},
}

func newCells(schema trace.Schema) (*cells, error) {
	c := &cells{numbers: protocolNumbers()}
	for i, column := range Columns() {
		c.index[i], c.names[i] = schema.Index(column.Name), column.Name
	}
	if missing := Missing(schema); missing != nil {
		return nil, fmt.Errorf("column %q is missing: a capture is written from a table with time, srcip, dstip, "+
			"proto and pkt_len, this one has %s", missing[0], strings.Join(schema.Names(), ", "))
	}
	c.unit = schema.Columns[c.index[colTime]].Unit
	return c, nil
}

// Missing returns the columns that a table has not of those that a packet
// table must have to be written as a capture, nil where it has all.
func Missing(schema trace.Schema) []string {
	var missing []string
	columns := Columns()
	for _, i := range []int{colTime, colSrcIP, colDstIP, colProto, colPktLen} {
		if schema.Index(columns[i].Name) < 0 {
			missing = append(missing, columns[i].Name)
		}
	}
	return missing
}

// spec is the packet that a row asks for. Fields of packet are absent where
// the row has none.
type spec struct {
	packet
	time     time.Time
	timed    bool
	vlan     int
	frameLen int64
}

func (c *cells) read(row trace.Row, s *spec) error {
	value := func(column int) any {
		if i := c.index[column]; i >= 0 && i < len(row) {
			return row[i]
		}
		return nil
	}
	var err error
	fault := func(column int, format string, args ...any) {
		if err == nil {
			err = fmt.Errorf("column %q: %s", c.names[column], fmt.Sprintf(format, args...))
		}
	}
	number := func(column int) int64 {
		v := value(column)
		if v == nil {
			return absent
		}
		n, ok := integer(v)
		if limit := limits[column]; !ok || n < limit[0] || n > limit[1] {
			fault(column, "%v is not a whole number from %d to %d", v, limit[0], limit[1])
		}
		return n
	}
	s.src = address(value(colSrcIP), func(v any) { fault(colSrcIP, "%v is not an address", v) })
	s.dst = address(value(colDstIP), func(v any) { fault(colDstIP, "%v is not an address", v) })
	s.time, s.timed = timeOf(value(colTime), c.unit)
	if !s.timed && value(colTime) != nil {
		fault(colTime, "%v is not a time", value(colTime))
	}
	switch v := value(colProto).(type) {
	case string:
		n, known := c.numbers[v]
		if !known {
			n, known = c.numbers[strings.ToUpper(strings.TrimSpace(v))]
		}
		if !known {
			number, ok := integer(v)
			n, known = byte(number), ok && number >= 0 && number <= 255
		}
		if !known {
			fault(colProto, "%q is no IP protocol's name or number", v)
		}
		s.proto = n
	default:
		n, ok := integer(v)
		if !ok || n < 0 || n > 255 {
			fault(colProto, "%v is no IP protocol's name or number", v)
		}
		s.proto = byte(n)
	}
	s.srcPort, s.dstPort = int(number(colSrcPort)), int(number(colDstPort))
	s.length, s.payload = number(colPktLen), number(colPayloadLen)
	s.tos, s.ttl = int(number(colToS)), int(number(colTTL))
	s.id, s.flag, s.off = number(colID), int(number(colFlag)), int(number(colOff))
	s.tcpFlags, s.window = int(number(colTCPFlags)), int(number(colTCPWin))
	s.seq, s.ack = number(colTCPSeq), number(colTCPAck)
	s.icmpType, s.icmpCode = int(number(colICMPType)), int(number(colICMPCode))
	s.vlan, s.frameLen = int(number(colVLAN)), number(colFrameLen)
	return err
}

// integer returns a cell's whole number.
func integer(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case int:
		return int64(v), true
	case float64:
		return int64(v), v == math.Trunc(v) && math.Abs(v) < 1<<53
	case string:
		n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64)
		return n, err == nil
	}
	return 0, false
}

func address(v any, fault func(any)) netip.Addr {
	switch v := v.(type) {
	case string:
		if a, err := netip.ParseAddr(v); err == nil {
			return a.WithZone("")
		}
	case netip.Addr:
		return v.WithZone("")
	}
	fault(v)
	return netip.Addr{}
}

// timeOf returns a cell's time, a number being counted from 1970 in unit.
func timeOf(v any, unit trace.Unit) (time.Time, bool) {
	switch v := v.(type) {
	case time.Time:
		return v, true
	case int64:
		per := int64(math.Round(1 / unit.Seconds()))
		return time.Unix(v/per, v%per*(int64(time.Second)/per)), true
	case float64:
		seconds := v * unit.Seconds()
		if math.IsNaN(seconds) || math.Abs(seconds) > maxSeconds {
			return time.Time{}, false
		}
		whole, fraction := math.Modf(seconds)
		return time.Unix(int64(whole), int64(fraction*1e9)), true
	}
	return time.Time{}, false
}
