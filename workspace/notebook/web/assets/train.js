// Training by a form: what a person needs first, the rest folded, and always the
// commands that it stands for.

import { h, button, dialog, notice } from "./dom.js";
import { get, post } from "./api.js";

// given are the options of a train cell that take a value and that the form has.
const given = ["epochs", "time", "iterations", "seed", "memory", "min-seen", "recipe", "epsilon", "delta", "dp-unit", "host-cap", "dp-model", "noise-multiplier", "clip", "pretrain"];

const word = (v) => /[\s'"#]/.test(v) ? `"${v.replaceAll('"', "")}"` : v;
const bare = (table) => table.replace(/^(raw|synth)\./, "");

// readCell takes the words of a train cell apart, null where it says more than
// the form can.
export function readCell(text) {
  const lines = text.split("\n").map((l) => l.trim()).filter((l) => l && !l.startsWith("#"));
  if (!lines.length) return { table: "", set: [] };
  if (lines.length > 1) return null;
  const words = [...lines[0].matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((m) => m[1] ?? m[2] ?? m[3]);
  const f = { table: bare(words[0]), set: [] };
  for (let i = 1; i < words.length; i++) {
    const w = words[i].replace(/^--/, "");
    if (w === "dp" || w === "dp-force") f[w] = true;
    else if (w === "set" && i + 1 < words.length) f.set.push(words[++i]);
    else if (given.includes(w) && i + 1 < words.length) f[w] = words[++i];
    else return null;
  }
  if (["epochs", "time", "iterations"].filter((k) => f[k]).length > 1) return null;
  return f;
}

// trainWords writes what the form says as the options of a train cell, or with
// dashes as those of the command.
export function trainWords(f, dash) {
  const out = [];
  const add = (name, v) => { if (v) out.push(v === true ? dash + name : `${dash}${name} ${word(v)}`); };
  const gan = f.dp && f["dp-model"] === "gan";
  if (!f.dp) add(f.until, f[f.until]);
  else if (gan) add("epochs", f.epochs);
  add("seed", f.seed);
  for (const name of ["memory", "min-seen", "recipe"]) add(name, f[name]);
  if (!f.dp || gan) {
    for (const s of f.set) add("set", s);
    add("pretrain", f.pretrain);
  }
  if (!f.dp) return out;
  add("dp", true);
  for (const name of ["epsilon", "delta"]) if (!(name === "epsilon" && gan && f["noise-multiplier"])) add(name, f[name]);
  if (f["dp-unit"] !== "session") add("dp-unit", f["dp-unit"]);
  if (f["dp-unit"] === "host") add("host-cap", f["host-cap"]);
  if (!gan) return out;
  add("dp-model", "gan");
  for (const name of ["noise-multiplier", "clip", "dp-force"]) add(name, f[name]);
  return out;
}

// training opens the form for a table, or for a cell that is to be changed by it.
// context has tables(), workspace(), settings(), runCells and showRuns.
export async function training(context, { table = "", cell = null } = {}) {
  const real = context.tables().filter((t) => t.schema === "raw" && !t.view).map((t) => t.name);
  if (!real.length) return notice("There is no real trace to learn yet: drop one on the page");
  const was = cell ? readCell(cell.text) : { table: bare(table), set: [] };
  if (!was) return notice("This cell says more than the form can show: change it as text");
  const f = {
    until: "usual", epochs: "40", time: "2m", iterations: "2500", seed: "1", epsilon: "2", delta: "1e-5", "dp-unit": "session", "host-cap": "10", "dp-model": "marginal",
    then: !cell, sessions: "", dp: false, ...was, table: real.includes(was.table) ? was.table : real[0],
  };
  if (cell) f.until = ["epochs", "time", "iterations"].find((k) => was[k]) ?? "usual";

  const command = h("pre", { class: "command", "aria-label": "The commands that this stands for" });
  const fault = h("p", { class: "error", role: "alert", hidden: true });
  const input = (name, { label, help = "", placeholder = "" }) => h("label", { class: "field-line", title: help }, h("span", null, label),
    h("input", { type: "text", value: f[name] ?? "", placeholder, name, oninput: (e) => { f[name] = e.target.value.trim(); say(); } }));
  const select = (name, label, options) => h("label", { class: "field-line" }, h("span", null, label), h("select", { name, onchange: (e) => { f[name] = e.target.value; say(); } },
    options.map(([v, t]) => h("option", { value: v, selected: v === f[name] }, t))));
  const check = (name, label) => h("label", { class: "field-line check" }, h("input", { type: "checkbox", name, checked: f[name], onchange: (e) => { f[name] = e.target.checked; say(); } }), h("span", null, label));

  const amount = h("input", { type: "text", name: "amount", "aria-label": "How much", oninput: (e) => { f[f.until] = e.target.value.trim(); say(); } });
  const until = h("label", { class: "field-line" }, h("span", null, "Learn"), h("select", { name: "until", onchange: (e) => { f.until = e.target.value; amount.value = f[f.until] ?? ""; say(); } },
    [["usual", "as much as is usual"], ["time", "for a time, such as 90s or 5m"], ["epochs", "so many epochs"], ["iterations", "so many iterations"]].map(([v, t]) => h("option", { value: v, selected: v === f.until }, t))), amount);
  amount.value = f[f.until] ?? "";

  const settings = h("div", { class: "settings" });
  const known = h("datalist", { id: "settings-known" }, context.settings().map((s) => h("option", { value: s.name + "=" }, `${s.help} (${s.default})`)));
  function drawSettings(focus = -1) {
    settings.replaceChildren(...f.set.map((v, i) => h("div", { class: "field-line" }, h("input", { type: "text", value: v, list: "settings-known", "aria-label": `Setting ${i + 1}, name=value`, placeholder: "batch_size=200", oninput: (e) => { f.set[i] = e.target.value.trim(); say(); } }),
      button("Remove this setting", "close", () => { f.set.splice(i, 1); drawSettings(); say(); }))),
      button("Add a setting", null, () => { f.set.push(""); drawSettings(f.set.length - 1); say(); }, { text: true }), known);
    if (focus >= 0) settings.querySelectorAll("input")[focus]?.focus();
  }
  drawSettings();

  const budget = h("div", { class: "fold" },
    input("epsilon", { label: "ε: how much one unit may show", help: "How much one unit may show; less is more private" }), input("delta", { label: "δ: the chance that it shows more", help: "The chance that it shows more: below one in the number of sessions" }),
    select("dp-unit", "What is protected", [["session", "a session"], ["host", "a source host with all its sessions"], ["record", "a record"]]),
    input("host-cap", { label: "Sessions of a host that are looked at" }),
    select("dp-model", "Model", [["marginal", "noised counts"], ["gan", "networks, by noised gradients: from some 100,000 sessions on"]]));
  const networks = h("div", { class: "fold" },
    input("noise-multiplier", { label: "Noise multiplier, in place of ε" }), input("clip", { label: "Greatest length of a gradient", placeholder: "1" }), check("dp-force", "train where noise is greater than what is learnt"));
  const pretrain = input("pretrain", { label: "Begin with what was learnt before", help: "Private networks may also learn a public trace first: a table, or W.duckdb:TABLE", placeholder: "a run, W.duckdb:RUN, a model file" });
  const more = h("details", { "aria-label": "Advanced" }, h("summary", null, "Advanced"),
    input("memory", { label: "Memory for the trace", placeholder: "1GB" }), input("min-seen", { label: "Sessions that must hold a text for it to be repeated", placeholder: "5" }),
    input("recipe", { label: "Recipe file", placeholder: "as it was loaded" }), pretrain, networks, h("h3", null, "Settings of the networks"), settings);

  const then = h("div", { class: "fold" }, check("then", "Then generate and measure"), input("sessions", { label: "Sessions", placeholder: "as many" }));
  const resumes = h("div", { class: "resumes" });

  function cells() {
    const train = [word(f.table), ...trainWords(f, "")].join(" ");
    if (!f.then) return [["train", train]];
    return [["train", train], ["generate", `${word(f.table)}${f.sessions ? " sessions " + f.sessions : ""}${f.seed && f.seed !== "1" ? " seed " + f.seed : ""}`], ["report", `${word("raw." + f.table)} against ${word("synth." + f.table)}`]];
  }

  function say() {
    const w = word(context.workspace()), table = word(f.table), gan = f.dp && f["dp-model"] === "gan";
    const lines = [`netshare ws train ${w} --table ${table} ${trainWords(f, "--").join(" ")}`.trim()];
    if (f.then) lines.push(`netshare ws generate ${w} --table ${table} --replace${f.sessions ? " --sessions " + f.sessions : ""}${f.seed && f.seed !== "1" ? " --seed " + f.seed : ""}`, `netshare ws report ${w} --real ${table} --synthetic ${table} -o ${word(f.table + "-report")}`);
    command.textContent = lines.join("\n");
    amount.hidden = f.until === "usual";
    until.hidden = f.dp && !gan;
    budget.hidden = !f.dp;
    budget.querySelector('[name="host-cap"]').closest("label").hidden = f["dp-unit"] !== "host";
    networks.hidden = !gan;
    pretrain.hidden = f.dp && !gan;
    then.querySelector('[name="sessions"]').closest("label").hidden = !f.then;
    fault.hidden = true;
    settings.hidden = f.dp && !gan;
  }

  async function go(run) {
    f.set = f.set.filter(Boolean);
    try {
      await post("/api/check", { cells: cells().map(([kind, text]) => ({ kind, text })) });
    } catch (e) {
      fault.textContent = e.message;
      fault.hidden = false;
      return;
    }
    box.close();
    try { await context.runCells(cells(), { run, into: cell }); } catch (e) { notice(e.message, { bad: true }); }
  }

  const box = dialog("Train", h("h2", null, cell ? "This training" : "Train"), resumes,
    h("form", { class: "form", onsubmit: (e) => { e.preventDefault(); go(true); } },
      select("table", "Trace", real.map((t) => [t, t])), until, input("seed", { label: "Seed" }), check("dp", "Under differential privacy"), budget,
      cell ? null : then, more,
      h("p", { class: "n" }, cell ? "The cell will do what this command does:" : "The cells that are added do what these commands do:"), command, fault,
      h("div", { class: "actions" }, h("button", { type: "submit", class: "plain main" }, cell ? "Change and run" : "Train"),
        button(cell ? "Change the cell" : "Add without running", null, () => go(false), { text: true }), button("Cancel", null, () => box.close(), { text: true }))));
  box.classList.add("wide");
  say();
  box.querySelector("select").focus();
  if (!cell) offerResumes();

  // offerResumes tells of trainings that can be gone on with.
  async function offerResumes() {
    const all = (await get("/api/trainings").catch(() => [])).filter((r) => r.resumable && r.job?.state !== "running").slice(0, 3);
    resumes.replaceChildren(...all.map((r) => h("p", { class: "field-line" }, h("span", null, `Run ${r.run} of ${r.table} was stopped after ${r.epochs} ${r.epochs === 1 ? "epoch" : "epochs"}.`),
      button(`Resume run ${r.run}`, "play", async () => {
        box.close();
        try { await post("/api/resume", { run: r.run }); context.showRuns(); } catch (e) { notice(e.message, { bad: true }); }
      }, { text: true, title: `netshare ws train ${context.workspace()} --resume ${r.run}` }))));
  }
}
