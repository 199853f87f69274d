// Elements, icons, numbers, notices: what all other modules draw with.

// h makes an element. Properties that begin with "on" are listeners; aria-*,
// data-* and role are attributes; null and false are left out.
export function h(tag, props, ...children) {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(props ?? {})) {
    if (v === null || v === undefined || v === false) continue;
    if (k.startsWith("on")) e.addEventListener(k.slice(2), v);
    else if (k === "class") e.className = v;
    else if (k.includes("-") || k === "role" || k === "for" || k === "list") e.setAttribute(k, v);
    else e[k] = v;
  }
  e.append(...children.flat(3).filter((c) => c !== null && c !== undefined && c !== false));
  return e;
}

const svgSpace = "http://www.w3.org/2000/svg";

// s makes an SVG element.
export function s(tag, attributes, ...children) {
  const e = document.createElementNS(svgSpace, tag);
  for (const [k, v] of Object.entries(attributes ?? {})) e.setAttribute(k, v);
  e.append(...children);
  return e;
}

const paths = {
  play: "M5 3.5v9l7.5-4.5z",
  stop: "M4 4h8v8H4z",
  up: "M8 13V3M4 7l4-4 4 4",
  down: "M8 3v10M4 9l4 4 4-4",
  trash: "M3 4.5h10M6.5 4V2.5h3V4M4.5 4.5l.6 9h5.8l.6-9M7 7v4.5M9 7v4.5",
  menu: "M2.5 4h11M2.5 8h11M2.5 12h11",
  search: "M11 11l3 3M7 12A5 5 0 107 2a5 5 0 000 10z",
  theme: "M8 2a6 6 0 100 12zM8 2a6 6 0 010 12",
  help: "M6 6a2 2 0 113 1.7c-.7.4-1 .8-1 1.6M8 11.6v.2M8 14.5A6.5 6.5 0 108 1.5a6.5 6.5 0 000 13z",
  close: "M4 4l8 8M12 4l-8 8",
  chart: "M2.5 2.5v11h11M5 10.5l2.5-3 2 1.5L13 5",
  save: "M8 2.5v7.5M4.5 7L8 10.5 11.5 7M3 13.5h10",
  first: "M12 3.5L7.5 8l4.5 4.5M4.5 3.5v9",
  prev: "M10 3.5L5.5 8l4.5 4.5",
  next: "M6 3.5L10.5 8 6 12.5",
  last: "M4 3.5L8.5 8 4 12.5M11.5 3.5v9",
  more: "M3.5 8h.2M8 8h.2M12.5 8h.2",
};
const filled = new Set(["play", "stop"]);

// icon draws one of the icons; it says nothing to screen readers.
export function icon(name) {
  return s("svg", { class: "i" + (filled.has(name) ? " filled" : name === "more" ? " dots" : ""), viewBox: "0 0 16 16", "aria-hidden": "true" },
    s("path", { d: paths[name] }));
}

// button makes a button of an icon, a word, or both.
export function button(label, iconName, onclick, { text = false, title = "", cls = "" } = {}) {
  return h("button", {
    type: "button", class: (text ? "plain " : "icon ") + cls, title: title || (text ? "" : label),
    "aria-label": text ? null : label, onclick,
  }, iconName ? icon(iconName) : null, text ? label : null);
}

const grouped = new Intl.NumberFormat("en-US");

// count writes a whole number with separators.
export const count = (n) => grouped.format(n);

// brief writes a number in about three digits.
export function brief(x) {
  if (!Number.isFinite(x)) return String(x);
  const a = Math.abs(x);
  if (a !== 0 && (a >= 1e9 || a < 1e-3)) return x.toExponential(1).replace("e+", "e");
  if (a >= 1000) return grouped.format(Math.round(x));
  return String(Number(x.toPrecision(3)));
}

// share writes a part of one as per cent; what is not 0 or 1 is not written so.
export function share(x) {
  if (x === 0) return "0 %";
  if (x < 0.001) return "< 0.1 %";
  if (x > 0.999 && x < 1) return "> 99.9 %";
  return (x * 100).toFixed(x < 0.1 ? 1 : 0) + " %";
}

// span writes a time in seconds.
export function span(seconds) {
  if (seconds < 0.0095) return "< 10 ms";
  if (seconds < 1) return Math.round(seconds * 1000) + " ms";
  if (seconds < 60) return seconds.toFixed(seconds < 10 ? 1 : 0) + " s";
  const m = Math.floor(seconds / 60);
  return m < 60 ? `${m}:${String(Math.floor(seconds % 60)).padStart(2, "0")} min` : `${Math.floor(m / 60)} h ${m % 60} min`;
}

// notice shows a line for some seconds, with one thing to do about it perhaps.
export function notice(text, { bad = false, action = null, what = "" } = {}) {
  const box = h("div", { class: "notice" + (bad ? " bad" : "") }, h("span", null, text),
    action ? h("button", { type: "button", class: "plain", onclick: () => { box.remove(); action(); } }, what) : null,
    button("Dismiss", "close", () => box.remove()));
  document.getElementById("notices").append(box);
  setTimeout(() => box.remove(), bad ? 15000 : 7000);
}

// menu opens a list of things to do at a place: [{label, do, hint}] with null
// for a line between. It is closed by a choice, Escape, or a click elsewhere.
export function menu(x, y, label, items) {
  document.querySelector(".menu")?.remove();
  const back = document.activeElement;
  const close = () => {
    box.remove();
    removeEventListener("pointerdown", outside, true);
  };
  const outside = (e) => { if (!box.contains(e.target)) close(); };
  const box = h("div", { class: "menu", role: "menu", "aria-label": label }, items.map((it) => it === null ? h("hr") :
    h("button", { type: "button", role: "menuitem", tabIndex: -1, disabled: it.off ?? false, onclick: () => { close(); back?.focus?.(); it.do(); } },
      h("span", null, it.label), it.hint ? h("kbd", null, it.hint) : null)));
  box.addEventListener("keydown", (e) => {
    const all = [...box.querySelectorAll("button:not(:disabled)")];
    const at = all.indexOf(document.activeElement);
    if (e.key === "Escape" || e.key === "Tab") { close(); back?.focus?.(); }
    else if (e.key === "ArrowDown") all[(at + 1) % all.length].focus();
    else if (e.key === "ArrowUp") all[(at - 1 + all.length) % all.length].focus();
    else return;
    e.preventDefault();
    e.stopPropagation();
  });
  document.body.append(box);
  const r = box.getBoundingClientRect();
  box.style.left = Math.max(4, Math.min(x, innerWidth - r.width - 4)) + "px";
  box.style.top = Math.max(4, Math.min(y, innerHeight - r.height - 4)) + "px";
  addEventListener("pointerdown", outside, true);
  box.querySelector("button:not(:disabled)")?.focus();
}

// dialog shows a box over the page and returns it with what closes it.
export function dialog(label, ...content) {
  const box = h("dialog", { class: "dialog", "aria-label": label }, ...content);
  box.addEventListener("click", (e) => { if (e.target === box) box.close(); });
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
  return box;
}
