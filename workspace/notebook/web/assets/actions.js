// What is done with a synthetic table: each button makes the cell of the command
// that it shows.

import { h, button, dialog, notice } from "./dom.js";
import { post } from "./api.js";

const word = (v) => /[\s'"#]/.test(v) ? `"${v.replaceAll('"', "")}"` : v;
const bare = (table) => table.replace(/^synth\./, "");

// reportActions are the buttons of a report.
export function reportActions(r, context) {
  return [
    button("Export", "save", () => exporting(r.synthetic, context), { text: true, title: "Write the synthetic trace to a file" }),
    button("Audit", null, () => auditing(r.synthetic, r.real, context), { text: true, title: "Attack the synthetic trace: what it gives away of the real one" }),
    button("Publish", null, () => publishing(r.synthetic, context), { text: true, title: "Hand the synthetic trace out: renamed, and searched for real values" }),
  ];
}

const choice = (f, say, name, label, options) => h("label", { class: "field-line" }, h("span", null, label),
  h("select", { name, onchange: (e) => { f[name] = e.target.value; say(); } }, options.map(([v, t]) => h("option", { value: v, selected: v === f[name] }, t))));
const text = (f, say, name, label, placeholder = "") => h("label", { class: "field-line" }, h("span", null, label),
  h("input", { type: "text", name, value: f[name], placeholder, oninput: (e) => { f[name] = e.target.value.trim(); say(); } }));
const check = (f, say, name, label) => h("label", { class: "field-line check" },
  h("input", { type: "checkbox", name, checked: f[name], onchange: (e) => { f[name] = e.target.checked; say(); } }), h("span", null, label));

// form opens a dialog whose button makes a cell. fields are drawn by draw(f, say),
// line() is the cell's text, command(workspace) what is shown.
function form({ title, about, what, f, draw, kind, line, command }, context) {
  const shown = h("pre", { class: "command", "aria-label": "The command that this stands for" }), fault = h("p", { class: "error", role: "alert", hidden: true });
  const say = () => { shown.textContent = command(word(context.workspace())); fault.hidden = true; };
  const go = async () => {
    try {
      await post("/api/check", { cells: [{ kind, text: line() }] });
    } catch (e) {
      fault.textContent = e.message;
      fault.hidden = false;
      return;
    }
    box.close();
    try { await context.runCells([[kind, line()]]); } catch (e) { notice(e.message, { bad: true }); }
  };
  const box = dialog(what, h("h2", null, title), h("p", { class: "n" }, about),
    h("form", { class: "form", onsubmit: (e) => { e.preventDefault(); go(); } }, draw(f, say),
      h("p", { class: "n" }, "The cell that is added does what this command does:"), shown, fault,
      h("div", { class: "actions" }, h("button", { type: "submit", class: "plain main" }, what), button("Cancel", null, () => box.close(), { text: true }))));
  box.classList.add("wide");
  say();
  box.querySelector("input, select").focus();
}

const addressWords = [["as-generated", "as generated"], ["keep-structure", "others, networks kept"], ["cryptopan", "others, by Crypto-PAn"]];

export function exporting(table, context) {
  const f = { to: bare(table) + ".csv", addresses: "as-generated" };
  const options = (dash) => f.addresses === "as-generated" ? "" : ` ${dash}addresses ${f.addresses}`;
  form({
    title: `Export ${table}`, what: "Export", kind: "export", f,
    about: "The extension says the format: .csv .jsonl .parquet .pcap .pcapng .log, with .gz or .zst behind it; beside the notebook unless it names a folder.",
    draw: (f, say) => [text(f, say, "to", "File"), choice(f, say, "addresses", "Addresses", addressWords)],
    line: () => `${word(table)} to ${word(f.to) || '""'}${options("")}`,
    command: (w) => `netshare ws export ${w} --table ${word(table)} ${word(f.to)}${options("--")}`,
  }, context);
}

// publishing hands a table out. What is found of real values is an error, and
// then nothing is written.
export function publishing(table, context) {
  const f = { to: bare(table) + ".csv", addresses: "keep-structure", text: "made-up", counts: false, replace: false, allow: "" };
  const options = (dash) => [
    f.addresses === "keep-structure" ? "" : `addresses ${f.addresses}`, f.text === "made-up" ? "" : `text ${f.text}`,
    ...f.allow.split(/\s+/).filter(Boolean).map((v) => `allow ${v}`), f.counts && "counts", f.replace && "replace",
  ].filter(Boolean).map((o) => " " + dash + o).join("");
  form({
    title: `Publish ${table}`, what: "Publish", kind: "publish", f,
    about: "New files that never held anything real, searched for every real address, name and free text; what is found is named, and nothing is left. A folder gets the format of the trace, .duckdb a database.",
    draw: (f, say) => [
      text(f, say, "to", "File or folder"), choice(f, say, "addresses", "Addresses", [addressWords[1], addressWords[2], addressWords[0]]),
      choice(f, say, "text", "Names and other text", [["made-up", "made up"], ["as-generated", "as generated"]]), text(f, say, "allow", "Real values that may be in it", "none"),
      check(f, say, "counts", "The report says how many real records there are"), check(f, say, "replace", "Replace what is there"),
    ],
    line: () => `${word(table)} to ${word(f.to) || '""'}${options("")}`,
    command: (w) => `netshare ws publish ${w} ${word(f.to)} --table ${word(bare(table))}${options("--")}`,
  }, context);
}

export function auditing(table, real, context) {
  const raw = context.tables().filter((t) => t.schema === "raw" && !t.view).map((t) => t.name);
  const f = { real: real.replace(/^raw\./, ""), holdout: "", addresses: "as-generated" };
  const options = (dash) => (f.holdout ? ` ${dash}holdout ${word(f.holdout)}` : "") + (f.addresses === "as-generated" ? "" : ` ${dash}addresses ${f.addresses}`);
  form({
    title: `Audit ${table}`, what: "Audit", kind: "audit", f,
    about: "Every attack is made on sessions that were learnt and on sessions that were held out, and fails the trace where it works better on the former than chance explains. Without sessions held out (a split cell, before the training) nothing can pass.",
    draw: (f, say) => [
      choice(f, say, "real", "What was learnt", raw.map((t) => [t, t])), choice(f, say, "holdout", "What was held out", [["", "what a split held out, if any"], ...raw.map((t) => [t, t])]),
      choice(f, say, "addresses", "Addresses that are attacked", addressWords),
    ],
    line: () => `${word("raw." + f.real)} against ${word(table)}${options("")}`,
    command: (w) => `netshare ws audit ${w} --real ${word(f.real)} --synthetic ${word(bare(table))}${options("--")} -o ${word(bare(table) + "-audit")}`,
  }, context);
}

// audit draws what attacks found.
export function audit(a, cell) {
  const held = a.holdout_sessions > 0; // otherwise nothing is known of chance
  const number = (v) => Number.isFinite(v) ? String(Number(v.toPrecision(4))) : "";
  const figure = (f) => h("tr", null, h("td", null, f.name), (held ? [f.value, f.chance] : [f.value]).map((v) => h("td", { class: "right" }, number(v))), h("td", null, f.of ?? ""));
  return h("section", { class: "attacks", "aria-label": "Audit" },
    h("h4", null, "Audit: ", h("span", { class: "verdict " + a.verdict }, a.verdict)),
    h("p", null, a.words), h("p", { class: "n" }, a.guarantee),
    a.blocks.map((b) => h("details", { "aria-label": `${b.title}: ${b.verdict}` }, h("summary", null, h("span", { class: "verdict " + b.verdict }, b.verdict), " ", h("b", null, b.title), h("span", { class: "words" }, b.words)),
      b.figures?.length ? h("div", { class: "grid-box" }, h("table", { class: "grid", "aria-label": b.title }, h("thead", null, h("tr", null, ["figure", "value", held ? "by chance" : null, "of"].filter(Boolean).map((t) => h("th", { scope: "col" }, t)))), h("tbody", null, b.figures.map(figure)))) : null)),
    a.notes?.length ? h("ul", { class: "worst" }, a.notes.map((n) => h("li", null, n))) : null,
    h("p", { class: "actions" }, h("a", { href: "/api/audit?cell=" + encodeURIComponent(cell.id), download: "audit.html" }, "Save as a page")));
}
