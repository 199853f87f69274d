package netsharecfg

// helper is a function that comes with a recipe.
type helper struct {
	imports []string
	needs   []string // other helpers
	text    string
}

// helpers are the functions that a recipe may need: NetShare's own, for values
// that are to come out as those make them, and what takes a part of a text.
var helpers = map[string]helper{
	"second2micro": {[]string{"math", "strconv", "time"}, nil, `// second2micro is a time in microseconds, of one in seconds or of a timestamp.
func second2micro(text string) (int64, error) {
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t.UnixMicro(), nil
	}
	seconds, err := strconv.ParseFloat(text, 64)
	return int64(math.Round(seconds * 1e6)), err
}
`},
	"ip_quad2int": {[]string{"fmt", "net/netip"}, nil, `// ip_quad2int is an IPv4 address as a number.
func ip_quad2int(address string) (int64, error) {
	a, err := netip.ParseAddr(address)
	if err != nil || !a.Is4() {
		return 0, fmt.Errorf("want an IPv4 address, got %q", address)
	}
	b := a.As4()
	return int64(b[0])<<24 | int64(b[1])<<16 | int64(b[2])<<8 | int64(b[3]), nil
}
`},
	"modbus_func2code": {nil, []string{"code"}, `// modbus_func2code is the code of a Modbus function, 0 of those that NetShare
// does not know.
func modbus_func2code(name string) int64 {
	return code(name, 1, 0, "READ_COILS", "READ_DISCRETE_INPUTS", "READ_HOLDING_REGISTERS", "READ_INPUT_REGISTERS", "WRITE_SINGLE_COIL", "WRITE_SINGLE_REGISTER")
}
`},
	"syslog_facility2code": {nil, []string{"code"}, `// syslog_facility2code is the code of a syslog facility, 24 of unknown ones.
func syslog_facility2code(name string) int64 {
	return code(name, 0, 24, "KERN", "USER", "MAIL", "DAEMON", "AUTH", "SYSLOG", "LPR", "NEWS", "UUCP", "CRON", "AUTHPRIV", "FTP", "NTP", "AUDIT", "ALERT", "CLOCK",
		"LOCAL0", "LOCAL1", "LOCAL2", "LOCAL3", "LOCAL4", "LOCAL5", "LOCAL6", "LOCAL7")
}
`},
	"syslog_severity2code": {nil, []string{"code"}, `// syslog_severity2code is the code of a syslog severity, 8 of unknown ones.
func syslog_severity2code(name string) int64 {
	short := map[string]string{"EMERG": "EMERGENCY", "CRIT": "CRITICAL", "ERR": "ERROR", "WARN": "WARNING", "INFO": "INFORMATIONAL"}
	if full, ok := short[name]; ok {
		name = full
	}
	return code(name, 0, 8, "EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFORMATIONAL", "DEBUG")
}
`},
	"code": {[]string{"strconv"}, nil, `// code is the place of a name among those given, counted from first; of a
// number it is that.
func code(name string, first, unknown int64, names ...string) int64 {
	if n, err := strconv.ParseInt(name, 10, 64); err == nil {
		return n
	}
	for i, s := range names {
		if s == name {
			return first + int64(i)
		}
	}
	return unknown
}
`},
	"extract": {[]string{"fmt", "regexp"}, nil, `// extract is what the first group of a pattern finds in a text.
func extract(pattern, text string) (string, error) {
	m := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if len(m) < 2 {
		return "", fmt.Errorf("%q does not match %s", text, pattern)
	}
	return m[1], nil
}
`},
	"extractNumber": {[]string{"strconv"}, []string{"extract"}, `// extractNumber is extract of a number.
func extractNumber(pattern, text string) (float64, error) {
	s, err := extract(pattern, text)
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(s, 64)
}
`},
}
