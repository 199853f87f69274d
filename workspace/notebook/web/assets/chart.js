// A chart of a result: the kind is one click, what is drawn is chosen well
// beforehand and can be chosen otherwise. The program draws it; kept, it is a
// plot cell.

import { h, button } from "./dom.js";
import { post } from "./api.js";
import { numeric, temporal } from "./sql.js";
import { picture } from "./output.js";

const chartKinds = { line: "Line", bar: "Bar", scatter: "Scatter", histogram: "Histogram", cdf: "CDF", heat: "Heat map" };
const needs = { line: ["y", "x"], bar: ["y", "x"], scatter: ["y", "x"], histogram: ["x"], cdf: ["x"], heat: ["value", "x", "y"] };

// suited is the kind that shows a result best, and which columns it takes.
function suited(columns) {
  const names = (test) => columns.filter((c) => test(c.type)).map((c) => c.name);
  const numbers = names(numeric), times = names(temporal), words = names((t) => !numeric(t) && !temporal(t));
  const first = columns[0]?.name;
  if (columns.length === 1) return { kind: numbers.length || times.length ? "histogram" : "bar", x: first, y: "" };
  if (times.length) return { kind: "line", x: times[0], y: numbers[0] ?? "records" };
  if (words.length && numbers.length) return { kind: "bar", x: words[0], y: numbers.at(-1) };
  if (columns.length === 2 && numbers.length === 2) return { kind: "bar", x: first, y: columns[1].name };
  return { kind: numbers.length > 1 ? "scatter" : "bar", x: numbers[0] ?? first, y: numbers[1] ?? "" };
}

const word = (name) => /^[\w.]+$/.test(name) && !["by", "and", "in", "from", "of", "log", "bins", "top"].includes(name.toLowerCase()) ? name : `"${name}"`;

// plotText is the cell that draws it.
function plotText(c, sql) {
  const query = sql.trim().replace(/;+\s*$/, "");
  const from = ` from\n${query}`;
  const log = c.log && c.kind !== "bar" && c.kind !== "heat" ? " log" : "";
  if (c.kind === "histogram" || c.kind === "cdf") return `${c.kind} of ${word(c.x)}${log}${from}`;
  if (c.kind === "heat") return (c.value ? `heat of ${word(c.value)} by ${word(c.x)} and ${word(c.y)}` : `heat of ${word(c.x)} and ${word(c.y)}`) + from;
  if (c.kind === "bar" && !c.y) return `bar of ${word(c.x)}${from}`;
  return `${c.kind} of ${word(c.y || "records")} by ${word(c.x)}${log}${from}`;
}

// charting opens, or closes, the chart of a page below its cell's result.
export function charting(page, cell, context) {
  const old = cell.root.querySelector(".charting");
  if (old) { old.remove(); return; }
  const c = { log: false, value: "", ...suited(page.columns) };
  const canvas = h("div", { class: "canvas" });
  const how = h("div", { class: "how" });
  const box = h("div", { class: "charting", role: "group", "aria-label": "Chart of the result" }, how, canvas);
  let busy = null;

  function choice(label, key, none) {
    const options = [...(none ? [["", none]] : []), ...page.columns.map((k) => [k.name, k.name])];
    return h("label", null, label, h("select", { onchange: (e) => { c[key] = e.target.value; draw(); } },
      options.map(([v, t]) => h("option", { value: v, selected: v === c[key] }, t))));
  }

  function controls() {
    how.replaceChildren(...[
      h("span", { class: "segments", role: "group", "aria-label": "Kind of chart" }, Object.entries(chartKinds).map(([k, t]) =>
        h("button", { type: "button", "aria-pressed": String(k === c.kind), onclick: () => {
          c.kind = k;
          if (k === "heat" && (!c.y || c.y === c.x)) c.y = page.columns.find((x) => x.name !== c.x)?.name ?? c.x;
          controls();
          draw();
          how.querySelector('[aria-pressed="true"]').focus();
        } }, t))),
      needs[c.kind].includes("x") ? choice(c.kind === "histogram" || c.kind === "cdf" ? "of" : "across", "x") : null,
      needs[c.kind].includes("y") ? choice(c.kind === "heat" ? "down" : "of", "y", c.kind === "heat" ? null : "number of rows") : null,
      needs[c.kind].includes("value") ? choice("colour", "value", "number of rows") : null,
      c.kind !== "bar" && c.kind !== "heat" ? h("label", null, h("input", { type: "checkbox", checked: c.log, onchange: (e) => { c.log = e.target.checked; draw(); } }), "log") : null,
      h("span", { class: "grow" }),
      button("Keep as a cell", null, () => { box.remove(); context.insert(cell, "plot", plotText(c, page.sql), { run: true, write: false }); }, { text: true }),
      button("Close the chart", "close", () => box.remove()),
    ].filter(Boolean));
  }

  async function draw() {
    busy?.abort();
    const mine = busy = new AbortController();
    try {
      const f = await post("/api/plot", { text: plotText(c, page.sql) }, mine.signal);
      canvas.replaceChildren(picture(f.svg, f.alt));
    } catch (e) {
      if (e.name !== "AbortError") canvas.replaceChildren(h("p", { class: "error" }, e.message));
    }
  }
  controls();
  cell.root.querySelector(".out").append(box);
  draw();
  box.scrollIntoView({ block: "nearest" });
  how.querySelector('[aria-pressed="true"]').focus({ preventScroll: true });
}
