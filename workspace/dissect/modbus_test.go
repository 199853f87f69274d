package dissect

import "testing"

// modbusPDU writes a message of unit 3.
func modbusPDU(tid byte, body ...byte) []byte {
	return append([]byte{0, tid, 0, 0, 0, byte(len(body) + 1), 3}, body...)
}

func TestModbus(t *testing.T) {
	r := read(t, modbusProtocol(), protoTCP, 40000, 502)
	r.send(true, modbusPDU(1, 3, 0, 0, 0, 2)).send(false, modbusPDU(1, 3, 4, 0, 1, 0, 2))
	r.send(true, modbusPDU(2, 0x10, 0, 0)).send(false, modbusPDU(2, 0x90, 2))
	r.send(true, modbusPDU(3, 99)).send(false, modbusPDU(3, 0x80+99, 77))
	r.send(true, append(modbusPDU(4, 1), modbusPDU(5, 0x2b, 14)...)).send(true, modbusPDU(6, 0x83)) // a request is no exception
	r.want("tid unit func pdu_type exception",
		"1 3 READ_HOLDING_REGISTERS REQ -", "1 3 READ_HOLDING_REGISTERS RESP -",
		"2 3 WRITE_MULTIPLE_REGISTERS REQ -", "2 3 WRITE_MULTIPLE_REGISTERS_EXCEPTION RESP ILLEGAL_DATA_ADDRESS",
		"3 3 unknown-99 REQ -", "3 3 unknown-227 RESP unknown-77",
		"4 3 READ_COILS REQ -", "5 3 ENCAP_INTERFACE_TRANSPORT REQ -")
}

func TestModbusPieces(t *testing.T) {
	stream := append(append(modbusPDU(1, 1, 0, 0, 0, 8), modbusPDU(2, 2, 0)...), modbusPDU(3, 5, 1)...)
	for size := 1; size <= len(stream); size++ {
		r := read(t, modbusProtocol(), protoTCP, 40000, 502)
		for rest := stream; len(rest) > 0; {
			n := min(size, len(rest))
			r.send(true, rest[:n])
			rest = rest[n:]
		}
		r.close().want("tid func", "1 READ_COILS", "2 READ_DISCRETE_INPUTS", "3 WRITE_SINGLE_COIL")
	}
}

// TestModbusAmongOthers: a gap or a packet of something else costs what it
// covers, and a connection of something else altogether gives nothing.
func TestModbusAmongOthers(t *testing.T) {
	r := read(t, modbusProtocol(), protoTCP, 40000, 502).send(true, modbusPDU(1, 1, 0)[:5])
	r.reader.gap(r.at, true, 4)
	r.send(true, modbusPDU(2, 1)).client("SSH-2.0-OpenSSH\r\n").send(true, modbusPDU(3, 1)).want("tid", "2", "3")
	r = read(t, modbusProtocol(), protoTCP, 40000, 502)
	for range 10 {
		r.client("GET / HTTP/1.1\r\n\r\n")
	}
	r.send(true, modbusPDU(3, 1)).close().want("tid")
}

func FuzzModbus(f *testing.F) {
	f.Add(packets(string(modbusPDU(1, 3, 0, 0, 0, 2)), string(modbusPDU(1, 0x83, 2))))
	f.Fuzz(func(t *testing.T, script []byte) { fuzzed(t, modbusProtocol(), protoTCP, 502, script) })
}
