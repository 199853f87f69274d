// Package recipe reads syslog messages out of a capture and learns which
// program of which host reports what, how gravely and how often. The text of
// the messages is not learnt.
package recipe

import (
	"fmt"
	"regexp"
	"strings"

	"netshare/workspace/trace"
)

// Recipe declares what is learnt of the messages: a session is what one program
// on one host sends to one log host.
var Recipe = trace.Recipe{
	Name: "syslog",
	Time: trace.Timestamp("ts", ""),
	Metadata: []trace.Field{
		trace.IP("id.orig_h"),
		trace.Port("id.orig_p"),
		trace.IP("id.resp_h"),
		trace.Port("id.resp_p"),
		trace.Protocol("proto"),
		trace.Category("program").Derive(program, "message"),
	},
	Series: []trace.Field{
		trace.Category("facility").Parse(facilityCode).Format(facilityName),
		trace.Category("severity").Parse(severityCode).Format(severityName),
		trace.Integer("length").Range(0, 65535).Derive(length, "message"),
	},
	Drop: []string{"uid", "message"}, // uid names a connection, message may name anybody
}

// facilities and severities are those of RFC 5424, section 6.2.1, by Zeek's
// names; a name's place is its code.
var (
	facilities = strings.Fields(`KERN USER MAIL DAEMON AUTH SYSLOG LPR NEWS UUCP CRON AUTHPRIV FTP NTP AUDIT ALERT CLOCK
		LOCAL0 LOCAL1 LOCAL2 LOCAL3 LOCAL4 LOCAL5 LOCAL6 LOCAL7`)
	severities = strings.Fields("EMERG ALERT CRIT ERR WARNING NOTICE INFO DEBUG")
)

func facilityCode(name string) (int64, error) { return code(facilities, "facility", name) }

func facilityName(n int64) string { return name(facilities, n) }

func severityCode(name string) (int64, error) { return code(severities, "severity", name) }

func severityName(n int64) string { return name(severities, n) }

// code is a name's place in a list.
func code(names []string, what, name string) (int64, error) {
	for i, n := range names {
		if n == name {
			return int64(i), nil
		}
	}
	return 0, fmt.Errorf("unknown %s %q", what, name)
}

// name is the way back.
func name(names []string, n int64) string {
	if n < 0 || n >= int64(len(names)) {
		return fmt.Sprintf("UNKNOWN-%d", n)
	}
	return names[n]
}

var (
	// A message of RFC 5424 begins "1 TIME HOST PROGRAM PID", one of RFC 3164
	// "Mmm dd hh:mm:ss HOST PROGRAM[PID]:".
	structured  = regexp.MustCompile(`^1 \S+ \S+ (\S+)`)
	traditional = regexp.MustCompile(`^\w{3} [ \d]\d [\d:]{8} \S+ ([^\s\[:]+)`)
)

// program is who wrote a message, "-" where it does not say.
func program(r trace.Record) string {
	message := r.Text("message")
	for _, form := range []*regexp.Regexp{structured, traditional} {
		if found := form.FindStringSubmatch(message); found != nil {
			return found[1]
		}
	}
	return "-"
}

// length is a message's size in bytes.
func length(r trace.Record) int64 { return int64(len(r.Text("message"))) }
