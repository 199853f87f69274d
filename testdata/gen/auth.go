package main

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
)

// login is one attempt to be let in.
type login struct {
	at                            int64
	user, host, dest, kind, logon string
	ok                            bool
}

// dayLogins returns the day's logins by time: people coming to work and using
// the servers, services by the clock, remote shells and guesses as in the other
// files.
func dayLogins(w *world) []login {
	r := w.rng
	all := slices.Clone(w.logins)
	pickServer := zipf(3, 1)
	for i, h := range w.clients {
		at := w.at(8, 0, 0) + int64(lognormal(r, 2700, 0.7)*1e6)
		for tries := 0; ; tries++ {
			ok := tries == 3 || r.Float64() < 0.9
			all = append(all, login{at: at, user: h.user, host: h.name, dest: h.name, kind: "Negotiate", logon: "Interactive", ok: ok})
			if ok {
				break
			}
			at += int64(lognormal(r, 5e6, 0.5))
		}
		leaves := w.at(16, 30, 0) + int64(3600e6*r.NormFloat64()/2)
		mean := 400e6 + 60e6*float64(i)
		for at += 3e6; at < leaves; at += int64(r.ExpFloat64() * mean / (0.3 + w.busy(at))) {
			kind := "Kerberos"
			if r.Float64() < 0.12 {
				kind = "NTLM"
			}
			all = append(all, login{
				at: at, user: h.user, host: h.name, dest: w.servers[pickServer.pick(r)].name, kind: kind, logon: "Network",
				ok: r.Float64() < 0.985,
			})
			if r.Float64() < 0.1 {
				all = append(all, login{at: at + int64(lognormal(r, 600e6, 0.5)), user: h.user, host: h.name, dest: h.name, kind: "Negotiate", logon: "Unlock", ok: true})
			}
		}
	}
	for i, s := range w.servers {
		for at := w.at(0, 3*i, 11); at < w.at(23, 59, 59); at += int64(1800e6) + r.Int64N(2e6) {
			all = append(all, login{at: at, user: s.name + "$", host: s.name, dest: "dc01", kind: "Kerberos", logon: "Service", ok: true})
		}
		all = append(all, login{at: w.at(2, 15, 0) + int64(i)*9e6, user: "backup", host: "files01", dest: s.name, kind: "Kerberos", logon: "Batch", ok: true})
	}
	slices.SortStableFunc(all, func(a, b login) int { return cmp.Compare(a.at, b.at) })
	for i := range all {
		if all[i].dest == "" {
			all[i].dest = all[i].host
		}
	}
	return all
}

// authCSV renders the day's logins. Times are seconds since the day began.
func authCSV(w *world) []byte {
	var b bytes.Buffer
	b.WriteString("time,user,host,dest,auth_type,logon_type,outcome\n")
	for _, l := range dayLogins(w) {
		outcome := "Success"
		if !l.ok {
			outcome = "Failure"
		}
		if l.at >= w.at(24, 0, 0) {
			continue
		}
		fmt.Fprintf(&b, "%d,%s,%s,%s,%s,%s,%s\n", (l.at-w.dayStart.UnixMicro())/1e6, l.user, l.host, l.dest, l.kind, l.logon, outcome)
	}
	return b.Bytes()
}
