package main

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// loghost gathers what the servers write to their logs.
const loghost = "10.0.0.60"

// program is one that writes to a server's log.
type program struct {
	name     string
	facility int
	mean     float64 // seconds between its messages
	say      func(w *world) (severity int, text string)
}

// syslogConns returns what the servers and the bastion send to the log host in
// a span of time: a datagram for each message, as RFC 3164 writes it and, from
// the newest of them, as RFC 5424 does.
func syslogConns(w *world, from, to int64) []*conn {
	bastionHost := &host{name: "bastion", v4: netip.MustParseAddr(bastion)}
	var conns []*conn
	for _, h := range append(slices.Clone(w.servers), bastionHost) {
		w.serial++
		c := &conn{
			uid: w.uid(), proto: protoUDP, orig: netip.AddrPortFrom(h.v4, w.ephemeral()),
			resp: netip.AddrPortFrom(netip.MustParseAddr(loghost), 514), service: "syslog", label: "background", serial: w.serial,
		}
		for _, p := range programs(h.name) {
			pid := 300 + w.rng.IntN(30000)
			for at := from; ; {
				if at += int64(lognormal(w.rng, p.mean*1e6, 1)); at >= to {
					break
				}
				severity, text := p.say(w)
				m := &message{orig: true, head: syslogText(h.name, p, severity, pid, at, text)}
				c.packets = append(c.packets, packet{at: at, orig: true, msg: m, n: m.size()})
				if p.name == "sshd" || p.name == "CRON" {
					pid += 1 + w.rng.IntN(9)
				}
			}
		}
		slices.SortStableFunc(c.packets, func(a, b packet) int { return cmp.Compare(a.at, b.at) })
		conns = append(conns, c)
	}
	return conns
}

// syslogText is a datagram's payload.
func syslogText(host string, p program, severity, pid int, at int64, text string) []byte {
	t := time.UnixMicro(at).UTC()
	if host == "db01" {
		return fmt.Appendf(nil, "<%d>1 %s %s %s %d - - %s", p.facility*8+severity, t.Format("2006-01-02T15:04:05.000000Z"), host, p.name, pid, text)
	}
	return fmt.Appendf(nil, "<%d>%s %s %s[%d]: %s", p.facility*8+severity, t.Format(time.Stamp), host, p.name, pid, text)
}

// programs are what runs on a server.
func programs(host string) []program {
	const kern, user, mail, daemon, auth, cron, authpriv, local0 = 0, 1, 2, 3, 4, 9, 10, 16
	ps := []program{
		{"CRON", cron, 300, func(w *world) (int, string) {
			jobs := []string{"run-parts /etc/cron.hourly", "/usr/lib/sysstat/debian-sa1 1 1", "test -x /usr/sbin/anacron"}
			return 6, "(root) CMD (" + jobs[w.rng.IntN(len(jobs))] + ")"
		}},
		{"systemd", daemon, 120, func(w *world) (int, string) {
			units := []string{"Daily apt activities", "Rotate log files", "Message of the Day", "Session 7 of user backup", "Cleanup of Temporary Directories"}
			if w.rng.Float64() < 0.04 {
				return 4, "fstrim.service: Main process exited, code=exited, status=64/USAGE"
			}
			verbs := []string{"Starting", "Started", "Finished"}
			return 6, verbs[w.rng.IntN(3)] + " " + units[w.rng.IntN(len(units))] + "."
		}},
	}
	switch host {
	case "mail01":
		ps = append(ps, program{"postfix/smtpd", mail, 25, func(w *world) (int, string) {
			from := w.visitors[w.pickVisitor.pick(w.rng)]
			if w.rng.Float64() < 0.1 {
				return 4, fmt.Sprintf("warning: hostname does not resolve to address %s", from)
			}
			verbs := []string{"connect from", "disconnect from", "lost connection after AUTH from"}
			return 6, fmt.Sprintf("%s unknown[%s]", verbs[w.rng.IntN(3)], from)
		}})
	case "db01":
		ps = append(ps, program{"postgres", local0, 30, func(w *world) (int, string) {
			if w.rng.Float64() < 0.05 {
				return 3, "ERROR:  duplicate key value violates unique constraint \"orders_pkey\""
			}
			return 6, fmt.Sprintf("LOG:  duration: %.3f ms", lognormal(w.rng, 40, 1))
		}})
	case "bastion":
		ps = append(ps, program{"sshd", auth, 9, func(w *world) (int, string) {
			from, port := w.visitors[w.pickVisitor.pick(w.rng)], w.ephemeral()
			if w.rng.Float64() < 0.12 {
				return 6, fmt.Sprintf("Accepted publickey for %s from %s port %d ssh2", w.clients[w.pickClient.pick(w.rng)].user, from, port)
			}
			names := []string{"admin", "root", "test", "oracle", "ubuntu", "git"}
			return 6, fmt.Sprintf("Failed password for invalid user %s from %s port %d ssh2", names[w.rng.IntN(len(names))], from, port)
		}}, program{"kernel", kern, 40, func(w *world) (int, string) {
			return 4, fmt.Sprintf("[UFW BLOCK] IN=eth0 OUT= SRC=%s DST=%s PROTO=TCP DPT=%d", w.visitors[w.pickVisitor.pick(w.rng)], bastion, 1+w.rng.IntN(9000))
		}})
	default:
		ps = append(ps, program{"sudo", authpriv, 90, func(w *world) (int, string) {
			return 5, fmt.Sprintf("%s : TTY=pts/0 ; PWD=/home ; USER=root ; COMMAND=/usr/bin/systemctl status", w.clients[w.pickClient.pick(w.rng)].user)
		}}, program{"backup", user, 200, func(w *world) (int, string) {
			return 7, fmt.Sprintf("%d files, %d kB", w.rng.IntN(400), w.rng.IntN(90000))
		}})
	}
	return ps
}
