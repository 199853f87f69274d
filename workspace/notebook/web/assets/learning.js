// What is seen of a training: losses and fidelity by epoch, fidelity by column,
// samples; and what came of one that was stopped.

import { h, s, button, brief, count } from "./dom.js";
import { samples } from "./samples.js";

// learntBoxes are what showLearnt draws into. They have their size before there
// is anything to be seen.
export function learntBoxes() {
  return [
    h("div", { class: "curves" }),
    h("div", { class: "by-column" }, h("h4", null, "Fidelity by column"), h("p", { class: "n" }, "Not measured yet.")),
    h("div", { class: "samples" }, h("p", { class: "n" }, "Samples come with the first measurement of fidelity.")),
  ];
}

// showLearnt draws what is known of a training into the boxes in root.
export function showLearnt(root, { epochs, run }) {
  const measured = epochs.filter((e) => Number.isFinite(e.fidelity));
  root.querySelector(".curves").replaceChildren(
    curve("Critic", epochs, "critic", ""), curve("Generator", epochs, "generator", "b"),
    curve("Distance, lower is closer", epochs, "distance", "c"), curve("Fidelity, 1 is alike", measured, "fidelity", "d"));
  const last = measured.at(-1);
  if (!last) return;
  const box = root.querySelector(".by-column");
  if (box.dataset.epoch !== String(last.epoch)) {
    box.dataset.epoch = last.epoch;
    box.replaceChildren(...byColumn(last));
  }
  samples(root.querySelector(".samples"), run, last.epoch);
}

// byColumn is the fidelity of each column, the worst first.
function byColumn(e) {
  const columns = Object.entries(e.columns ?? {}).sort((a, b) => a[1] - b[1]);
  return [
    h("h4", null, `Fidelity ${e.fidelity.toFixed(3)} after epoch ${count(e.epoch)}; by column, the worst first`),
    h("ul", { tabIndex: 0, "aria-label": "Fidelity by column, the worst first" }, columns.map(([name, v]) => {
      const i = h("i");
      i.style.width = Math.max(0, Math.min(1, v)) * 100 + "%";
      return h("li", null, h("span", { class: "name", title: name }, name), h("span", { class: "bar", "aria-hidden": "true" }, i), h("span", { class: "n" }, v.toFixed(3)));
    })),
  ];
}

// showStopped draws what came of a training that was stopped into root.
export function showStopped(root, job, { resume, workspace }) {
  const t = job.stopped;
  const epochs = `${count(t.epochs)} ${t.epochs === 1 ? "epoch" : "epochs"}`;
  root.replaceChildren(h("div", { class: "job" },
    h("div", { class: "job-line" }, h("b", null, `Stopped after ${epochs}`),
      h("span", { class: "word" }, t.resumable ? "What was learnt so far is kept." : "Nothing of it is kept: run the cell again."), h("span", { class: "grow" }),
      t.resumable ? button("Resume", "play", resume, { text: true }) : null),
    t.resumable ? h("p", { class: "command" }, `netshare ws train ${workspace} --resume ${t.run}`) : null,
    learntBoxes()));
  root.hidden = false;
  showLearnt(root, { epochs: job.epochs, run: t.run });
}

// curve draws one figure by epoch.
function curve(title, epochs, key, cls) {
  const values = epochs.map((e) => e[key]).filter(Number.isFinite);
  // A curve of no values, or one, is its frame.
  const lo = Math.min(...values), hi = Math.max(...values), width = 300, height = 72;
  const step = Math.max(1, Math.floor(epochs.length / 600));
  const points = epochs.filter((e, i) => Number.isFinite(e[key]) && (i % step === 0 || i === epochs.length - 1))
    .map((e, i, all) => `${(i / Math.max(1, all.length - 1) * width).toFixed(1)},${(height - 3 - (e[key] - lo) / ((hi - lo) || 1) * (height - 6)).toFixed(1)}`).join(" ");
  const last = values.at(-1);
  return h("div", { class: "curve" }, h("h4", null, title, h("span", null, last === undefined ? "" : brief(last))),
    s("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": `${title} over ${count(epochs.length)} epochs, now ${last === undefined ? "unknown" : brief(last)}` },
      s("polyline", { class: cls, points })));
}
