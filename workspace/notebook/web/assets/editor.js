// The text of a cell: a text field with its colours drawn beneath, and
// proposals of what may come next.

import { h } from "./dom.js";
import { post } from "./api.js";
import { paint } from "./sql.js";

let lists = 0;

// editor makes a field. changed(text) is told of each change; keys(event) sees
// keys before the field does and returns true for those that it took.
export function editor({ text, kind, label, changed, keys }) {
  const under = h("pre", { class: "ink", "aria-hidden": "true" });
  const listId = "proposals-" + ++lists;
  const field = h("textarea", {
    class: "field", spellcheck: kind === "prose", autocomplete: "off", autocapitalize: "off", value: text, rows: 1,
    "aria-label": label, "aria-autocomplete": kind === "sql" ? "list" : null, "aria-controls": kind === "sql" ? listId : null,
  });
  const root = h("div", { class: "editor kind-" + kind }, under, field);
  let open = null; // the proposals that are shown
  let timer = 0, asked = null;

  function draw() {
    under.replaceChildren(...paint(field.value, kind).map(([t, cls]) => cls ? h("span", { class: "tok-" + cls }, t) : t), "\n");
  }

  function close() {
    open?.box.remove();
    open = null;
    field.removeAttribute("aria-activedescendant");
  }

  // place is where a character of the text stands on the page.
  function place(at) {
    const walk = document.createTreeWalker(under, NodeFilter.SHOW_TEXT);
    for (let n; (n = walk.nextNode()); at -= n.length) {
      if (at > n.length) continue;
      const r = document.createRange();
      r.setStart(n, at);
      r.setEnd(n, at);
      const rect = r.getClientRects()[0];
      if (rect) return rect;
    }
    return under.getBoundingClientRect();
  }

  async function propose() {
    const at = field.selectionStart, before = field.value.slice(0, at);
    if (at !== field.selectionEnd) return close();
    asked?.abort();
    const mine = asked = new AbortController();
    let found;
    try {
      found = await post("/api/complete", { text: before }, mine.signal);
    } catch { return; } // no proposal is no fault
    if (mine.signal.aborted || field.selectionStart !== at || document.activeElement !== field) return;
    const word = found[0] ? before.slice(found[0].start) : "";
    found = found.filter((f) => f.text.trim().toLowerCase() !== word.toLowerCase()).slice(0, 12);
    close();
    if (!found.length) return;
    const box = h("ul", { class: "proposals", role: "listbox", id: listId, "aria-label": "Proposals" }, found.map((f, i) =>
      h("li", { role: "option", id: `${listId}-${i}`, "aria-selected": "false", onpointerdown: (e) => { e.preventDefault(); accept(i); } }, f.text)));
    const r = place(found[0].start);
    document.body.append(box);
    const room = innerHeight - r.bottom, tall = box.offsetHeight;
    box.style.left = Math.max(4, Math.min(r.left - 8, innerWidth - box.offsetWidth - 4)) + "px";
    box.style.top = (room < tall + 8 && r.top > tall ? r.top - tall - 4 : r.bottom + 4) + "px";
    open = { box, found, at: -1 };
  }

  function select(i) {
    open.at = (i + open.found.length) % open.found.length;
    [...open.box.children].forEach((li, j) => li.setAttribute("aria-selected", String(j === open.at)));
    open.box.children[open.at].scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", `${listId}-${open.at}`);
  }

  function accept(i) {
    const f = open.found[Math.max(0, i)];
    close();
    insert(f.start, field.selectionStart, f.text);
  }

  // insert replaces a part of the text in a way that the field's own undo knows.
  function insert(from, to, words) {
    field.focus();
    field.setSelectionRange(from, to);
    if (!document.execCommand("insertText", false, words)) {
      field.setRangeText(words, from, to, "end");
      field.dispatchEvent(new Event("input"));
    }
  }

  field.addEventListener("input", () => {
    draw();
    changed(field.value);
    clearTimeout(timer);
    asked?.abort();
    if (kind !== "sql") return;
    if (/[\w.]{2,}$/.test(field.value.slice(0, field.selectionStart))) timer = setTimeout(propose, 120);
    else close();
  });
  field.addEventListener("blur", () => { clearTimeout(timer); close(); });
  field.addEventListener("keydown", (e) => {
    if (open) {
      if (e.key === "ArrowDown" || e.key === "ArrowUp") { select(open.at + (e.key === "ArrowDown" ? 1 : open.at < 0 ? 0 : -1)); e.preventDefault(); return; }
      if (e.key === "Tab" && !e.shiftKey || e.key === "Enter" && open.at >= 0 && !e.shiftKey && !e.ctrlKey) { accept(open.at); e.preventDefault(); return; }
      if (e.key === "Escape") { close(); e.preventDefault(); e.stopPropagation(); return; }
    }
    if (e.key === " " && e.ctrlKey && kind === "sql") { propose(); e.preventDefault(); return; }
    if (keys(e)) { close(); e.preventDefault(); e.stopPropagation(); return; }
    if (e.key === "Tab" && !e.shiftKey && !e.ctrlKey && kind !== "prose" && /\S/.test(field.value)) {
      insert(field.selectionStart, field.selectionEnd, "  ");
      e.preventDefault();
    }
  });
  draw();

  return {
    root, field,
    get text() { return field.value; },
    set text(t) {
      if (t === field.value) return;
      const at = field.selectionStart;
      field.value = t;
      field.setSelectionRange(at, at);
      draw();
    },
  };
}
