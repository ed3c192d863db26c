/**
 * What is on screen as a table: for the CSV file and for the table view of a plot.
 *
 * @typedef {import("./types.js").Points} Points
 * @typedef {{label: string, unit: string, points: Points}} Column
 * @typedef {{head: string[], rows: (string | number)[][]}} Table
 */

/**
 * One row a time. A column whose buckets hold several samples becomes two, minimum and maximum.
 * @param {Column[]} columns @returns {Table}
 */
export function toTable(columns) {
  const times = [...new Set(columns.flatMap((c) => c.points.t))].sort((a, b) => a - b);
  const rowOf = new Map(times.map((t, i) => [t, i]));
  const head = ["time_utc", "unix_ms"];
  /** @type {(string | number)[][]} */
  const rows = times.map((t) => [isoTime(t), roundMs(t)]);
  for (const { label, unit, points } of columns) {
    const wide = points.t.some((_, i) => points.lo[i] !== points.hi[i]);
    const name = unit ? `${label} [${unit}]` : label;
    const sides = wide ? [points.lo, points.hi] : [points.lo];
    head.push(...(wide ? [`${name} min`, `${name} max`] : [name]));
    for (const row of rows) row.push(...sides.map(() => ""));
    fill(rows, rowOf, points, sides);
  }
  return { head, rows };
}

/** @param {(string | number)[][]} rows @param {Map<number, number>} rowOf @param {Points} points @param {number[][]} sides */
function fill(rows, rowOf, points, sides) {
  points.t.forEach((t, i) => {
    const row = rows[rowOf.get(t) ?? 0];
    sides.forEach((side, k) => {
      if (!Number.isNaN(side[i])) row[row.length - sides.length + k] = side[i];
    });
  });
}

/** @param {number} t */
const roundMs = (t) => Math.round(t * 1000) / 1000;

/** ISO 8601 in UTC, with microseconds where there are any. @param {number} t ms */
function isoTime(t) {
  const us = Math.round((t - Math.floor(t)) * 1000);
  const iso = new Date(Math.floor(t)).toISOString();
  return us ? iso.replace("Z", `${String(us).padStart(3, "0")}Z`) : iso;
}

/** RFC 4180. @param {Table} table @returns {string} */
export function toCsv({ head, rows }) {
  return [head, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** @param {string | number} value */
function cell(value) {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Several stretches of one curve as one, in time order, each time once. @param {Points[]} parts @returns {Points} */
export function joinParts(parts) {
  const all = parts.flatMap(({ t, lo, hi }) => t.map((at, i) => ({ at, lo: lo[i], hi: hi[i] })));
  all.sort((a, b) => a.at - b.at);
  /** @type {Points} */
  const out = { t: [], lo: [], hi: [] };
  for (const { at, lo, hi } of all) {
    const last = out.t.length - 1;
    if (last >= 0 && out.t[last] === at) {
      out.lo[last] = Math.min(out.lo[last], lo);
      out.hi[last] = Math.max(out.hi[last], hi);
    } else {
      out.t.push(at);
      out.lo.push(lo);
      out.hi.push(hi);
    }
  }
  return out;
}
