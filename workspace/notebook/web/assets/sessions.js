// From a value of a result to the sessions that it is in, and to the packets or
// records of one of them.

import { notice } from "./dom.js";
import { post, postRaw, saveFile } from "./api.js";
import { name, condition, table as sqlName } from "./sql.js";

// about asks which table a result is of, and what its sessions are.
async function about(page) {
  const a = await post("/api/about", { sql: page.sql });
  if (!a.table) throw new Error("This result is of several tables, or of none: sessions are those of one trace");
  if (!a.keys?.length) throw new Error(`${a.table} has no sessions: its recipe names no key`);
  return a;
}

export async function sessionsOf(page, column, value, cell, context) {
  try {
    const a = await about(page);
    if (!a.columns.includes(column.name)) throw new Error(`${column.name} is no column of ${a.table}`);
    const time = a.time ? `,\n  min(${name(a.time)}) as first, max(${name(a.time)}) as last` : "";
    context.insert(cell, "sql", `select ${a.keys.map(name).join(", ")}, count(*) as records${time}\nfrom ${sqlName(a.table)}\nwhere ${condition(column.name, value, column.type)}\ngroup by all\norder by records desc;`, { run: true, write: false });
  } catch (e) { notice(e.message, { bad: true }); }
}

// where is the condition of the session that a row belongs to.
function where(a, page, row) {
  const conditions = a.keys.map((k) => {
    const i = page.columns.findIndex((c) => c.name === k);
    if (i < 0) throw new Error(`The result has no column ${k}, which tells the sessions of ${a.table} apart`);
    return condition(k, row[i], page.columns[i].type);
  });
  return conditions.join("\n  and ");
}

export async function sessionOf(page, row, cell, context) {
  try {
    const a = await about(page);
    context.insert(cell, "sql", `from ${sqlName(a.table)}\nwhere ${where(a, page, row)}${a.time ? `\norder by ${name(a.time)}` : ""};`, { run: true, write: false });
  } catch (e) { notice(e.message, { bad: true }); }
}

// sessionFile saves the session of a row as a capture.
export async function sessionFile(page, row) {
  try {
    const a = await about(page);
    await saveFile(await postRaw("/api/export", { table: a.table, where: where(a, page, row), format: "pcap" }), "session.pcap");
  } catch (e) { notice(e.message, { bad: true }); }
}
