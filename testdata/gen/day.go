package main

import (
	"cmp"
	"net/netip"
	"slices"
)

// day collects the connections of the day.
type day struct {
	w     *world
	conns []*conn
}

// liveDay simulates the day and returns its connections by start time.
func liveDay(w *world) []*conn {
	d := &day{w: w}
	d.browsing()
	d.updates()
	d.visits()
	d.oddLookups()
	d.timekeeping()
	d.pings()
	d.remoteShells()
	d.attacks()
	d.plant()
	slices.SortStableFunc(d.conns, func(a, b *conn) int { return cmp.Compare(a.packets[0].at, b.packets[0].at) })
	return d.conns
}

// open begins a connection, to be filled with packets by the caller.
func (d *day) open(orig, resp netip.Addr, origPort, respPort uint16, proto byte, service string) *conn {
	d.w.serial++
	c := &conn{
		uid: d.w.uid(), proto: proto, service: service, label: "background", serial: d.w.serial,
		orig: netip.AddrPortFrom(orig, origPort), resp: netip.AddrPortFrom(resp, respPort),
		isnO: d.w.rng.Uint32(), isnR: d.w.rng.Uint32(),
		serverHasten: d.w.rng.Float64() < 0.4,
	}
	d.conns = append(d.conns, c)
	return c
}

// path sets how far the two sides are, and where between them the observer
// sits: at the firm's border.
func (c *conn) path(rtt int64) *conn {
	c.rtt = max(rtt, 300)
	c.near = 120
	if !inside(c.orig.Addr()) {
		c.near = c.rtt/2 - 120
	}
	return c
}

// datagram adds a packet that is a message of its own.
func (c *conn) datagram(orig bool, at int64, payload []byte) {
	m := &message{orig: orig, head: payload}
	c.packets = append(c.packets, packet{at: at, orig: orig, msg: m, n: len(payload)})
}

// secret makes a message that only its reader understands.
func (d *day) secret(orig bool, wait int64, head []byte, opaque int) *message {
	return &message{orig: orig, wait: wait, head: head, opaque: opaque, seed: d.w.rng.Uint64()}
}

// browsing is the firm's people on the web: sittings of page views, heavy
// tailed in number, each with a few connections to the page's sites.
func (d *day) browsing() {
	type view struct {
		at int64
		h  *host
		s  *site
	}
	r := d.w.rng
	var views []view
	for _, at := range d.w.arrivals(118) {
		h := d.w.clients[d.w.pickClient.pick(r)]
		s := d.w.sites[d.w.pickSite.pick(r)]
		for range int(pareto(r, 1, 0.9, 22)) {
			views = append(views, view{at, h, s})
			at += int64(min(1200, lognormal(r, 22, 1.2)) * 1e6)
			if r.Float64() < 0.35 {
				s = d.w.sites[d.w.pickSite.pick(r)]
			}
		}
	}
	slices.SortStableFunc(views, func(a, b view) int { return cmp.Compare(a.at, b.at) })
	for _, v := range views {
		d.web(v.h, v.s, d.resolve(v.h, v.s, v.at)+400)
		for range min(5, int(pareto(r, 1, 1.1, 9))-1) {
			other := d.w.sites[d.w.pickSite.pick(r)]
			at := v.at + int64(lognormal(r, 160e3, 0.7))
			d.web(v.h, other, d.resolve(v.h, other, at)+400)
		}
	}
}

// web is one connection of a client to a site.
func (d *day) web(h *host, s *site, at int64) {
	orig, resp := h.v4, s.v4
	if h.v6.IsValid() && s.v6.IsValid() {
		orig, resp = h.v6, s.v6
	}
	r := d.w.rng
	rtt := int64(float64(s.rtt) * (1 + 0.1*r.ExpFloat64()))
	if s.plain {
		c := d.open(orig, resp, d.w.ephemeral(), 80, protoTCP, "http").path(rtt)
		runTCP(r, c, at, d.httpMessages(s.name), d.webEnding())
		return
	}
	c := d.open(orig, resp, d.w.ephemeral(), 443, protoTCP, "ssl").path(rtt)
	runTCP(r, c, at, d.tlsMessages(s.name), d.webEnding())
}

// webEnding draws how a web connection ends.
func (d *day) webEnding() ending {
	switch x := d.w.rng.Float64(); {
	case x < 0.72:
		return finByOrig
	case x < 0.88:
		return finByResp
	case x < 0.96:
		return rstByOrig
	case x < 0.98:
		return rstByResp
	}
	return leftOpen
}

// updates is the machines fetching software, at night and over lunch: few
// transfers, heavy tailed in size.
func (d *day) updates() {
	r := d.w.rng
	mirror := d.w.sites[7]
	for i, h := range append(slices.Clone(d.w.servers), d.w.clients...) {
		at := d.w.at(2, 40, 0) + r.Int64N(5400e6)
		if i >= len(d.w.servers) {
			at = d.w.at(12, 5, 0) + r.Int64N(3000e6)
		}
		c := d.open(h.v4, mirror.v4, d.w.ephemeral(), 443, protoTCP, "ssl").path(mirror.rtt)
		msgs := append(d.tlsHello(mirror.name), d.tlsExchange(80, int(pareto(r, 60e3, 0.7, 24e6)))...)
		runTCP(r, c, at, msgs, finByOrig)
	}
}

// visits is the world at the firm's website.
func (d *day) visits() {
	r := d.w.rng
	for _, at := range d.w.arrivals(230) {
		from := d.w.visitors[d.w.pickVisitor.pick(r)]
		rtt := int64(lognormal(r, 45e3, 0.6))
		for range int(pareto(r, 1, 1.3, 6)) {
			if r.Float64() < 0.2 {
				c := d.open(from, netip.MustParseAddr(website), d.w.ephemeral(), 80, protoTCP, "http").path(rtt)
				runTCP(r, c, at, d.httpMessages("www.firm.example"), d.webEnding())
			} else {
				c := d.open(from, netip.MustParseAddr(website), d.w.ephemeral(), 443, protoTCP, "ssl").path(rtt)
				runTCP(r, c, at, d.tlsMessages("www.firm.example"), d.webEnding())
			}
			at += int64(lognormal(r, 9e6, 1.1))
		}
	}
}

// timekeeping is the servers asking the time, from port 123 to port 123.
func (d *day) timekeeping() {
	r := d.w.rng
	for i, h := range d.w.servers[:4] {
		rtt := int64(9000 + 700*i)
		for at := d.w.at(0, i, 7); at < d.w.at(23, 59, 0); at += int64(2048e6) + r.Int64N(20e6) {
			c := d.open(h.v4, netip.MustParseAddr(ntpServer), 123, 123, protoUDP, "ntp")
			wait := rtt + int64(r.ExpFloat64()*300)
			c.datagram(true, at, ntpMessage(3, at, 0))
			if r.Float64() < 0.985 {
				c.datagram(false, at+wait, ntpMessage(4, at+wait/2, at))
			}
		}
	}
}

// pings is the monitor looking after the servers and now and then a person
// after the world.
func (d *day) pings() {
	r := d.w.rng
	echo := func(from, to netip.Addr, at, rtt int64, count int, lossy float64) {
		proto, request := byte(protoICMP), uint16(8)
		if from.Is6() {
			proto, request = protoICMPv6, 128
		}
		c := d.open(from, to, request, 0, proto, "")
		id := uint16(r.Uint32())
		for i := range count {
			sent := at + int64(i)*1e6 + r.Int64N(900)
			c.datagram(true, sent, echoPayload(id, uint16(i+1), sent))
			if r.Float64() >= lossy {
				c.datagram(false, sent+int64(float64(rtt)*(1+0.2*r.ExpFloat64())), echoPayload(id, uint16(i+1), sent))
			}
		}
	}
	for i, s := range d.w.servers {
		for at := d.w.at(0, 2*i, 30); at < d.w.at(23, 55, 0); at += int64(2400e6) + r.Int64N(1e6) {
			echo(netip.MustParseAddr(monitor), s.v4, at, 260, 3, 0.004)
		}
	}
	for _, at := range d.w.arrivals(36) {
		h := d.w.clients[d.w.pickClient.pick(r)]
		s := d.w.sites[d.w.pickSite.pick(r)]
		from, to := h.v4, s.v4
		if h.v6.IsValid() && s.v6.IsValid() {
			from, to = h.v6, s.v6
		}
		echo(from, to, at, s.rtt, int(pareto(r, 3, 1, 40)), 0.02)
	}
}

// remoteShells is administration over SSH: a few people, sessions of minutes
// to hours, packets of keystrokes and their echoes.
func (d *day) remoteShells() {
	r := d.w.rng
	pickAdmin := zipf(6, 0.9)
	for _, at := range d.w.arrivals(52) {
		h := d.w.clients[3*pickAdmin.pick(r)+1]
		to, rtt := d.w.servers[r.IntN(len(d.w.servers))], int64(420)
		target := to.v4
		if r.Float64() < 0.25 {
			target, rtt = netip.MustParseAddr("198.51.100.22"), 31e3
		}
		c := d.open(h.v4, target, d.w.ephemeral(), 22, protoTCP, "ssh").path(rtt)
		runTCP(r, c, at, d.sshMessages(true, int(pareto(r, 8, 0.8, 260))), finByOrig)
		d.w.logins = append(d.w.logins, login{at: at + 900e3, user: h.user, host: h.name, dest: to.name, kind: "PublicKey", logon: "RemoteInteractive", ok: true})
	}
}

// attacks is what the world does that the firm did not ask for: a sweep of its
// addresses, a scan of one server's ports, guesses at passwords.
func (d *day) attacks() {
	r := d.w.rng
	probe := func(from, to netip.Addr, port uint16, at int64, label string) {
		c := d.open(from, to, uint16(1024+r.IntN(60000)), port, protoTCP, "").path(int64(lognormal(r, 62e3, 0.1)))
		c.label = label
		d.w.serial++
		open := to.String() == website && (port == 80 || port == 443) || to.String() == bastion && port == 22
		if open {
			c.half = true
			runTCP(r, c, at, nil, leftOpen)
			return
		}
		c.packets = []packet{{at: at, orig: true, flags: syn}}
		if r.Float64() < 0.35 { // refused; the others are filtered
			c.packets = append(c.packets, packet{at: at + 2*c.path(c.rtt).backstage(), flags: rst | ack, ack: 1})
		}
	}
	sweeper, scanner, guesser := netip.MustParseAddr("192.0.2.66"), netip.MustParseAddr("198.51.100.200"), netip.MustParseAddr("192.0.2.77")
	at := d.w.at(9, 47, 3)
	for _, port := range []uint16{23, 22, 445, 3389} {
		for n := range 48 {
			to := netip.AddrFrom4([4]byte{203, 0, 113, byte(1 + n)})
			probe(sweeper, to, port, at, "netscan")
			at += int64(lognormal(r, 90e3, 0.8))
		}
	}
	at = d.w.at(8, 31, 40)
	for _, n := range r.Perm(170) {
		probe(scanner, netip.MustParseAddr(website), uint16(1+n*n%9973), at, "portscan")
		at += int64(lognormal(r, 350e3, 0.5))
	}
	at = d.w.at(9, 58, 0)
	for i := range 58 {
		c := d.open(guesser, netip.MustParseAddr(bastion), d.w.ephemeral(), 22, protoTCP, "ssh").path(71e3)
		c.label = "sshguess"
		runTCP(r, c, at, d.sshMessages(false, 1+r.IntN(3)), finByResp)
		d.w.logins = append(d.w.logins, login{
			at: at + 1200e3, user: []string{"root", "admin", "oracle", "pi", "test"}[r.IntN(5)],
			host: guesser.String(), dest: "bastion", kind: "Password", logon: "RemoteInteractive",
		})
		at += int64(lognormal(r, 4e6, 0.5))
		if i == 29 {
			at = d.w.at(22, 4, 0)
		}
	}
}

// backstage is the way from the observer to the responder.
func (c *conn) backstage() int64 { return max(20, c.rtt/2-c.near) }
