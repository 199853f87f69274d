// Package recipe reads Zeek's modbus.log and learns how a master polls its
// slaves: which functions it asks of which device, how often, and how often
// the device refuses.
package recipe

import (
	"fmt"
	"strings"

	"netshare/workspace/trace"
)

// Recipe declares what is learnt of the log.
var Recipe = trace.Recipe{
	Name: "modbus",
	Time: trace.Timestamp("ts", ""),
	Metadata: []trace.Field{
		trace.IP("id.orig_h"),
		trace.Port("id.orig_p"),
		trace.IP("id.resp_h"),
		trace.Port("id.resp_p"),
		trace.Integer("unit").Range(0, 255),
	},
	Series: []trace.Field{
		trace.Category("func").Parse(functionCode).Format(functionName),
		trace.Category("pdu_type", "REQ", "RESP"),
	},
}

// exception is the bit that a device sets in the function code of a refusal,
// and the end that Zeek gives such a function's name.
const (
	exceptionBit = 0x80
	exceptionEnd = "_EXCEPTION"
)

// functions are the public functions of the Modbus Application Protocol
// Specification V1.1b3, section 6, by Zeek's names.
var functions = map[string]int64{
	"READ_COILS":                    1,
	"READ_DISCRETE_INPUTS":          2,
	"READ_HOLDING_REGISTERS":        3,
	"READ_INPUT_REGISTERS":          4,
	"WRITE_SINGLE_COIL":             5,
	"WRITE_SINGLE_REGISTER":         6,
	"READ_EXCEPTION_STATUS":         7,
	"DIAGNOSTICS":                   8,
	"GET_COMM_EVENT_COUNTER":        11,
	"GET_COMM_EVENT_LOG":            12,
	"WRITE_MULTIPLE_COILS":          15,
	"WRITE_MULTIPLE_REGISTERS":      16,
	"REPORT_SLAVE_ID":               17,
	"READ_FILE_RECORD":              20,
	"WRITE_FILE_RECORD":             21,
	"MASK_WRITE_REGISTER":           22,
	"READ_WRITE_MULTIPLE_REGISTERS": 23,
	"READ_FIFO_QUEUE":               24,
	"ENCAP_INTERFACE_TRANSPORT":     43,
}

// functionCode is the code, as the packet carries it, of a function's name.
func functionCode(name string) (int64, error) {
	base := strings.TrimSuffix(name, exceptionEnd)
	code, ok := functions[base]
	if !ok {
		return 0, fmt.Errorf("unknown Modbus function %q", name)
	}
	if base != name {
		code |= exceptionBit
	}
	return code, nil
}

// functionName is the name of a function's code.
func functionName(code int64) string {
	for name, c := range functions {
		if c == code&^exceptionBit {
			if code&exceptionBit != 0 {
				return name + exceptionEnd
			}
			return name
		}
	}
	return fmt.Sprintf("unknown-%d", code)
}
