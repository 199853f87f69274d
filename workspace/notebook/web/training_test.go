package web

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"netshare/workspace"
)

// TestBrowserWatch: samples stand beside real ones while a training runs, and
// nothing moves meanwhile; one that is stopped is offered after the program was
// started again, and its curves are those of the whole run.
func TestBrowserWatch(t *testing.T) {
	if testing.Short() {
		t.Skip("trains")
	}
	c := serve(t)
	if _, err := c.ws.Load(t.Context(), workspace.Load{Table: "flows", Files: []string{"../../../testdata/netflow.csv"}}); err != nil {
		t.Fatal(err)
	}
	c.add("train", "flows epochs 4000 seed 3 set extra_checkpoint_freq=2")
	c.add("sql", "select 1")
	b := open(t, c.URL())
	b.until(`document.querySelectorAll(".cell").length === 2`)
	b.do(chromedp.Click(cell(1, ".run-one"), chromedp.ByQuery))
	b.until(`document.querySelector("` + cell(1, ".samples") + `")`)
	b.watchShifts()
	live := func(inside string) string { return cell(1, ".live "+inside) }
	b.until(`document.querySelectorAll("` + live(".samples .real tbody") + `").length === 4 && document.querySelectorAll("` + live(".samples .synth tbody") + `").length === 4`)
	heads := func(side string) string {
		return js[string](b, `[...document.querySelectorAll("`+live(".samples ."+side+" thead th")+`")].map((x) => x.textContent).join(" ")`)
	}
	if want := "session srcip dstip srcport dstport proto ts td pkt byt type"; heads("real") != want || heads("synth") != want {
		t.Errorf("the columns are %q and %q, want %q", heads("real"), heads("synth"), want)
	}
	seen := js[string](b, `document.querySelector("`+live(".samples .real td")+`").textContent`)
	if n := c.number("select count(*) from raw.flows where srcip = '" + seen + "'"); n == 0 {
		t.Errorf("a real session has the source %s, which no real record has", seen)
	}
	epoch := `Number(document.querySelector("` + live(".samples .synth h4") + `").textContent.match(/epoch ([\d,]+)/)[1].replaceAll(",", ""))`
	first := js[int](b, epoch)
	b.until(fmt.Sprintf("%s > %d", epoch, first+2)) // they are drawn anew
	b.picture("samples")
	if moved := b.shifts(); moved > .005 {
		t.Errorf("the page moved by %.4f while a training was watched", moved)
	}

	// Stopped; and the program is started again.
	b.do(chromedp.Click(cell(1, ".run-one"), chromedp.ByQuery))
	b.until(`/Stopped after/.test(document.querySelector("` + live("") + `").textContent)`)
	epochs := `Number(document.querySelector("` + live("b") + `").textContent.match(/after ([\d,]+) epoch/)[1].replaceAll(",", ""))`
	before := js[int](b, epochs)
	c.end()
	c = serveIn(t, c.dir, Options{})
	b.do(chromedp.Navigate(c.URL()))
	b.until(`[...document.querySelectorAll("` + live("button") + `")].some((x) => x.textContent === "Resume") && document.querySelectorAll("` + live(".samples .synth tbody") + `").length === 4`)
	if n := js[int](b, epochs); n != before {
		t.Errorf("started again, the training has %d epochs, before %d", n, before)
	}
	b.picture("cut-off")
	b.choose(live("button"), "Resume")
	drawn := `Number((document.querySelector("` + live(".curve svg") + `")?.ariaLabel ?? "").match(/over ([\d,]+) epochs/)?.[1].replaceAll(",", "") ?? 0)`
	b.until(`document.querySelector("` + strings.TrimSpace(cell(1, "")) + `").dataset.status === "running" && ` + fmt.Sprintf("%s > %d", drawn, before))
	at := `Number(document.querySelector("` + live(".text") + `").textContent.match(/epoch (\d+)/)[1])`
	if n, now := js[int](b, drawn), js[int](b, at); now-n > 3 { // the line may be ahead of the curves
		t.Errorf("in epoch %d the curves are of %d epochs", now, n)
	}
	b.do(chromedp.Click(cell(1, ".run-one"), chromedp.ByQuery))
	b.until(`/Stopped after/.test(document.querySelector("` + live("") + `").textContent)`)
}

// watchShifts begins to add up by how much parts of the page move of themselves,
// as browsers measure it (cumulative layout shift).
func (b *browser) watchShifts() {
	b.t.Helper()
	b.do(chromedp.Evaluate(`(() => {
		window.moved = 0;
		window.movedBy = [];
		new PerformanceObserver((list) => {
			for (const e of list.getEntries()) {
				if (e.hadRecentInput) continue;
				window.moved += e.value;
				for (const s of e.sources) window.movedBy.push((s.node?.className || s.node?.nodeName) + " " + s.previousRect.top + " to " + s.currentRect.top);
			}
		}).observe({ type: "layout-shift", buffered: false });
	})()`, nil))
}

// shifts is by how much parts of the page have moved since.
func (b *browser) shifts() float64 {
	b.t.Helper()
	if by := js[[]string](b, "window.movedBy"); len(by) > 0 {
		b.t.Logf("what moved: %s", strings.Join(by, "; "))
	}
	return js[float64](b, "window.moved")
}

// number is the number that a query gives.
func (c *site) number(sql string) int64 {
	c.t.Helper()
	r, err := c.ws.Query(c.t.Context(), sql)
	if err != nil {
		c.t.Fatal(err)
	}
	defer r.Close()
	row, err := r.Next()
	if err != nil {
		c.t.Fatal(err)
	}
	n, ok := row[0].(int64)
	if !ok {
		c.t.Fatalf("%s gives %v", sql, row[0])
	}
	return n
}
