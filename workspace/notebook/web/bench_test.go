package web

import (
	"context"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"

	"netshare/workspace"
)

// large makes a workspace with five million packets, and returns its folder.
func large(tb testing.TB) string {
	tb.Helper()
	dir := tb.TempDir()
	ws, err := workspace.Open(tb.Context(), filepath.Join(dir, "lab.duckdb"), nil)
	if err != nil {
		tb.Fatal(err)
	}
	r, err := ws.Query(tb.Context(), `create table raw.big as select timestamp_ns '2026-03-01' + to_microseconds(i * 40) as ts,
		'10.0.' || (i % 31) || '.' || (i % 251) as srcip, '192.168.' || (i % 7) || '.' || (i * 13 % 241) as dstip, i * 11 % 64000 as srcport,
		[80, 443, 53, 22, 123][i % 5 + 1] as dstport, if(i % 3 = 0, 'UDP', 'TCP') as proto, 40 + i * 23 % 1460 as pkt_len, i % 1000 / 7 as gap
		from range(5000000) x(i)`)
	if err != nil {
		tb.Fatal(err)
	}
	if err := r.Close(); err != nil {
		tb.Fatal(err)
	}
	if err := ws.Close(); err != nil {
		tb.Fatal(err)
	}
	return dir
}

// get asks as the page does and reads the answer to its end.
func (c *site) get(b *testing.B, path string) {
	b.Helper()
	if status, text := c.ask("GET", path, "", nil); status != http.StatusOK {
		b.Fatalf("%s: %d %s", path, status, text)
	}
}

// BenchmarkOpenLarge is from the start of the program to all that the first
// view of the page needs, on a workspace with five million rows: the budget is
// a second, in which the browser also has to draw.
func BenchmarkOpenLarge(b *testing.B) {
	dir := large(b)
	b.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "config"))
	names, err := assets.ReadDir("assets")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		ws, err := workspace.Open(b.Context(), filepath.Join(dir, "lab.duckdb"), nil)
		if err != nil {
			b.Fatal(err)
		}
		s, err := Listen(Options{Workspace: ws})
		if err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- s.Serve(ctx) }()
		r, err := http.Get(s.URL())
		if err != nil {
			b.Fatal(err)
		}
		io.Copy(io.Discard, r.Body)
		r.Body.Close()
		c := &site{Server: s, t: b, base: "http://" + s.guard.hosts[0], cookie: r.Cookies()[0]}
		for _, f := range names {
			c.get(b, "/assets/"+f.Name())
		}
		c.get(b, "/api/notebook")
		c.get(b, "/api/tables")
		b.StopTimer()
		cancel()
		if err := <-done; err != nil {
			b.Fatal(err)
		}
		if err := ws.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// BenchmarkLarge is what a person waits for on a table of five million rows.
// The budget of a profile is three seconds; pages and proposals should not be
// noticed.
func BenchmarkLarge(b *testing.B) {
	c := serveIn(b, large(b), Options{})
	b.Run("profile", func(b *testing.B) {
		for b.Loop() {
			c.sql("select 1") // forgets the profiles that are kept
			c.get(b, "/api/profile?table=raw.big")
		}
	})
	b.Run("page", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			c.post("/api/page", map[string]any{"sql": "from raw.big", "offset": int64(i) * 777777 % 5000000, "limit": 100}, nil)
		}
	})
	b.Run("keystroke", func(b *testing.B) { // while a query has both cores
		id := c.add("sql", "select count(*) from range(4000000000) a, range(1000) b where hash(a.range + b.range) = 1")
		c.post("/api/run", map[string]string{"id": id}, nil)
		for b.Loop() {
			c.post("/api/complete", map[string]string{"text": "select * from raw.bi"}, nil)
		}
		c.post("/api/stop", map[string]string{"id": id}, nil)
	})
}

// BenchmarkBrowserLarge is what a person waits for in a browser, on a workspace
// with five million rows: from the start of the program until the page can be
// used, which is to be below a second; and from a key until its letter is drawn,
// while a query has all cores.
func BenchmarkBrowserLarge(b *testing.B) {
	dir := large(b)
	page := open(b, "about:blank")
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			c := serveIn(b, dir, Options{})
			page.do(chromedp.Navigate(c.URL()))
			page.until(`document.querySelector('[data-table="raw.big"]') && document.querySelector("#cells .gap button")`)
			b.StopTimer()
			page.do(chromedp.Navigate("about:blank"))
			c.end()
			b.StartTimer()
		}
	})
	b.Run("keystroke", func(b *testing.B) {
		c := serveIn(b, dir, Options{})
		defer c.end()
		id := c.add("sql", "select count(*) from range(4000000000) a, range(1000) b where hash(a.range + b.range) = 1")
		c.add("sql", "select")
		page.do(chromedp.Navigate(c.URL()))
		page.until(`document.querySelectorAll(".cell").length === 2`)
		c.post("/api/run", map[string]string{"id": id}, nil)
		page.until(`document.querySelector(".cell").dataset.status === "running"`)
		page.do(chromedp.Focus(cell(2, "textarea"), chromedp.ByQuery), chromedp.Evaluate(`(() => {
			window.waits = [];
			document.querySelector(".cell:nth-of-type(2) textarea").addEventListener("keydown", (e) => requestAnimationFrame(() => setTimeout(() => window.waits.push(performance.now() - e.timeStamp))));
		})()`, nil))
		for b.Loop() {
			page.press("x")
		}
		waits := js[[]float64](page, "window.waits")
		slices.Sort(waits)
		if len(waits) > 0 {
			b.ReportMetric(waits[len(waits)/2], "ms/median")
			b.ReportMetric(waits[len(waits)-1], "ms/worst")
		}
		c.post("/api/stop", map[string]string{"id": id}, nil)
		page.do(chromedp.Navigate("about:blank"))
	})
}
