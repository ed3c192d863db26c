/** The plot as a table: the newest rows of what is on screen, for reading, copying, and for those who cannot see it. */

import { html } from "htm/preact";
import { toTable } from "../core/csv.js";
import { formatNumber, formatTime } from "../core/format.js";
import { visiblePoints } from "../app/plotdata.js";
import { tick } from "../app/state.js";

const MOST_ROWS = 100;
const BUCKETS = 300;

/** @param {{curves: import("./chart.js").Curve[], from: number, to: number}} props */
export function PlotTable({ curves, from, to }) {
  void tick.value;
  const columns = curves.map(({ key, label, meta }) => ({ label, unit: meta.unit ?? "", points: visiblePoints(key, from, to, BUCKETS, null) }));
  const { head, rows } = toTable(columns);
  const metas = columns.flatMap((c, i) => Array(c.points.t.some((_, k) => c.points.lo[k] !== c.points.hi[k]) ? 2 : 1).fill(curves[i].meta));
  const cell = (/** @type {string | number} */ v, /** @type {number} */ i) => html`<td>${v === "" ? "" : formatNumber(Number(v), metas[i])}</td>`;
  return html`
    <div class="plot-table" tabindex="0">
      <table>
        <thead><tr><th scope="col">Time</th>${head.slice(2).map((h) => html`<th scope="col">${h}</th>`)}</tr></thead>
        <tbody>${rows.slice(-MOST_ROWS).reverse().map((row) => html`<tr key=${row[1]}><th scope="row">${formatTime(Number(row[1]), true)}</th>${row.slice(2).map(cell)}</tr>`)}</tbody>
      </table>
      ${rows.length > MOST_ROWS && html`<p class="muted">The newest ${MOST_ROWS} of ${rows.length} rows; the CSV file has them all.</p>`}
    </div>`;
}
