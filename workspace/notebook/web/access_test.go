package web

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"netshare/workspace"
)

// named are the roles that must say what they are.
var named = []string{
	"button", "textbox", "searchbox", "combobox", "checkbox", "link", "table", "grid", "image", "img", "progressbar", "dialog", "menu",
	"menuitem", "listbox", "option", "group", "region", "navigation", "complementary", "main", "columnheader", "DisclosureTriangle",
}

// spoken is a part of the page as assistive technology has it.
type spoken struct {
	Ignored    bool             `json:"ignored"`
	Role       spokenValue      `json:"role"`
	Name       spokenValue      `json:"name"`
	Properties []spokenProperty `json:"properties"`
}

type spokenValue struct {
	Value any `json:"value"`
}

type spokenProperty struct {
	Name  string      `json:"name"`
	Value spokenValue `json:"value"`
}

// heard checks what assistive technology is told of the page, and returns how
// many of each role there are.
func (b *browser) heard(where string) map[string]int {
	b.t.Helper()
	var tree struct {
		Nodes []spoken `json:"nodes"`
	}
	b.do(chromedp.ActionFunc(func(ctx context.Context) error { // accessibility.GetFullAXTree knows fewer words than browsers have by now
		return cdp.Execute(ctx, accessibility.CommandGetFullAXTree, nil, &tree)
	}))
	text := func(v spokenValue) string {
		if s, ok := v.Value.(string); ok {
			return strings.TrimSpace(s)
		}
		return ""
	}
	roles := map[string]int{}
	for _, n := range tree.Nodes {
		role := text(n.Role)
		if n.Ignored || role == "" {
			continue
		}
		roles[role]++
		name := text(n.Name)
		if slices.Contains(named, role) && name == "" {
			var about string
			for _, p := range n.Properties {
				about += fmt.Sprintf(" %s=%s", p.Name, text(p.Value))
			}
			b.t.Errorf("%s: a %s has no name %s", where, role, about)
		}
		if slices.ContainsFunc(n.Properties, func(p spokenProperty) bool {
			return p.Name == "live" && text(p.Value) != "" && text(p.Value) != "off"
		}) {
			roles["live"]++
		}
		if role == "button" && strings.ContainsAny(name, "▸▾▴") {
			b.t.Errorf("%s: a button is called %q", where, name)
		}
	}
	return roles
}

// TestBrowserHeard: whoever does not see the page is told what each part is, and
// what happens; and all of it is done by the keyboard.
func TestBrowserHeard(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	c := serve(t)
	if _, err := c.ws.Load(t.Context(), workspace.Load{Table: "flows", Files: []string{"../../../testdata/netflow.csv"}}); err != nil {
		t.Fatal(err)
	}
	c.sql("create table synth.twin as from raw.flows")
	c.add("prose", "# Title\n\nWords with a [link](https://example.com).")
	c.add("sql", "from raw.flows")
	c.add("plot", "cdf of byt in raw.flows")
	c.add("sql", "select wrong from nowhere")
	c.add("train", "flows epochs 400 seed 1 set extra_checkpoint_freq=1")
	b := open(t, c.URL())
	b.until(`document.querySelectorAll(".cell").length === 5`)

	// By the keyboard alone: down to the cells, run and go on.
	b.press("j")
	b.press("j")
	b.until(`document.activeElement.matches(".cell.sql")`)
	b.press("\r", chromedp.KeyModifiers(8)) // Shift
	b.ran(2)
	b.press("\r", chromedp.KeyModifiers(8))
	b.ran(3)
	b.press("\r", chromedp.KeyModifiers(8))
	b.ran(4)
	b.press("\r", chromedp.KeyModifiers(2))
	b.until(`document.querySelector("` + cell(5, ".samples .synth tbody") + `")`)
	roles := b.heard("cells")
	for role, least := range map[string]int{"table": 2, "grid": 1, "image": 5, "alert": 1, "progressbar": 1, "live": 3, "main": 1, "navigation": 1, "heading": 2} {
		if roles[role] < least {
			t.Errorf("%d of role %s are told, want %d at least: %v", roles[role], role, least, roles)
		}
	}
	b.press(kb.Escape)
	b.press("s") // stops it
	b.until(`document.querySelector("` + cell(5, ".live b") + `")?.textContent.startsWith("Stopped")`)

	// Each value of a result is reached, and what is done with it.
	b.do(chromedp.Focus(cell(2, "td"), chromedp.ByQuery))
	b.press(kb.ArrowDown)
	b.press(kb.ArrowRight)
	b.press(kb.F10, chromedp.KeyModifiers(8))
	b.until(`document.querySelector(".menu")`)
	b.heard("menu")
	b.press(kb.Escape)
	b.until(`document.activeElement.matches("td")`)

	// The chart, the drawers and the dialogs.
	b.choose(cell(2, ".result-bar button"), "Chart")
	b.until(`document.querySelector(".canvas img")?.naturalWidth > 100`)
	b.heard("chart")
	for _, step := range []struct{ key, seen string }{
		{"?", "dialog .keys"}, {"/", `dialog input[type="search"]`}, {"T", "dialog .form"}, {"r", ".drawer .runs li"},
	} {
		b.do(chromedp.Evaluate(`document.querySelector(".cell").focus()`, nil))
		b.press(step.key)
		b.until(`document.querySelector(` + quoted(step.seen) + `)`)
		if step.key == "T" {
			b.do(chromedp.Evaluate(`document.querySelectorAll("dialog details").forEach((d) => { d.open = true; })`, nil))
		}
		b.heard(step.key)
		b.press(kb.Escape)
		b.until(`!document.querySelector("dialog") && document.querySelector("#drawer").hidden`)
		if !js[bool](b, `document.activeElement !== document.body`) {
			t.Errorf("after %s the focus is nowhere", step.key)
		}
	}
	for _, item := range []string{"Export…", "Publish…"} {
		b.do(chromedp.Focus(`[data-table="synth.twin"]`, chromedp.ByQuery))
		b.press(kb.F10, chromedp.KeyModifiers(8))
		b.choose(".menu button", item)
		b.until(`document.querySelector("dialog .form")`)
		b.heard(item)
		b.press(kb.Escape)
		b.until(`!document.querySelector("dialog")`)
	}
	b.press("t")
	b.until(`document.activeElement.matches(".filter")`)
	b.press(kb.ArrowDown)
	b.press("\r")
	b.until(`document.querySelectorAll(".profile-column").length > 5`)
	b.heard("profile")
}

// contrast is how much lighter one colour is than another by WCAG 2, 1 to 21.
func contrast(a, b [3]float64) float64 {
	light := func(c [3]float64) float64 {
		for i, v := range c {
			if v /= 255; v <= .04045 {
				c[i] = v / 12.92
			} else {
				c[i] = math.Pow((v+.055)/1.055, 2.4)
			}
		}
		return .2126*c[0] + .7152*c[1] + .0722*c[2]
	}
	x, y := light(a), light(b)
	return (max(x, y) + .05) / (min(x, y) + .05)
}

// TestColours: words stand out from what is behind them as WCAG 2 wants of AA,
// 4.5 to 1, and what is drawn 3 to 1, light and dark.
func TestColours(t *testing.T) {
	sheet, err := assets.ReadFile("assets/style.css")
	if err != nil {
		t.Fatal(err)
	}
	colour := func(name string, dark int) (c [3]float64) {
		_, rest, found := strings.Cut(string(sheet), "--"+name+": light-dark(#")
		pair, _, _ := strings.Cut(rest, ")")
		both := strings.Split(pair, ", #")
		if !found || len(both) != 2 {
			t.Fatalf("--%s is no pair of colours", name)
		}
		for i := range c {
			v, err := strconv.ParseUint(both[dark][2*i:2*i+2], 16, 8)
			if err != nil {
				t.Fatalf("--%s: %v", name, err)
			}
			c[i] = float64(v)
		}
		return c
	}
	for dark, scheme := range []string{"light", "dark"} {
		for _, tt := range []struct {
			fore, back []string
			least      float64
		}{
			{[]string{"ink", "soft", "accent", "bad", "warn", "good"}, []string{"paper", "side", "raised"}, 4.5},
			{[]string{"ink", "soft"}, []string{"faint", "accent-wash"}, 4.5},
			{[]string{"bad"}, []string{"bad-wash"}, 4.5},
			{[]string{"warn", "ink"}, []string{"warn-wash"}, 4.5},
			{[]string{"accent"}, []string{"accent-wash"}, 4.5},
			{[]string{"accent-ink"}, []string{"accent"}, 4.5},
			{[]string{"paper"}, []string{"ink", "bad"}, 4.5}, // notices
			{[]string{"tok-k", "tok-s", "tok-n", "tok-c", "tok-f", "tok-t"}, []string{"side"}, 4.5},
			{[]string{"real", "synth", "good", "tok-f"}, []string{"paper", "raised", "faint"}, 3}, // lines and bars
		} {
			for _, fore := range tt.fore {
				for _, back := range tt.back {
					if got := contrast(colour(fore, dark), colour(back, dark)); got < tt.least {
						t.Errorf("%s: %s on %s is %.2f to 1, want %.1f", scheme, fore, back, got, tt.least)
					}
				}
			}
		}
	}
}

// TestBrowserWidths: nothing spills over or is cut off at 1280 and 400 pixels,
// light and dark, and a page that is opened stays where it is.
func TestBrowserWidths(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	c := serve(t)
	if _, err := c.ws.Load(t.Context(), workspace.Load{Table: "flows", Files: []string{"../../../testdata/netflow.csv"}}); err != nil {
		t.Fatal(err)
	}
	c.add("prose", "# Flows of a morning\n\nWhat is in it, and **how much** of it.\n\n| a | b |\n|---|---|\n| 1 | 2 |")
	for _, text := range []string{"from raw.flows;", "select proto, count(*) as flows from raw.flows group by proto order by flows desc;"} {
		c.runs(c.add("sql", text))
	}
	c.runs(c.add("plot", "cdf of byt in raw.flows log"))
	c.runs(c.add("train", "flows epochs 2 seed 1"))
	c.runs(c.add("generate", "flows as twin sessions 300"))
	c.runs(c.add("report", "raw.flows against synth.twin"))
	c.runs(c.add("sql", "select nothing from nowhere"))
	b := open(t, c.URL())
	for _, width := range []int64{1280, 400} {
		for _, scheme := range []string{"light", "dark"} {
			shot := func(name string) { b.picture(fmt.Sprintf("%s-%d-%s", name, width, scheme)) }
			b.do(emulation.SetDeviceMetricsOverride(width, 900, 1, false),
				emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
				chromedp.Evaluate(`sessionStorage.clear()`, nil), chromedp.Navigate("about:blank"), chromedp.Navigate(c.base+"/"))
			b.watchShifts()
			b.until(`document.querySelectorAll(".cell").length === 8 && [...document.querySelectorAll(".figure img")].every((x) => x.complete && x.naturalWidth > 100)`)
			if moved := b.shifts(); moved > .01 {
				t.Errorf("%d %s: the page moved by %.4f when it was opened", width, scheme, moved)
			}
			shot("top")
			spills := js[[]string](b, `[...document.querySelectorAll("#cells *, header *, .rail *")].filter((e) => {
				if (e.closest(".grid-box, .editor, .md-table, svg, .hide, .rail") || !e.checkVisibility()) return false;
				const r = e.getBoundingClientRect();
				return r.width > 0 && (r.right > innerWidth + 1 || r.left < -1);
			}).map((e) => e.tagName + "." + e.className)`)
			if len(spills) > 0 {
				t.Errorf("%d %s: these are cut off: %v", width, scheme, spills)
			}
			for n, name := range map[int]string{4: "plot", 5: "train", 7: "report"} {
				b.do(chromedp.Evaluate(`document.querySelector("`+strings.TrimSpace(cell(n, ""))+`").scrollIntoView()`, nil))
				shot(name)
			}
			b.do(chromedp.Evaluate(`document.querySelector("`+cell(2, ".result-bar [title='Draw this result']")+`").click()`, nil))
			b.until(`document.querySelector(".canvas img")?.naturalWidth > 100`)
			shot("chart")
			b.do(chromedp.Evaluate(`document.querySelector(".cell").focus()`, nil))
			for key, name := range map[string]string{"?": "help", "T": "form", "r": "runs"} {
				b.press(key)
				b.until(`document.querySelector("dialog h2, .runs li, .drawer h2")`)
				b.until(`!document.querySelector(".drawer .waiting")`)
				shot(name)
				b.press(kb.Escape)
				b.do(chromedp.Evaluate(`document.querySelector(".cell").focus()`, nil))
			}
			b.press("t")
			b.until(`document.activeElement.matches(".filter")`)
			shot("rail")
			b.do(chromedp.Evaluate(`document.querySelector('[data-table="raw.flows"]').click()`, nil))
			b.until(`document.querySelectorAll(".profile-column").length > 5`)
			shot("profile")
		}
	}
}
