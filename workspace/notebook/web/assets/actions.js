// What can be done with a synthetic table that was measured: each button makes
// the cell or shows the command that it stands for.

import { h, button, dialog, notice } from "./dom.js";

export function reportActions(r, context) {
  const bare = r.synthetic.replace(/^synth\./, "");
  return [
    button("Export", "save", () => exporting(r.synthetic, bare, context), { text: true, title: "Write the synthetic trace to a file" }),
  ];
}

function exporting(table, bare, context) {
  const field = h("input", { type: "text", value: bare + ".csv", "aria-label": "File", oninput: say });
  const command = h("p", { class: "command" });
  function say() { command.textContent = `netshare ws export ${context.workspace?.() ?? "W"} --table ${table} ${field.value}`; }
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
