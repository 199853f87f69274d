// Prose as it is read: the part of Markdown that notebooks use. Text never
// becomes markup by itself: every piece is an element made here.

import { h } from "./dom.js";

export function markdown(text) {
  const out = [];
  const lines = text.split("\n");
  for (let i = 0; i < lines.length;) {
    const line = lines[i];
    let m;
    if (!line.trim()) { i++; continue; }
    if ((m = /^(`{3,}|~{3,})(.*)$/.exec(line))) {
      const code = [];
      for (i++; i < lines.length && !lines[i].startsWith(m[1]); i++) code.push(lines[i]);
      i++;
      out.push(h("pre", null, h("code", null, code.join("\n"))));
    } else if ((m = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line))) {
      out.push(h("h" + Math.min(6, m[1].length + 1), { class: "md-h" + m[1].length }, inline(m[2])));
      i++;
    } else if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) {
      out.push(h("hr"));
      i++;
    } else if (/^>\s?/.test(line)) {
      const quote = [];
      for (; i < lines.length && /^>\s?/.test(lines[i]); i++) quote.push(lines[i].replace(/^>\s?/, ""));
      out.push(h("blockquote", null, markdown(quote.join("\n"))));
    } else if (/^\s*([-*+]|\d+[.)])\s+/.test(line)) {
      const ordered = /^\s*\d/.test(line);
      const items = [];
      for (; i < lines.length && lines[i].trim(); i++) {
        if ((m = /^\s*(?:[-*+]|\d+[.)])\s+(.*)$/.exec(lines[i]))) items.push(m[1]);
        else items[items.length - 1] += " " + lines[i].trim();
      }
      out.push(h(ordered ? "ol" : "ul", null, items.map((t) => h("li", null, inline(t)))));
    } else if (line.includes("|") && /^\s*\|?[\s:-]+\|[\s|:-]*$/.test(lines[i + 1] ?? "")) {
      const cells = (l) => l.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((c) => c.trim().replaceAll("\\|", "|"));
      const head = cells(line);
      const rows = [];
      for (i += 2; i < lines.length && lines[i].includes("|"); i++) rows.push(cells(lines[i]));
      out.push(h("div", { class: "md-table" }, h("table", null, h("thead", null, h("tr", null, head.map((c) => h("th", null, inline(c))))),
        h("tbody", null, rows.map((r) => h("tr", null, r.map((c) => h("td", null, inline(c)))))))));
    } else {
      const words = [];
      for (; i < lines.length && lines[i].trim() && !/^(#{1,6}\s|```|~~~|>|\s*([-*+]|\d+[.)])\s)/.test(lines[i]); i++) words.push(lines[i]);
      if (!words.length) words.push(lines[i++]);
      out.push(h("p", null, inline(words.join("\n"))));
    }
  }
  return out;
}

const piece = /(`+)(.+?)\1|\*\*(.+?)\*\*|__(.+?)__|\*(.+?)\*|\b_(.+?)_\b|\[([^\]]+)\]\(([^)\s]+)\)/s;

function inline(text) {
  const m = piece.exec(text);
  if (!m) return [text];
  const made = m[2] !== undefined ? h("code", null, m[2])
    : m[3] ?? m[4] ? h("strong", null, inline(m[3] ?? m[4]))
    : m[5] ?? m[6] ? h("em", null, inline(m[5] ?? m[6]))
    : /^(https?:|#)/.test(m[8]) ? h("a", { href: m[8], rel: "noreferrer noopener", target: "_blank" }, inline(m[7])) : h("span", null, inline(m[7]));
  return [text.slice(0, m.index), made, ...inline(text.slice(m.index + m[0].length))];
}
