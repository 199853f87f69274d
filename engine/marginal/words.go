package marginal

import (
	"maps"
	"math"
	"net/netip"
	"slices"
	"strings"

	"netshare/workspace/trace"
)

// weighted is a value and what it counts.
type weighted struct {
	session int32
	weight  int64
	value   cellValue
}

// distinctWords is how many different texts of a records' field count in one
// session; a text beyond them counts in no leaf. What a unit can add to the
// texts there are is bounded by it.
const distinctWords = 8

// distinct is how many texts of an attribute count in one session.
func (a *attribute) distinct() int {
	if a.Series {
		return distinctWords
	}
	return 1
}

// closed reports whether an attribute's values are known without the data.
func (a *attribute) closed() bool { return a.Def.Choices != nil || a.Def.Kind == trace.KindBoolean }

// tally counts texts, at most so many different ones in a session.
func (f *fitter) tally(a *attribute, values []weighted) map[string]int64 {
	counts := map[string]int64{}
	session, seen := int32(-1), map[string]bool{}
	for _, v := range values { // those of a session stand together
		if v.session != session {
			session = v.session
			clear(seen)
		}
		if v.value.kind != word {
			continue
		}
		if t := v.value.text; seen[t] || len(seen) < a.distinct() {
			seen[t] = true
			counts[t] += v.weight
		}
	}
	return counts
}

// threshold is how many sessions a text that nobody knew of must have, with
// noise, to be named: more than one unit can make up, but for a chance of
// delta. levels is how many counts each value is in.
func (f *fitter) threshold(a *attribute, sigma, delta float64, levels int) float64 {
	o := f.look.options
	most, texts := 1.0, float64(levels*a.distinct())
	if o.Unit == Host {
		most, texts = float64(o.HostCap), texts*float64(o.HostCap)
	}
	return most + 2./weight + sigma*tail(delta/texts)
}

// fitWords learns an attribute whose values are texts, or missing, their mass
// being total: those of public, and those that enough sessions have.
func (f *fitter) fitWords(a *attribute, values []weighted, public []string, rho, total float64) error {
	counts := f.tally(a, values)
	var names []string
	for _, p := range public {
		if !slices.Contains(names, p) {
			names = append(names, p)
		}
	}
	known := len(names)
	closed := a.closed()
	delta := 0.0
	if !closed {
		delta = f.delta
		for _, name := range slices.Sorted(maps.Keys(counts)) {
			if !slices.Contains(names[:known], name) {
				names = append(names, name)
			}
		}
	}
	exact := make([]int64, len(names)+1)
	for i, name := range names {
		exact[i] = counts[name]
	}
	exact[len(names)] = missingOf(values)
	noised, sigma, err := f.look.named("column "+a.Def.Name+": texts", rho, 1, delta, exact)
	if err != nil {
		return err
	}
	least := math.Inf(1)
	if !closed {
		least = f.threshold(a, sigma, delta, 1)
	}
	var leaves []leaf
	var masses []float64
	for i, x := range noised {
		switch {
		case i == len(names):
			if x > cellLeast*sigma {
				leaves, masses = append(leaves, leaf{Kind: missing}), append(masses, x)
			}
		case i < known && (x > publicLeast*sigma || closed), i >= known && x > least:
			leaves, masses = append(leaves, leaf{Kind: word, Text: names[i]}), append(masses, x)
		}
	}
	a.add(leaves, masses, total, sigma, !closed)
	return nil
}

// add adds leaves whose masses are known with noise, and one for all other
// values where there may be others and what is left for them is more than noise.
func (a *attribute) add(leaves []leaf, masses []float64, total, sigma float64, others bool) {
	rest := total - sumOf(masses)
	if len(masses) > 0 && (!others || rest < cellLeast*sigma*math.Sqrt(float64(len(masses)))) {
		rest = 0
	}
	rest = max(rest, 0)
	settle(masses, total-rest)
	for i, m := range masses {
		leaves[i].Mass = m
	}
	if rest > 0 || len(masses) == 0 {
		leaves = append(leaves, leaf{Kind: other, Mass: rest})
	}
	a.Leaves = append(a.Leaves, leaves...)
}

// missingOf counts the values that are missing.
func missingOf(values []weighted) (n int64) {
	for _, v := range values {
		if v.value.kind == missing {
			n += v.weight
		}
	}
	return n
}

// publicLeast is what a text that is known without the data must have, in
// standard deviations.
const publicLeast = 2

// publicWords are the values of a field that are known without the data: its
// recipe's, names of protocols, and what Zeek's documentation lists.
func publicWords(f trace.Field) []string {
	switch name := strings.ToLower(f.Name); {
	case f.Choices != nil:
		return f.Choices
	case f.Kind == trace.KindBoolean:
		return []string{"false", "true"}
	case name == "conn_state":
		return []string{"S0", "S1", "SF", "REJ", "S2", "S3", "RSTO", "RSTR", "RSTOS0", "RSTRH", "SH", "SHR", "OTH"}
	case name == "service":
		return []string{"dns", "http", "ssl", "ssh", "smtp", "ftp", "ntp", "dhcp", "snmp", "krb_tcp", "gssapi", "ntlm", "smb", "dce_rpc", "ldap_tcp", "rdp", "sip", "syslog", "quic", "modbus"}
	case f.Kind == trace.KindProtocol:
		return []string{
			"tcp", "udp", "icmp", "TCP", "UDP", "ICMP", "6", "17", "1", "igmp", "IGMP", "2", "ipv6-icmp", "IPv6-ICMP", "IPV6-ICMP", "icmp6", "ICMP6", "58",
			"gre", "GRE", "47", "esp", "ESP", "50", "sctp", "SCTP", "132", "arp", "ARP",
		}
	}
	return nil
}

// The lengths of prefixes that addresses are counted by, the longest first, of
// either version: the last of each is public in kind, all are in length.
var (
	lengths4 = []int{24, 16, 8}
	lengths6 = []int{64, 48, 32}
)

// prefixesOf returns the prefixes of an address, the longest first; none of a
// text that is no address.
func prefixesOf(s string) []string {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return nil
	}
	lengths := lengths6
	if a.Is4() {
		lengths = lengths4
	}
	out := make([]string, len(lengths))
	for i, n := range lengths {
		p, err := a.WithZone("").Prefix(n)
		if err != nil {
			return nil
		}
		out[i] = p.String()
	}
	return out
}

// fitAddresses learns an attribute of addresses: those that enough sessions
// have, and prefixes of the others.
func (f *fitter) fitAddresses(a *attribute, values []weighted, rho float64) error {
	levels := 1 + len(lengths4)
	counts := f.tally(a, values)
	for text, n := range maps.Clone(counts) {
		for _, p := range prefixesOf(text) {
			counts[p] += n
		}
	}
	names := slices.Sorted(maps.Keys(counts))
	exact := make([]int64, len(names)+1)
	for i, name := range names {
		exact[i] = counts[name]
	}
	exact[len(names)] = missingOf(values)
	noised, sigma, err := f.look.named("column "+a.Def.Name+": addresses and prefixes", rho, levels, f.delta, exact)
	if err != nil {
		return err
	}
	least := f.threshold(a, sigma, f.delta, levels)
	kept := map[string]float64{}
	for i, name := range names {
		if noised[i] > least {
			kept[name] = noised[i]
		}
	}
	// What is left of a prefix when all that is kept in it is taken away.
	left := maps.Clone(kept)
	for name, n := range kept {
		if above := nearest(name, kept); above != "" {
			left[above] -= n
		}
	}
	var leaves []leaf
	var masses []float64
	if x := noised[len(names)]; x > cellLeast*sigma {
		leaves, masses = append(leaves, leaf{Kind: missing}), append(masses, x)
	}
	for _, name := range slices.Sorted(maps.Keys(kept)) {
		kind := word
		if isPrefix(name) {
			if kind = prefixed; left[name] < cellLeast*sigma {
				continue
			}
		}
		leaves, masses = append(leaves, leaf{Kind: kind, Text: name}), append(masses, left[name])
	}
	a.add(leaves, masses, f.sessions, sigma, true)
	return nil
}

func isPrefix(s string) bool {
	_, err := netip.ParsePrefix(s)
	return err == nil
}

// nearest returns the longest kept prefix that holds an address or a prefix, ""
// for none.
func nearest(name string, kept map[string]float64) string {
	address, bits := name, 129
	if p, err := netip.ParsePrefix(name); err == nil {
		address, bits = p.Addr().String(), p.Bits()
	}
	for _, p := range prefixesOf(address) {
		if q := netip.MustParsePrefix(p); q.Bits() < bits {
			if _, ok := kept[p]; ok {
				return p
			}
		}
	}
	return ""
}
