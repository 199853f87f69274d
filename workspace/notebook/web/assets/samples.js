// Sessions that the networks made when they were last measured, beside real
// ones.

import { h, count } from "./dom.js";
import { get } from "./api.js";

// samples draws those of a training run into root, anew where mark is another
// than the last time.
export async function samples(root, run, mark) {
  const now = `${run} ${mark}`;
  if (!run || root.dataset.mark === now) return;
  root.dataset.mark = now;
  try {
    const s = await get("/api/samples?run=" + run);
    if (root.dataset.mark === now) root.replaceChildren(...draw(s));
  } catch (e) { root.replaceChildren(h("p", { class: "error" }, e.message)); }
}

// samplesOf is what samples draws, folded until somebody looks.
export function samplesOf(run) {
  const box = h("div", { class: "samples" });
  return h("details", { class: "look", "aria-label": "Samples beside real sessions", ontoggle: (e) => { if (e.currentTarget.open) samples(box, run, ""); } },
    h("summary", null, "Samples beside real sessions"), box);
}

function draw(s) {
  if (!s.sessions.length) return [h("p", { class: "n" }, "Samples come with the first measurement of fidelity.")];
  const boxes = [[true, "Real"], [false, `Synthetic, after epoch ${count(s.epoch)}`]].map(([real, title]) =>
    h("section", { class: real ? "real" : "synth", "aria-label": title }, h("h4", null, h("i", { class: real ? "real" : "synth", "aria-hidden": "true" }), title),
      grid(s.columns, s.sessions.filter((x) => x.real === real), title)));
  const both = boxes.map((b) => b.querySelector(".grid-box"));
  both.forEach((b, i) => b.addEventListener("scroll", () => { both[1 - i].scrollLeft = b.scrollLeft; }, { passive: true })); // columns stay beside each other
  return boxes;
}

// grid draws the records of sessions; what a record repeats of the one before is
// faint.
function grid(columns, sessions, label) {
  return h("div", { class: "grid-box", tabIndex: 0, role: "region", "aria-label": `${label} sessions` }, h("table", { class: "grid", "aria-label": `${label} sessions` },
    h("thead", null, h("tr", null, h("th", { scope: "col" }, "session"), columns.map((c) => h("th", { scope: "col" }, c)))),
    sessions.map((x, n) => h("tbody", null,
      x.rows.map((row, i) => h("tr", null, h("th", { scope: "row", class: "rownum" }, i ? "" : String(n + 1)),
        row.map((v, c) => h("td", { class: (v === null ? "null " : "") + (i && x.rows[i - 1][c] === v ? "again" : ""), title: v ?? "" }, v ?? "NULL")))),
      x.records > x.rows.length ? h("tr", null, h("th", { class: "rownum" }), h("td", { class: "null", colSpan: columns.length }, `and ${count(x.records - x.rows.length)} more`)) : null))));
}
