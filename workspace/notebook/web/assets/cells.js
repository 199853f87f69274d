// The document: cells that are written, run, moved, and deleted.

import { h, button, menu, notice, dialog, span } from "./dom.js";
import { get, post, Fault } from "./api.js";
import { editor } from "./editor.js";
import { markdown } from "./markdown.js";
import { showOutput, showJob } from "./output.js";
import { showStopped } from "./learning.js";

export const kinds = {
  prose: "Text", sql: "SQL", plot: "Plot", load: "Load", split: "Split", train: "Train", generate: "Generate", report: "Report", audit: "Audit", export: "Export",
  publish: "Publish", go: "Go",
};

const windowId = Math.random().toString(36).slice(2);

// same compares texts as the document keeps them, without a newline at the end.
const same = (a, b) => a !== null && b !== null && a.replace(/\n$/, "") === b.replace(/\n$/, "");

// book is the list of cells in root. tools.saved tells how saving stands,
// tools.context what outputs may do.
export function book(root, tools) {
  let cells = []; // views, in order
  let chosen = null;
  const undone = []; // how deletions and moves are undone, the last at the end
  let saving = Promise.resolve();
  let seq = 0; // of the newest document seen

  // ---- the program's side

  async function load() {
    reconcile(await get("/api/notebook"));
  }

  // edit sends changes one after another; one that depends on what was before is
  // a function, asked when its turn has come.
  function edit(change) {
    const done = saving.then(async () => {
      const got = await post("/api/edit", typeof change === "function" ? change() : change);
      reconcile(got);
      return got.cell;
    });
    saving = done.catch(() => {});
    return done.catch((e) => {
      if (e instanceof Fault && e.body.clash) find(e.body.clash.id)?.clash(e.body.clash.theirs);
      else { tools.saved(e.message, true); notice(e.message, { bad: true }); }
      throw e;
    });
  }

  // reconcile brings the views to what the document says; what is being typed
  // stays, and what a cell shows stays where nothing newer is told.
  function reconcile(doc) {
    if (doc.seq < seq) return; // overtaken by a newer answer
    seq = doc.seq;
    tools.document(doc);
    offer(doc.kinds);
    const was = new Map(cells.map((c) => [c.id, c]));
    const active = document.activeElement;
    cells = doc.cells.map((d) => {
      const c = was.get(d.id);
      if (!c || c.kind !== d.kind) return view(d);
      was.delete(d.id);
      c.told(d);
      return c;
    });
    for (const c of was.values()) if (!cells.includes(c)) c.gone();
    // Elements that stand right are not touched: moving one would lose focus and scroll.
    const want = [];
    if (!cells.length) want.push(hello());
    cells.forEach((c) => want.push(c.gap, c.root));
    want.push(end);
    let at = root.firstChild;
    for (const e of want) {
      if (e === at) at = at.nextSibling;
      else root.insertBefore(e, at);
    }
    while (at) { const next = at.nextSibling; at.remove(); at = next; }
    cells.forEach((c, i) => c.number(i + 1));
    if (active && active !== document.activeElement && active.isConnected) active.focus();
    if (chosen && !cells.includes(chosen)) chosen = null;
  }

  // ---- one cell

  function view(d) {
    let base = d.text; // what the document says, as far as is known here
    let sent = null; // what was last sent to be saved
    let ran = null; // what the cell said when what is kept of it was made, where that is known
    let timer = 0, job = null, stopped = null, state = null, painted = null;
    const self = { id: d.id, kind: d.kind };

    const say = h("span", { class: "state", role: "status" });
    const runButton = button("Run", "play", () => job ? self.stop() : self.run(), { cls: "run-one", title: "Run (Ctrl Enter)" });
    const kindBox = h("select", { class: "kind", "aria-label": "Kind of cell", onchange: () => changeKind(self, kindBox.value) },
      [...new Set([...offered, d.kind])].map((k) => h("option", { value: k, selected: k === d.kind }, kinds[k] ?? k)));
    const bar = h("div", { class: "cell-top" },
      d.kind === "prose" ? null : runButton, kindBox, say,
      d.kind === "train" ? button("Form", null, () => tools.context.form(self), { text: true, cls: "small", title: "Change this training by a form" }) : null,
      h("span", { class: "tools" },
        button("Move up", "up", () => move(self, -1), { title: "Move up (Alt ↑)" }),
        button("Move down", "down", () => move(self, 1), { title: "Move down (Alt ↓)" }),
        button("Delete", "trash", () => remove(self), { title: "Delete (d d)" })));
    const text = editor({
      text: d.text, kind: d.kind, label: kinds[d.kind],
      changed: () => { clearTimeout(timer); timer = setTimeout(save, 350); tools.saved("…"); judge(); },
      keys: (e) => editKeys(self, e),
    });
    const rendered = d.kind === "prose" ? h("div", { class: "prose-text", ondblclick: () => self.edit() }) : null;
    const clashBox = h("div");
    const live = h("div", { class: "live", hidden: true });
    const out = h("div", { class: "out" });
    const root = h("section", { class: "cell " + d.kind, tabIndex: -1, role: "group", "data-id": d.id }, bar, rendered, text.root, clashBox, live, out);
    root.addEventListener("focusin", () => choose(self));
    text.field.addEventListener("focus", () => root.classList.add("editing"));
    text.field.addEventListener("blur", () => { if (d.kind === "prose") { drawProse(); root.classList.remove("editing"); } });
    if (d.kind === "prose") bar.prepend(button("Edit", null, () => self.edit(), { text: true, cls: "small" }));

    function drawProse() {
      const t = text.text.trim();
      rendered.classList.toggle("empty", !t);
      rendered.replaceChildren(...(t ? markdown(text.text) : ["Empty text: Enter to write"]));
    }

    function save() {
      const changed = timer;
      clearTimeout(timer);
      timer = 0;
      if (clashBox.firstChild) return saving;
      if (same(text.text, base)) {
        if (changed) tools.saved(""); // it is again as it was
        return saving;
      }
      const now = text.text;
      sent = now;
      return edit(() => ({ op: "text", id: self.id, text: now, was: base })).then(() => {
        tools.saved("Saved");
      }, () => {});
    }

    // judge says in a line how the cell stands.
    function judge() {
      let words = "", stale = false;
      if (job) words = job.step === "waiting" ? job.text || "waiting" : `running, ${span(job.seconds)}`;
      else if (stopped) words = stopped.seconds ? `stopped after ${span(stopped.seconds)}` : "was cut off";
      else if (state && state.status !== "new" && d.kind !== "prose") {
        stale = state.status === "stale" || !same(text.text, base) || ran !== null && !same(text.text, ran);
        if (state.status === "running") words = "running";
        else if (state.status === "stopped" && !stale) words = "stopped";
        else if (state.status === "failed") words = `failed after ${span(state.seconds)}`;
        else words = stale ? `stale: ${state.why || "its text has changed"}` : `ran in ${span(state.seconds)}`;
      }
      say.textContent = words;
      say.title = stale ? words : state?.status === "stopped" ? state.why : state?.at && !state.at.startsWith("0001") ? "Ran " + new Date(state.at).toLocaleString() : "";
      say.classList.toggle("stale", stale);
      root.dataset.status = job ? "running" : stale ? "stale" : state?.status ?? "new";
      out.classList.toggle("old", Boolean(job));
    }

    Object.defineProperties(self, Object.getOwnPropertyDescriptors({
      root, field: text.field,
      gap: gap(() => self),
      get text() { return text.text; },
      get job() { return job; },
      number(n) { root.setAttribute("aria-label", `Cell ${n}, ${kinds[d.kind]}`); },
      edit() {
        root.classList.add("editing");
        text.field.focus();
      },
      save,
      rewrite(t) { text.text = t; return save(); },
      gone() { clearTimeout(timer); },

      // told takes what the program says of the cell.
      told(n) {
        if (n.text === base || same(n.text, sent) || same(n.text, text.text)) base = n.text;
        else if (same(text.text, base)) {
          base = n.text;
          text.text = n.text;
          if (rendered) drawProse();
        } else self.clash(n.text);
        if (n.state) self.stand(n.state);
        if (!n.stopped || n.job) self.work(n.job ?? null);
        else if (stopped?.stopped.run !== n.stopped.run) self.cutOff(n.stopped);
        judge();
      },

      // cutOff takes a training that ended with an earlier run of the program.
      async cutOff(s) {
        self.work({ state: "stopped", stopped: s, epochs: [], from: 0 });
        const epochs = await get("/api/epochs?run=" + s.run).catch(() => []);
        if (stopped?.stopped === s && !job) self.work({ state: "stopped", stopped: s, epochs, from: 0 });
      },

      // stand takes what is kept of the cell.
      stand(s) {
        const parts = s.output ? s.parts ?? [] : state?.parts ?? [];
        state = { ...s, parts };
        ran = s.status === "fresh" || s.status === "failed" ? base : null;
        if (!s.output) { judge(); return; }
        const mark = JSON.stringify([s.at, s.error, parts]);
        if (mark !== painted) {
          painted = mark;
          out.replaceChildren(...showOutput(state, { ...tools.context, cell: self }));
        }
        judge();
      },

      // work takes how the cell's job stands.
      work(j) {
        const runs = j && j.state === "running";
        if (j) {
          const known = job ?? stopped;
          j = { ...j, epochs: [...(known && known.id === j.id ? known.epochs.slice(0, j.from) : []), ...(j.epochs ?? [])] };
        }
        stopped = j?.stopped ? j : null;
        if (stopped) {
          job = null;
          showStopped(live, stopped, { workspace: tools.context.workspace(), resume: () => self.resume() });
        } else if (runs) {
          job = j;
          showJob(live, job, { stop: () => self.stop(), training: d.kind === "train" });
        } else {
          job = null;
          live.hidden = true;
          live.replaceChildren();
        }
        runButton.replaceChildren(button("", runs ? "stop" : "play").firstChild);
        runButton.setAttribute("aria-label", runs ? "Stop" : "Run");
        runButton.title = runs ? "Stop" : "Run (Ctrl Enter)";
        judge();
      },

      clash(theirs) {
        tools.saved("Not saved", true);
        clashBox.replaceChildren(h("div", { class: "clash", role: "alert" },
          h("span", null, "This cell was changed elsewhere while you wrote. There it says:"), h("pre", null, theirs),
          button("Take that", null, () => { clashBox.replaceChildren(); base = theirs; text.text = theirs; if (rendered) drawProse(); judge(); tools.saved("Saved"); }, { text: true }),
          button("Keep mine", null, () => { clashBox.replaceChildren(); base = theirs; save(); }, { text: true })));
      },

      async run() {
        if (d.kind === "prose" || job) return;
        await save();
        if (clashBox.firstChild) return;
        try { await post("/api/run", { id: self.id }); } catch (e) { notice(e.message, { bad: true }); }
      },
      async resume() { try { await post("/api/resume", { run: stopped.stopped.run, cell: self.id }); } catch (e) { notice(e.message, { bad: true }); } },
      async stop() { try { await post("/api/stop", { id: self.id }); } catch (e) { notice(e.message, { bad: true }); } },
    }));
    if (rendered) drawProse();
    self.told(d);
    return self;
  }

  // ---- between cells

  let offered = []; // kinds that the program runs, and prose

  function gap(below) {
    return h("div", { class: "gap" }, ["sql", "prose"].map((k) =>
      h("button", { type: "button", class: "plain", tabIndex: -1, onclick: () => addAfter(before(below()), k) }, "+ " + kinds[k])),
      h("button", { type: "button", class: "plain", tabIndex: -1, "aria-label": "Another kind of cell", onclick: (e) => {
        const r = e.currentTarget.getBoundingClientRect();
        menu(r.left, r.bottom + 2, "New cell", offered.slice(2).map((k) => ({ label: kinds[k], do: () => addAfter(before(below()), k) })));
      } }, "…"));
  }
  const end = h("div", { class: "gap", role: "group", "aria-label": "New cell at the end" });

  function offer(list) {
    if (offered.length) return;
    offered = ["sql", "prose", ...list.filter((k) => k !== "sql")].filter((k) => kinds[k]);
    end.replaceChildren(...offered.map((k) =>
      h("button", { type: "button", class: "plain", onclick: () => addAfter(cells[cells.length - 1] ?? null, k) }, "+ " + kinds[k])));
  }

  function hello() {
    return h("div", { class: "hello" }, h("h2", null, "An empty notebook"),
      h("p", null, "Drop a capture, a log or a table on this page to load it, or begin with a cell. What you write is kept as a Markdown file beside the workspace; press ? for the keys."));
  }

  // ---- what a person does

  const find = (id) => cells.find((c) => c.id === id);
  const before = (c) => cells[cells.indexOf(c) - 1] ?? null;
  const after = (c) => cells[cells.indexOf(c) + 1] ?? null;

  function choose(c) {
    if (chosen === c) return;
    chosen?.root.classList.remove("chosen");
    chosen = c;
    c?.root.classList.add("chosen");
  }

  // focus goes to a cell as a whole, where keys are commands.
  function focus(c) {
    if (!c) return;
    c.root.focus({ preventScroll: true });
    c.root.scrollIntoView({ block: "nearest" });
  }

  async function addAfter(c, kind = "sql", text = "", { run = false, write = true } = {}) {
    const id = await edit({ op: "insert", id: c?.id ?? "", kind, text });
    const made = find(id);
    if (!made) return null;
    made.root.scrollIntoView({ block: "nearest" });
    if (write) made.edit();
    if (run) await made.run();
    return made;
  }

  async function remove(c) {
    await c.save();
    const next = after(c) ?? before(c), previous = before(c);
    const words = { id: c.id, after: previous?.id ?? "", kind: c.kind, text: c.text };
    try { await edit({ op: "delete", id: c.id, was: c.text }); } catch { return; }
    undone.push(words);
    focus(next);
    notice("Cell deleted", { action: undo, what: "Undo" });
  }

  async function undo() {
    const d = undone.pop();
    if (!d) return notice("There is nothing to undo here; in a cell, Ctrl Z undoes what was written");
    if (d.by) {
      if (!find(d.id)) return undo(); // it is gone: what was done before
      await edit({ op: "move", id: d.id, by: d.by });
      return focus(find(d.id));
    }
    const c = await addAfter(find(d.after) ?? null, d.kind, d.text, { write: false });
    for (const u of undone) if (c && u.id === d.id) u.id = c.id;
    focus(c);
  }

  async function move(c, by) {
    const was = cells.indexOf(c);
    await edit({ op: "move", id: c.id, by });
    if (cells.indexOf(c) !== was) undone.push({ id: c.id, by: -by });
    focus(c);
  }

  async function changeKind(c, kind) {
    await c.save();
    const id = await edit({ op: "kind", id: c.id, kind });
    find(id)?.edit();
  }

  async function runAndNext(c) {
    const next = after(c);
    const done = c.run();
    if (next) { if (next.kind === "prose") focus(next); else next.edit(); next.root.scrollIntoView({ block: "nearest" }); }
    else { await done; await addAfter(c, "sql"); }
    return done;
  }

  async function runAll() {
    await Promise.all(cells.map((c) => c.save()));
    try { await post("/api/run", { all: true }); } catch (e) { notice(e.message, { bad: true }); }
  }

  // ---- keys

  // editKeys are those while a cell is written.
  function editKeys(c, e) {
    const ctrl = e.ctrlKey || e.metaKey;
    if (e.key === "Enter" && ctrl && e.shiftKey) runAll();
    else if (e.key === "Enter" && ctrl) c.kind === "prose" ? focus(c) : c.run();
    else if (e.key === "Enter" && e.shiftKey) runAndNext(c);
    else if (e.key === "Enter" && e.altKey) { c.run(); addAfter(c, "sql"); }
    else if (e.key === "Escape") focus(c);
    else if (e.altKey && (e.key === "ArrowUp" || e.key === "ArrowDown")) move(c, e.key === "ArrowUp" ? -1 : 1).then(() => c.edit());
    else return false;
    return true;
  }

  let dAt = 0;
  // commandKeys are those while a cell as a whole, or nothing, has the focus.
  function commandKeys(e) {
    const c = chosen, ctrl = e.ctrlKey || e.metaKey;
    if (e.key === "Enter" && ctrl && e.shiftKey) { runAll(); return true; }
    if (e.key === "z" && !ctrl) { undo(); return true; }
    if (!c) {
      if (e.key === "ArrowDown" || e.key === "j") focus(cells[0]);
      else if (e.key === "b" || e.key === "a") addAfter(cells[cells.length - 1] ?? null);
      else return false;
      return true;
    }
    if (e.key === "Enter" && ctrl) c.run();
    else if (e.key === "Enter" && e.shiftKey) runAndNext(c);
    else if (e.key === "Enter" && e.altKey) { c.run(); addAfter(c, "sql"); }
    else if (e.key === "Enter") c.edit();
    else if (e.altKey && (e.key === "ArrowUp" || e.key === "ArrowDown")) move(c, e.key === "ArrowUp" ? -1 : 1);
    else if (ctrl || e.altKey) return false;
    else if (e.key === "ArrowDown" || e.key === "j") focus(after(c));
    else if (e.key === "ArrowUp" || e.key === "k") focus(before(c));
    else if (e.key === "a") addAfter(before(c));
    else if (e.key === "b") addAfter(c);
    else if (e.key === "s") c.stop();
    else if (e.key === "d") {
      if (e.timeStamp - dAt < 800) { dAt = 0; remove(c); } else dAt = e.timeStamp;
    } else return false;
    return true;
  }

  // search shows cells and tables whose text has the words.
  function search(more) {
    const list = h("div", { class: "found" });
    const box = dialog("Search", h("input", { type: "search", placeholder: "Search cells and tables", "aria-label": "Search cells and tables", oninput: (e) => draw(e.target.value), onkeydown: (e) => {
      if (e.key === "Escape") { box.close(); e.preventDefault(); }
      if (e.key === "ArrowDown" || e.key === "Enter") { list.querySelector("button")?.[e.key === "Enter" ? "click" : "focus"](); e.preventDefault(); }
    } }), list);
    list.addEventListener("keydown", (e) => {
      const to = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[e.key];
      if (to) { (document.activeElement[to] ?? box.querySelector("input")).focus(); e.preventDefault(); }
    });
    function draw(words) {
      words = words.trim().toLowerCase();
      const hits = !words ? [] : [
        ...cells.map((c, i) => ({ c, i })).filter(({ c }) => c.text.toLowerCase().includes(words)).map(({ c, i }) => {
          const line = c.text.split("\n").find((l) => l.toLowerCase().includes(words));
          return { what: `Cell ${i + 1}, ${kinds[c.kind]}`, text: line, go: () => { focus(c); } };
        }),
        ...more(words),
      ];
      list.replaceChildren(...hits.slice(0, 40).map((x) => h("button", { type: "button", onclick: () => { box.close(); x.go(); } }, h("span", { class: "what" }, x.what), h("span", { class: "text" }, x.text))),
        words && !hits.length ? "Nothing has these words." : "");
    }
  }

  return {
    load, search, runAll, undo, commandKeys, addAfter, find,
    get chosen() { return chosen; },
    get last() { return cells[cells.length - 1] ?? null; },
    get count() { return cells.length; },
    get running() { return cells.filter((c) => c.job); },
    saveAll: () => Promise.all(cells.map((c) => c.save())),
    states(all) { for (const s of all) find(s.id)?.stand(s); },
    job(j) { find(j.cell)?.work(j); },
    focus,
    insert: (kind, text, opts) => addAfter(chosen ?? cells[cells.length - 1] ?? null, kind, text, opts),
  };
}
