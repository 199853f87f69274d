// What can be done with a synthetic table that was measured: each button makes
// the cell or shows the command that it stands for.

import { h, button, dialog, notice } from "./dom.js";
import { post, saveFile } from "./api.js";

// What an audit found is shown in audited.
export function reportActions(r, context, audited) {
  const bare = r.synthetic.replace(/^synth\./, "");
  return [
    button("Export", "save", () => exporting(r.synthetic, bare, context), { text: true, title: "Write the synthetic trace to a file" }),
    button("Audit", null, () => auditing(r, audited, context), { text: true, title: "Attack the synthetic trace: what it gives away of the real one" }),
    button("Publish", null, () => publishing(r.synthetic, bare, context), { text: true, title: "Hand the synthetic trace out: renamed, and searched for real values" }),
  ];
}

function exporting(table, bare, context) {
  const field = h("input", { type: "text", value: bare + ".csv", "aria-label": "File", oninput: say });
  const command = h("p", { class: "command" });
  function say() { command.textContent = `netshare ws export ${context.workspace()} --table ${table} ${field.value}`; }
  say();
  const box = dialog("Export", h("h2", null, `Export ${table}`), h("p", { class: "n" }, "The extension says the format: .csv .jsonl .parquet .pcap .pcapng .log; beside the notebook unless it names a folder."),
    h("p", null, field), h("p", { class: "n" }, "The cell that is added does what this command does:"), command,
    h("div", { class: "actions" }, button("Export", null, () => {
      const file = field.value.trim();
      if (!file) return notice("Name a file", { bad: true });
      box.close();
      context.addAtEnd("export", `${table} to ${/\s/.test(file) ? `"${file}"` : file}`, { run: true, write: false });
    }, { text: true, cls: "main" }), button("Cancel", null, () => box.close(), { text: true })));
}

// publishing hands a table out. What was found of real values is said, and then
// nothing is written.
function publishing(table, bare, context) {
  const out = h("input", { type: "text", value: bare + ".csv", "aria-label": "File or folder", oninput: say });
  const choice = (label, options) => h("label", { class: "n" }, label, " ", h("select", { onchange: say }, options.map(([v, t]) => h("option", { value: v }, t))));
  const addresses = choice("Addresses", [["keep-structure", "others, networks kept"], ["cryptopan", "others, by Crypto-PAn"], ["as-generated", "as generated"]]);
  const text = choice("Names", [["made-up", "made up"], ["as-generated", "as generated"]]);
  const command = h("p", { class: "command" }), said = h("pre", { class: "out-text", role: "status", hidden: true });
  const value = (l) => l.querySelector("select").value;
  function say() {
    command.textContent = `netshare ws publish ${context.workspace()} ${out.value} --table ${bare}` +
      (value(addresses) === "keep-structure" ? "" : ` --addresses ${value(addresses)}`) + (value(text) === "made-up" ? "" : ` --text ${value(text)}`);
  }
  say();
  const go = button("Publish", null, async () => {
    go.disabled = true;
    said.hidden = false;
    said.className = "out-text";
    said.textContent = "Writing, and searching for real values…";
    try {
      said.textContent = (await post("/api/publish", { table, out: out.value.trim(), addresses: value(addresses), text: value(text) })).text;
    } catch (e) {
      said.className = "out-error";
      said.textContent = e.message;
    } finally { go.disabled = false; }
  }, { text: true, cls: "main" });
  const box = dialog("Publish", h("h2", null, `Publish ${table}`), h("p", { class: "n" }, "A new file that never held anything real, searched for every real address, name and free text; what is found is named, and nothing is left. A folder gets the format of the trace, .duckdb a database."),
    h("p", null, out), h("p", { class: "actions" }, addresses, text), h("p", { class: "n" }, "The button does what this command does:"), command, said,
    h("div", { class: "actions" }, go, button("Close", null, () => box.close(), { text: true })));
}

// auditing attacks a table, and shows under its report what was found.
function auditing(r, root, context) {
  const bare = r.synthetic.replace(/^synth\./, "");
  const said = h("p", { class: "n", role: "status" });
  const go = button("Audit", null, async () => {
    go.disabled = true;
    said.className = "n";
    said.textContent = "Attacking, once it is its turn…";
    try {
      audit(root, await post("/api/audit", { real: r.real, synthetic: r.synthetic }));
      box.close();
      root.scrollIntoView({ block: "nearest" });
    } catch (e) {
      said.className = "error";
      said.textContent = e.message;
    } finally { go.disabled = false; }
  }, { text: true, cls: "main" });
  const box = dialog("Audit", h("h2", null, `Audit ${r.synthetic}`),
    h("p", { class: "n" }, "Every attack is made on sessions that were learnt and on sessions that were held out, and fails the trace where it works better on the former than chance explains. Without sessions held out (ws split, before the training) nothing can pass."),
    h("p", { class: "n" }, "The button does what this command does:"),
    h("p", { class: "command" }, `netshare ws audit ${context.workspace()} --real ${r.real} --synthetic ${r.synthetic} -o ${bare}-audit`), said,
    h("div", { class: "actions" }, go, button("Close", null, () => box.close(), { text: true })));
}

// audit draws what attacks found.
function audit(root, a) {
  const held = a.holdout_sessions > 0; // otherwise nothing is known of chance
  const figure = (f) => h("tr", null, h("td", null, f.name), (held ? [f.value, f.chance] : [f.value]).map((v) => h("td", { class: "right" }, Number.isFinite(v) ? String(Number(v.toPrecision(4))) : "")), h("td", null, f.of ?? ""));
  root.replaceChildren(
    h("h4", null, "Audit: ", h("span", { class: "verdict " + a.verdict }, a.verdict)),
    h("p", null, a.words), h("p", { class: "n" }, a.guarantee),
    ...a.blocks.map((b) => h("details", null, h("summary", null, h("span", { class: "verdict " + b.verdict }, b.verdict), " ", h("b", null, b.title), h("span", { class: "words" }, b.words)),
      b.figures?.length ? h("div", { class: "grid-box" }, h("table", { class: "grid" }, h("thead", null, h("tr", null, ["figure", "value", held ? "by chance" : null, "of"].filter(Boolean).map((t) => h("th", { scope: "col" }, t)))), h("tbody", null, b.figures.map(figure)))) : null)),
    a.notes?.length ? h("ul", { class: "worst" }, a.notes.map((n) => h("li", null, n))) : "",
    h("div", { class: "actions" }, button("Save the page", "save", () => saveFile(new Response(a.page), "audit.html"), { text: true })));
  root.hidden = false;
}
