package main

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"
)

// hit is one request to the firm's web site.
type hit struct {
	at                    int64
	client                netip.Addr
	method, path, referer string
	agent                 string
	status, size          int // size is negative where there is no body
	took                  int64
}

// page is a place of the web site, with what a browser fetches along with it.
type page struct {
	path   string
	size   int
	assets []page
}

// sitePages makes the site, the most read page first.
func sitePages(r *rand.Rand) []page {
	common := []page{{path: "/css/main.css", size: 18204}, {path: "/js/site.js", size: 41877}, {path: "/img/logo.svg", size: 3120}}
	pages := []page{{path: "/", size: 9214, assets: common}}
	for i, name := range []string{"products", "docs/install", "contact", "news", "docs/manual", "jobs", "about", "docs/faq", "imprint", "news/2025-02", "docs/api", "press"} {
		p := page{path: "/" + name + ".html", size: 4000 + int(lognormal(r, 5e3, 0.6)), assets: slices.Clone(common)}
		for k := range i % 3 {
			p.assets = append(p.assets, page{path: fmt.Sprintf("/img/%s-%d.jpg", name[len(name)-3:], k+1), size: 20000 + int(lognormal(r, 3e4, 0.7))})
		}
		pages = append(pages, p)
	}
	return pages
}

// accessLog renders what the firm's load balancer notes of the web site from
// 09:00 to 12:00, in a format of its own: people who read, a crawler, a
// monitor, and scanners for what is not there.
func accessLog(w *world) []byte {
	r := w.rng
	pages := sitePages(r)
	popular := zipf(len(pages), 1.1)
	from, to := w.at(9, 0, 0), w.at(12, 0, 0)
	var hits []hit
	answer := func(h hit, p page, fresh bool) hit {
		h.method, h.path, h.status, h.size = "GET", p.path, 200, p.size
		h.took = 1 + int64(lognormal(r, 2+float64(p.size)/9000, 0.5))
		if !fresh && r.Float64() < 0.8 {
			h.status, h.size, h.took = 304, -1, 1+int64(r.ExpFloat64())
		}
		return h
	}
	browsers := []string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/133.0", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_3) Safari/604.1",
		"Mozilla/5.0 (X11; Linux x86_64) Firefox/136.0", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Safari/605.1",
	}
	pickBrowser := zipf(len(browsers), 0.8)
	for range 64 { // people
		h := hit{at: from + r.Int64N(to-from-900e6), client: w.visitors[w.pickVisitor.pick(r)], agent: browsers[pickBrowser.pick(r)], referer: "-"}
		seen := map[string]bool{}
		if r.Float64() < 0.3 { // who has been here before
			for _, a := range pages[0].assets {
				seen[a.path] = true
			}
		}
		for range int(pareto(r, 1, 1.1, 9)) {
			p := pages[popular.pick(r)]
			hits = append(hits, answer(h, p, !seen[p.path]))
			seen[p.path] = true
			for i, a := range p.assets {
				if seen[a.path] && r.Float64() < 0.7 { // a browser's cache asks now and then
					continue
				}
				fetch := h
				fetch.at += 30e3 + int64(i)*4e3 + int64(lognormal(r, 40e3, 0.6))
				fetch.referer = "https://www.firm.example" + p.path
				hits = append(hits, answer(fetch, a, !seen[a.path]))
				seen[a.path] = true
			}
			h.referer = "https://www.firm.example" + p.path
			h.at += int64(lognormal(r, 14e6, 1.1))
		}
	}
	crawler := hit{at: from + 600e6, client: netip.MustParseAddr("192.0.2.66"), agent: "examplebot/2.1 (+http://bot.example)", referer: "-"}
	hits = append(hits, answer(crawler, page{path: "/robots.txt", size: 68}, true))
	for _, p := range pages {
		crawler.at += 10e6 + r.Int64N(1e6)
		hits = append(hits, answer(crawler, p, true))
	}
	for at := from + 11e6; at < to; at += 120e6 + r.Int64N(40e3) {
		hits = append(hits, hit{at: at, client: netip.MustParseAddr(monitor), agent: "checkd/1.4", referer: "-", method: "HEAD", path: "/health", status: 200, size: -1, took: 1 + int64(r.ExpFloat64())})
	}
	absent := []string{"/wp-login.php", "/.env", "/admin/", "/phpmyadmin/", "/.git/config", "/cgi-bin/luci", "/backup.zip", "/server-status"}
	for range 9 { // scanners
		h := hit{at: from + r.Int64N(to-from), client: w.visitors[r.IntN(len(w.visitors))], agent: "-", referer: "-", method: "GET", status: 404, size: 162}
		for _, path := range absent[:2+r.IntN(len(absent)-1)] {
			h.path, h.took = path, 1+int64(r.ExpFloat64())
			if path == "/server-status" {
				h.status, h.size = 403, 153
			}
			h.at += int64(lognormal(r, 350e3, 0.4))
			hits = append(hits, h)
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(a.at, b.at) })
	var b bytes.Buffer
	b.WriteString("# balancer 3.2 log of www.firm.example, started 04/Mar/2025:00:00:00.000\n")
	for _, h := range hits {
		size := "-"
		if h.size >= 0 {
			size = fmt.Sprint(h.size)
		}
		fmt.Fprintf(&b, "[%s] %s %q %d %s %dms ref=%q ua=%q\n", time.UnixMicro(h.at).UTC().Format("02/Jan/2006:15:04:05.000"),
			h.client, h.method+" "+h.path, h.status, size, h.took, h.referer, h.agent)
	}
	return b.Bytes()
}
