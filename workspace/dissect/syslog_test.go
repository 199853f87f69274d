package dissect

import (
	"fmt"
	"strings"
	"testing"
)

func TestSyslogDatagrams(t *testing.T) {
	r := read(t, syslogProtocol(), protoUDP, 514, 514)
	for _, m := range []string{
		"<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8\n",
		"<165>1 2003-10-11T22:14:15.003Z host evntslog - ID47 [x@32473 iut=\"3\"] \xef\xbb\xbfan event",
		"<191>debug", "<192>beyond", "no priority", "<>", "<12", "<1a>x", "", "<0>\x00\xff",
	} {
		r.client(m)
	}
	r.close().want("proto facility severity message",
		"udp AUTH CRIT Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8\n",
		"udp LOCAL4 NOTICE 1 2003-10-11T22:14:15.003Z host evntslog - ID47 [x@32473 iut=\"3\"] \ufeffan event",
		"udp LOCAL7 DEBUG debug", "udp ?-24 EMERG beyond", "udp ?-999 ?-999 no priority", "udp ?-999 ?-999 <>",
		"udp ?-999 ?-999 <12", "udp ?-999 ?-999 <1a>x", "udp ?-999 ?-999 (empty)", `udp KERN EMERG \x00\xff`)
}

func TestSyslogStream(t *testing.T) {
	for name, tc := range map[string]struct{ stream, want string }{
		"lines":             {"<13>one\n<14>two\r\n<15>three\x00", "one two three"},
		"a last line":       {"<13>one\n<14>two", "one two"},
		"octets":            {"7 <13>one8 <14>f\nur", "one f\nur"},
		"both":              {"7 <13>one\n<14>two\n", "one two"},
		"not syslog":        {"GET / HTTP/1.1\r\n<13>one\n", ""},
		"too long a length": {"123456 <13>one\n", ""},
		"no length":         {"7x<13>one\n", ""},
		"endless":           {"<13>" + strings.Repeat("x", 2*syslogMessageBytes), ""},
	} {
		for _, size := range []int{1, 3, 4096, 1 << 20} {
			if size == 1 && len(tc.stream) > 1000 {
				continue
			}
			r := read(t, syslogProtocol(), protoTCP, 40000, 514)
			for rest := tc.stream; rest != ""; {
				n := min(size, len(rest))
				r.client(rest[:n])
				rest = rest[n:]
			}
			r.close()
			if got := strings.Join(strings.SplitAfter(r.cut("message"), "\n"), ""); strings.ReplaceAll(strings.TrimSuffix(got, "\n"), "\n", " ") != strings.ReplaceAll(tc.want, "\n", " ") {
				t.Errorf("%s in pieces of %d: %q, want %q", name, size, got, tc.want)
			}
		}
	}
}

func TestSyslogGap(t *testing.T) {
	r := read(t, syslogProtocol(), protoTCP, 40000, 514).client("<13>one\n<14>tw")
	r.reader.gap(r.at, true, 10)
	r.client("x\n<15>three\n").close().want("message", "one")
}

func TestSyslogNames(t *testing.T) {
	if got := fmt.Sprint(syslogFacility(10), syslogFacility(23), syslogFacility(24), syslogSeverity(7), syslogSeverity(999)); got != "AUTHPRIVLOCAL7?-24DEBUG?-999" {
		t.Error(got)
	}
}

func FuzzSyslog(f *testing.F) {
	f.Add(packets("<34>hello", "8 <14>f\nur"), false)
	f.Add(packets("<34>hello\n7 <13>one", "<13>x\r\n"), true)
	f.Fuzz(func(t *testing.T, script []byte, tcp bool) {
		transport := byte(protoUDP)
		if tcp {
			transport = protoTCP
		}
		fuzzed(t, syslogProtocol(), transport, 514, script)
	})
}
