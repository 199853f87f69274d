// The page: puts its parts together and passes on what happens.

import { h, button, icon, notice, dialog, menu } from "./dom.js";
import { get, post, upload, listen } from "./api.js";
import { rail } from "./rail.js";
import { drawer } from "./profile.js";
import { runs } from "./runs.js";
import { book, kinds } from "./cells.js";
import { charting } from "./chart.js";
import { sessionsOf, sessionOf, sessionFile } from "./sessions.js";
import { reportActions, exporting, publishing, auditing } from "./actions.js";
import { training } from "./train.js";

if (location.search) history.replaceState(null, "", "/"); // the token has been changed for a cookie

const $ = (id) => document.getElementById(id);
const narrow = () => innerWidth <= 760;

// ---- the head

for (const [id, name] of [["rail-toggle", "menu"], ["find", "search"], ["theme", "theme"], ["help", "help"], ["runs", "chart"]]) $(id).append(icon(name));

let savedTimer = 0;
function saved(text, bad = false) {
  const e = $("saved");
  clearTimeout(savedTimer);
  e.textContent = text;
  e.classList.toggle("bad", bad);
  if (!bad && text === "Saved") savedTimer = setTimeout(() => { e.textContent = ""; }, 2500);
}

function setRail(open) {
  document.body.classList.toggle("no-rail", !open);
  $("rail-toggle").setAttribute("aria-expanded", String(open));
  $("shade").hidden = !(open && narrow());
  if (!narrow()) localStorage.setItem("rail", open ? "open" : "shut");
}
setRail(!narrow() && localStorage.getItem("rail") !== "shut");
$("rail-toggle").onclick = () => setRail(document.body.classList.contains("no-rail"));
$("shade").onclick = () => setRail(false);
matchMedia("(max-width: 760px)").addEventListener("change", (e) => setRail(!e.matches && localStorage.getItem("rail") !== "shut"));

$("theme").onclick = () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.theme);
  dispatchEvent(new Event("theme"));
};
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => dispatchEvent(new Event("theme")));

// ---- the parts

const context = {
  insert: (cell, kind, text, opts) => cells.addAfter(cell, kind, text, opts),
  chart: (page, cell) => charting(page, cell, context),
  sessions: (page, column, value, cell) => sessionsOf(page, column, value, cell, context),
  session: (page, row, cell) => sessionOf(page, row, cell, context),
  sessionFile,
  reportActions: (report) => reportActions(report, context),
};
const cells = book($("cells"), {
  saved, context,
  document(doc) {
    const name = doc.path.split("/").pop();
    $("title").textContent = doc.title || name;
    $("title").title = doc.path;
    document.title = (doc.title || name) + " · netshare";
  },
});
context.form = (cell) => training(context, { cell });
context.train = (table = "") => training(context, { table });
context.settings = () => settings;
context.showRuns = () => openRuns();

// runCells puts cells at the end, or their text into one that is there, and runs
// them one after another.
context.runCells = async (made, { run = true, into = null } = {}) => {
  if (into) {
    await into.rewrite(made[0][1]);
    return run ? into.run() : cells.focus(into);
  }
  const ids = [];
  let first = null;
  for (const [kind, text] of made) {
    const c = await cells.addAfter(cells.last, kind, text, { write: false });
    first ??= c;
    ids.push(c.id);
  }
  cells.focus(first);
  if (run) await post("/api/run", ids.length > 1 ? { ids } : { id: ids[0] });
};
context.addAtEnd = (kind, text, opts) => cells.addAfter(cells.last, kind, text, opts);

const profile = drawer($("drawer"), {
  train: (table) => context.train(table),
  tables: () => tables.tables,
  insert: (kind, text) => { if (narrow()) profile.close(); cells.insert(kind, text, { run: kind === "sql", write: false }); },
  closed: () => tables.select(""),
});
const trained = runs($("drawer"), {
  train: () => context.train(),
  insert: (kind, text) => { if (narrow()) trained.close(); cells.addAfter(cells.last, kind, text, { write: false }).then((c) => cells.focus(c)); },
  closed: () => {},
});
function openRuns() { profile.close(); trained.show(); }
$("runs").onclick = openRuns;
const tables = rail($("rail"), {
  open: (t) => { trained.close(); tables.select(t); if (narrow()) setRail(false); profile.show(t); },
  insert: (kind, text) => { if (narrow()) setRail(false); cells.insert(kind, text, { run: kind === "sql", write: kind !== "sql" }); },
  train: (table) => { if (narrow()) setRail(false); context.train(table); },
  hand: (what, table, real) => {
    if (narrow()) setRail(false);
    if (what === "export") exporting(table, context);
    else if (what === "publish") publishing(table, context);
    else auditing(table, real, context);
  },
  load: () => picker.click(),
});
context.tables = () => tables.tables;

$("run-all").onclick = () => allRunning ? post("/api/stop", { all: true }) : cells.runAll();
$("help").onclick = help;
$("find").onclick = search;

function search() {
  cells.search((words) => tables.tables.filter((t) => `${t.schema}.${t.name}`.toLowerCase().includes(words) || t.columns.some((c) => c.name.toLowerCase().includes(words)))
    .map((t) => ({ what: "Table", text: `${t.schema}.${t.name}`, go: () => { tables.select(`${t.schema}.${t.name}`); profile.show(`${t.schema}.${t.name}`); } })));
}

function help() {
  const row = (keys, what) => [h("span", null, keys.split(" ").map((k) => [h("kbd", null, k), " "])), h("span", null, what)];
  const box = dialog("Keys", h("h2", { class: "with-close" }, "Keys", button("Close the keys", "close", () => box.close(), { title: "Close (Esc)" })), h("div", { class: "keys" },
    h("h3", null, "While writing a cell"),
    row("Shift Enter", "run it and go to the next"), row("Ctrl Enter", "run it"), row("Alt Enter", "run it and begin one below"), row("Ctrl Space", "propose what comes next; Tab takes it"), row("Esc", "leave the text: then the keys below"),
    h("h3", null, "On a cell"),
    row("Enter", "write"), row("↑ ↓", "the cell above, below; also k, j"), row("a b", "new cell above, below"), row("d d", "delete it"), row("z", "undo a deletion or a move"), row("Alt ↑ ↓", "move it"), row("s", "stop it"),
    h("h3", null, "Everywhere"),
    row("Ctrl Shift Enter", "run all cells"), row("/", "search cells and tables"), row("t", "tables"), row("r", "training runs"), row("Shift T", "train by a form"), row("?", "this"),
    h("h3", null, "On a value of a result"),
    row("Enter", "on a column's name: sort by it, the other way, as it came"), row("↑ ↓ ← →", "other values"), row("Enter", "what can be done with it, as a right-click does"), row("PgUp PgDn", "other pages"),
  ), h("h3", { class: "n" }, "What cells say"), h("div", { class: "keys" },
    grammar.map(([k, text]) => [h("b", null, kinds[k]), h("code", { class: "command" }, text)])));
}
let grammar = [], settings = [];

function closeDrawer() { if (trained.open) trained.close(); else profile.close(); }
addEventListener("keydown", (e) => {
  if (document.querySelector("dialog[open], .menu")) return;
  const t = e.target;
  if (t.matches?.("input, select, textarea")) return;
  if (e.key === "Escape" && !$("drawer").hidden) { closeDrawer(); e.preventDefault(); return; }
  if (!e.ctrlKey && !e.metaKey && !e.altKey) {
    if (e.key === "?") { help(); e.preventDefault(); return; }
    if (e.key === "/") { search(); e.preventDefault(); return; }
    if (e.key === "T") { context.train(); e.preventDefault(); return; }
    if (e.key === "r") { openRuns(); e.preventDefault(); return; }
    if (e.key === "t") { setRail(true); tables.find(); e.preventDefault(); return; }
  }
  if (t.matches?.("button, a, [role=menuitem]") && (e.key === "Enter" || e.key === " ")) return;
  if ($("drawer").contains(t) || $("rail").contains(t)) return;
  if (cells.commandKeys(e)) e.preventDefault();
});
document.addEventListener("keydown", (e) => {
  if (e.key === "Escape" && $("drawer").contains(e.target)) { closeDrawer(); e.preventDefault(); }
  if (e.key === "Escape" && narrow() && $("rail").contains(e.target)) setRail(false);
});
addEventListener("beforeunload", () => { cells.saveAll(); });

// ---- files that are dropped or chosen

const picker = h("input", { type: "file", multiple: true, hidden: true, onchange: () => { take([...picker.files]); picker.value = ""; } });
document.body.append(picker);
let dragging = 0;
const files = (e) => [...(e.dataTransfer?.types ?? [])].includes("Files");
addEventListener("dragenter", (e) => { if (files(e)) { dragging++; $("drop").hidden = false; e.preventDefault(); } });
addEventListener("dragover", (e) => { if (files(e)) e.preventDefault(); });
addEventListener("dragleave", (e) => { if (files(e) && --dragging <= 0) { dragging = 0; $("drop").hidden = true; } });
addEventListener("drop", (e) => {
  if (!files(e)) return;
  e.preventDefault();
  dragging = 0;
  $("drop").hidden = true;
  take([...e.dataTransfer.files]);
});

async function take(all) {
  for (const file of all) {
    const i = h("i"), word = h("span", null, `${file.name}: sending`);
    const box = h("div", { class: "notice", role: "status" }, word, h("span", { class: "meter" }, i));
    $("notices").append(box);
    try {
      const got = await upload(file, (part) => { i.style.width = part * 100 + "%"; word.textContent = `${file.name}: ${Math.round(part * 100)} %`; });
      await cells.addAfter(cells.last, "load", /[^\w./+-]/.test(got.path) ? `"${got.path}"` : got.path, { run: true, write: false });
    } catch (e) { notice(e.message, { bad: true }); } finally { box.remove(); }
  }
}

// ---- what the program tells

// Where one was stays over a reload.
let scrolled = false;
$("cells").addEventListener("scroll", () => { if (scrolled) sessionStorage.setItem("scroll", $("cells").scrollTop); }, { passive: true });

let lost = false, allRunning = false, refreshing = 0;
function jobsLine() {
  const busy = cells.running;
  $("jobs").replaceChildren(...(busy.length ? [h("button", { type: "button", title: busy.map((c) => c.job.name).join("\n"), onclick: () => cells.focus(busy[0]) },
    h("span", { class: "spin", "aria-hidden": "true" }), busy.length === 1 ? busy[0].job.step : `${busy.length} at work`)] : []));
}

listen({
  async hello() {
    try {
      await Promise.all([cells.load(), tables.refresh()]);
      if (lost) notice("The program answers again");
      lost = false;
      saved("");
      jobsLine();
      if (!scrolled) { scrolled = true; $("cells").scrollTop = Number(sessionStorage.getItem("scroll") ?? 0); }
    } catch (e) { saved(e.message, true); }
  },
  lost() {
    if (!lost) saved("The program does not answer", true);
    lost = true;
  },
  book() { clearTimeout(refreshing); refreshing = setTimeout(() => cells.load().catch((e) => saved(e.message, true)), 120); },
  job(j) {
    cells.job(j); trained.told(j);
    jobsLine();
  },
  states(all) { cells.states(all); trained.refresh(); jobsLine(); },
  tables() { tables.refresh().catch(() => {}); },
  all(a) {
    allRunning = a.running;
    $("run-all").textContent = a.running ? "Stop all" : "Run all";
    if (a.error) {
      const failed = cells.find(a.cell);
      notice("Stopped: " + a.error.replace(/^.*?:\d+: /, "").split("\n")[0], { bad: true, what: "Show", action: failed ? () => cells.focus(failed) : null });
    }
  },
});
let workspace = "W";
context.workspace = () => workspace;
get("/api/state").then((s) => { grammar = s.grammar; settings = s.settings; workspace = s.workspace; }).catch(() => {});
