// What cells show: text, tables, charts, reports, errors; and work under way.

import { h, button, span, brief } from "./dom.js";
import { resultTable } from "./table.js";
import { condition, narrowed } from "./sql.js";
import { samplesOf } from "./samples.js";
import { audit } from "./actions.js";
import { learntBoxes, showLearnt } from "./learning.js";

// showOutput draws the parts of a cell's state {parts, error}.
export function showOutput(state, context) {
  const out = state.parts.map((p) => {
    if (p.table) return table(p.table, context);
    if (p.figure) return figure(p.figure);
    if (p.report) return report(p.report, context);
    if (p.audit) return audit(p.audit, context.cell);
    const words = h("pre", { class: "out-text" }, p.text ?? "");
    return p.run ? h("div", null, words, samplesOf(p.run)) : words;
  });
  // The error's place begins with the notebook's path: its name is enough here.
  if (state.error) out.push(h("pre", { class: "out-error", role: "alert" }, state.error.replace(/^\S*\/(?=[^/\s]+:\d+: )/, "")));
  return out;
}

function table(page, context) {
  page.rows ??= [];
  return resultTable(page, {
    chart: page.sql && page.columns.length ? (now) => context.chart(now, context.cell) : null,
    actions: (column, value, row, now) => {
      if (!now.sql || value?.endsWith("…")) return [];
      const add = (text) => context.insert(context.cell, "sql", text + ";", { run: true, write: false });
      const short = value === null ? "NULL" : value.length > 24 ? value.slice(0, 23) + "…" : value;
      return [
        { label: `Only ${column.name} = ${short}`, do: () => add(narrowed(now.sql, condition(column.name, value, column.type))) },
        { label: `Without ${short}`, do: () => add(narrowed(now.sql, condition(column.name, value, column.type, true))) },
        { label: `Sessions with ${short}`, do: () => context.sessions(now, column, value, context.cell) },
        { label: "This record's session", do: () => context.session(now, row, context.cell) },
        { label: "Its session as a capture", do: () => context.sessionFile(now, row), hint: "pcap" },
        null,
      ];
    },
  });
}

// picture shows an SVG document as an image, in which no script runs; its dark
// lines are drawn light on a dark page.
export function picture(svg, alt) {
  const img = h("img", { alt, width: 660, height: 436 });
  const size = /<svg[^>]*\bwidth="([\d.]+)[a-z]*"[^>]*\bheight="([\d.]+)/.exec(svg);
  if (size) { img.width = Math.round(size[1] * 2); img.height = Math.round(size[2] * 2); }
  const paintIt = () => {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches ? document.documentElement.dataset.theme !== "light" : document.documentElement.dataset.theme === "dark";
    const text = dark ? svg.replaceAll("#1B1F24", "#DDE3EA").replaceAll("#DDE1E6", "#343B43").replaceAll("#0072B2", "#4AA3DF").replaceAll("#D55E00", "#F08A3C") : svg;
    if (img.src) URL.revokeObjectURL(img.src);
    img.src = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  };
  paintIt();
  addEventListener("theme", () => { if (img.isConnected) paintIt(); });
  return img;
}

// atSize keeps a figure from being drawn much larger than it is meant, where its
// letters would be larger than those of the page.
function atSize(img) {
  img.style.maxWidth = `min(100%, ${Math.round(img.width * 0.72)}px)`;
  return img;
}

function figure(f) {
  return h("figure", { class: "figure" }, f.title ? h("figcaption", null, f.title) : null, atSize(picture(f.svg, f.alt ?? f.title ?? "chart")));
}

// report draws how faithful a synthetic table is.
function report(r, context) {
  const o = r.overall ?? {};
  const props = (r.properties ?? []).filter((p) => p.counted > 0);
  return h("div", { class: "fidelity" },
    h("div", { class: "score" }, h("b", null, brief(o.score)), h("span", null, `of 100, give or take ${brief(Number((o.spread ?? 0).toFixed(1)))}: ${r.synthetic} against ${r.real}`)),
    h("div", { class: "props" }, props.map((p) => {
      const i = h("i");
      i.style.width = Math.max(0, Math.min(100, p.score)) + "%";
      return [h("span", null, p.property), h("span", { class: "bar", "aria-hidden": "true" }, i), h("span", { class: "n" }, brief(p.score))];
    })),
    r.worst?.length ? h("div", null, h("h4", null, "What is off most"), h("ul", { class: "worst" }, r.worst.slice(0, 8).map((w) => h("li", null, w.words)))) : null,
    r.notes?.length ? h("ul", { class: "worst" }, r.notes.map((n) => h("li", null, n))) : null,
    h("div", { class: "actions" }, context.reportActions(r)),
    r.figures?.length ? h("div", { class: "figures" }, r.figures.map((f) => h("figure", null, h("figcaption", null, f.title), picture(f.svg, f.alt)))) : null);
}

// showJob draws work under way into root. A training has room for all that it
// will show, so that nothing moves when it comes.
export function showJob(root, job, { stop, training }) {
  if (job.seconds < 0.4 && !training && job.step === "running") return; // over before it could be read
  if (root.hidden || !root.querySelector(".step")) {
    const meter = h("span", { class: "meter", role: "progressbar", "aria-label": "Progress", "aria-valuemin": 0, "aria-valuemax": 100 }, h("i"));
    root.replaceChildren(h("div", { class: "job" },
      h("div", { class: "job-line" }, h("b", { class: "step" }), meter, h("span", { class: "word left" }), button("Stop", "stop", stop, { text: true })),
      h("div", { class: "word text" }), training ? learntBoxes() : null));
    root.hidden = false;
  }
  const $ = (q) => root.querySelector(q);
  $(".step").textContent = job.step;
  $(".text").textContent = job.text ?? "";
  const meter = $(".meter");
  meter.classList.toggle("unknown", job.share < 0);
  if (job.share >= 0) {
    meter.setAttribute("aria-valuenow", Math.round(job.share * 100));
    meter.firstChild.style.width = job.share * 100 + "%";
  } else {
    meter.removeAttribute("aria-valuenow");
    meter.firstChild.style.width = "";
  }
  $(".left").textContent = job.left > 0 ? `${span(job.left)} left` : span(job.seconds);
  if (training) showLearnt(root, job);
}
