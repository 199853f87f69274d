// The tables of the workspace, by schema.

import { h, button, count, menu } from "./dom.js";
import { get } from "./api.js";
import { table as sqlName } from "./sql.js";

const schemas = { raw: "Real traces", synth: "Synthetic", main: "Yours", netshare: "Program's own" };

// rail fills the side of the page. It calls open(table) for a profile, train(table)
// and hand(what, table, real) for forms and insert(kind, text) for a new cell.
export function rail(root, { open, insert, train, hand, load }) {
  let tables = [], words = "", selected = "";
  const closed = new Set(JSON.parse(localStorage.getItem("rail-closed") ?? '["netshare"]'));
  const filter = h("input", {
    type: "search", class: "filter", placeholder: "Filter tables and columns", "aria-label": "Filter tables and columns",
    oninput: () => { words = filter.value.trim().toLowerCase(); draw(); },
    onkeydown: (e) => {
      if (e.key === "ArrowDown") { list.querySelector("button.table")?.focus(); e.preventDefault(); }
      if (e.key === "Escape" && filter.value) { filter.value = words = ""; draw(); e.stopPropagation(); }
    },
  });
  const list = h("div", { class: "tables" });
  root.append(filter, list);

  const full = (t) => t.schema + "." + t.name;

  function tableMenu(t, x, y) {
    const n = sqlName(full(t));
    const synth = tables.find((o) => o.imitates === full(t));
    menu(x, y, full(t), [
      { label: "Profile", do: () => open(full(t)) },
      { label: "Show rows", do: () => insert("sql", `from ${n};`) },
      ...(t.schema === "raw" ? [
        null,
        { label: "Train on it…", do: () => train(full(t)) },
        { label: "Generate like it", do: () => insert("generate", `${t.name} as ${t.name}_synth`) },
        ...(synth ? [{ label: "Report", do: () => insert("report", `${full(t)} against ${full(synth)}`) }] : []),
      ] : []),
      ...(t.schema === "synth" ? [
        null,
        ...(t.imitates ? [{ label: "Compare with the real one", do: () => insert("report", `${t.imitates} against ${full(t)}`) }] : []),
        { label: "Export…", do: () => hand("export", full(t)) },
        ...(t.imitates ? [{ label: "Audit…", do: () => hand("audit", full(t), t.imitates) }] : []),
        { label: "Publish…", do: () => hand("publish", full(t)) },
      ] : []),
    ]);
  }

  function draw() {
    const had = document.activeElement?.dataset?.table;
    const groups = Object.keys(schemas).map((schema) => {
      const all = tables.filter((t) => t.schema === schema);
      const shown = all.filter((t) => !words || full(t).toLowerCase().includes(words) || t.columns.some((c) => c.name.toLowerCase().includes(words)));
      if (words && !shown.length) return null;
      const shut = closed.has(schema) && !words;
      const id = "schema-" + schema;
      return h("section", { class: "schema" },
        h("button", { type: "button", class: "schema-name", "aria-expanded": String(!shut), "aria-controls": id, onclick: () => {
          if (closed.has(schema)) closed.delete(schema); else closed.add(schema);
          localStorage.setItem("rail-closed", JSON.stringify([...closed]));
          draw();
        } }, h("span", { class: "mark", "aria-hidden": "true" }, shut ? "▸" : "▾"), h("b", null, schema), h("span", { class: "of" }, schemas[schema]), h("span", { class: "n" }, count(all.length))),
        h("ul", { id, hidden: shut }, shown.map((t) => h("li", null,
          h("button", {
            type: "button", class: "table" + (full(t) === selected ? " selected" : ""), "data-table": full(t), title: `${full(t)}: profile; right-click for more`,
            "aria-label": `${full(t)}, ${t.view ? "a view" : count(t.rows) + " rows"}: profile`,
            onclick: () => open(full(t)),
            oncontextmenu: (e) => { e.preventDefault(); tableMenu(t, e.clientX, e.clientY); },
            onkeydown: (e) => {
              if (e.key === "ContextMenu" || e.key === "F10" && e.shiftKey) { const r = e.currentTarget.getBoundingClientRect(); tableMenu(t, r.left + 20, r.bottom); e.preventDefault(); }
            },
          }, h("span", { class: "name" }, t.name), h("span", { class: "n" }, t.view ? "view" : count(t.rows))),
          words && t.columns.filter((c) => c.name.toLowerCase().includes(words)).slice(0, 5).map((c) => h("div", { class: "hit" }, c.name, h("span", { class: "n" }, c.type.toLowerCase()))))),
          !all.length && !words ? h("li", { class: "none" }, schema === "raw" ? h("span", null, "None yet. ", h("button", { type: "button", class: "link", onclick: load }, "Load a trace"), " or drop a file here.") : "None yet.") : null));
    }).filter(Boolean);
    list.replaceChildren(...groups, words && !groups.length ? h("p", { class: "none" }, `No table or column has “${words}” in its name.`) : "");
    if (had) list.querySelector(`[data-table="${CSS.escape(had)}"]`)?.focus();
  }

  list.addEventListener("keydown", (e) => {
    if (e.key !== "ArrowDown" && e.key !== "ArrowUp") return;
    const all = [...list.querySelectorAll("button:not([hidden] *)")];
    const to = all[all.indexOf(document.activeElement) + (e.key === "ArrowDown" ? 1 : -1)];
    (to ?? filter).focus();
    e.preventDefault();
  });

  return {
    async refresh() {
      tables = await get("/api/tables");
      draw();
    },
    select(t) { selected = t; draw(); },
    get tables() { return tables; },
    find: () => filter.focus(),
  };
}
