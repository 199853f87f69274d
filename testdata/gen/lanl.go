package main

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
)

// masker gives people, machines, processes and ports the numbers that a
// published trace has in place of their names.
type masker struct {
	r     *rand.Rand
	known map[string]string
	used  map[string]bool
}

func newMasker(r *rand.Rand) *masker {
	return &masker{r: r, known: map[string]string{}, used: map[string]bool{}}
}

// mask returns the number of a thing, with the letter of its sort before it.
func (m *masker) mask(sort, name string, most int) string {
	key := sort + name
	for m.known[key] == "" {
		if n := fmt.Sprintf("%s%d", sort, 1+m.r.IntN(most)); !m.used[n] {
			m.known[key], m.used[n] = n, true
		}
	}
	return m.known[key]
}

func (m *masker) computer(name string) string { return m.mask("C", name, 4000) }

// user is a person's or a machine's account.
func (m *masker) user(name string) string {
	if host, ok := strings.CutSuffix(name, "$"); ok {
		return m.computer(host) + "$@DOM1"
	}
	return m.mask("U", name, 900) + "@DOM1"
}

// port keeps what everybody knows and masks the others.
func (m *masker) port(p uint16) string {
	if p < 1024 {
		return fmt.Sprint(p)
	}
	return m.mask("N", fmt.Sprint(p), 20000)
}

// lines are records by time, written as CSV.
type lines []struct {
	at   int64
	text string
}

func (l *lines) add(at int64, format string, args ...any) {
	*l = append(*l, struct {
		at   int64
		text string
	}{at, fmt.Sprintf(format, args...)})
}

// csv renders at most n of the lines under a header, by time.
func (l lines) csv(header string, n int) []byte {
	slices.SortStableFunc(l, func(a, b struct {
		at   int64
		text string
	},
	) int {
		return cmp.Compare(a.at, b.at)
	})
	var b bytes.Buffer
	b.WriteString(header + "\n")
	for _, line := range l[:min(n, len(l))] {
		b.WriteString(line.text + "\n")
	}
	return b.Bytes()
}

// lanlTables renders the day in the layouts of Los Alamos' security events:
// logins, processes, flows, lookups, and what the attackers did.
func lanlTables(w *world, day []*conn) []sample {
	m := newMasker(w.rng)
	second := func(at int64) int64 { return (at-w.dayStart.UnixMicro())/1e6 + 1 }
	names := map[netip.Addr]string{}
	for _, h := range append(slices.Clone(w.clients), w.servers...) {
		names[h.v4], names[h.v6] = h.name, h.name
	}
	computer := func(a netip.Addr) string {
		if n := names[a]; n != "" {
			return m.computer(n)
		}
		return m.computer(a.String())
	}

	var auth, proc, flows, dns, red lines
	for _, l := range dayLogins(w) {
		if l.at >= w.at(24, 0, 0) {
			continue
		}
		from, to := m.computer(l.host), m.computer(l.dest)
		outcome := "Success"
		if !l.ok {
			outcome = "Fail"
		}
		user := m.user(l.user)
		target := user
		if l.logon == "Service" {
			target = "SYSTEM@" + from
		}
		auth.add(l.at, "%d,%s,%s,%s,%s,%s,%s,LogOn,%s", second(l.at), user, target, from, to, l.kind, l.logon, outcome)
		if l.ok && l.logon == "Network" {
			off := l.at + int64(lognormal(w.rng, 20e6, 1.2))
			auth.add(off, "%d,%s,%s,%s,%s,?,Network,LogOff,Success", second(off), user, user, to, to)
		}
		if l.ok {
			m.processes(w, &proc, l, second)
		}
	}
	for _, c := range day {
		at := c.packets[0].at
		if at < w.at(9, 0, 0) {
			continue
		}
		for _, orig := range []bool{true, false} {
			src, dst := c.orig, c.resp
			if !orig {
				src, dst = dst, src
			}
			pkts, size := 0, 0
			for _, p := range c.packets {
				if p.orig == orig {
					pkts++
					size += p.n + c.overhead(p)
				}
			}
			if pkts > 0 {
				flows.add(at, "%d,%d,%s,%s,%s,%s,%d,%d,%d", second(at), (c.packets[len(c.packets)-1].at-at)/1e6,
					computer(src.Addr()), m.port(src.Port()), computer(dst.Addr()), m.port(dst.Port()), c.proto, pkts, size)
			}
		}
		if c.dns != nil && len(dns) < 600 {
			dns.add(c.dns.asked, "%d,%s,%s", second(c.dns.asked), computer(c.orig.Addr()), m.computer(c.dns.name))
		}
	}
	m.redTeam(w, &red, second)
	return []sample{
		{"lanl/auth.csv", auth.csv("time,src_user,dst_user,src_computer,dst_computer,authentication_type,logon_type,authentication_orientation,success_failure", 700)},
		{"lanl/proc.csv", proc.csv("time,userAtdomain,computer,processname,start_end", 700)},
		{"lanl/flows.csv", flows.csv("ts,td,srcip,srcport,dstip,dstport,proto,pkt,byt", 800)},
		{"lanl/dns.csv", dns.csv("time,source_computer,computer_resolved", 600)},
		{"lanl/redteam.csv", red.csv("time,user@domain,src_computer,dst_computer", 250)},
	}
}

// processes notes what a login starts, and when that ends.
func (m *masker) processes(w *world, to *lines, l login, second func(int64) int64) {
	if l.logon == "Network" && w.rng.Float64() < 0.5 {
		return
	}
	user, host := m.user(l.user), m.computer(l.host)
	pick := zipf(40, 1.1)
	for range 1 + int(pareto(w.rng, 1, 1.4, 6)) {
		name := fmt.Sprintf("P%d", 1+pick.pick(w.rng))
		start := l.at + int64(lognormal(w.rng, 2e6, 1))
		to.add(start, "%d,%s,%s,%s,Start", second(start), user, host, name)
		if w.rng.Float64() < 0.7 {
			end := start + int64(lognormal(w.rng, 40e6, 1.5))
			to.add(end, "%d,%s,%s,%s,End", second(end), user, host, name)
		}
	}
}

// redTeam is a handful of stolen accounts that go from a few machines to many.
func (m *masker) redTeam(w *world, to *lines, second func(int64) int64) {
	sources := []string{"outpost-1", "outpost-2", "outpost-3"}
	pickSource, pickUser := zipf(3, 1.5), zipf(12, 0.9)
	at := w.at(8, 40, 0)
	for range 48 { // raids
		at += int64(lognormal(w.rng, 3000e6, 0.8))
		source := m.computer(sources[pickSource.pick(w.rng)])
		user := m.user(w.clients[pickUser.pick(w.rng)].user)
		target := m.computer(w.clients[w.rng.IntN(len(w.clients))].name)
		for t, n := at, int(pareto(w.rng, 1, 0.8, 14)); n > 0; n-- {
			to.add(t, "%d,%s,%s,%s", second(t), user, source, target)
			t += int64(lognormal(w.rng, 90e6, 1))
			if w.rng.Float64() < 0.4 {
				target = m.computer(fmt.Sprintf("target-%d", w.rng.IntN(30)))
			}
		}
	}
}
