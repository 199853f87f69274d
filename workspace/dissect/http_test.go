package dissect

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// http opens a connection to port 80.
func http(tb testing.TB) *reading { return read(tb, httpProtocol(), protoTCP, 40000, 80) }

func TestHTTP(t *testing.T) {
	r := http(t).client("GET /a%20b?c HTTP/1.1\r\nHost: www.example\r\nReferer: http://x/\r\nUser-Agent: Go\r\n" +
		"Origin: o\r\nVia: 1.1 proxy\r\nX-Forwarded-For: 192.0.2.9\r\nVia: 1.1 proxy\r\nAuthorization: Basic dXNlcjpzZWNyZXQ=\r\n\r\n")
	r.server("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel").want("uid").server("lo")
	r.want("trans_depth method host uri referrer version user_agent origin request_body_len response_body_len status_code status_msg",
		"1 GET www.example /a b?c http://x/ 1.1 Go o 0 5 200 OK")
	r.want("info_code info_msg tags username password proxied orig_fuids resp_mime_types",
		"- - (empty) user - VIA -> 1.1 proxy,X-FORWARDED-FOR -> 192.0.2.9 - -")
	r.close().want("ts", "2025-03-04 09:41:00.001 +0000 UTC")
}

func TestHTTPBodies(t *testing.T) {
	get := "GET / HTTP/1.1\r\n\r\n"
	for name, tc := range map[string]struct {
		request, reply string
		want           string // status_code request_body_len response_body_len
	}{
		"length":                {get, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "200 0 3"},
		"length, then more":     {get, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef", "200 0 3"},
		"cut short":             {get, "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nabc", "200 0 3"},
		"none":                  {get, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "200 0 0"},
		"chunks":                {get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nX: y\r\n\r\n", "200 0 13"},
		"bad chunk":             {get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", "200 0 0"},
		"no chunks in 1.0":      {"GET / HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "200 0 13"},
		"to the end":            {get, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\na\nb\nc", "200 0 5"},
		"to the end in lines":   {get, "HTTP/1.1 200 OK\r\n\r\na\r\nbc\r\n", "200 0 7"},
		"not modified":          {get, "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", "304 0 0"},
		"HEAD":                  {"HEAD / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", "200 0 0"},
		"POST":                  {"POST / HTTP/1.1\r\nContent-Length: 7\r\n\r\n1234567", "HTTP/1.1 204 No Content\r\n\r\n", "204 7 0"},
		"POST in chunks":        {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwxyz\r\n0\r\n\r\n", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "200 4 0"},
		"range":                 {get, "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 10-14/100\r\n\r\nabcde", "206 0 5"},
		"bare line feeds":       {"GET / HTTP/1.1\n\n", "HTTP/1.1 200 OK\nContent-Length: 2\n\nab", "200 0 2"},
		"a folded header":       {get, "HTTP/1.1 200 OK\r\nContent-Length:\r\n 2\r\n\r\nab", "200 0 2"},
		"a length beyond words": {get, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999999\r\n\r\nab", "200 0 2"},
		"no reply":              {get, "", "- 0 0"},
		"no request":            {"", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", "200 0 2"},
		"HTTP/0.9":              {"GET /old\r\n", "<html>\nhello", "0 0 12"},
		"no HTTP":               {"\x16\x03\x01\x00\xa5\r\n\r\n", "SSH-2.0-x\r\n", ""},
	} {
		for _, size := range []int{1, 5, 1 << 20} {
			r := http(t)
			for orig, stream := range map[bool]string{true: tc.request} {
				r.pieces(orig, stream, size)
			}
			r.pieces(false, tc.reply, size).close()
			if got := strings.TrimSuffix(r.cut("status_code request_body_len response_body_len"), "\n"); got != tc.want {
				t.Errorf("%s in pieces of %d: %s, want %s", name, size, got, tc.want)
			}
		}
	}
}

// pieces sends a text in segments of a size.
func (r *reading) pieces(orig bool, s string, size int) *reading {
	for s != "" {
		n := min(size, len(s))
		r.send(orig, []byte(s[:n]))
		s = s[n:]
	}
	return r
}

func TestHTTPPipelined(t *testing.T) {
	r := http(t).client("GET /1 HTTP/1.1\r\n\r\nHEAD /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\nGET /4 HTTP/1.1\r\n\r\n")
	r.server("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 404 Not Found\r\nContent-Length: 50\r\n\r\nHTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nab")
	r.close().want("trans_depth method uri status_code status_msg response_body_len",
		"1 GET /1 200 OK 1", "2 HEAD /2 404 Not Found 0", "3 GET /3 200 (empty) 2", "4 GET /4 - - 0")
}

func TestHTTPInformational(t *testing.T) {
	r := http(t).client("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n").server("HTTP/1.1 100 Continue\r\n\r\n")
	r.client("ab").server("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
	r.close().want("status_code info_code info_msg request_body_len", "201 100 Continue 2")
	r = http(t).client("GET /chat HTTP/1.1\r\nUpgrade: websocket\r\n\r\n")
	r.server("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x05GET / HTTP/1.1\r\n")
	r.client("GET /no HTTP/1.1\r\n\r\n").close().want("uri status_code info_code", "/chat 101 101")
}

func TestHTTPTunnel(t *testing.T) {
	r := http(t).client("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n").server("HTTP/1.1 200 Connection established\r\n\r\n")
	r.client("GET /inside HTTP/1.1\r\n\r\n").server("HTTP/1.1 404 Inside\r\n\r\n").close()
	r.want("method host uri status_code response_body_len", "CONNECT a.example:443 a.example:443 200 0")
	r = http(t).client("CONNECT a.example:443 HTTP/1.1\r\n\r\nGET /after HTTP/1.1\r\n\r\n").server("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	r.close().want("uri status_code", "a.example:443 407", "/after 200")
}

func TestHTTPGaps(t *testing.T) {
	r := http(t).client("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n").server("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab")
	r.reader.gap(r.at, false, 5)
	r.server("xyzHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\na")
	r.reader.gap(r.at, false, 7)
	r.server("\r\n0\r\n\r\n").want("uri status_code response_body_len", "/1 200 10", "/2 200 8")
	r.reader.gap(r.at, true, 7) // of a request's headers, perhaps
	r.client("GET /3 HTTP/1.1\r\n\r\n").server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").close()
	r.want("trans_depth uri status_code", "1 /1 200", "2 /2 200", "3 - 200")
}

func TestHTTPRequestLines(t *testing.T) {
	for in, want := range map[string]string{
		"GET / HTTP/1.1":           "GET / 1.1",
		"GET  /a b  HTTP/1.0":      "GET /a b 1.0",
		"GET HTTP/1.1":             "GET  1.1",
		"GET /a":                   "GET /a 0.9",
		"GET http://x.example/a#b": "GET http://x.example/a#b 0.9",
		"M-SEARCH * HTTP/1.1":      "M-SEARCH * 1.1",
		"GET /\xff HTTP/1.1":       "GET /\xff 1.1",
		"GET / HTTP/1":             "GET / ",
		"GET / HTTP/x.y":           "GET / 0.0",
		"":                         "", "GET": "", "GET ": "", "ab /": "", "(x) / HTTP/1.1": "",
	} {
		method, uri, version, ok := httpRequestLine([]byte(in))
		if got := fmt.Sprintf("%s %s %s", method, uri, version); ok && got != want || !ok && want != "" {
			t.Errorf("%q: %q %v, want %q", in, got, ok, want)
		}
	}
}

func TestHTTPUnescape(t *testing.T) {
	for in, want := range map[string]string{
		"/a%2fb": "/a/b", "/%": "/%", "/%4": "/%4", "/%%41": "/A", "/%u00e9%u20AC": "/\xe9\x20\xac", "/%zz": "/%zz", "/%C3%BC": "/ü",
	} {
		if got := string(httpUnescape([]byte(in))); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

func TestHTTPUsers(t *testing.T) {
	for in, want := range map[string]string{
		"Basic dXNlcjpzZWNyZXQ=": "user", "basic   dXNlcjpzZWNyZXQ": "user", "Basic dXNlcg==": "<problem-decoding> (Basic dXNlcg==)",
		"Bearer x": "", "Basic !!": "<problem-decoding> (Basic !!)", "Basic": "",
	} {
		if got, _ := basicUser([]byte(in)); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

// TestHTTPPendingBounded: requests without reply don't pile up.
func TestHTTPPendingBounded(t *testing.T) {
	r := http(t)
	for i := range 1000 {
		r.client(fmt.Sprintf("GET /%d HTTP/1.1\r\nUser-Agent: %s\r\n\r\n", i, strings.Repeat("x", i*20)))
	}
	if len(r.rows) < 900 {
		t.Errorf("%d of 1000 requests were let go", len(r.rows))
	}
	if r.close(); len(r.rows) != 1000 {
		t.Errorf("%d rows of 1000 requests", len(r.rows))
	}
}

// TestHTTPCompressed: what a compressed body unpacks to is counted.
func TestHTTPCompressed(t *testing.T) {
	body := strings.Repeat("some text that repeats, ", 1000)
	for name, pack := range packers() {
		packed := pack([]byte(body))
		r := http(t).client("GET / HTTP/1.1\r\n\r\n")
		r.server(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n%s", strings.TrimSuffix(name, "2"), len(packed), packed))
		r.want("response_body_len", fmt.Sprint(len(body)))
	}
}

// packers compress in the ways that servers do.
func packers() map[string]func([]byte) []byte {
	run := func(b []byte, open func(io.Writer) io.WriteCloser) []byte {
		var out bytes.Buffer
		w := open(&out)
		if _, err := w.Write(b); err != nil {
			panic(err)
		}
		if err := w.Close(); err != nil {
			panic(err)
		}
		return out.Bytes()
	}
	return map[string]func([]byte) []byte{
		"gzip": func(b []byte) []byte {
			return run(b, func(w io.Writer) io.WriteCloser {
				z := gzip.NewWriter(w)
				z.Name, z.Comment, z.Extra = "name", "comment", []byte("extra")
				return z
			})
		},
		"deflate": func(b []byte) []byte {
			return run(b, func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) })
		},
		"deflate2": func(b []byte) []byte {
			return run(b, func(w io.Writer) io.WriteCloser {
				z, err := flate.NewWriter(w, flate.HuffmanOnly)
				if err != nil {
					panic(err)
				}
				return z
			})
		},
	}
}

func TestInflateCounter(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for n := 0; n < 200_000; n = n*3 + 1 {
		body := make([]byte, n)
		for i := range body {
			body[i] = byte(rng.IntN(1 + i%256))
		}
		for name, pack := range packers() {
			packed := pack(body)
			for _, size := range []int{1, 100, 1 << 20} {
				z := newInflateCounter(name == "gzip")
				var got int64
				for rest := packed; len(rest) > 0; {
					k := min(size, len(rest))
					got += z.add(rest[:k])
					rest = rest[k:]
				}
				if got != int64(n) {
					t.Errorf("%s of %d bytes in pieces of %d: %d", name, n, size, got)
				}
			}
		}
	}
	if got := newInflateCounter(true).add([]byte("no gzip")); got != 0 {
		t.Errorf("%d bytes out of what is no gzip", got)
	}
}

func TestMatchHTTP(t *testing.T) {
	for i, tc := range []struct {
		orig, resp string
		want       verdict
	}{
		{"GET / HTTP/1.1\r\n", "HTTP/1.1 200 OK", matched},
		{"\r\nPOST /", "HTTP/1", matched},
		{"GET / HTTP/1.1\r\n", "", undecided},
		{"GET / HTTP/1.1\r\n", "HTTP/", undecided},
		{"GE", "HTTP/1", undecided},
		{"", "", undecided},
		{"GET /", "ICY 200 OK", unmatched},
		{"HELO mail.example and more of it", "HTTP/1.0", unmatched},
		{"\x16\x03\x01", "", unmatched},
	} {
		if got := matchHTTP([]byte(tc.orig), []byte(tc.resp)); got != tc.want {
			t.Errorf("case %d: verdict %d, want %d", i, got, tc.want)
		}
	}
}

func FuzzHTTP(f *testing.F) {
	f.Add(packets("GET /a%20b HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"))
	f.Add(packets("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200\r\n\r\na\r\n"))
	f.Add(packets("GET /old\r\n", "<html>"))
	f.Add(packets("CONNECT x:1 HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "x"))
	f.Add(packets("GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"+string(packers()["gzip"]([]byte("hello hello hello")))))
	f.Fuzz(func(t *testing.T, script []byte) { fuzzed(t, httpProtocol(), protoTCP, 80, script) })
}

func FuzzInflateCounter(f *testing.F) {
	for _, pack := range packers() {
		f.Add(pack([]byte("hello hello hello hello")), byte(3))
	}
	f.Fuzz(func(t *testing.T, packed []byte, cut byte) {
		at := min(int(cut), len(packed))
		want := newInflateCounter(false).add(packed)
		z := newInflateCounter(false)
		if got := z.add(packed[:at]) + z.add(packed[at:]); got != want {
			t.Errorf("%d bytes in two pieces, %d in one", got, want)
		}
		real, err := io.Copy(io.Discard, flate.NewReader(bytes.NewReader(packed)))
		bare := !(len(packed) > 1 && packed[0]&15 == 8 && (int(packed[0])<<8|int(packed[1]))%31 == 0)
		if bare && err == nil && real != want {
			t.Errorf("%d bytes, compress/flate unpacks %d", want, real)
		}
	})
}

// TestHTTPLongLine: of a line without end only its beginning is kept.
func TestHTTPLongLine(t *testing.T) {
	long := strings.Repeat("x", 3*httpLineBytes)
	for _, size := range []int{1000, 1 << 20} {
		r := http(t).pieces(true, "GET /"+long+" HTTP/1.1\r\nUser-Agent: "+long+"\r\nHost: h\r\n\r\n", size)
		r.server("HTTP/1.1 204 No Content\r\n\r\n").close().want("version host status_code", "1.1 h 204")
		if uri, agent := len(r.cut("uri")), len(r.cut("user_agent")); uri > httpLineBytes || agent > httpLineBytes || agent < httpLineBytes/2 {
			t.Errorf("in pieces of %d: URI of %d bytes, user agent of %d", size, uri, agent)
		}
	}
}
