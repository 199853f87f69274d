package main

import (
	"encoding/binary"
	"fmt"
)

// random returns n bytes of chance.
func (d *day) random(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(d.w.rng.Uint32())
	}
	return b
}

// sized prefixes data with its length in two bytes.
func sized(data []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(data))), data...)
}

// record is the head of a TLS record.
func record(kind byte, version uint16, n int) []byte {
	b := binary.BigEndian.AppendUint16([]byte{kind}, version)
	return binary.BigEndian.AppendUint16(b, uint16(n))
}

// handshake wraps a TLS handshake message into its header and record.
func handshake(kind byte, version uint16, body []byte) []byte {
	b := append([]byte{kind, byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body))}, body...)
	return append(record(22, version, len(b)), b...)
}

// extension is a TLS extension.
func extension(kind uint16, body []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, kind), sized(body)...)
}

// tlsMessages is a TLS 1.3 connection (RFC 8446) to a name: hello and hello,
// then what only the two understand, in records of honest lengths.
func (d *day) tlsMessages(name string) []*message {
	r := d.w.rng
	msgs := d.tlsHello(name)
	for i := range requests(d) {
		wait := int64(80)
		if i > 0 {
			wait = int64(min(240e6, lognormal(r, 700e3, 1.8)))
		}
		msgs = append(msgs, d.tlsExchange(wait, responseSize(d))...)
	}
	return append(msgs, d.secret(true, int64(lognormal(r, 400e3, 1.5)), record(23, 0x0303, 19), 19))
}

// tlsExchange is a request and a response of a size, both encrypted.
func (d *day) tlsExchange(wait int64, size int) []*message {
	r := d.w.rng
	n := int(lognormal(r, 190, 0.6))
	msgs := []*message{d.secret(true, wait, record(23, 0x0303, n), n)}
	think := int64(lognormal(r, 14e3, 1.1))
	for left := size; left > 0; left -= 16384 {
		n := min(left, 16384)
		msgs = append(msgs, d.secret(false, think, record(23, 0x0303, n), n))
		think = 15
	}
	return msgs
}

// tlsHello is the handshake that opens a TLS connection.
func (d *day) tlsHello(name string) []*message {
	r := d.w.rng
	id := append([]byte{32}, d.random(32)...)
	share := append([]byte{0, 29, 0, 32}, d.random(32)...)

	hello := append([]byte{3, 3}, d.random(32)...)
	hello = append(hello, id...)
	hello = append(hello, sized([]byte{0x13, 1, 0x13, 2, 0x13, 3, 0xc0, 0x2b, 0xc0, 0x2f})...)
	hello = append(hello, 1, 0)
	sni := sized(append([]byte{0}, sized([]byte(name))...))
	exts := extension(0, sni)
	exts = append(exts, extension(10, sized([]byte{0, 29, 0, 23}))...)
	exts = append(exts, extension(13, sized([]byte{4, 3, 8, 4, 4, 1, 5, 3, 8, 5}))...)
	exts = append(exts, extension(16, sized([]byte("\x02h2\x08http/1.1")))...)
	exts = append(exts, extension(43, []byte{4, 3, 4, 3, 3})...)
	exts = append(exts, extension(45, []byte{1, 1})...)
	exts = append(exts, extension(51, sized(share))...)
	hello = append(hello, sized(exts)...)

	answer := append([]byte{3, 3}, d.random(32)...)
	answer = append(answer, id...)
	answer = append(answer, 0x13, 1, 0)
	exts = extension(43, []byte{3, 4})
	exts = append(exts, extension(51, append([]byte{0, 29, 0, 32}, d.random(32)...))...)
	answer = append(answer, sized(exts)...)
	change := append(record(20, 0x0303, 1), 1)

	proof := 220 + r.IntN(40) // of a resumed session
	if r.Float64() < 0.35 {   // a full one shows its certificates
		proof = int(lognormal(r, 2300, 0.2))
	}
	first := append(handshake(2, 0x0303, answer), change...)
	return []*message{
		{orig: true, wait: 150 + r.Int64N(400), head: handshake(1, 0x0301, hello)},
		d.secret(false, 300+r.Int64N(2000), append(first, record(23, 0x0303, proof)...), proof),
		d.secret(true, 600+r.Int64N(2000), append(change, record(23, 0x0303, 53)...), 53),
	}
}

// requests draws how many requests a web connection carries.
func requests(d *day) int { return int(pareto(d.w.rng, 1, 1.25, 30)) }

// responseSize draws the size of what a web server answers: mostly little, now
// and then a picture.
func responseSize(d *day) int {
	if d.w.rng.Float64() < 0.01 {
		return int(pareto(d.w.rng, 12e3, 1.1, 60e3))
	}
	return 60 + int(lognormal(d.w.rng, 620, 1.1))
}

// httpMessages is a connection of plain HTTP/1.1.
func (d *day) httpMessages(name string) []*message {
	r := d.w.rng
	agent := []string{
		"Mozilla/5.0 (X11; Linux x86_64) Firefox/136.0", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/133.0", "curl/8.12.1",
	}[min(2, int(pareto(r, 0.4, 0.6, 3)))]
	var msgs []*message
	for i := range requests(d) {
		wait := int64(120)
		if i > 0 {
			wait = int64(min(20e6, lognormal(r, 500e3, 1.2)))
		}
		path := fmt.Sprintf("/%s/%d", []string{"", "page", "feed", "status", "update"}[r.IntN(5)], r.IntN(400))
		head := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\nAccept: */*\r\n\r\n", path, name, agent)
		msgs = append(msgs, &message{orig: true, wait: wait, head: []byte(head)})
		status, n := "200 OK", responseSize(d)
		switch x := r.Float64(); {
		case x < 0.1:
			status, n = "404 Not Found", 162
		case x < 0.15:
			status, n = "301 Moved Permanently", 0
		}
		reply := fmt.Sprintf("HTTP/1.1 %s\r\nServer: nginx\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n", status, n)
		m := d.secret(false, int64(lognormal(r, 9e3, 1)), []byte(reply), n)
		m.text = true
		msgs = append(msgs, m)
	}
	return msgs
}

// sshPacket wraps an SSH message that is not yet encrypted (RFC 4253).
func sshPacket(payload []byte) []byte {
	pad := 8 - (len(payload)+5)%8
	if pad < 4 {
		pad += 8
	}
	b := binary.BigEndian.AppendUint32(nil, uint32(len(payload)+1+pad))
	b = append(append(b, byte(pad)), payload...)
	return append(b, make([]byte, pad)...)
}

// sshString prefixes data with its length in four bytes.
func sshString(data []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(data))), data...)
}

// sshMessages is an SSH connection: banners, key exchange, then exchanges of
// keystrokes and output, or of refused passwords.
func (d *day) sshMessages(welcome bool, exchanges int) []*message {
	r := d.w.rng
	proposal := func() []byte {
		b := append([]byte{20}, d.random(16)...)
		cipher, mac := "chacha20-poly1305@openssh.com", "hmac-sha2-256"
		for _, list := range []string{"curve25519-sha256", "ssh-ed25519", cipher, cipher, mac, mac, "none", "none", "", ""} {
			b = append(b, sshString([]byte(list))...)
		}
		return sshPacket(append(b, 0, 0, 0, 0, 0))
	}
	hostKey := append(sshString([]byte("ssh-ed25519")), sshString(d.random(32))...)
	signature := append(sshString([]byte("ssh-ed25519")), sshString(d.random(64))...)
	reply := append([]byte{31}, sshString(hostKey)...)
	reply = append(reply, sshString(d.random(32))...)
	reply = append(reply, sshString(signature)...)
	newKeys := sshPacket([]byte{21})
	client, server := "SSH-2.0-OpenSSH_9.9\r\n", "SSH-2.0-OpenSSH_9.6\r\n"
	if !welcome {
		client = "SSH-2.0-libssh_0.11.1\r\n"
	}
	msgs := []*message{
		{orig: true, wait: 300, head: []byte(client)},
		{wait: 6000 + r.Int64N(9000), head: []byte(server)},
		{orig: true, wait: 500, head: proposal()},
		{wait: 900, head: proposal()},
		{orig: true, wait: 1500, head: sshPacket(append([]byte{30}, sshString(d.random(32))...))},
		{wait: 4000 + r.Int64N(3000), head: append(sshPacket(reply), newKeys...)},
		{orig: true, wait: 1200, head: newKeys},
	}
	say := func(orig bool, wait float64, n int) { msgs = append(msgs, d.secret(orig, int64(wait), nil, n)) }
	say(true, 60, 44)
	say(false, 200, 44)
	if !welcome {
		for range exchanges {
			say(true, 4e3, 84+8*r.IntN(6))
			say(false, lognormal(r, 1.6e6, 0.15), 52)
		}
		return msgs
	}
	say(true, 900, 60)
	say(false, 3000, 52)
	say(true, 2500, 372)
	say(false, 5000, 28)
	say(true, 300, 112)
	say(false, 90e3, 500+8*r.IntN(60))
	for range exchanges {
		say(true, min(1500e6, lognormal(r, 260e3, 1.5)), 36)
		say(false, lognormal(r, 700, 0.6), 36)
		if r.Float64() < 0.12 { // Enter: the command's output
			say(false, lognormal(r, 9e3, 1.4), 36+8*int(pareto(r, 4, 0.9, 900)))
		}
	}
	return msgs
}

// ntpMessage is an NTP packet of a mode (RFC 5905): 3 asks, 4 answers what was
// asked at a time.
func ntpMessage(mode byte, at, asked int64) []byte {
	stamp := func(us int64) []byte {
		b := binary.BigEndian.AppendUint32(nil, uint32(us/1e6+2208988800))
		return binary.BigEndian.AppendUint32(b, uint32((us%1e6)*4294967296/1e6))
	}
	b := make([]byte, 16, 48)
	b[0], b[2], b[3] = 4<<3|mode, 11, 0xe8
	if mode == 3 {
		return append(append(b, make([]byte, 24)...), stamp(at)...)
	}
	b[1] = 1
	copy(b[12:], "GPS\x00")
	b = append(b, stamp(at-16e6)...)
	b = append(b, stamp(asked)...)
	b = append(b, stamp(at)...)
	return append(b, stamp(at+25)...)
}

// echoPayload is what follows type, code and checksum in an ICMP echo, as
// Linux fills it.
func echoPayload(id, number uint16, at int64) []byte {
	b := binary.BigEndian.AppendUint16(nil, id)
	b = binary.BigEndian.AppendUint16(b, number)
	b = binary.LittleEndian.AppendUint64(b, uint64(at/1e6))
	b = binary.LittleEndian.AppendUint64(b, uint64(at%1e6))
	for i := range 40 {
		b = append(b, byte(0x10+i))
	}
	return b
}
