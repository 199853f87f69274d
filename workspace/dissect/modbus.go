package dissect

import (
	"encoding/binary"
	"strconv"
	"time"

	"netshare/workspace/trace"
)

// modbusProtocol is Zeek's modbus.log: each request and each response of
// Modbus/TCP (Modbus Messaging on TCP/IP Implementation Guide V1.0b).
func modbusProtocol() protocol {
	return protocol{
		name:      "modbus",
		columns:   connColumns + "tid:count unit:count func:string pdu_type:string exception:string",
		tcp:       []uint16{502},
		midstream: true,
		analyze: func(c *conn, emit func(trace.Row) error) analyzer {
			return &modbusAnalyzer{c: c, emit: emit}
		},
	}
}

const (
	modbusHeader     = 8 // to the function code
	modbusViolations = 5 // after which a connection is taken for something else (DPD::max_violations)
)

// modbusAnalyzer reads the messages of one connection.
type modbusAnalyzer struct {
	c    *conn
	emit func(trace.Row) error
	row  [11]any

	stream     [2][]byte // the beginning of a message
	violations int
}

// data implements analyzer.
func (a *modbusAnalyzer) data(at time.Time, orig bool, b []byte) error {
	if a.violations > modbusViolations {
		a.stream = [2][]byte{}
		return nil
	}
	s := side(orig)
	have := a.stream[s]
	if len(have) > 0 {
		have = append(have, b...)
		b = have
	}
	a.stream[s] = have[:0]
	for len(b) >= modbusHeader {
		size := 6 + int(binary.BigEndian.Uint16(b[4:]))
		if binary.BigEndian.Uint16(b[2:]) != 0 || size < modbusHeader { // another protocol
			a.violations++
			return nil
		}
		if len(b) < size {
			break
		}
		if err := a.message(at, orig, b[:size]); err != nil {
			return err
		}
		b = b[size:]
	}
	a.stream[s] = append(a.stream[s], b...)
	return nil
}

// gap implements analyzer: a message that is cut is left out, and the next is
// looked for where the bytes go on.
func (a *modbusAnalyzer) gap(_ time.Time, orig bool, _ int64) { a.stream[side(orig)] = nil }

// end implements analyzer.
func (a *modbusAnalyzer) end(time.Time) error { return nil }

// message logs one message: transaction, protocol, length, unit, function code
// and, where that has its highest bit set in a response, an exception code.
func (a *modbusAnalyzer) message(at time.Time, orig bool, b []byte) error {
	code := b[7]
	var exception any
	if code >= 0x80 {
		if orig || len(b) < modbusHeader+1 {
			a.violations++
			return nil
		}
		exception = modbusException(b[8])
	}
	row := trace.Row(a.row[:])
	a.c.head(row, at)
	row[6], row[7] = int64(binary.BigEndian.Uint16(b)), int64(b[6])
	row[8], row[9], row[10] = modbusFunction(code), "RESP", exception
	if orig {
		row[9] = "REQ"
	}
	return a.emit(row)
}

// modbusFunction names a function code (Zeek's Modbus::function_codes).
func modbusFunction(code byte) string {
	name := modbusFunctionName(code &^ 0x80)
	switch {
	case name == "":
		return "unknown-" + strconv.Itoa(int(code))
	case code >= 0x80:
		return name + "_EXCEPTION"
	}
	return name
}

func modbusFunctionName(code byte) string {
	switch code {
	case 0x01:
		return "READ_COILS"
	case 0x02:
		return "READ_DISCRETE_INPUTS"
	case 0x03:
		return "READ_HOLDING_REGISTERS"
	case 0x04:
		return "READ_INPUT_REGISTERS"
	case 0x05:
		return "WRITE_SINGLE_COIL"
	case 0x06:
		return "WRITE_SINGLE_REGISTER"
	case 0x07:
		return "READ_EXCEPTION_STATUS"
	case 0x08:
		return "DIAGNOSTICS"
	case 0x09:
		return "PROGRAM_484"
	case 0x0a:
		return "POLL_484"
	case 0x0b:
		return "GET_COMM_EVENT_COUNTER"
	case 0x0c:
		return "GET_COMM_EVENT_LOG"
	case 0x0d:
		return "PROGRAM_584_984"
	case 0x0e:
		return "POLL_584_984"
	case 0x0f:
		return "WRITE_MULTIPLE_COILS"
	case 0x10:
		return "WRITE_MULTIPLE_REGISTERS"
	case 0x11:
		return "REPORT_SLAVE_ID"
	case 0x12:
		return "PROGRAM_884_U84"
	case 0x13:
		return "RESET_COMM_LINK_884_U84"
	case 0x14:
		return "READ_FILE_RECORD"
	case 0x15:
		return "WRITE_FILE_RECORD"
	case 0x16:
		return "MASK_WRITE_REGISTER"
	case 0x17:
		return "READ_WRITE_MULTIPLE_REGISTERS"
	case 0x18:
		return "READ_FIFO_QUEUE"
	case 0x28:
		return "PROGRAM_CONCEPT"
	case 0x29:
		return "MULTIPLE_FUNCTION_CODES"
	case 0x2b:
		return "ENCAP_INTERFACE_TRANSPORT"
	case 0x5a:
		return "PROGRAM_UNITY"
	case 0x5b:
		return "OBJECT_MESSAGING"
	case 0x7d:
		return "FIRMWARE_REPLACEMENT"
	case 0x7e:
		return "PROGRAM_584_984_2"
	case 0x7f:
		return "REPORT_LOCAL_ADDRESS"
	}
	return ""
}

// modbusException names an exception code (Zeek's Modbus::exception_codes).
func modbusException(code byte) string {
	switch code {
	case 0x01:
		return "ILLEGAL_FUNCTION"
	case 0x02:
		return "ILLEGAL_DATA_ADDRESS"
	case 0x03:
		return "ILLEGAL_DATA_VALUE"
	case 0x04:
		return "SLAVE_DEVICE_FAILURE"
	case 0x05:
		return "ACKNOWLEDGE"
	case 0x06:
		return "SLAVE_DEVICE_BUSY"
	case 0x08:
		return "MEMORY_PARITY_ERROR"
	case 0x0a:
		return "GATEWAY_PATH_UNAVAILABLE"
	case 0x0b:
		return "GATEWAY_TARGET_DEVICE_FAILED_TO_RESPOND"
	}
	return "unknown-" + strconv.Itoa(int(code))
}
