package eval

import (
	"math"
	"net/netip"
	"strconv"
	"strings"

	"netshare/workspace/trace"
)

// The bits of TCP's flags.
const (
	flagFIN = 1 << iota
	flagSYN
	flagRST
	flagPSH
	flagACK
	flagURG
	flagECE
	flagCWR
)

// domainOf returns whether a value of a field can be, nil where anything can.
func domainOf(f *field) func(value string) bool {
	switch f.Column.Kind {
	case trace.KindAddress:
		return func(v string) bool {
			_, err := netip.ParseAddr(v)
			return err == nil
		}
	case trace.KindPort:
		return func(v string) bool {
			n, err := strconv.ParseInt(v, 10, 64)
			return err == nil && n >= 0 && n <= 65535
		}
	case trace.KindProtocol:
		return func(v string) bool {
			n, err := strconv.ParseInt(v, 10, 64)
			return err == nil && n >= 0 && n <= 255
		}
	}
	if name := strings.ToLower(f.Column.Name); strings.Contains(name, "flag") && !strings.Contains(name, "frag") && name != "flag" {
		return func(v string) bool {
			bits, ok := TCPFlags(v)
			return ok && PossibleFlags(bits)
		}
	}
	return nil
}

// TCPFlags reads TCP flags as captures and flow exporters write them: a number,
// 0x12, or letters among dots and underscores, such as .AP.SF. ok is false for
// anything else.
func TCPFlags(v string) (bits int, ok bool) {
	if n, err := strconv.ParseInt(v, 0, 32); err == nil {
		return int(n), n >= 0 && n < 1<<12
	}
	if v == "" {
		return 0, false
	}
	for _, r := range v {
		switch r {
		case 'F':
			bits |= flagFIN
		case 'S':
			bits |= flagSYN
		case 'R':
			bits |= flagRST
		case 'P':
			bits |= flagPSH
		case 'A':
			bits |= flagACK
		case 'U':
			bits |= flagURG
		case 'E':
			bits |= flagECE
		case 'C', 'W':
			bits |= flagCWR
		case '.', '_', '-':
		default:
			return 0, false
		}
	}
	return bits, true
}

// PossibleFlags reports whether a TCP implementation sends a packet with these
// flags: not SYN with FIN or RST, not FIN with RST, not FIN without ACK, and
// not none. Flags of a whole flow may well have all of them.
// Source: RFC 9293, section 3.10.7; what else there is are scans.
func PossibleFlags(bits int) bool {
	has := func(f int) bool { return bits&f != 0 }
	switch {
	case has(flagSYN) && (has(flagFIN) || has(flagRST)), has(flagFIN) && has(flagRST):
		return false
	case has(flagFIN) && !has(flagACK):
		return false
	}
	return has(flagSYN | flagRST | flagACK)
}

// validity scores how many synthetic records hold what can't be; false where
// the field has no domain.
func (c *comparison) validity(f int, p, q []float64) (Score, bool) {
	fd := &c.fields[f]
	valid := domainOf(fd)
	if valid == nil {
		return Score{}, false
	}
	s := Score{Property: Coverage, Metric: "validity", Target: fd.Column.Name, Columns: []string{fd.Column.Name}, Counted: true}
	var real, synth float64
	worst := -1
	for i, v := range fd.values {
		if valid(v) || fd.Column.Kind == trace.KindProtocol && p[i] > 0 {
			continue
		}
		real += p[i]
		synth += q[i]
		if q[i] > 0 && (worst < 0 || q[i] > q[worst]) {
			worst = i
		}
	}
	if real > 0 {
		if fd.Column.Kind == trace.KindCategory {
			return Score{}, false // not flags of packets
		}
		s.Note = "the real trace has such values too, such as " + quote(fd.values[worstOf(fd, p, valid)])
		s.Counted = false
		return s, true
	}
	if synth == 0 {
		s.Counted = false
		s.note("all values of both sides can be")
	} else {
		s.Words = percent(synth/total(q)) + " of synthetic records have a " + quote(fd.Column.Name) + " that can't be, such as " + quote(fd.values[worst])
	}
	got := measured{value: synth / max(1, total(q)), uniform: math.NaN(), independent: math.NaN(), worst: 1}
	for range c.halves.splits {
		got.bases = append(got.bases, 0)
	}
	s.settle(got)
	return s, true
}

// worstOf is the most frequent value that is not valid.
func worstOf(f *field, counts []float64, valid func(string) bool) int {
	worst := -1
	for i, v := range f.values {
		if !valid(v) && (worst < 0 || counts[i] > counts[worst]) {
			worst = i
		}
	}
	return worst
}
