// What the page knows of SQL: colours, quoting, conditions.

const keywords = new Set(`all alter and any as asc asof attach between by case cast check column commit constraint copy create cross
cube current database default delete desc describe detach distinct drop else end escape except exclude execute exists explain export
extract false fetch filter following for foreign from full function glob group grouping having if ilike import in index inner insert
install intersect into is isnull join key lateral left like limit load macro map materialized natural not notnull null nulls offset on
or order outer over partition pivot positional pragma preceding prepare primary qualify range recursive references rename replace
returning right rollback rollup row rows sample schema select semi anti sequence set show similar struct summarize table tablesample
temp temporary then to transaction true truncate union unique unnest unpivot update use using vacuum values view when where window with
within`.split(/\s+/));
const types = new Set(`bigint blob boolean date decimal double float hugeint integer interval json real smallint text time timestamp
timestamp_ns timestamptz tinyint ubigint uinteger usmallint utinyint uuid varchar`.split(/\s+/));

const sqlToken = /(--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|('(?:[^']|'')*(?:'|$))|("(?:[^"]|"")*(?:"|$))|(\b\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?\b)|([A-Za-z_][A-Za-z0-9_]*)/g;

const goWords = new Set(`break case chan const continue default defer else fallthrough for func go goto if import interface map package
range return select struct switch type var nil true false`.split(/\s+/));
const goToken = /(\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|("(?:[^"\\\n]|\\.)*(?:"|$)|`[^`]*(?:`|$)|'(?:[^'\\\n]|\\.)*(?:'|$))|(\0)|(\b\d[\w.]*)|([A-Za-z_]\w*)/g;

const lineWords = new Set(`as append replace header protocol recipe with epochs iterations time seed memory set min-seen dp epsilon delta
dp-unit dp-model host-cap noise-multiplier clip dp-force pretrain sessions records span given uncalibrated against to resume from share holdout
shadow addresses text allow counts force tasks label with-zeek max-rejects
cdf histogram bar line scatter heat of in by and where log limit run`.split(/\s+/));
const lineToken = /(#[^\n]*)|('(?:[^'])*(?:'|$)|"(?:[^"])*(?:"|$))|(\0)|(\b\d[\d._]*[smhk]?\b)|([A-Za-z_][\w-]*)/g;

// paint returns the pieces of a cell's text as [text, class] pairs.
export function paint(text, kind) {
  if (kind === "prose") return paintProse(text);
  const rule = kind === "sql" ? sqlToken : kind === "go" ? goToken : lineToken;
  const out = [];
  let at = 0;
  for (const m of text.matchAll(rule)) {
    let cls = m[1] !== undefined ? "c" : m[2] !== undefined ? "s" : m[3] !== undefined ? "q" : m[4] !== undefined ? "n" : "";
    if (!cls) {
      const word = m[5].toLowerCase();
      if (kind === "sql") cls = keywords.has(word) ? "k" : types.has(word) ? "t" : /^\s*\(/.test(text.slice(m.index + m[5].length, m.index + m[5].length + 8)) ? "f" : "";
      else if (kind === "go") cls = goWords.has(m[5]) ? "k" : "";
      else cls = lineWords.has(word) ? "k" : "";
    }
    if (!cls) continue;
    if (m.index > at) out.push([text.slice(at, m.index), ""]);
    out.push([m[0], cls]);
    at = m.index + m[0].length;
  }
  out.push([text.slice(at), ""]);
  return out;
}

function paintProse(text) {
  return text.split(/(?<=\n)/).map((line) => [line, /^#{1,6} /.test(line) ? "h" : /^\s*([-*]|\d+\.) /.test(line) ? "l" : ""]);
}

// name quotes an identifier where it needs it.
export function name(s) {
  return /^[a-z_][a-z0-9_]*$/i.test(s) && !keywords.has(s.toLowerCase()) ? s : `"${s.replaceAll('"', '""')}"`;
}

// table writes a table's name from "raw.branch" as the program gives it.
export function table(full) {
  const dot = full.indexOf(".");
  return dot < 0 ? name(full) : name(full.slice(0, dot)) + "." + name(full.slice(dot + 1));
}

export const numeric = (type) => /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL|BIGNUM)/.test(type);
export const temporal = (type) => /^(TIMESTAMP|DATE|TIME)/.test(type);

// literal writes a value of a result as SQL.
function literal(value, type) {
  if (value === null) return "NULL";
  if (numeric(type) && /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(value)) return value;
  if (type === "BOOLEAN") return value;
  return `'${value.replaceAll("'", "''")}'`;
}

// condition compares a column with a value; a missing one too.
export function condition(column, value, type, not = false) {
  if (value === null) return `${name(column)} is ${not ? "not " : ""}null`;
  return not ? `${name(column)} is distinct from ${literal(value, type)}` : `${name(column)} = ${literal(value, type)}`;
}

// sorted is a query of the rows of another in the order of its i-th column, from
// 0, missing values last.
export function sorted(query, i, down) {
  return `from (\n${query.trim().replace(/;+\s*$/, "")}\n)\norder by ${i + 1}${down ? " desc" : ""} nulls last`;
}

// narrowed is a query of the rows of another that meet a condition. A query that
// this function made is added to.
export function narrowed(query, cond) {
  query = query.trim().replace(/;+\s*$/, "");
  const plain = /^from\s+[\w."]+(\s+where\s+[^;]*)?$/i.exec(query);
  if (plain && !/\b(group|order|limit|having|window|qualify|union|or)\b/i.test(query)) {
    return query + (plain[1] ? "\n  and " : "\nwhere ") + cond;
  }
  return `from (\n${query.replace(/^/gm, "  ")}\n)\nwhere ${cond}`;
}
