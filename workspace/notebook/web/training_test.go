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

// set fills a field of a dialog.
func (b *browser) set(name, value string) {
	b.t.Helper()
	b.do(chromedp.Evaluate(fmt.Sprintf(`(() => {
		const f = document.querySelector('dialog [name="%s"]');
		if (f.type === "checkbox") { if (f.checked !== (%q === "on")) f.click(); return; }
		f.value = %q;
		f.dispatchEvent(new Event(f.tagName === "SELECT" ? "change" : "input", { bubbles: true }));
	})()`, name, value, value), nil))
}

// TestBrowserForm: a training by a form shows the commands that it stands for,
// refuses what is wrong, and makes cells that do it; a cell is changed by it.
func TestBrowserForm(t *testing.T) {
	if testing.Short() {
		t.Skip("trains")
	}
	c := serve(t)
	if _, err := c.ws.Load(t.Context(), workspace.Load{Table: "flows", Files: []string{"../../../testdata/netflow.csv"}}); err != nil {
		t.Fatal(err)
	}
	b := open(t, c.URL())
	b.until(`document.querySelector('[data-table="raw.flows"]')`)
	b.press("T")
	command := func() string { return js[string](b, `document.querySelector("dialog .command").textContent`) }
	b.until(`document.querySelector("dialog .command")`)
	b.picture("form")
	b.set("until", "epochs")
	b.set("amount", "none")
	b.set("seed", "5")
	b.choose("dialog button.main", "Train")
	b.until(`document.querySelector("dialog [role=alert]").textContent.includes('epochs: "none" is no number')`)
	b.set("amount", "2")
	b.set("memory", "512MB")
	b.set("sessions", "60")
	want := "netshare ws train lab.duckdb --table flows --epochs 2 --seed 5 --memory 512MB\n" +
		"netshare ws generate lab.duckdb --table flows --replace --sessions 60 --seed 5\n" +
		"netshare ws report lab.duckdb --real flows --synthetic flows -o flows-report"
	if got := command(); got != want {
		t.Errorf("the command is\n%s\nwant\n%s", got, want)
	}
	b.choose("dialog button.main", "Train")
	b.until(`document.querySelectorAll(".cell").length === 3`)
	for n := 1; n <= 3; n++ {
		b.ran(n)
	}
	for i, want := range []string{"flows epochs 2 seed 5 memory 512MB", "flows sessions 60 seed 5", "raw.flows against synth.flows"} {
		if got := js[string](b, `document.querySelector("`+cell(i+1, "textarea")+`").value`); got != want {
			t.Errorf("cell %d says %q, want %q", i+1, got, want)
		}
	}
	if n := c.number("select count(*) from netshare.runs where status = 'done' and verb in ('train', 'generate', 'report')"); n != 3 {
		t.Errorf("%d steps are done, want 3", n)
	}

	// Samples are there to be looked at afterwards.
	b.do(chromedp.Click(cell(1, ".look summary"), chromedp.ByQuery))
	b.until(`document.querySelectorAll("` + cell(1, ".look .synth tbody") + `").length === 4`)
	b.picture("samples")

	// The cell again by the form, under differential privacy.
	b.choose(cell(1, ".cell-top button"), "Form")
	b.until(`document.querySelector('dialog [name="amount"]').value === "2" && document.querySelector('dialog [name="memory"]').value === "512MB"`)
	b.set("dp", "on")
	b.set("epsilon", "3")
	b.set("dp-unit", "host")
	b.picture("private")
	if got, want := command(), "netshare ws train lab.duckdb --table flows --seed 5 --memory 512MB --dp --epsilon 3 --delta 1e-5 --dp-unit host --host-cap 10"; got != want {
		t.Errorf("the command is %q, want %q", got, want)
	}
	b.choose("dialog button", "Change the cell")
	b.until(`document.querySelector("` + cell(1, "textarea") + `").value === "flows seed 5 memory 512MB dp epsilon 3 delta 1e-5 dp-unit host host-cap 10"`)
	b.until(`document.querySelector("` + strings.TrimSpace(cell(1, "")) + `").dataset.status === "stale"`)

	// What is typed and what the form makes of it are the same, or it says that
	// it can't.
	for _, tt := range [][2]string{
		{"flows time 90s seed 2 set batch_size=50 set patience=3", "time 90s seed 2 set batch_size=50 set patience=3"},
		{"flows --epochs 3", "epochs 3"},
		{"flows dp epsilon 1 dp-model gan clip 2 epochs 3", "epochs 3 dp epsilon 1 dp-model gan clip 2"},
		{"flows dance 3", "none"},
		{"flows epochs 3 time 2m", "none"},
		{"flows epochs 3\nothers", "none"},
	} {
		got := js[string](b, fmt.Sprintf(`import("/assets/train.js").then((m) => {
			const f = m.readCell(%q);
			return f ? m.trainWords({ until: ["epochs", "time", "iterations"].find((k) => f[k]) ?? "usual", "dp-unit": "session", ...f }, "").join(" ") : "none";
		})`, tt[0]))
		if got != tt[1] {
			t.Errorf("%q becomes %q, want %q", tt[0], got, tt[1])
		}
	}
}
