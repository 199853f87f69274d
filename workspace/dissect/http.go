package dissect

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"netshare/workspace/trace"
)

// httpProtocol is Zeek's http.log: each request with its reply.
func httpProtocol() protocol {
	return protocol{
		name: "http",
		columns: connColumns + `trans_depth:count method:string host:string uri:string referrer:string version:string
			user_agent:string origin:string request_body_len:count response_body_len:count status_code:count
			status_msg:string info_code:count info_msg:string tags:set[enum] username:string password:string
			proxied:set[string] orig_fuids:vector[string] orig_filenames:vector[string]
			orig_mime_types:vector[string] resp_fuids:vector[string] resp_filenames:vector[string]
			resp_mime_types:vector[string]`,
		tcp:   []uint16{80, 81, 631, 1080, 3128, 8000, 8080, 8888},
		match: matchHTTP,
		analyze: func(c *conn, emit func(trace.Row) error) analyzer {
			return &httpAnalyzer{c: c, emit: emit}
		},
	}
}

const (
	httpPendingRequests = 100     // without reply (HTTP::max_pending_requests)
	httpPendingBytes    = 1 << 17 // of their text
	httpProxies         = 64      // values of the column proxied
)

// httpState is what one direction is expected to go on with.
type httpState int

const (
	httpExpectLine httpState = iota // a request or status line
	httpExpectMessage
	httpExpectNothing // it can't be read any further
	httpExpectBytes   // a reply of HTTP/0.9
)

// httpDirection is the requests or the replies of a connection.
type httpDirection struct {
	lines   httpLines
	state   httpState
	message *httpMessage // the last one, nil before the first
	ongoing bool
	dead    bool // nothing of it is read any more
	version string
}

// httpAnalyzer reads one connection's requests and replies and pairs them.
type httpAnalyzer struct {
	c    *conn
	emit func(trace.Row) error
	row  [30]any
	at   time.Time
	dirs [2]httpDirection

	unanswered   []string // methods of requests that wait for their reply
	replyCode    int
	replyReason  []byte
	connect      bool // the last request asked for a tunnel
	closing      bool // the server will close the connection
	upgrade      bool // the reply's headers say so
	upgradeNamed bool
	tunnel       bool // what follows is another protocol

	// As in Zeek's script, requests and replies are counted and meet by number.
	pending map[int]*httpInfo
	bytes   int
	request int
	reply   int
	deepest int
	err     error // of emit
}

// data implements analyzer.
func (a *httpAnalyzer) data(at time.Time, orig bool, b []byte) error {
	a.at = at
	d := &a.dirs[side(orig)]
	for len(b) > 0 && !d.dead && !a.tunnel && a.err == nil {
		if d.state == httpExpectBytes {
			a.bytesReply(d, b)
			break
		}
		piece, rest, ok := d.lines.next(b)
		if !ok {
			break
		}
		b = rest
		a.piece(d, orig, piece)
	}
	return a.err
}

// piece takes in a line or plain bytes of one direction.
func (a *httpAnalyzer) piece(d *httpDirection, orig bool, piece httpPiece) {
	switch {
	case piece.plain:
		if d.message != nil {
			a.deliver(d, orig, piece)
		}
	case d.state == httpExpectLine && orig:
		a.requestLine(d, piece)
	case d.state == httpExpectLine:
		a.statusLine(d, piece)
	case d.state == httpExpectMessage:
		a.deliver(d, orig, piece)
		if !orig && a.connect && piece.size == 0 {
			a.tunnel = true
		}
	}
}

// deliver gives a piece to a direction's message and finishes it at its end.
func (a *httpAnalyzer) deliver(d *httpDirection, orig bool, piece httpPiece) {
	was := d.message.done
	d.message.deliver(piece)
	if d.message.done && !was {
		a.made(orig, false)
	}
}

// requestLine begins a request.
func (a *httpAnalyzer) requestLine(d *httpDirection, piece httpPiece) {
	method, uri, version, ok := httpRequestLine(piece.data)
	if !ok {
		if piece.size > 0 {
			d.state = httpExpectNothing
		}
		return
	}
	if version == "0.9" && piece.size > int64(len(piece.data)) {
		version = "1.1" // it stands in the part that was not kept
	}
	if version != "" {
		d.version = version
	}
	d.state, d.ongoing = httpExpectMessage, true
	if len(a.unanswered) < 4*httpPendingRequests {
		a.unanswered = append(a.unanswered, method)
	}
	if strings.EqualFold(method, "CONNECT") {
		a.connect = true
	}
	a.beginRequest(method, uri)
	a.begin(d, true, httpBodyMaybe)
	if d.version == "0.9" {
		a.dirs[responder].state = httpExpectBytes
	}
}

// statusLine begins a reply.
func (a *httpAnalyzer) statusLine(d *httpDirection, piece httpPiece) {
	version, code, reason, ok := httpStatusLine(piece.data)
	if !ok {
		if piece.size > 0 {
			d.state = httpExpectNothing
		}
		return
	}
	d.version, d.state, d.ongoing = version, httpExpectMessage, true
	a.replyCode, a.replyReason = code, bytes.Clone(reason)
	a.beginReply()
	if a.connect && code != 200 {
		a.connect = false
	}
	a.begin(d, false, a.replyBody())
}

// bytesReply takes in a reply of HTTP/0.9, which has neither status line nor
// headers.
func (a *httpAnalyzer) bytesReply(d *httpDirection, b []byte) {
	if d.message == nil || !d.ongoing {
		d.version, d.ongoing, a.closing = "0.9", true, true
		a.answered()
		a.beginReply()
		a.begin(d, false, a.replyBody())
		a.deliver(d, false, httpPiece{})
	}
	a.deliver(d, false, httpPiece{data: b, size: int64(len(b)), plain: true})
}

// begin makes a direction's next message.
func (a *httpAnalyzer) begin(d *httpDirection, orig bool, body httpBodyExpected) {
	version := d.version
	if !orig && a.dirs[originator].ongoing {
		version = a.dirs[originator].version
	}
	var m *httpMessage
	m = newHTTPMessage(&d.lines, version, body, func(name, value []byte) { a.headerOf(m, orig, name, value) })
	m.partial, m.toClose = !orig && a.replyCode == 206, a.closing
	d.message = m
}

// replyBody says whether the reply that begins has a body, RFC 9112 section 6.3.
func (a *httpAnalyzer) replyBody() httpBodyExpected {
	switch {
	case len(a.unanswered) > 0 && strings.EqualFold(a.unanswered[0], "HEAD"),
		a.replyCode >= 100 && a.replyCode < 200, a.replyCode == 204, a.replyCode == 304:
		return httpNoBody
	}
	return httpBody
}

// headerOf reads a header of a message.
func (a *httpAnalyzer) headerOf(m *httpMessage, orig bool, name, value []byte) {
	key := strings.ToUpper(string(name))
	if !orig {
		token := httpToken(value)
		switch {
		case key == "CONNECTION" && strings.EqualFold(token, "close"):
			a.closing, m.toClose = true, true
		case key == "CONNECTION" && strings.EqualFold(token, "upgrade"):
			a.upgrade = true
		case key == "UPGRADE":
			a.upgradeNamed = token != ""
		}
	}
	a.logHeader(orig, key, value)
}

// made finishes the request or reply of a direction, if one is under way.
func (a *httpAnalyzer) made(orig, interrupted bool) {
	d := &a.dirs[side(orig)]
	if !d.ongoing {
		return
	}
	d.ongoing = false
	var length int64
	if d.message != nil {
		d.message.end()
		length = d.message.bodyLen
	}
	a.finish(orig, length)
	d.state = httpExpectLine
	if interrupted {
		d.state = httpExpectNothing
	}
	if orig {
		return
	}
	if a.replyCode < 100 || a.replyCode >= 200 {
		a.answered()
	}
	if a.replyCode == 101 && len(a.unanswered) == 1 && a.upgrade && a.upgradeNamed {
		a.tunnel = true
	}
	a.replyCode, a.replyReason, a.upgrade, a.upgradeNamed = 0, nil, false, false
}

// answered forgets the request that was waiting longest.
func (a *httpAnalyzer) answered() {
	if len(a.unanswered) > 0 {
		a.unanswered = slices.Delete(a.unanswered, 0, 1)
	}
}

// gap implements analyzer: a gap within a body is counted, any other ends the
// direction.
func (a *httpAnalyzer) gap(at time.Time, orig bool, n int64) {
	a.at = at
	d := &a.dirs[side(orig)]
	if d.dead || a.tunnel {
		return
	}
	if d.message != nil && d.message.gap(n) {
		if d.message.done {
			a.made(orig, false)
		}
		return
	}
	a.made(orig, true)
	if orig {
		a.made(false, true)
	}
	d.dead = true
}

// end implements analyzer.
func (a *httpAnalyzer) end(at time.Time) error {
	a.at = at
	for _, orig := range []bool{true, false} {
		d := &a.dirs[side(orig)]
		if piece, ok := d.lines.flush(); ok && !d.dead && !a.tunnel && d.state != httpExpectBytes {
			a.piece(d, orig, piece)
		}
		a.made(orig, true)
	}
	a.flush()
	return a.err
}

// matchHTTP recognises HTTP by a request of a known method and a status line,
// as Zeek's signatures dpd_http_client and dpd_http_server do.
func matchHTTP(orig, resp []byte) verdict {
	const status = "HTTP/"
	line := bytes.TrimLeft(orig, " \t\r\n\v\f")
	client := undecided
	for _, m := range httpMethods() {
		if bytes.HasPrefix(line, []byte(m)) {
			client = matched
			break
		}
	}
	if client == undecided && (len(line) > 24 || len(line) > 0 && (line[0] < 'A' || line[0] > 'X')) {
		return unmatched
	}
	n := min(len(resp), len(status))
	switch {
	case string(resp[:n]) != status[:n]:
		return unmatched
	case len(resp) <= len(status) || client == undecided:
		return undecided
	case resp[len(status)] >= '0' && resp[len(status)] <= '9':
		return matched
	}
	return unmatched
}

// httpMethods are the methods by which a connection is recognised.
func httpMethods() []string {
	return []string{
		"OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "CONNECT", "PROPFIND", "PROPPATCH", "MKCOL",
		"COPY", "MOVE", "LOCK", "UNLOCK", "VERSION-CONTROL", "REPORT", "CHECKOUT", "CHECKIN", "UNCHECKOUT",
		"MKWORKSPACE", "UPDATE", "LABEL", "MERGE", "BASELINE-CONTROL", "MKACTIVITY", "ORDERPATCH", "ACL", "PATCH",
		"SEARCH", "BCOPY", "BDELETE", "BMOVE", "BPROPFIND", "BPROPPATCH", "NOTIFY", "POLL", "SUBSCRIBE",
		"UNSUBSCRIBE", "X-MS-ENUMATTS", "RPC_OUT_DATA", "RPC_IN_DATA",
	}
}
