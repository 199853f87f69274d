// Training runs beside each other: how they stand, what came of them, and their
// curves over each other.

import { h, s, button, notice, brief, count, span } from "./dom.js";
import { get, post } from "./api.js";

const colours = ["a", "b", "c", "d", "e", "f"];
const figures = [["distance", "Distance, lower is closer"], ["critic", "Critic's loss"], ["generator", "Generator's loss"], ["fidelity", "Fidelity, 1 is alike"]];

// runs shows the panel in the drawer; insert makes a cell, train opens the form.
export function runs(root, { insert, train, closed }) {
  const chosen = new Set();
  let all = [], curves = new Map(), back = null, timer = 0;

  function close() {
    if (root.hidden) return;
    root.hidden = true;
    root.replaceChildren();
    clearTimeout(timer);
    timer = 0;
    closed();
    back?.focus?.();
  }

  async function show() {
    back = document.activeElement;
    root.hidden = false;
    root.classList.add("wide");
    root.replaceChildren(h("header", null, h("h2", { tabIndex: -1 }, "Training runs"), h("span", { class: "grow" }), button("Train", "play", train, { text: true, title: "Train by a form (Shift T)" }), button("Close the runs", "close", close, { title: "Close (Esc)" })), h("div", { class: "drawer-body" }));
    root.querySelector("h2").focus();
    await refresh();
    if (!chosen.size) {
      for (const r of all.slice(0, 3)) if (r.epochs > 1) chosen.add(r.run);
      await draw();
    }
  }

  async function refresh() {
    try {
      all = await get("/api/trainings");
      for (const r of all) if (r.status === "running") curves.delete(r.run);
      await draw();
    } catch (e) { root.querySelector(".drawer-body")?.replaceChildren(h("p", { class: "error" }, e.message)); }
  }

  async function draw() {
    const body = root.querySelector(".drawer-body");
    if (!body) return;
    if (!all.length) { body.replaceChildren(h("p", { class: "waiting" }, "No table has been learnt yet: a train cell does it.")); return; }
    for (const run of chosen) {
      if (!curves.has(run)) curves.set(run, await get("/api/epochs?run=" + run));
    }
    const shown = all.filter((r) => chosen.has(r.run));
    const colour = (r) => colours[shown.indexOf(r) % colours.length];
    const kept = body.scrollTop;
    body.replaceChildren(
      h("ul", { class: "runs" }, all.map((r) => h("li", null,
        h("label", null,
          h("input", { type: "checkbox", checked: chosen.has(r.run), disabled: r.epochs < 2, "aria-label": `Curves of run ${r.run}`, onchange: (e) => { if (e.target.checked) chosen.add(r.run); else chosen.delete(r.run); draw(); } }),
          h("i", { class: "dot " + (shown.includes(r) ? "line-" + colour(r) : ""), "aria-hidden": "true" }),
          h("span", { class: "who" }, h("b", null, `Run ${r.run}`), " ", r.table),
          h("span", { class: "n score" }, r.score === null ? "" : `score ${brief(r.score)} ± ${brief(Number((r.spread ?? 0).toFixed(1)))}`)),
        h("p", { class: "facts" }, [r.job?.state === "running" ? "going on" : r.status, `${count(r.epochs)} epochs`, span(r.seconds), `seed ${r.seed}`, new Date(r.started).toLocaleString(), r.synthetic].filter(Boolean).join(" · ")),
        r.error ? h("p", { class: "error" }, r.error) : null,
        r.job?.state === "running" ? h("p", { class: "facts" }, r.job.text) : null,
        h("div", { class: "actions" },
          r.resumable && r.job?.state !== "running" ? button("Resume", "play", () => resume(r), { text: true, title: `netshare ws train W --resume ${r.run}` }) : null,
          r.job?.state === "running" ? button("Stop", "stop", () => post("/api/stop", { id: `run ${r.run}` }), { text: true }) : null,
          r.model ? button("Generate", null, () => { const bare = r.table.replace(/^raw\./, ""); insert("generate", `${bare} as ${bare}_run${r.run} run ${r.run}`); }, { text: true, title: "A cell that generates with this run's model" }) : null,
          r.synthetic ? button("Report", null, () => insert("report", `${r.table} against ${r.synthetic}`), { text: true, title: "A cell that measures what it made" }) : null)))),
      ...figures.map(([key, title]) => overlay(title, key, shown, colour)));
    body.scrollTop = kept;
  }

  function overlay(title, key, shown, colour) {
    const width = 520, height = 130;
    const data = shown.map((r) => [r, (curves.get(r.run) ?? []).map((e) => [e.epoch, e[key]]).filter(([, v]) => Number.isFinite(v))]).filter(([, d]) => d.length > 1);
    if (!data.length) return "";
    const xs = data.flatMap(([, d]) => d.map(([x]) => x)), ys = data.flatMap(([, d]) => d.map(([, y]) => y));
    const x0 = Math.min(...xs), x1 = Math.max(...xs), y0 = Math.min(...ys), y1 = Math.max(...ys);
    const g = s("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": `${title} by epoch of runs ${shown.map((r) => r.run).join(", ")}` });
    for (const [r, d] of data) {
      const points = d.map(([x, y]) => `${((x - x0) / (x1 - x0 || 1) * width).toFixed(1)},${(height - 4 - (y - y0) / (y1 - y0 || 1) * (height - 8)).toFixed(1)}`).join(" ");
      g.append(s("polyline", { class: "line-" + colour(r), points }));
    }
    return h("div", { class: "curve tall" }, h("h4", null, title, h("span", null, `${brief(y0)} to ${brief(y1)}`)), g, h("div", { class: "range" }, h("span", null, `epoch ${x0}`), h("span", null, String(x1))));
  }

  async function resume(r) {
    try {
      await post("/api/resume", { run: r.run });
      await refresh();
    } catch (e) { notice(e.message, { bad: true }); }
  }

  return {
    show, close,
    get open() { return !root.hidden && root.classList.contains("wide"); },
    // told is called when a job that has no cell goes on.
    told(j) {
      if (this.open && j.cell.startsWith("run ")) timer ||= setTimeout(() => { timer = 0; refresh(); }, 300); // events come faster than that
      if (j.state === "failed" && j.cell.startsWith("run ")) notice(j.error, { bad: true });
    },
    refresh() { if (this.open) refresh(); },
  };
}
