package web

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// browser is Chromium with one window on a page. What the page complains of
// fails the test.
type browser struct {
	t        testing.TB
	ctx      context.Context
	provoked bool // what the browser complains of is meant
}

// open starts Chromium, and skips the test where there is none.
func open(t testing.TB, address string) *browser {
	t.Helper()
	found := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "headless-shell"} {
		if path, err := exec.LookPath(name); err == nil {
			found = path
			break
		}
	}
	if found == "" {
		t.Skip("there is no Chromium here: apt-get install chromium")
	}
	profile, err := os.MkdirTemp("", "netshare-browser-*")
	if err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(found), chromedp.WindowSize(1280, 800), chromedp.UserDataDir(profile))
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox) // which Chromium asks of root
	}
	ctx, cancel := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	ctx, cancelPage := chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {})) // events newer than the library
	ctx, cancelTime := context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(func() {
		cancelTime()
		cancelPage()
		cancel()
		for range 50 { // the browser writes there until it has ended
			if os.RemoveAll(profile) == nil {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
	})
	b := &browser{t: t, ctx: ctx}
	b.listen(ctx)
	b.do(log.Enable(), chromedp.Navigate(address))
	return b
}

func (b *browser) listen(ctx context.Context) {
	chromedp.ListenTarget(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			b.t.Errorf("the page failed: %v at %s:%d", e.ExceptionDetails.Error(), e.ExceptionDetails.URL, e.ExceptionDetails.LineNumber)
		case *log.EventEntryAdded:
			if e.Entry.Level == log.LevelError && !b.provoked && !strings.Contains(e.Entry.URL, "/api/") { // answers that a test provokes
				b.t.Errorf("the browser says: %s %s", e.Entry.Text, e.Entry.URL)
			}
		}
	})
}

// do carries out actions.
func (b *browser) do(actions ...chromedp.Action) {
	b.t.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.picture("failed")
		b.t.Fatal(err)
	}
}

// picture keeps what is seen in the folder that NETSHARE_SCREENSHOTS names.
func (b *browser) picture(name string) {
	dir := os.Getenv("NETSHARE_SCREENSHOTS")
	if dir == "" {
		return
	}
	var png []byte
	if err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot(&png)); err != nil {
		b.t.Logf("no picture: %v", err)
		return
	}
	name = strings.ReplaceAll(b.t.Name(), "/", "-") + "-" + name + ".png"
	if err := os.WriteFile(filepath.Join(dir, name), png, 0o644); err != nil {
		b.t.Log(err)
	}
}

// until waits until an expression of the page is true.
func (b *browser) until(expression string) {
	b.t.Helper()
	limit := time.Now().Add(90 * time.Second)
	for {
		var ok bool
		b.do(chromedp.Evaluate("Boolean("+expression+")", &ok))
		if ok {
			return
		}
		if time.Now().After(limit) {
			b.picture("waiting")
			var seen string
			b.do(chromedp.Evaluate("document.body.innerText", &seen))
			b.t.Fatalf("never true: %s\n%s", expression, seen)
		}
		time.Sleep(15 * time.Millisecond)
	}
}

// js evaluates an expression of the page.
func js[T any](b *browser, expression string) (v T) {
	b.t.Helper()
	b.do(chromedp.Evaluate(expression, &v, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	return v
}

// press types keys where the focus is.
func (b *browser) press(keys string, modifiers ...chromedp.KeyOption) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(keys, modifiers...))
}

// cell is the selector of the n-th cell, from 1.
func cell(n int, inside string) string { return fmt.Sprintf(".cell:nth-of-type(%d) %s", n, inside) }

// write replaces what a cell says.
func (b *browser) write(n int, text string) {
	b.t.Helper()
	b.do(chromedp.Focus(cell(n, "textarea"), chromedp.ByQuery),
		chromedp.Evaluate("document.activeElement.select(), document.execCommand('insertText', false, "+quoted(text)+")", nil))
}

func quoted(s string) string { return fmt.Sprintf("%q", s) }

// ran waits until a cell has run.
func (b *browser) ran(n int) {
	b.t.Helper()
	b.until(fmt.Sprintf(`["fresh", "failed"].includes(document.querySelector(%q)?.dataset.status)`, strings.TrimSpace(cell(n, ""))))
}

// TestBrowserQuery: a person asks, pages, charts, narrows, and finds all of it
// again after a reload and after the program was started again.
func TestBrowserQuery(t *testing.T) {
	c := serve(t)
	c.sql("create table raw.flows as select timestamp_ns '2026-03-01' + to_seconds(i) as ts, '10.0.0.' || (i % 7) as srcip, if(i % 10 = 0, null, i % 5) as port, i as bytes from range(1000) x(i)")
	b := open(t, c.URL())
	b.until(`document.querySelector('[data-table="raw.flows"]')`)
	if search := js[string](b, "location.search"); search != "" {
		t.Errorf("the token stays in the address: %s", search)
	}
	if text := js[string](b, `document.querySelector('[data-table="raw.flows"]').innerText`); !strings.Contains(text, "1,000") {
		t.Errorf("the rail says %q", text)
	}

	// A cell by the keyboard alone: a new one, what is proposed, run.
	b.press("b")
	b.until(`document.activeElement.matches(".cell textarea")`)
	b.press("from raw.flo")
	b.until(`document.querySelector(".proposals li")?.textContent.includes("flows")`)
	b.press("\t")
	b.until(`document.activeElement.value.trim() === "from raw.flows"`)
	b.press("\r", chromedp.KeyModifiers(2)) // Ctrl
	b.ran(1)
	if rows := js[int](b, `document.querySelectorAll(".grid tbody tr").length`); rows != 100 {
		t.Errorf("%d rows are shown, want 100", rows)
	}
	b.picture("result")

	// Pages, by click and by the number of a row.
	b.do(chromedp.Click(`[aria-label="Last page"]`, chromedp.ByQuery))
	b.until(`document.querySelector(".where").textContent === "901–1,000 of 1,000"`)
	if v := js[string](b, `document.querySelector(".grid tbody tr:last-child td:last-child").textContent`); v != "999" {
		t.Errorf("the last row ends in %s", v)
	}
	b.do(chromedp.SendKeys(".goto", "250\r", chromedp.ByQuery))
	b.until(`document.querySelector(".where").textContent.startsWith("201–300")`)

	// The whole is sorted by a click on a column, down by another, and has its
	// order back after a third; the columns stay where they are.
	left := func() string {
		return js[string](b, `[...document.querySelectorAll(".grid thead th")].map((x) => Math.round(x.getBoundingClientRect().left)).join(" ")`)
	}
	was := left()
	for _, want := range []string{"0 ascending", "999 descending", "0 none"} {
		b.do(chromedp.Click(`.grid thead th:last-child button`, chromedp.ByQuery))
		b.until(`document.querySelector(".grid tbody tr td:last-child").textContent + " " + document.querySelector(".grid thead th:last-child").ariaSort === ` + quoted(want))
		if now := left(); now != was {
			t.Errorf("sorted (%s), the columns begin at %s, before at %s", want, now, was)
		}
	}
	b.do(chromedp.Click(`.grid thead th:nth-child(4) button`, chromedp.ByQuery))
	b.until(`document.querySelector(".grid thead th:nth-child(4)").ariaSort === "ascending"`)
	b.do(chromedp.Click(`[aria-label="Last page"]`, chromedp.ByQuery))
	b.until(`[...document.querySelectorAll(".grid tbody td:nth-child(4)")].every((x) => x.textContent === "NULL")`)
	b.picture("sorted")

	// A chart is two clicks away.
	b.do(chromedp.Click(`.result-bar [title="Draw this result"]`, chromedp.ByQuery))
	b.until(`document.querySelector(".canvas img")?.naturalWidth > 100`)
	b.do(chromedp.Evaluate(`[...document.querySelectorAll(".segments button")].find((x) => x.textContent === "CDF").click()`, nil))
	b.until(`document.querySelector(".canvas img")?.alt.startsWith("Cumulative")`)
	b.picture("chart")
	b.do(chromedp.Evaluate(`[...document.querySelectorAll(".how button")].find((x) => x.textContent === "Keep as a cell").click()`, nil))
	b.until(`document.querySelectorAll(".cell").length === 2`)
	b.ran(2)
	b.until(`document.querySelector(".figure img")?.naturalWidth > 100`)

	// Only the rows of a value, by the menu that a right click opens; a missing
	// one is no text.
	b.do(chromedp.Evaluate(`(() => {
		const td = [...document.querySelectorAll(".grid tbody td")].find((x) => x.classList.contains("null"));
		td.dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true, clientX: 200, clientY: 200 }));
	})()`, nil))
	b.until(`document.querySelector(".menu")`)
	b.press("\r")
	b.until(`document.querySelectorAll(".cell").length === 3`)
	b.ran(2)
	if text := js[string](b, `document.querySelector("`+cell(2, "textarea")+`").value`); text != "from raw.flows\nwhere port is null;" {
		t.Errorf("the cell says %q", text)
	}
	if text := js[string](b, `document.querySelector("`+cell(2, ".where")+`").textContent`); text != "100 rows" {
		t.Errorf("it shows %s", text)
	}

	// An error is shown where it is made.
	b.write(2, "select nothing from nowhere")
	b.press("\r", chromedp.KeyModifiers(2))
	b.until(`document.querySelector("` + cell(2, ".out-error") + `")?.textContent.includes("nowhere does not exist")`)
	b.picture("error")

	// A profile.
	b.do(chromedp.Click(`[data-table="raw.flows"]`, chromedp.ByQuery))
	b.until(`document.querySelectorAll(".profile-column").length === 4`)
	if text := js[string](b, `document.querySelector(".drawer").innerText`); strings.Contains(text, "null") || strings.Contains(text, "undefined") || strings.Contains(text, "NaN") || !strings.Contains(text, "10 % missing") {
		t.Errorf("the profile says %s", text)
	}
	b.picture("profile")
	b.press(kb.Escape)
	b.until(`document.querySelector("#drawer").hidden`)

	// All of it is there after a reload, and after the program starts again.
	seen := js[string](b, `document.querySelector("#cells").innerText`)
	b.do(chromedp.Reload())
	b.until(`document.querySelectorAll(".cell").length === 3 && document.querySelectorAll(".figure img").length === 1`)
	b.until(fmt.Sprintf(`document.querySelectorAll(".cell .grid").length === 1 && %d > 0`, len(seen)))
	dir := c.dir
	c.end()
	c = serveIn(t, dir, Options{})
	b.do(chromedp.Navigate(c.URL()))
	b.until(`document.querySelectorAll(".cell").length === 3 && document.querySelectorAll(".figure img").length === 1`)
	if text := js[string](b, `document.querySelector("`+cell(2, ".out-error")+`").textContent`); !strings.Contains(text, "nowhere") {
		t.Errorf("after a restart the error says %q", text)
	}
}

// TestBrowserCells: cells are moved, deleted, brought back, and made stale; a
// second window sees it, and can't overwrite what the first one wrote.
func TestBrowserCells(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	c := serve(t)
	c.sql("create table main.t as select 1 as i")
	c.add("prose", "# Title\n\nSome *words* and <b>no markup</b>")
	c.add("sql", "select count(*) as n from main.t")
	c.add("sql", "insert into main.t values (2)")
	b := open(t, c.URL())
	b.until(`document.querySelectorAll(".cell").length === 3`)
	if js[bool](b, `document.querySelector(".prose-text b") !== null || document.querySelector(".prose-text em").textContent !== "words"`) {
		t.Error("prose is not as it should be")
	}
	b.do(chromedp.Click(cell(2, ".run-one"), chromedp.ByQuery))
	b.ran(2)
	b.do(chromedp.Click(cell(3, ".run-one"), chromedp.ByQuery))
	b.ran(3)
	b.until(`document.querySelector("` + strings.TrimSpace(cell(2, "")) + `").dataset.status === "stale"`)
	if text := js[string](b, `document.querySelector("`+cell(2, ".state")+`").textContent`); !strings.Contains(text, "main.t") {
		t.Errorf("the stale cell says %q", text)
	}

	// So is one that says something else by now, after it was saved too; and it is
	// not any more when it says the same again.
	stale := func() bool {
		return js[bool](b, `document.querySelector("`+strings.TrimSpace(cell(3, ""))+`").dataset.status === "stale"`)
	}
	b.write(3, "insert into main.t values (3)")
	b.until(`document.querySelector("#saved").textContent === "Saved"`)
	if !stale() {
		t.Error("a cell whose text was changed and saved is not stale")
	}
	b.write(3, "insert into main.t values (2)")
	b.until(`document.querySelector("` + strings.TrimSpace(cell(3, "")) + `").dataset.status === "fresh"`)

	// Move the second up and down, delete it, bring it back.
	b.do(chromedp.Focus(strings.TrimSpace(cell(2, "")), chromedp.ByQuery))
	b.press(kb.ArrowUp, chromedp.KeyModifiers(1)) // Alt
	b.until(`document.querySelector(".cell").classList.contains("sql")`)
	b.press("d")
	b.press("d")
	b.until(`document.querySelectorAll(".cell").length === 2`)
	b.press("z")
	b.until(`document.querySelectorAll(".cell").length === 3 && document.querySelector(".cell").classList.contains("sql")`)
	b.press("z") // the move too
	b.until(`document.querySelector(".cell").classList.contains("prose") && document.querySelector("` + strings.TrimSpace(cell(2, "")) + `").classList.contains("chosen")`)
	b.press(kb.ArrowUp, chromedp.KeyModifiers(1))
	b.until(`document.querySelector(".cell").classList.contains("sql")`)

	// A second window.
	ctx, cancel := chromedp.NewContext(b.ctx)
	defer cancel()
	second := &browser{t: t, ctx: ctx}
	second.do(chromedp.Navigate(c.base + "/"))
	second.until(`document.querySelectorAll(".cell").length === 3`)
	b.write(1, "select 'first'")
	second.until(`document.querySelector(".cell textarea").value === "select 'first'"`)
	// Both write at the same time: what the first one sends is held back until
	// the second one's is there.
	b.do(chromedp.Evaluate(`(() => {
		const plain = window.fetch;
		window.fetch = (path, init) => path === "/api/edit" ? new Promise((r) => { window.release = r; }).then(() => { window.fetch = plain; return plain(path, init); }) : plain(path, init);
	})()`, nil))
	b.write(1, "select 'mine'")
	b.until("window.release")
	c.post("/api/edit", edit{Op: "text", ID: c.book().Cells[0].ID, Was: "select 'first'", Text: "select 'elsewhere'"}, nil)
	b.do(chromedp.Evaluate("window.release()", nil))
	b.until(`document.querySelector(".clash pre")?.textContent === "select 'elsewhere'"`)
	b.picture("clash")
	if text := js[string](b, `document.querySelector(".cell textarea").value`); text != "select 'mine'" {
		t.Errorf("the first window's words became %q", text)
	}
	second.until(`document.querySelector(".cell textarea").value === "select 'elsewhere'"`)
	b.choose(".clash button", "Keep mine")
	second.until(`document.querySelector(".cell textarea").value === "select 'mine'"`)
	b.until(`!document.querySelector(".clash")`)

	// Who types on while words are saved, loses none and is not told of a clash
	// with themselves.
	b.do(chromedp.Focus(cell(1, "textarea"), chromedp.ByQuery))
	js[bool](b, `(async () => {
		for (let i = 0; i < 60; i++) {
			document.execCommand("insertText", false, "-- " + i + "\n");
			await new Promise((r) => setTimeout(r, i % 10 === 9 ? 500 : 40));
		}
		return true;
	})()`)
	text := js[string](b, `document.querySelector(".cell textarea").value`)
	second.until(`document.querySelector(".cell textarea").value === ` + fmt.Sprintf("%q", strings.TrimSuffix(text, "\n")))
	if js[bool](b, `document.querySelector(".clash") !== null`) || strings.Count(text, "--") != 60 {
		t.Errorf("typing on gives %q", text)
	}

	// A closed window harms nothing.
	cancel()
	if n := len(c.book().Cells); n != 3 {
		t.Errorf("%d cells are left", n)
	}
}

// TestBrowserStrangers: a page of another site, in the same browser, can read
// nothing and change nothing.
func TestBrowserStrangers(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	c := serve(t)
	c.add("sql", "select 1")
	b := open(t, c.URL())
	b.until(`document.querySelectorAll(".cell").length === 1`)
	stranger := strange(t)
	b.provoked = true
	b.do(chromedp.Navigate(stranger))
	got := js[string](b, fmt.Sprintf(`(async () => {
		const base = %q, out = [];
		const tried = async (what, path, init) => {
			try { const r = await fetch(base + path, init); out.push(what + ": " + r.type + " " + r.status + " " + (await r.text()).length); } catch (e) { out.push(what + ": refused"); }
		};
		await tried("read", "/api/notebook", { credentials: "include" });
		await tried("blind", "/api/edit", { method: "POST", mode: "no-cors", credentials: "include", body: '{"op":"insert","kind":"sql","text":"drop table x"}' });
		await tried("json", "/api/edit", { method: "POST", credentials: "include", headers: { "Content-Type": "application/json" }, body: "{}" });
		const frame = document.createElement("iframe");
		frame.src = base + "/";
		document.body.append(frame);
		await new Promise((r) => { frame.onload = r; setTimeout(r, 2000); });
		let seen = "closed";
		try { seen = frame.contentDocument ? frame.contentDocument.body.innerText : "closed"; } catch {}
		out.push("frame: " + seen);
		return out.join("\n");
	})()`, c.base))
	if want := "read: refused\nblind: refused\njson: refused\nframe: closed"; got != want {
		t.Errorf("a stranger gets\n%s\nwant\n%s", got, want)
	}
	if cells := c.book().Cells; len(cells) != 1 {
		t.Errorf("a stranger made %d cells", len(cells)-1)
	}
	b.do(chromedp.Navigate(c.base + "/?token=wrong"))
	if text := js[string](b, "document.body.innerText"); !strings.Contains(text, "token") || strings.Contains(text, "select") {
		t.Errorf("a wrong token shows %q", text)
	}
}

// strange serves an empty page on another port of this machine: the nearest
// that another site can come.
func strange(t *testing.T) string {
	l, err := listen(0, "a stranger")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><title>elsewhere</title><body></body>")
	})}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return "http://" + l.Addr().String() + "/"
}

// drop drops a file on the page.
func (b *browser) drop(path string) {
	b.t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		b.t.Fatal(err)
	}
	b.do(chromedp.Evaluate(fmt.Sprintf(`(() => {
		const data = new DataTransfer();
		data.items.add(new File([Uint8Array.from(atob(%q), (c) => c.charCodeAt(0))], %q));
		for (const name of ["dragenter", "dragover", "drop"]) {
			document.body.dispatchEvent(new DragEvent(name, { bubbles: true, cancelable: true, dataTransfer: data }));
		}
	})()`, base64.StdEncoding.EncodeToString(data), filepath.Base(path)), nil))
}

// choose clicks the button of a text.
func (b *browser) choose(within, text string) {
	b.t.Helper()
	find := fmt.Sprintf(`[...document.querySelectorAll(%q)].find((x) => x.textContent.includes(%q))`, within, text)
	b.until(find)
	b.do(chromedp.Evaluate(find+".click()", nil))
}

// TestBrowserTrain: from a dropped capture to a measured and exported synthetic
// one; a training is watched, stopped, and gone on with.
func TestBrowserTrain(t *testing.T) {
	if testing.Short() {
		t.Skip("trains")
	}
	c := serve(t)
	b := open(t, c.URL())
	b.until(`document.querySelector(".hello")`)
	b.picture("empty")
	b.drop("../../../testdata/syslog.pcap")
	b.until(`document.querySelector('[data-table="raw.syslog"]')`)
	b.ran(1)
	if _, err := os.Stat(filepath.Join(c.dir, "lab-files", "syslog.pcap")); err != nil {
		t.Error(err)
	}

	// One session as a list of its packets, and as a capture.
	b.do(chromedp.Click(`[data-table="raw.syslog"]`, chromedp.ByQuery))
	b.choose(".drawer header button", "Rows")
	b.until(`document.querySelectorAll(".cell").length === 2`)
	b.ran(2)
	b.press(kb.Escape)
	b.do(chromedp.Evaluate(`document.querySelector("`+cell(2, "td")+`").dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true, clientX: 300, clientY: 300 }))`, nil))
	b.choose(".menu button", "This record's session")
	b.until(`document.querySelectorAll(".cell").length === 3`)
	b.ran(3)
	packets := strings.Fields(js[string](b, `document.querySelector("`+cell(3, ".where")+`").textContent.replace(/.* of /, "")`))[0]
	where := js[string](b, `document.querySelector("`+cell(3, "textarea")+`").value`)
	_, where, _ = strings.Cut(where, "where ")
	where, _, _ = strings.Cut(where, "\norder by")
	body, err := json.Marshal(map[string]string{"table": "raw.syslog", "where": where, "format": "pcap"})
	if err != nil {
		t.Fatal(err)
	}
	status, capture := c.ask("POST", "/api/export", string(body), nil)
	path := filepath.Join(c.dir, "one.pcap")
	if err := os.WriteFile(path, []byte(capture), 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := c.ws.Query(t.Context(), "select count(*) from '"+path+"'")
	if err != nil {
		t.Fatalf("%d: %v", status, err)
	}
	row, err := r.Next()
	if err != nil || packets == "0" || fmt.Sprint(row[0]) != packets {
		t.Errorf("the capture of the session has %v packets, %v; the list %s", row, err, packets)
	}
	r.Close()

	// Train, look, stop, go on.
	c.add("train", "syslog epochs 2 seed 1")
	c.add("generate", "syslog as twin sessions 40")
	c.add("report", "raw.syslog against synth.twin")
	c.add("train", "syslog epochs 1200 seed 2 set extra_checkpoint_freq=2")
	b.until(`document.querySelectorAll(".cell").length === 7`)
	run := func(n int) { b.do(chromedp.Evaluate(`document.querySelector("`+cell(n, ".run-one")+`").click()`, nil)) }
	for n := 4; n <= 6; n++ {
		run(n)
		b.ran(n)
	}
	run(7)
	b.until(`document.querySelectorAll("` + cell(7, ".curve polyline") + `").length >= 3 && Number(document.querySelector("` + cell(7, ".by-column li .n") + `")?.textContent) > 0`)
	b.picture("training")
	run(7) // stops
	b.until(`/Stopped after \d+ epoch/.test(document.querySelector("` + cell(7, ".live") + `").textContent)`)
	b.picture("stopped")
	b.do(chromedp.Reload()) // what came of it is still there
	b.until(`[...document.querySelectorAll("` + cell(7, ".live button") + `")].some((x) => x.textContent === "Resume")`)
	b.until(`Number(document.querySelector(".fidelity .score b").textContent) > 0 && [...document.querySelectorAll(".fidelity img")].some((x) => x.naturalWidth > 100)`)
	if wide := js[bool](b, `document.querySelector("#cells").scrollWidth > document.querySelector("#cells").clientWidth + 1`); wide {
		t.Error("the report spills out of its cell")
	}
	b.do(chromedp.Evaluate(`document.querySelector(".fidelity").scrollIntoView()`, nil))
	b.picture("report")

	// Runs beside each other; the stopped one goes on.
	b.do(chromedp.Click("#runs", chromedp.ByQuery))
	b.until(`document.querySelectorAll(".runs li").length === 2 && document.querySelector(".runs .score").closest("ul").textContent.includes("score")`)
	b.picture("runs")
	b.choose(".runs button", "Resume")
	b.until(`document.querySelector(".runs").textContent.includes("going on") && /epoch \d+/.test(document.querySelector(".runs").textContent)`)
	b.choose(".runs button", "Stop")
	b.until(`[...document.querySelectorAll(".runs button")].some((x) => x.textContent === "Resume")`)
	b.press(kb.Escape)

	// Export, audit and publish by buttons that show the command; what comes of
	// them is a cell like any other.
	b.choose(".fidelity button", "Export")
	b.until(`document.querySelector("dialog .command").textContent.includes("netshare ws export")`)
	b.set("to", "twin.pcap")
	b.set("addresses", "keep-structure")
	if got, want := js[string](b, `document.querySelector("dialog .command").textContent`), "netshare ws export lab.duckdb --table synth.twin twin.pcap --addresses keep-structure"; got != want {
		t.Errorf("the command is %q, want %q", got, want)
	}
	b.choose("dialog button.main", "Export")
	b.until(`document.querySelectorAll(".cell").length === 8`)
	b.ran(8)
	if info, err := os.Stat(filepath.Join(c.dir, "twin.pcap")); err != nil || info.Size() < 100 {
		t.Errorf("the synthetic capture: %v, %v", info, err)
	}
	b.choose(".fidelity button", "Audit")
	b.until(`document.querySelector("dialog .command").textContent.includes("netshare ws audit lab.duckdb --real syslog --synthetic twin")`)
	b.choose("dialog button.main", "Audit")
	b.until(`document.querySelectorAll(".cell").length === 9`)
	b.ran(9)
	b.do(chromedp.Reload()) // it is kept
	b.until(`document.querySelectorAll(".attacks details").length > 3 && document.querySelector(".attacks .verdict").textContent === "undecided"`)
	b.do(chromedp.Evaluate(`document.querySelector(".attacks details").open = true; document.querySelector(".attacks").scrollIntoView()`, nil))
	b.picture("audit")
	if page := js[string](b, `fetch(document.querySelector(".attacks a").href).then((r) => r.text())`); !strings.HasPrefix(strings.ToLower(page), "<!doctype html>") || !strings.Contains(page, "synth.twin") {
		t.Errorf("the audit's page begins with %.80s", page)
	}

	// Publish says what it did, or what it found and left out.
	b.choose(".fidelity button", "Publish")
	b.until(`document.querySelector("dialog .command").textContent === "netshare ws publish lab.duckdb twin.csv --table twin"`)
	b.set("counts", "on")
	b.set("text", "as-generated")
	b.picture("publish")
	b.set("to", "")
	b.choose("dialog button.main", "Publish")
	b.until(`document.querySelector("dialog [role=alert]").checkVisibility()`) // into which file?
	b.set("to", "out/twin.csv")
	b.choose("dialog button.main", "Publish")
	b.until(`document.querySelectorAll(".cell").length === 10`)
	b.ran(10)
	said := js[string](b, `document.querySelector("`+cell(10, ".out")+`").textContent`)
	if _, err := os.Stat(filepath.Join(c.dir, "out", "twin.csv")); (err == nil) != strings.Contains(said, "none found") {
		t.Errorf("publishing said %q, and the file: %v", said, err)
	}
	if text := js[string](b, `document.querySelector("`+cell(10, "textarea")+`").value`); text != "synth.twin to out/twin.csv text as-generated counts" {
		t.Errorf("the cell says %q", text)
	}
}

// TestBrowserLarge: a table of five million rows is looked at page by page, and
// typing does not wait for a query over it.
func TestBrowserLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("five million rows")
	}
	c := serve(t)
	c.sql("create table main.big as select range as i, range % 97 as port from range(5000000)")
	b := open(t, c.URL())
	b.until(`document.querySelector('[data-table="main.big"]')?.textContent.includes("5,000,000")`)
	b.press("b")
	b.until(`document.activeElement.matches(".cell textarea")`)
	b.write(1, "from main.big")
	b.press("\r", chromedp.KeyModifiers(2))
	b.ran(1)
	b.do(chromedp.Click(`[aria-label="Last page"]`, chromedp.ByQuery))
	b.until(`document.querySelector(".where").textContent === "4,999,901–5,000,000 of 5,000,000"`)
	if v := js[string](b, `document.querySelector(".grid tbody tr:last-child td").textContent`); v != "4999999" {
		t.Errorf("the last row begins with %s", v)
	}
	if n := js[int](b, `document.querySelectorAll("td").length`); n > 1000 {
		t.Errorf("%d values are on the page", n)
	}
	b.write(1, "select count(*) from range(4000000000) a, range(1000) b where hash(a.range + b.range) = 1")
	b.press("\r", chromedp.KeyModifiers(2))
	b.until(`document.querySelector(".cell").dataset.status === "running"`)
	slowest := js[float64](b, `(async () => {
		const f = document.querySelector(".cell textarea");
		let worst = 0;
		for (let i = 0; i < 40; i++) {
			const start = performance.now();
			f.focus();
			document.execCommand("insertText", false, "x");
			await new Promise((r) => requestAnimationFrame(r));
			worst = Math.max(worst, performance.now() - start);
		}
		return worst;
	})()`)
	t.Logf("the slowest keystroke took %.0f ms until it was drawn, while a query ran", slowest)
	b.do(chromedp.Click(".run-one", chromedp.ByQuery)) // stops
	b.until(`document.querySelector(".cell").dataset.status !== "running"`)
}
