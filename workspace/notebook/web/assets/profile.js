// The drawer that describes a table: what is in each column, and where there is
// a synthetic table of it, that over it.

import { h, s, button, count, brief, share } from "./dom.js";
import { get } from "./api.js";
import { numeric, temporal, condition, table as sqlName } from "./sql.js";

// drawer shows profiles. insert(kind, text) makes a cell, train(table) opens the
// form of a training, tables() lists all.
export function drawer(root, { insert, train, tables, closed }) {
  let busy = null, back = null;

  function close() {
    busy?.abort();
    busy = null;
    if (root.hidden) return;
    root.hidden = true;
    root.replaceChildren();
    closed();
    back?.focus?.();
  }

  async function show(table) {
    busy?.abort();
    const mine = busy = new AbortController();
    if (root.hidden) back = document.activeElement;
    const all = tables();
    const one = all.find((t) => `${t.schema}.${t.name}` === table);
    const others = all.filter((t) => t.imitates === table).map((t) => `${t.schema}.${t.name}`);
    const real = one?.imitates && all.some((t) => `${t.schema}.${t.name}` === one.imitates) ? one.imitates : table;
    const synth = real === table ? others[others.length - 1] : table;
    root.hidden = false;
    root.classList.remove("wide");
    const body = h("div", { class: "drawer-body" },
      h("p", { class: "waiting" }, h("span", { class: "spin", "aria-hidden": "true" }), "Looking at every row… ", h("button", { type: "button", class: "link", onclick: close }, "Stop")));
    root.replaceChildren(h("header", null, h("h2", { tabIndex: -1 }, table), h("span", { class: "grow" }),
      button("Rows", null, () => insert("sql", `from ${sqlName(table)};`), { text: true, title: "A cell that shows the rows" }),
      one?.schema === "raw" && !one.view ? button("Train", null, () => train(table), { text: true, title: "Learn it, by a form" }) : null,
      button("Close the profile", "close", close, { title: "Close (Esc)" })), body);
    root.querySelector("h2").focus();
    try {
      const asks = [get("/api/profile?table=" + encodeURIComponent(real), mine.signal)];
      if (synth) asks.push(get("/api/profile?table=" + encodeURIComponent(synth), mine.signal).catch((e) => { if (e.name === "AbortError") throw e; return null; }));
      const [a, b] = await Promise.all(asks);
      if (busy !== mine) return;
      body.replaceChildren(...draw(a, b, synth && b ? synth : ""));
    } catch (e) {
      if (e.name !== "AbortError") body.replaceChildren(h("p", { class: "error" }, e.message));
    }
  }

  function draw(a, b, synth) {
    const other = new Map((b?.columns ?? []).map((c) => [c.name, c]));
    return [
      h("p", { class: "sum" }, `${count(a.rows)} rows, ${count(a.columns.length)} columns`,
        b ? h("span", { class: "key" }, h("i", { class: "real" }), a.table, h("i", { class: "synth" }), `${synth}, ${count(b.rows)} rows`) : null),
      ...a.columns.map((c) => column(a, c, other.get(c.name), b)),
    ];
  }

  function column(a, c, d, b) {
    const facts = [
      `${count(c.distinct)} different`,
      c.missing > 0 ? `${share(c.missing_share)} missing` : "none missing",
    ];
    const range = c.min !== "" && c.min !== undefined && (numeric(c.type) || temporal(c.type))
      ? h("p", { class: "range" }, h("span", { title: c.min }, c.min), h("span", { class: "to" }, c.quartiles?.length === 3 && !temporal(c.type) ? `median ${c.quartiles[1]}` : ""), h("span", { title: c.max }, c.max)) : null;
    return h("section", { class: "profile-column", "aria-label": c.name },
      h("h3", null, h("span", { class: "name" }, c.name), h("span", { class: "type" }, c.type.toLowerCase()),
        c.role && c.role !== "unused" ? h("span", { class: "role", title: roles[c.role] ?? "" }, c.role) : null),
      h("p", { class: "facts" }, facts.join(" · ")),
      c.histogram?.length > 1 ? histogram(c, d) : null,
      c.histogram?.length > 1 ? range : null,
      c.top?.length && !(c.histogram?.length > 1 && c.distinct > 30) ? top(a, c, d, b) : null);
  }

  function top(a, c, d, b) {
    const most = Math.max(...c.top.map((v) => v.share), ...(d?.top ?? []).map((v) => v.share), 1e-9);
    const others = new Map((d?.top ?? []).map((v) => [v.value, v.share]));
    const rows = c.top.slice(0, 6).map((v) => h("li", null,
      h("button", { type: "button", class: "value", title: `${v.value}: show its rows`, onclick: () => insert("sql", `from ${sqlName(a.table)}\nwhere ${condition(c.name, v.value, c.type)};`) },
        v.value === "" ? h("i", null, "empty") : v.value),
      bar(v.share / most, "real"), h("span", { class: "n" }, share(v.share)),
      b ? bar((others.get(v.value) ?? 0) / most, "synth") : null,
      b ? h("span", { class: "n" }, others.has(v.value) ? share(others.get(v.value)) : "–") : null));
    const rest = c.distinct - rows.length;
    return h("ul", { class: "tops" }, rows, rest > 0 ? h("li", { class: "rest" }, `and ${count(rest)} more`) : null);
  }

  function bar(part, cls) {
    const i = h("i", { class: cls });
    i.style.width = Math.max(part > 0 ? 1 : 0, part * 100) + "%";
    return h("span", { class: "bar", "aria-hidden": "true" }, i);
  }

  return { show, close };
}

const roles = {
  time: "orders the records", key: "tells sessions apart", session: "constant within a session", record: "varies from record to record",
  derived: "computed from other columns",
};

// histogram draws shares by value, the synthetic ones as an outline over the
// real ones. Heights are shares of the axis's width, so that the two may have
// different parts.
function histogram(c, d) {
  const width = 320, height = 44;
  const log = c.log_bins ?? false;
  const both = [c.histogram, d?.histogram].filter((x) => x?.length > 1);
  const lo = Math.min(...both.map((x) => x[0].from)), hi = Math.max(...both.map((x) => x[x.length - 1].to));
  const map = (x) => log ? Math.log1p(Math.max(0, x - lo)) : x - lo;
  const all = map(hi) || 1;
  const at = (x) => map(x) / all * width;
  const shapes = both.map((bins) => {
    const sum = bins.reduce((n, x) => n + x.count, 0) || 1;
    return bins.map((x) => ({ a: at(x.from), b: at(x.to), d: x.count / sum / Math.max(1e-9, at(x.to) - at(x.from)), n: x.count, x }));
  });
  const most = Math.max(...shapes.flat().map((x) => x.d), 1e-12);
  const y = (v) => height - v / most * (height - 2);
  const words = `${c.name}: most between ${brief(peak(c).from)} and ${brief(peak(c).to)}`;
  const g = s("svg", { class: "histogram", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": words, preserveAspectRatio: "none" });
  for (const p of shapes[0]) {
    if (!p.n) continue;
    const r = s("rect", { class: "real", x: p.a, y: y(p.d), width: Math.max(0.5, p.b - p.a - 0.6), height: height - y(p.d) });
    g.append(r);
  }
  if (shapes[1]) {
    const line = shapes[1].map((p) => `${p.a},${y(p.d)} ${p.b},${y(p.d)}`).join(" ");
    g.append(s("polyline", { class: "synth", points: `${shapes[1][0].a},${height} ${line} ${shapes[1].at(-1).b},${height}` }));
  }
  return g;
}

const peak = (c) => c.histogram.reduce((a, b) => b.count > a.count ? b : a);
