package dissect

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
)

// helloOptions say what a made-up hello holds beside what it must.
type helloOptions struct {
	name       string // server name, of a client
	session    []byte
	extensions [][]byte
	random     []byte
	suite      uint16 // of a server
}

func tlsExtension(kind uint16, data ...byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, kind)
	b = binary.BigEndian.AppendUint16(b, uint16(len(data)))
	return append(b, data...)
}

func tlsVector(lengthBytes int, data []byte) []byte {
	n := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	return append(n[4-lengthBytes:], data...)
}

func tlsRecord(kind byte, body []byte) []byte {
	return append([]byte{kind, 3, 3}, tlsVector(2, body)...)
}

func tlsMessage(kind byte, body []byte) []byte {
	return append([]byte{kind}, tlsVector(3, body)...)
}

func tlsHello(o helloOptions, middle []byte) []byte {
	b := append([]byte{3, 3}, make([]byte, 32)...)
	copy(b[2:], o.random)
	b = append(append(b, tlsVector(1, o.session)...), middle...)
	extensions := bytes.Join(o.extensions, nil)
	if o.name != "" {
		extensions = append(tlsExtension(sslExtServerName, tlsVector(2, append([]byte{0}, tlsVector(2, []byte(o.name))...))...), extensions...)
	}
	if len(extensions) > 0 {
		b = append(b, tlsVector(2, extensions)...)
	}
	return b
}

func tlsClientHello(o helloOptions) []byte {
	return tlsRecord(sslHandshake, tlsMessage(sslClientHello, tlsHello(o, []byte{0, 2, 0x13, 1, 1, 0})))
}

func tlsServerHello(o helloOptions) []byte {
	return tlsRecord(sslHandshake, tlsMessage(sslServerHello, tlsHello(o, []byte{byte(o.suite >> 8), byte(o.suite), 0})))
}

// The made-up records of most handshakes.
func tlsCCS() []byte       { return tlsRecord(sslChangeCipherSpec, []byte{1}) }
func tlsData(n int) []byte { return tlsRecord(sslApplicationData, make([]byte, n)) }
func tlsFinished() []byte  { return tlsRecord(sslHandshake, make([]byte, 40)) }
func tls13(group byte) [][]byte {
	return [][]byte{
		tlsExtension(sslExtSupportedVersions, 3, 4),
		tlsExtension(sslExtKeyShare, 0, group, 0, 1, 9),
	}
}

const sslColumns = "version cipher curve server_name resumed last_alert next_protocol established ssl_history"

func TestTLS12(t *testing.T) {
	alpn := tlsExtension(sslExtALPN, 0, 3, 2, 'h', '2')
	exchange := tlsRecord(sslHandshake, append(tlsMessage(sslServerKeyExchange, []byte{3, 0, 23, 1, 7}), tlsMessage(14, nil)...))
	certificate := tlsRecord(sslHandshake, tlsMessage(sslCertificate, tlsVector(3, append(tlsVector(3, []byte("leaf")), tlsVector(3, []byte("root"))...))))
	r := read(t, sslProtocol(), protoTCP, 40000, 443).send(true, tlsClientHello(helloOptions{name: "www.example", extensions: [][]byte{alpn}}))
	r.send(false, append(append(tlsServerHello(helloOptions{suite: 0xc02f, extensions: [][]byte{alpn}}), certificate...), exchange...))
	r.send(true, append(tlsRecord(sslHandshake, tlsMessage(sslClientKeyExchange, []byte{1})), tlsCCS()...)).send(true, tlsFinished())
	r.send(false, tlsCCS()).want("uid").send(false, tlsFinished())
	r.want(sslColumns, "TLSv12 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 secp256r1 www.example F - h2 T CsxknGIi")
	leaf, root := sha256.Sum256([]byte("leaf")), sha256.Sum256([]byte("root"))
	r.want("cert_chain_fps client_cert_chain_fps sni_matches_cert", hex.EncodeToString(leaf[:])+","+hex.EncodeToString(root[:])+" (empty) -")
	r.send(true, tlsRecord(sslAlert, []byte{2, 40})).close().want("established", "T")
}

func TestTLS13(t *testing.T) {
	session := bytes.Repeat([]byte{7}, 32)
	r := read(t, sslProtocol(), protoTCP, 40000, 443).send(true, tlsClientHello(helloOptions{name: "www.example", session: session}))
	r.send(false, append(tlsServerHello(helloOptions{suite: 0x1302, session: session, extensions: tls13(29)}), tlsCCS()...)).send(false, tlsData(900))
	r.send(true, tlsCCS()).send(true, tlsData(40)[:20]).want("uid").send(true, tlsData(40)[20:])
	r.want(sslColumns, "TLSv13 TLS_AES_256_GCM_SHA384 x25519 www.example F - - T CsiI")
}

// TestHelloRetry: the second hello after a retry request is in the history.
func TestHelloRetry(t *testing.T) {
	random := sha256.Sum256([]byte("HelloRetryRequest"))
	retry := tls13(24)
	retry[1] = tlsExtension(sslExtKeyShare, 0, 24)
	r := read(t, sslProtocol(), protoTCP, 40000, 443).send(true, tlsClientHello(helloOptions{}))
	r.send(false, append(tlsServerHello(helloOptions{suite: 0x1301, extensions: retry, random: random[:]}), tlsCCS()...))
	r.send(true, append(tlsCCS(), tlsClientHello(helloOptions{})...)).send(false, tlsServerHello(helloOptions{suite: 0x1301, extensions: tls13(24)}))
	r.send(false, tlsData(30)).send(true, tlsData(30)).want(sslColumns, "TLSv13 TLS_AES_128_GCM_SHA256 secp384r1 - F - - T CjiICs")
}

func TestTLSResumed(t *testing.T) {
	session := bytes.Repeat([]byte{7}, 32)
	r := read(t, sslProtocol(), protoTCP, 40000, 443).send(true, tlsClientHello(helloOptions{session: session}))
	r.send(false, append(append(tlsServerHello(helloOptions{suite: 0x2f, session: session}), tlsCCS()...), tlsFinished()...))
	r.send(true, append(tlsCCS(), tlsFinished()...)).want("resumed established ssl_history", "T T CsiI")

	ticket := tlsExtension(sslExtSessionTicket, 1, 2, 3)
	r = read(t, sslProtocol(), protoTCP, 40000, 443).send(true, tlsClientHello(helloOptions{extensions: [][]byte{ticket}}))
	r.send(false, append(tlsServerHello(helloOptions{suite: 0x2f}), tlsCCS()...)).send(true, tlsCCS()).close()
	r.want("resumed established ssl_history", "T F CsiI")

	psk := tlsExtension(sslExtPreSharedKey, 0, 0)
	r = read(t, sslProtocol(), protoTCP, 40000, 443).send(true, tlsClientHello(helloOptions{extensions: [][]byte{psk}}))
	r.send(false, tlsServerHello(helloOptions{suite: 0x1301, extensions: append(tls13(29), psk)})).close()
	r.want("resumed established", "T F")
}

func TestTLSFailures(t *testing.T) {
	hello := tlsClientHello(helloOptions{name: "a.example"})
	alert := tlsRecord(sslAlert, []byte{2, 40})
	for name, tc := range map[string]struct {
		client, server []byte
		want           string
	}{
		"no answer":             {hello, nil, "- - - a.example F - - F C"},
		"an alert":              {hello, alert, "- - - a.example F handshake_failure - F Cl"},
		"alerts by the dozen":   {hello, bytes.Repeat(alert, 200), "- - - a.example F handshake_failure - F C" + strings.Repeat("l", 99)},
		"no TLS":                {[]byte("GET / HTTP/1.1\r\n\r\n"), []byte("HTTP/1.1 400 Bad\r\n"), ""},
		"an answer in HTTP":     {hello, []byte("HTTP/1.1 400 Bad\r\n"), "- - - a.example F - - F C"},
		"a hello cut short":     {hello[:40], nil, ""},
		"a malformed hello":     {tlsRecord(sslHandshake, tlsMessage(sslClientHello, make([]byte, 20))), nil, ""},
		"an unknown record":     {append(tlsRecord(29, []byte{1}), hello...), nil, ""},
		"SSL version 3":         {[]byte{22, 3, 0, 0, 4, 0, 0, 0, 0}, nil, "- - - - F - - F H"},
		"a message far too big": {tlsRecord(sslHandshake, append([]byte{11, 0xff, 0xff, 0xff}, make([]byte, 60)...)), nil, "- - - - F - - F X"},
	} {
		r := read(t, sslProtocol(), protoTCP, 40000, 443).send(true, tc.client)
		if tc.server != nil {
			r.send(false, tc.server)
		}
		if got := strings.TrimSuffix(r.close().cut(sslColumns), "\n"); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

// TestTLSPieces: messages may be cut anywhere, into records and into segments.
func TestTLSPieces(t *testing.T) {
	message := tlsMessage(sslClientHello, tlsHello(helloOptions{name: "www.example"}, []byte{0, 2, 0x13, 1, 1, 0}))
	for _, size := range []int{1, 7, 50} {
		var stream []byte
		for rest := message; len(rest) > 0; {
			n := min(size, len(rest))
			stream = append(stream, tlsRecord(sslHandshake, rest[:n])...)
			rest = rest[n:]
		}
		r := read(t, sslProtocol(), protoTCP, 40000, 443)
		for _, b := range stream {
			r.send(true, []byte{b})
		}
		r.close().want("server_name ssl_history", "www.example C")
	}
}

func TestTLSGap(t *testing.T) {
	r := read(t, sslProtocol(), protoTCP, 40000, 443).send(true, tlsClientHello(helloOptions{name: "a.example"}))
	r.reader.gap(r.at, false, 100)
	r.send(false, tlsServerHello(helloOptions{suite: 0x2f})).close().want("server_name cipher ssl_history", "a.example - C")
}

func TestSSLVersion2(t *testing.T) {
	hello := []byte{0x80, 28, 1, 0, 2, 0, 3, 0, 0, 0, 16, 7, 0, 0xc0}
	hello = append(hello, make([]byte, 16)...)
	server := []byte{0x80, 4 + 7 + 3, 4, 0, 1, 0, 2, 0, 0, 0, 3, 0, 0, 7, 0, 0xc0}
	r := read(t, sslProtocol(), protoTCP, 40000, 443).send(true, hello).send(false, server)
	r.send(true, []byte{0x80, 10, 2, 7, 0, 0xc0, 0, 0, 0, 0, 0, 0}).close()
	r.want("version cipher established ssl_history", "SSLv2 SSLv20_CK_DES_192_EDE3_CBC_WITH_MD5 T Cs")
	// A client that begins in the old form and goes on in the new one.
	r = read(t, sslProtocol(), protoTCP, 40000, 443).send(true, hello).send(false, tlsServerHello(helloOptions{suite: 5})).close()
	r.want("version cipher ssl_history", "TLSv12 TLS_RSA_WITH_RC4_128_SHA Cs")
}

func TestTLSNames(t *testing.T) {
	for got, want := range map[string]string{
		sslCipherName(0x1301): "TLS_AES_128_GCM_SHA256", sslCipherName(0x18): "TLS_DH_ANON_WITH_RC4_128_MD5",
		sslCipherName(0xcca8): "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", sslCipherName(0xbeef): "unknown-48879",
		sslCipherName(0x3a3a): "grease_0x3A3A", sslCurveName(0x8a8a): "grease_0x8A8A", sslCurveName(41): "curveSM2",
		sslCurveName(1): "sect163k1", sslCurveName(29): "x25519", sslCurveName(0): "unknown-0", sslCurveName(4588): "X25519MLKEM768",
		sslVersionName(0x7f1c): "TLSv13-draft28", sslVersionName(0x0300): "SSLv3", sslVersionName(1): "unknown-1",
		sslAlertName(112): "unrecognized_name", sslAlertName(200): "unknown-200",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestMatchSSL(t *testing.T) {
	client, server := tlsClientHello(helloOptions{}), tlsServerHello(helloOptions{})
	for i, tc := range []struct {
		orig, resp []byte
		want       verdict
	}{
		{client, server, matched},
		{client, []byte{21, 3, 1, 0, 2, 2, 40}, matched},
		{client, nil, undecided},
		{client[:3], server[:1], undecided},
		{client, client, unmatched},
		{[]byte("SSH-2.0"), []byte("SSH-2.0"), unmatched},
		{nil, []byte("220 mail"), unmatched},
	} {
		if got := matchSSL(tc.orig, tc.resp); got != tc.want {
			t.Errorf("case %d: verdict %d, want %d", i, got, tc.want)
		}
	}
}

func FuzzSSL(f *testing.F) {
	f.Add(packets(string(tlsClientHello(helloOptions{name: "a.example"})), string(tlsServerHello(helloOptions{suite: 0x1301, extensions: tls13(29)})), string(tlsData(9)), string(tlsData(9))))
	f.Add(packets(string(tlsClientHello(helloOptions{})), string(tlsRecord(sslHandshake, tlsMessage(sslCertificate, tlsVector(3, tlsVector(3, []byte("x"))))))))
	f.Add(packets("\x80\x1c\x01\x00\x02\x00\x03\x00\x00\x00\x10\x07\x00\xc0"+fmt.Sprint(make([]byte, 16)), "\x80\x0e\x04\x00\x01\x00\x02\x00\x00\x00\x03\x00\x00\x07\x00\xc0"))
	f.Fuzz(func(t *testing.T, script []byte) { fuzzed(t, sslProtocol(), protoTCP, 443, script) })
}

// TestCipherNames holds the names to those that Go's own TLS knows.
func TestCipherNames(t *testing.T) {
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		if got := sslCipherName(uint32(s.ID)); got != s.Name {
			t.Errorf("0x%04x is %s, want %s", s.ID, got, s.Name)
		}
	}
}

// TestSSLOfGo reads a handshake that Go's own TLS makes, in each version.
func TestSSLOfGo(t *testing.T) {
	cert := selfSigned(t)
	for _, tc := range []struct {
		version uint16
		host    string
		want    string
	}{
		{tls.VersionTLS10, "www.example", "TLSv10 TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA x25519 www.example h2 T T"},
		{tls.VersionTLS12, "other.example", "TLSv12 TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 x25519 other.example h2 T F"},
		{tls.VersionTLS13, "www.example", "TLSv13 TLS_AES_128_GCM_SHA256 x25519 www.example - T -"},
	} {
		r := read(t, sslProtocol(), protoTCP, 40000, 443)
		client, server := net.Pipe()
		var mu sync.Mutex
		tap := func(conn net.Conn, orig bool) net.Conn {
			return tapped{conn, func(b []byte) { mu.Lock(); defer mu.Unlock(); r.send(orig, b) }}
		}
		done := make(chan error, 1)
		go func() {
			s := tls.Server(tap(server, false), &tls.Config{
				Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS10, NextProtos: []string{"h2"},
				CurvePreferences: []tls.CurveID{tls.X25519}, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA},
			})
			_, err := io.ReadFull(s, make([]byte, 5))
			done <- err
		}()
		c := tls.Client(tap(client, true), &tls.Config{
			ServerName: tc.host, InsecureSkipVerify: true, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS10, MaxVersion: tc.version,
		})
		_, err := c.Write([]byte("hello"))
		if err := errors.Join(err, <-done); err != nil {
			t.Fatal(err)
		}
		client.Close()
		mu.Lock()
		r.close().want("version cipher curve server_name next_protocol established sni_matches_cert", tc.want)
		mu.Unlock()
	}
}

// tapped is a connection whose writes are overheard.
type tapped struct {
	net.Conn
	heard func([]byte)
}

func (t tapped) Write(b []byte) (int, error) {
	t.heard(b)
	return t.Conn.Write(b)
}

// selfSigned makes a certificate of www.example.
func selfSigned(t *testing.T) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"www.example"}, NotBefore: began, NotAfter: began.AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
