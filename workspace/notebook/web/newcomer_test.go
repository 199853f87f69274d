package web

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// realCapture is a real capture of some hundred packets; the test is skipped
// where there is none.
func realCapture(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("NETSHARE_DATA")
	if dir == "" {
		dir = "../../../../shared/data"
	}
	path := filepath.Join(dir, "pcap-caida-backbone", "raw.pcap")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no real capture: set NETSHARE_DATA (%v)", err)
	}
	return path
}

// TestBrowserNewcomer is the path of somebody who has a capture and the page, and
// nothing else: load, look, ask, draw, train, compare, export; close, and open
// again; and the notebook run without a screen gives the same tables.
func TestBrowserNewcomer(t *testing.T) {
	if testing.Short() {
		t.Skip("trains")
	}
	capture := realCapture(t)
	c := serve(t)
	b := open(t, c.URL())
	b.until(`document.querySelector(".hello")`)
	b.drop(capture)
	b.until(`document.querySelector('[data-table="raw.raw"]')`)
	b.ran(1)
	packets := c.number("select count(*) from raw.raw")

	// Look, and ask.
	b.do(chromedp.Click(`[data-table="raw.raw"]`, chromedp.ByQuery))
	b.until(`document.querySelectorAll(".profile-column").length > 8`)
	b.choose(".drawer header button", "Rows")
	b.ran(2)
	b.press(kb.Escape)
	b.write(2, "from raw.raw where proto = 'TCP'")
	b.press("\r", chromedp.KeyModifiers(2))
	b.until(`document.querySelector("` + cell(2, "textarea") + `").value.includes("TCP") && document.querySelector("` + strings.TrimSpace(cell(2, "")) + `").dataset.status === "fresh"`)

	// Each kind of chart is two clicks away.
	b.choose(cell(2, ".result-bar button"), "Chart")
	for _, kind := range []string{"Line", "Bar", "Scatter", "Histogram", "CDF", "Heat map"} {
		b.do(chromedp.Evaluate(`document.querySelector(".canvas").replaceChildren()`, nil))
		b.choose(cell(2, ".segments button"), kind)
		b.until(`document.querySelector(".canvas img")?.naturalWidth > 100 || document.querySelector(".canvas .error")`)
		if fault := js[string](b, `document.querySelector(".canvas .error")?.textContent ?? ""`); fault != "" {
			t.Errorf("%s: %s", kind, fault)
		}
	}
	b.do(chromedp.Click(`[aria-label="Close the chart"]`, chromedp.ByQuery))

	// The packets of the flow of a value, and the flow as a capture of its own.
	b.do(chromedp.Evaluate(`document.querySelector("`+cell(2, "td")+`").dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true, clientX: 300, clientY: 300 }))`, nil))
	b.until(`document.querySelector(".menu")`)
	b.do(chromedp.Evaluate(`(() => {
		window.saved = null;
		const made = URL.createObjectURL;
		URL.createObjectURL = (blob) => { window.saved = blob; return made(blob); };
	})()`, nil))
	b.choose(".menu button", "Its session as a capture")
	b.until(`window.saved`)
	flow := filepath.Join(c.dir, "flow.pcap")
	bytesOf := js[[]byte](b, `window.saved.arrayBuffer().then((a) => btoa(String.fromCharCode(...new Uint8Array(a))))`)
	if err := os.WriteFile(flow, bytesOf, 0o644); err != nil {
		t.Fatal(err)
	}
	wireshark(t, flow)

	// Train, generate and compare, by the form.
	b.do(chromedp.Evaluate(`document.querySelector(".cell").focus()`, nil))
	b.press("T")
	b.until(`document.querySelector("dialog .form")`)
	b.set("until", "epochs")
	b.set("amount", "3")
	b.set("seed", "7")
	b.choose("dialog button.main", "Train")
	b.until(`document.querySelectorAll(".cell").length === 5`)
	for n := 3; n <= 5; n++ {
		b.ran(n)
	}
	b.until(`Number(document.querySelector(".fidelity .score b").textContent) > 0`)
	b.picture("report")
	b.choose(".fidelity button", "Export")
	b.set("to", "synthetic.pcap")
	b.choose("dialog button.main", "Export")
	b.ran(6)
	wireshark(t, filepath.Join(c.dir, "synthetic.pcap"))

	// Closed, and opened again.
	seen := js[string](b, `document.querySelector(".fidelity .score").textContent`)
	c.end()
	c = serveIn(t, c.dir, Options{})
	b.do(chromedp.Navigate(c.URL()))
	b.until(`document.querySelectorAll(".cell").length === 6 && document.querySelector(".fidelity .score")`)
	if now := js[string](b, `document.querySelector(".fidelity .score").textContent`); now != seen {
		t.Errorf("opened again, the report says %q, before %q", now, seen)
	}
	if states := js[string](b, `[...document.querySelectorAll(".cell")].map((x) => x.dataset.status).join(" ")`); states != "fresh fresh fresh fresh fresh fresh" {
		t.Errorf("opened again, the cells are %s", states)
	}
	const sum = "select (sum(hash(x)::hugeint) % 1000000007)::bigint + count(*) from synth.raw x"
	before := c.number(sum)
	b.do(chromedp.Navigate("about:blank"))
	c.end()

	// Without a screen.
	run := exec.Command("go", "run", "netshare/cmd/netshare", "run", filepath.Join(c.dir, "lab.md"))
	out, err := run.CombinedOutput()
	if err != nil {
		t.Fatalf("the notebook does not run: %v\n%s", err, out)
	}
	page, err := os.ReadFile(filepath.Join(c.dir, "lab.html"))
	if err != nil || !bytes.Contains(page, []byte("<svg")) || bytes.Contains(page, []byte("<script")) {
		t.Errorf("the page of it: %d bytes, %v", len(page), err)
	}
	c = serveIn(t, c.dir, Options{})
	if after := c.number(sum); after != before {
		t.Errorf("run without a screen, the synthetic table is another: %d and %d", before, after)
	}
	if n := c.number("select count(*) from raw.raw"); n != packets {
		t.Errorf("%d packets, before %d", n, packets)
	}
	b.do(chromedp.Navigate(c.URL()))
	b.until(`document.querySelectorAll(".cell").length === 6 && document.querySelector(".fidelity .score")`)
	if now := js[string](b, `document.querySelector(".fidelity .score").textContent`); now != seen {
		t.Errorf("run without a screen, the report says %q, before %q", now, seen)
	}
}

// wireshark has tshark read a capture, where it is installed: no packet is
// malformed or has a wrong checksum.
func wireshark(t *testing.T, path string) {
	t.Helper()
	tool, err := exec.LookPath("tshark")
	if err != nil {
		t.Log("tshark is not there to read " + filepath.Base(path))
		return
	}
	args := []string{"-n", "-r", path, "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"}
	all, err := exec.Command(tool, args...).Output()
	if err != nil || len(bytes.Fields(all)) == 0 {
		t.Errorf("tshark reads %s: %v, %d bytes", filepath.Base(path), err, len(all))
	}
	bad, err := exec.Command(tool, append(args, "-Y", "_ws.malformed || ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0")...).Output()
	if err != nil || len(bad) > 0 {
		t.Errorf("tshark finds in %s: %v\n%s", filepath.Base(path), err, bad)
	}
}
