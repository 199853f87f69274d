package dissect

import (
	"maps"
	"slices"
	"time"

	"netshare/workspace/trace"
)

// httpInfo is a request with its reply, a row under way. Texts are nil while
// they are unset.
type httpInfo struct {
	ts    time.Time
	depth int

	method, host, uri, referrer, version, userAgent, origin any
	requestLen, replyLen                                    int64
	replied                                                 bool
	code                                                    int
	reason                                                  string
	informed                                                bool
	infoCode                                                int
	infoReason                                              string
	user                                                    any
	proxied                                                 []any
	bytes                                                   int
}

// informational reports whether a reply of a 1xx status precedes the real one.
func (i *httpInfo) informational() bool { return i.replied && i.code >= 100 && i.code < 200 }

// current returns the row that a direction's message belongs to.
func (a *httpAnalyzer) current(orig bool) *httpInfo {
	number := a.reply
	if orig {
		number = a.request
	}
	if a.pending == nil {
		a.pending = map[int]*httpInfo{}
	}
	info := a.pending[number]
	if info == nil {
		a.deepest++
		info = &httpInfo{ts: a.at, depth: a.deepest}
		a.pending[number] = info
	}
	return info
}

// set puts a text into a row.
func (a *httpAnalyzer) set(info *httpInfo, field *any, value []byte) {
	s := text(value)
	*field = s
	info.bytes += len(s)
	a.bytes += len(s)
}

// beginRequest makes a request's row. Where too many wait, they are logged as
// they are.
func (a *httpAnalyzer) beginRequest(method string, uri []byte) {
	a.request = max(a.request, a.reply)
	if len(a.pending) > httpPendingRequests || a.bytes > httpPendingBytes {
		for a.reply = max(a.reply, 1); a.reply < a.request; a.reply++ {
			a.log(a.reply)
		}
	}
	a.request++
	info := a.current(true)
	info.method = method
	a.set(info, &info.uri, httpUnescape(uri))
}

// beginReply notes a reply's status. The real reply to a request may come after
// informational ones.
func (a *httpAnalyzer) beginReply() {
	if info := a.pending[a.reply]; info == nil || info.replied && !info.informational() {
		a.reply++
	}
	info := a.current(false)
	info.replied, info.code, info.version = true, a.replyCode, a.dirs[responder].version
	if info.reason = "<empty>"; a.replyReason != nil {
		info.reason = text(a.replyReason)
	}
	if info.informational() {
		info.informed, info.infoCode, info.infoReason = true, info.code, info.reason
	}
}

// logHeader notes a request's header.
func (a *httpAnalyzer) logHeader(orig bool, key string, value []byte) {
	info := a.current(orig)
	if !orig {
		return
	}
	switch key {
	case "REFERER":
		a.set(info, &info.referrer, value)
	case "HOST":
		a.set(info, &info.host, value)
	case "ORIGIN":
		a.set(info, &info.origin, value)
	case "USER-AGENT":
		a.set(info, &info.userAgent, value)
	case "FORWARDED", "X-FORWARDED-FOR", "X-FORWARDED-FROM", "CLIENT-IP", "VIA", "XROXY-CONNECTION", "PROXY-CONNECTION":
		var by any
		if len(info.proxied) < httpProxies {
			if a.set(info, &by, append([]byte(key+" -> "), value...)); !slices.Contains(info.proxied, by) {
				info.proxied = append(info.proxied, by)
			}
		}
	case "AUTHORIZATION", "PROXY-AUTHORIZATION":
		if user, ok := basicUser(value); ok {
			info.user = user
		}
	}
}

// finish notes that a message is over; that of a reply ends the row.
func (a *httpAnalyzer) finish(orig bool, length int64) {
	info := a.current(orig)
	if orig {
		info.requestLen = length
		return
	}
	info.replyLen = length
	if !info.informational() {
		a.log(a.reply)
	}
}

// flush logs what is left at the connection's end.
func (a *httpAnalyzer) flush() {
	for _, number := range slices.Sorted(maps.Keys(a.pending)) {
		if number > 0 {
			a.log(number)
		}
	}
}

// log emits a pending row.
func (a *httpAnalyzer) log(number int) {
	info := a.pending[number]
	if info == nil || a.err != nil {
		return
	}
	delete(a.pending, number)
	a.bytes -= info.bytes
	row := trace.Row(a.row[:])
	a.c.head(row, info.ts)
	row[6], row[7], row[8], row[9], row[10] = int64(info.depth), info.method, info.host, info.uri, info.referrer
	row[11], row[12], row[13] = info.version, info.userAgent, info.origin
	row[14], row[15] = info.requestLen, info.replyLen
	row[16], row[17] = optional(info.replied, int64(info.code)), optional(info.replied, info.reason)
	row[18], row[19] = optional(info.informed, int64(info.infoCode)), optional(info.informed, info.infoReason)
	row[20] = []any{}                 // tags are for scripts to give
	row[21], row[22] = info.user, nil // passwords are never kept
	row[23] = optional(info.proxied != nil, info.proxied)
	clear(row[24:]) // files are not looked into
	a.err = a.emit(row)
}
