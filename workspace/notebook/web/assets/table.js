// A result as a table: pages of rows, a menu on each value, the keyboard.

import { h, button, count, menu, notice } from "./dom.js";
import { post, postRaw, saveFile } from "./api.js";
import { numeric, sorted } from "./sql.js";

const pageRows = 100;

// widest is how many characters wide a column is at most without being asked.
const widest = 40;

// resultTable draws a page {columns, rows, offset, total, sql} and goes to
// others. actions(column, row, page) gives what a value's menu has first;
// chart is called to draw the result, if it can be.
export function resultTable(page, { actions = () => [], chart = null, label = "Result" } = {}) {
  const root = h("div", { class: "result" });
  let now = page, busy = null, order = null; // {column, down}
  const widths = page.columns.map(() => 0); // in characters, the most that was shown
  const box = h("div", { class: "grid-box", tabIndex: -1 });
  const bar = h("div", { class: "result-bar" });
  root.append(box, bar);

  const pages = () => now.total >= 0 ? Math.max(1, Math.ceil(now.total / pageRows)) : 0;
  const at = () => Math.floor(now.offset / pageRows);

  function go(p) {
    p = Math.max(0, Math.min(p, pages() - 1));
    if (now.sql && (p !== at() || now.rows.length > pageRows)) return take(now.sql, p);
  }

  // sort goes through the orders of a column: up, down, as it came. It is the
  // whole result that is sorted, by the program.
  async function sort(i) {
    const before = order;
    order = order?.column !== i ? { column: i, down: false } : order.down ? null : { column: i, down: true };
    if (!await take(order ? sorted(page.sql, i, order.down) : page.sql, 0)) order = before;
    box.querySelectorAll("thead th button")[i]?.focus();
  }

  // take shows a page of a query's result, and says whether it could.
  async function take(sql, p) {
    busy?.abort();
    const mine = busy = new AbortController();
    root.classList.add("loading");
    try {
      const got = await post("/api/page", { sql, offset: p * pageRows, limit: pageRows }, mine.signal);
      now = { ...now, ...got, total: now.total };
      const had = document.activeElement?.closest?.(".pager") ? document.activeElement.getAttribute("aria-label") : null;
      draw();
      if (had) bar.querySelector(`.pager [aria-label="${had}"]`)?.focus();
      return true;
    } catch (e) {
      if (e.name !== "AbortError") notice(e.message, { bad: true });
      return false;
    } finally {
      if (busy === mine) { busy = null; root.classList.remove("loading"); }
    }
  }

  async function download(format, ext) {
    try {
      if (!now.sql) return await saveFile(new Response(text(format)), "result" + ext);
      await saveFile(await postRaw("/api/download", { sql: now.sql, format }), "result" + ext);
    } catch (e) { notice(e.message, { bad: true }); }
  }

  // text is the shown page in a format that the page can write by itself.
  function text(format) {
    const names = now.columns.map((c) => c.name);
    if (format === "json") {
      return JSON.stringify(now.rows.map((r) => Object.fromEntries(r.map((v, i) => [names[i], v]))), null, 1);
    }
    const q = (v) => v === null ? "" : /[",\n\r]/.test(v) || v === "" ? `"${v.replaceAll('"', '""')}"` : v;
    return [names, ...now.rows].map((r) => r.map(q).join(",")).join("\n") + "\n";
  }

  async function copy(format) {
    try {
      const limit = 10000;
      const t = now.sql ? await (await postRaw("/api/download", { sql: now.sql, format, limit })).text() : text(format);
      await navigator.clipboard.writeText(t);
      notice(now.total > limit ? `The first ${count(limit)} rows are copied` : "Copied");
    } catch (e) { notice(e.message, { bad: true }); }
  }

  function more(e) {
    const r = e.currentTarget.getBoundingClientRect();
    menu(r.left, r.bottom + 2, "Take the result", [
      { label: "Copy as CSV", do: () => copy("csv") },
      { label: "Copy as JSON", do: () => copy("json") },
      now.sql ? { label: "Copy as Markdown", do: () => copy("markdown") } : null,
      null,
      { label: "Download CSV", do: () => download("csv", ".csv") },
      { label: "Download JSON", do: () => download("json", ".json") },
      ...(now.sql ? [
        { label: "Download Markdown", do: () => download("markdown", ".md") },
        { label: "Download Parquet", do: () => download("parquet", ".parquet") },
      ] : []),
    ].filter((x, i, all) => x !== null || all[i - 1] !== null));
  }

  function valueMenu(td, x, y) {
    const row = now.rows[td.parentElement.dataset.row], i = Number(td.dataset.col);
    menu(x, y, "Value", [
      ...actions(now.columns[i], row[i], row, { ...now, sql: page.sql }),
      { label: "Copy value", do: () => navigator.clipboard.writeText(row[i] ?? "") },
    ]);
  }

  function head(c, i, right) {
    const is = order?.column === i ? order.down ? "descending" : "ascending" : "none";
    const words = [h("span", { class: "col-name", title: c.name }, c.name, is === "none" ? "" : is === "ascending" ? " ▴" : " ▾"), h("span", { class: "col-type" }, c.type.toLowerCase())];
    return h("th", { scope: "col", class: right ? "right" : "", "aria-sort": now.sql ? is : null },
      now.sql && now.total !== 1 ? h("button", { type: "button", title: "Sort the whole result by " + c.name, onclick: () => sort(i) }, words) : words);
  }

  function draw() {
    const right = now.columns.map((c) => numeric(c.type));
    const shown = now.rows.slice(0, pageRows);
    now.columns.forEach((c, i) => {
      const longest = Math.max(...shown.map((row) => (row[i] ?? "NULL").length), c.name.length + 2, c.type.length);
      widths[i] = Math.min(widest, Math.max(widths[i], longest));
    });
    const table = h("table", { class: "grid", role: "grid", "aria-label": label, "aria-rowcount": now.total, "aria-colcount": now.columns.length },
      h("thead", null, h("tr", null, h("th", { class: "rownum", scope: "col" }, h("span", { class: "hide" }, "row")),
        now.columns.map((c, i) => head(c, i, right[i])))),
      h("tbody", null, shown.map((row, r) => {
        const tr = h("tr", { "data-row": r, "aria-rowindex": now.offset + r + 2 }, h("th", { class: "rownum", scope: "row" }, count(now.offset + r + 1)));
        row.forEach((v, i) => {
          const td = document.createElement("td");
          td.dataset.col = i;
          td.tabIndex = -1;
          if (v === null) { td.className = right[i] ? "null right" : "null"; td.textContent = "NULL"; } else {
            td.textContent = v;
            if (right[i]) td.className = "right";
            if (v.length > 40) td.title = v;
          }
          tr.append(td);
        });
        return tr;
      })));
    table.querySelectorAll("thead th:not(.rownum)").forEach((th, i) => { th.style.minWidth = `calc(${widths[i]}ch + 20px)`; });
    const first = table.querySelector("td");
    if (first) first.tabIndex = 0;
    box.replaceChildren(table);
    const to = now.offset + shown.length;
    const word = now.total === 1 ? "row" : "rows";
    const where = now.total < 0 ? `${count(shown.length)} rows` : shown.length >= now.total ? `${count(now.total)} ${word}` : `${count(now.offset + 1)}–${count(to)} of ${count(now.total)}`;
    const paged = now.sql && now.total > pageRows;
    bar.replaceChildren(...[
      paged ? h("span", { class: "pager" },
        button("First page", "first", () => go(0)), button("Previous page", "prev", () => go(at() - 1)),
        button("Next page", "next", () => go(at() + 1)), button("Last page", "last", () => go(pages() - 1)),
        h("input", { class: "goto", type: "text", inputMode: "numeric", placeholder: "row", "aria-label": "Go to row", title: "Go to a row: type its number and press Enter",
          onkeydown: (e) => {
            if (e.key !== "Enter") return;
            const n = Number(e.currentTarget.value.replace(/[,\s]/g, ""));
            if (n >= 1) go(Math.floor((n - 1) / pageRows));
            e.stopPropagation();
          } })) : null,
      h("span", { class: "where" }, where),
      h("span", { class: "grow" }),
      chart ? button("Chart", "chart", () => chart({ ...now, sql: page.sql }), { text: true, title: "Draw this result" }) : null,
      button("Save", "save", more, { text: true, title: "Copy or download the result" }),
    ].filter(Boolean));
    if (paged) {
      const [first, prev, next, last] = bar.querySelectorAll(".pager button");
      first.disabled = prev.disabled = at() === 0;
      next.disabled = last.disabled = at() >= pages() - 1;
    }
    box.scrollTop = 0;
  }

  box.addEventListener("contextmenu", (e) => {
    const td = e.target.closest("td");
    if (!td) return;
    e.preventDefault();
    td.focus();
    valueMenu(td, e.clientX, e.clientY);
  });
  box.addEventListener("keydown", (e) => {
    const td = e.target.closest("td");
    if (!td || e.ctrlKey || e.metaKey || e.altKey) return;
    const tr = td.parentElement, i = [...tr.children].indexOf(td);
    const move = { ArrowLeft: () => td.previousElementSibling, ArrowRight: () => td.nextElementSibling, ArrowUp: () => tr.previousElementSibling?.children[i], ArrowDown: () => tr.nextElementSibling?.children[i] }[e.key];
    if (move) {
      const to = move();
      if (to?.tagName === "TD") { td.tabIndex = -1; to.tabIndex = 0; to.focus(); }
    } else if (e.key === "ContextMenu" || e.key === "Enter" || e.key === "F10" && e.shiftKey) {
      const r = td.getBoundingClientRect();
      valueMenu(td, r.left + 8, r.bottom);
    } else if (e.key === "PageDown") go(at() + 1);
    else if (e.key === "PageUp") go(at() - 1);
    else return;
    e.preventDefault();
    e.stopPropagation();
  });
  draw();
  return root;
}
