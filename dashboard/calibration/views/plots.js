/** The small charts, as SVG: errors with their uncertainty, pairs of a run, checks over time. */

import { html } from "htm/preact";
import { axis, errorExtent, path, tickText } from "../chart.js";

const W = 640;
const H = 260;
const LEFT = 62;
const RIGHT = 14;
const TOP = 22;
const BOTTOM = 34;

/**
 * Error against the nominal value: bars are U, lines the limits, crosses as found.
 * @param {{found: import("../types.js").Point[], left: import("../types.js").Point[], unit: string}} props
 */
export function ErrorPlot({ found, left, unit }) {
  const all = [...found, ...left];
  if (!all.length) return null;
  const x = axis(all.map((p) => p.nominal), LEFT, W - RIGHT);
  const y = axis(errorExtent(all), H - BOTTOM, TOP);
  const limited = all.filter((p) => p.limits).sort((a, b) => a.nominal - b.nominal);
  const edge = (/** @type {number} */ k) => path(limited.flatMap((p) => (p.limits?.[k] == null ? [] : [/** @type {[number, number]} */ ([x.at(p.nominal), y.at(Number(p.limits[k]))])])));
  return html`
    <svg class="chart" viewBox="0 0 ${W} ${H}" role="img" aria-label=${`Error in ${unit} over the range, with its uncertainty`}>
      <${Grid} x=${x} y=${y} />
      <path class="limit" d=${edge(0)} /><path class="limit" d=${edge(1)} />
      ${found.map((p) => html`<path class="found" d=${cross(x.at(p.nominal), y.at(p.error))}><title>as found ${p.nominal}: ${p.printed.error} ± ${p.printed.U} ${unit}</title></path>`)}
      ${left.map((p) => html`<g class=${p.check ? "left check" : "left"}>
        <path d=${bar(x.at(p.nominal), y.at(p.error - p.U), y.at(p.error + p.U))} /><circle cx=${x.at(p.nominal)} cy=${y.at(p.error)} r="3.5" />
        <title>${p.nominal}: ${p.printed.error} ± ${p.printed.U} ${unit}</title></g>`)}
      <text class="axis" x=${W - RIGHT} y=${H - 4} text-anchor="end">nominal / ${unit}</text>
      <text class="axis" x="4" y=${TOP - 8}>E / ${unit}</text>
    </svg>`;
}

/** The last pairs of a run: item and reference over time. @param {{pairs: [number, number | null, number | null][], unit: string}} props */
export function PairPlot({ pairs, unit }) {
  if (pairs.length < 2) return html`<p class="muted">No samples yet.</p>`;
  const newest = pairs[pairs.length - 1][0];
  const x = axis(pairs.map(([t]) => (t - newest) / 1000), LEFT, W - RIGHT);
  const y = axis(pairs.flatMap(([, a, b]) => [a, b]).filter((v) => v !== null), H - BOTTOM, TOP, 4);
  const line = (/** @type {1 | 2} */ k) => path(pairs.flatMap((p) => (p[k] === null ? [] : [/** @type {[number, number]} */ ([x.at((p[0] - newest) / 1000), y.at(Number(p[k]))])])));
  return html`
    <svg class="chart" viewBox="0 0 ${W} ${H}" role="img" aria-label="The last samples of item and reference">
      <${Grid} x=${x} y=${y} />
      <path class="curve item" d=${line(1)} /><path class="curve reference" d=${line(2)} />
      <text class="axis" x=${W - RIGHT} y=${H - 4} text-anchor="end">s</text><text class="axis" x="4" y=${TOP - 8}>${unit}</text>
    </svg>
    <p class="legend"><span class="key item"></span> item <span class="key reference"></span> reference</p>`;
}

/** A control chart. @param {{chart: import("../types.js").CheckChart}} props */
export function ControlChart({ chart }) {
  const nominal = Number(chart.plan.nominal);
  const values = chart.checks.map((c) => Number(c.value));
  const bounds = [Number(chart.plan.warning), Number(chart.plan.action)].flatMap((w) => [nominal - w, nominal + w]);
  const x = axis([1, Math.max(2, values.length)], LEFT, W - RIGHT);
  const y = axis([...values, ...bounds], 200 - BOTTOM, TOP, 4);
  const level = (/** @type {number} */ v, /** @type {string} */ kind) => html`<path class=${kind} d=${path([[LEFT, y.at(v)], [W - RIGHT, y.at(v)]])} />`;
  return html`
    <svg class="chart" viewBox="0 0 ${W} 200" role="img" aria-label=${`The last ${values.length} checks of ${chart.item}`}>
      <${Grid} x=${{ ...x, ticks: [] }} y=${y} bottom=${200 - BOTTOM} />
      ${bounds.map((v, i) => level(v, i < 2 ? "warn-limit" : "limit"))}${level(nominal, "zero")}
      <path class="curve item" d=${path(values.map((v, i) => [x.at(i + 1), y.at(v)]))} />
      ${chart.checks.map((c, i) => html`<circle class=${`check-dot ${c.zone}`} cx=${x.at(i + 1)} cy=${y.at(Number(c.value))} r="4"><title>${c.t.slice(0, 16).replace("T", " ")} UTC: ${c.value} ${chart.plan.unit ?? ""}, ${c.by}</title></circle>`)}
      <text class="axis" x="4" y=${TOP - 8}>${chart.plan.unit}</text>
    </svg>`;
}

/** @param {{x: import("../chart.js").Axis, y: import("../chart.js").Axis, bottom?: number}} props */
function Grid({ x, y, bottom = H - BOTTOM }) {
  return html`
    ${y.ticks.map((v) => html`<path class=${v === 0 ? "zero" : "grid"} d=${path([[LEFT, y.at(v)], [W - RIGHT, y.at(v)]])} /><text class="tick" x=${LEFT - 6} y=${y.at(v) + 4} text-anchor="end">${tickText(y.ticks, v)}</text>`)}
    ${x.ticks.map((v) => html`<path class="grid" d=${path([[x.at(v), TOP], [x.at(v), bottom]])} /><text class="tick" x=${x.at(v)} y=${bottom + 15} text-anchor="middle">${tickText(x.ticks, v)}</text>`)}`;
}

/** @param {number} x @param {number} y */
const cross = (x, y) => `${path([[x - 4, y - 4], [x + 4, y + 4]])}${path([[x - 4, y + 4], [x + 4, y - 4]])}`;

/** @param {number} x @param {number} low @param {number} high */
const bar = (x, low, high) => `${path([[x, low], [x, high]])}${path([[x - 4, low], [x + 4, low]])}${path([[x - 4, high], [x + 4, high]])}`;
