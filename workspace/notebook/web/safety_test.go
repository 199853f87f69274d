package web

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestBodyDeadline: a request that is slow to say what it says is let go, and
// one that is slow to be answered is not.
func TestBodyDeadline(t *testing.T) {
	was := bodyTime
	bodyTime = 300 * time.Millisecond
	defer func() { bodyTime = was }()
	c := serve(t)
	if status, text := c.ask("POST", "/api/count", `{"sql":"select 1 from range(30000000) a where hash(a.range) % 3 = 0 and hash(hash(hash(a.range))) % 5 = 1"}`, nil); status != 200 {
		t.Errorf("a query of some seconds: %d %s", status, text)
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(c.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /api/run HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\nCookie: %s=%s\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", strings.TrimPrefix(c.base, "http://"), c.base, c.cookie.Name, c.cookie.Value)
	conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	if r, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || r.StatusCode != http.StatusRequestTimeout {
		t.Errorf("a request that does not end: %v, %v", r, err)
	}
}

// TestHalfUpload: of a file that does not come to its end nothing is left, and
// the next one is taken.
func TestHalfUpload(t *testing.T) {
	was := bodyTime
	bodyTime = 300 * time.Millisecond
	defer func() { bodyTime = was }()
	c := serve(t)
	send := func(end func(net.Conn)) {
		conn, err := net.Dial("tcp", strings.TrimPrefix(c.base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "POST /api/upload?name=half.pcap HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\nCookie: %s=%s\r\nContent-Length: 1000000\r\n\r\n%s", strings.TrimPrefix(c.base, "http://"), c.base, c.cookie.Name, c.cookie.Value, strings.Repeat("x", 5000))
		end(conn)
	}
	left := func() (names []string) {
		files, _ := os.ReadDir(filepath.Join(c.dir, "lab-files")) // it need not be there
		for _, f := range files {
			names = append(names, f.Name())
		}
		return names
	}
	send(func(conn net.Conn) { time.Sleep(50 * time.Millisecond) }) // closed
	send(func(conn net.Conn) {                                      // goes on no more
		conn.SetReadDeadline(time.Now().Add(20 * time.Second))
		if r, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil && r.StatusCode < 400 {
			t.Errorf("half a file is taken: %v", r.Status)
		}
	})
	var status int
	for range 100 { // the first may still be on its way out
		if status, _ = c.ask("POST", "/api/upload?name=whole.csv", "a,b\n1,2\n", nil); status == 200 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if names := left(); status != 200 || len(names) != 1 || names[0] != "whole.csv" {
		t.Errorf("after two half files and a whole one: %d, %v", status, names)
	}
	for _, name := range []string{"..", "...", "%2e%2e%2f", ".%00", "%00", "a%00b.csv", "..%5c..%5cx.csv", "%2fetc%2fpasswd%00.csv", strings.Repeat("n", 400) + ".csv"} {
		status, text := c.ask("POST", "/api/upload?name="+name, "a\n1\n", nil)
		if status != 200 && status != 400 {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
	for _, name := range left() {
		if strings.ContainsAny(name, "/\\\x00") || strings.HasPrefix(name, ".") || len(name) > 130 {
			t.Errorf("a file is called %q", name)
		}
	}
	if outside, err := os.ReadDir(c.dir); err != nil || len(outside) > 5 {
		t.Errorf("files beside the workspace: %v, %v", outside, err)
	}
}

// TestBrowserMarkup: what is in data, names, files and prose is shown, and never
// becomes a part of the page.
func TestBrowserMarkup(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	c := serve(t)
	const image, script = `<img src=x onerror=window.hacked=1>`, `</text></svg><script>window.hacked=1</script>`
	path := filepath.Join(t.TempDir(), image+".csv")
	var rows strings.Builder
	rows.WriteString("ts,text,n\n")
	for i := range 60 {
		fmt.Fprintf(&rows, "%d,\"%s\",%d\n", 1700000000+i, []string{script, image, `javascript:window.hacked=1`, `""><svg onload=window.hacked=1>`}[i%4], i)
	}
	if err := os.WriteFile(path, []byte(rows.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	c.sql(`create table main."` + image + `" as select '` + image + `' as "` + script + `"`)
	c.sql(`create table raw."` + image + `" as select range as ts, ['` + script + `', '` + image + `', 'javascript:window.hacked=1', '"><svg onload=window.hacked=1>'][range % 4 + 1] as "` + image + `", range as "<b>n</b>" from range(60)`)
	c.add("prose", "# "+image+"\n\n[a](javascript:window.hacked=1) [b](data:text/html,<script>window.hacked=1</script>) ![c](x\" onerror=\"window.hacked=1) <svg onload=window.hacked=1> <a href=\"javascript:window.hacked=1\">d</a>\n\n`"+image+"`\n\n| "+image+" |\n|---|\n| "+script+" |")
	b := open(t, c.URL())
	b.until(`document.querySelectorAll(".cell").length === 1`)
	b.do(chromedp.Evaluate(`window.violations = []; addEventListener("securitypolicyviolation", (e) => window.violations.push(e.violatedDirective + " " + e.blockedURI)); window.alert = () => { window.hacked = 1; }`, nil))
	b.drop(path)
	b.until(`document.querySelectorAll(".cell").length === 2`)
	b.ran(2)
	b.until(`document.querySelectorAll('[data-table^="raw."]').length === 2`)
	quote := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
	name := "raw." + quote(image)
	c.runs(c.add("sql", "from "+name))
	c.runs(c.add("plot", "bar of records by "+quote(image)+" from\nfrom "+name))
	c.runs(c.add("sql", "select '"+image+"'::int"))
	c.runs(c.add("sql", `from main.`+quote(image)))
	b.until(`document.querySelectorAll(".cell").length === 6 && document.querySelector(".figure img")?.naturalWidth > 100 && document.querySelector(".out-error")`)
	b.do(chromedp.Evaluate(`document.querySelectorAll(".prose-text a, .prose-text span").forEach((a) => a.click())`, nil))
	b.do(chromedp.Evaluate(`document.querySelector("`+cell(3, "td:nth-child(3)")+`").dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true, clientX: 200, clientY: 200 }))`, nil))
	b.until(`document.querySelector(".menu")?.textContent.includes("script")`)
	b.choose(".menu button", "Only")
	b.until(`document.querySelectorAll(".cell").length === 7`)
	b.ran(4)
	if text := js[string](b, `document.querySelector("`+cell(4, ".where")+`")?.textContent ?? document.querySelector("`+cell(4, ".out")+`").textContent`); text != "15 rows" {
		t.Errorf("the rows with such a value: %s", text)
	}
	b.do(chromedp.Evaluate(`document.querySelector('[data-table^="raw.<"]').click()`, nil))
	b.until(`document.querySelectorAll(".profile-column").length === 3`)
	b.choose(cell(3, ".result-bar button"), "Chart")
	b.until(`document.querySelector(".canvas img")?.naturalWidth > 100`)
	b.picture("markup")
	if made := js[string](b, `[...document.querySelectorAll("img[src='x'], svg[onload], [onerror], [onload], [onmouseover], a[href^='javascript' i], a[href^='data' i], .cell script, .drawer script, .rail script")].map((e) => e.outerHTML).join(" ")`); made != "" {
		t.Errorf("what is in the data became a part of the page: %s", made)
	}
	if js[bool](b, "window.hacked !== undefined") {
		t.Error("a script of the data ran")
	}
	if v := js[[]string](b, "window.violations"); len(v) > 0 {
		t.Errorf("the browser had to hold it back: %v", v)
	}
}

// TestBrowserStranger: what a page of another port of this machine tries, by
// forms, streams, sockets, scripts and windows, comes to nothing; and a page that
// is gone to from here does not learn the address.
func TestBrowserStranger(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	c := serve(t)
	heard := make(chan *http.Request, 100)
	l, err := listen(0, "a listener")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		heard <- r
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><title>elsewhere</title><body></body>")
	})}
	go server.Serve(l)
	defer server.Close()
	elsewhere := "http://" + l.Addr().String() + "/"
	c.add("prose", "[elsewhere]("+elsewhere+"link)")
	b := open(t, c.URL())
	b.until(`document.querySelector(".prose-text a")`)
	b.do(chromedp.Evaluate(`document.querySelector(".prose-text a").removeAttribute("target")`, nil), chromedp.Click(".prose-text a", chromedp.ByQuery))
	b.until(`document.title === "elsewhere"`)
	for r := range heard {
		if r.URL.Path == "/link" {
			if from := r.Header.Get("Referer"); from != "" {
				t.Errorf("the page that was gone to knows where from: %s", from)
			}
			break
		}
	}
	b.provoked = true
	got := js[string](b, fmt.Sprintf(`(async () => {
		const base = %q, out = [];
		const wait = (ms) => new Promise((r) => setTimeout(r, ms));
		const source = new EventSource(base + "/api/events", { withCredentials: true });
		out.push("events: " + await Promise.race([new Promise((r) => { source.onerror = () => r("refused"); source.addEventListener("hello", () => r("heard")); }), wait(3000)]));
		source.close();
		const socket = new WebSocket(base.replace("http", "ws") + "/api/events");
		out.push("socket: " + await Promise.race([new Promise((r) => { socket.onerror = () => r("refused"); socket.onopen = () => r("open"); }), wait(3000)]));
		for (const path of ["/api/tables", "/assets/app.js"]) {
			const s = document.createElement("script");
			s.src = base + path;
			out.push("script: " + await new Promise((r) => { s.onload = () => r("loaded"); s.onerror = () => r("refused"); document.body.append(s); }));
		}
		const img = new Image();
		out.push("image: " + await new Promise((r) => { img.onload = () => r("loaded"); img.onerror = () => r("refused"); img.src = base + "/assets/icon.svg"; }));
		const form = document.createElement("form");
		form.method = "post";
		form.enctype = "text/plain";
		form.action = base + "/api/edit";
		form.target = "frame";
		const field = document.createElement("input");
		field.name = '{"op":"insert","kind":"sql","text":"drop table x';
		field.value = '"}';
		const frame = document.createElement("iframe");
		frame.name = "frame";
		form.append(field);
		document.body.append(frame, form);
		form.submit();
		await wait(500);
		const w = window.open(base + "/");
		await wait(500);
		let seen = "nothing";
		try { seen = w?.document?.body?.innerText ? "words" : "nothing"; } catch { seen = "nothing"; }
		out.push("window: " + seen);
		return out.join("\n");
	})()`, c.base))
	if want := "events: refused\nsocket: refused\nscript: refused\nscript: refused\nimage: refused\nwindow: nothing"; got != want {
		t.Errorf("a stranger gets\n%s\nwant\n%s", got, want)
	}
	if cells := c.book().Cells; len(cells) != 1 {
		t.Errorf("a stranger made %d cells", len(cells)-1)
	}
}
