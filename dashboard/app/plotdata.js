/**
 * What one plot draws: the view's time range, and its curves on one grid of buckets.
 *
 * @typedef {import("./history.js").Detail} Detail
 * @typedef {import("../core/types.js").Points} Points
 */

import { chooseStep, curve, gapLimit, grid } from "../core/buckets.js";
import { joinParts } from "../core/csv.js";
import { clock, live } from "./session.js";
import { app, still, windowS } from "./state.js";

/** Buckets are at least this many pixels wide: finer ones cost and cannot be seen. */
const PIXELS = 1;
const LEAST_POINTS = 200;

/** The time range on screen. @returns {{from: number, to: number}} */
export function viewRange() {
  if (still.value) return still.value;
  const to = clock.now() || Date.now();
  return { from: to - windowS.value * 1000, to };
}

/** @param {number} spanMs @param {number} width px */
export const stepFor = (spanMs, width) => chooseStep(spanMs, Math.max(LEAST_POINTS, Math.min(1200, width / PIXELS)));

/** @param {string} key */
function gapOf(key) {
  const [instrument, channel] = key.split("/");
  const meta = app.value.instruments.get(instrument)?.meta;
  return gapLimit(meta?.channels?.[channel]?.period_ms, meta?.stale_ms ?? 5000);
}

/**
 * @param {string[]} keys @param {number} from @param {number} to @param {number} width px @param {Detail | null} detail
 * @returns {{x: number[], ys: (number | null | undefined)[][], step: number}}
 */
export function plotData(keys, from, to, width, detail) {
  const step = stepFor(to - from, width);
  const gaps = keys.map(gapOf);
  const lead = Math.min(0.2 * (to - from), Math.max(0, ...gaps));
  const on = grid(from - lead, to + step, step);
  const ys = keys.map((key, i) => curve(on, parts(key, from - lead, to + step, step, detail), gaps[i]));
  return { x: on.x, ys, step };
}

/** @param {string} key @param {number} from @param {number} to @param {number} step @param {Detail | null} detail @returns {(Points & {step: number})[]} */
function parts(key, from, to, step, detail) {
  const known = live.read(key, from, to, step);
  const finer = detail?.series.get(key);
  return finer && detail ? [{ ...finer, step: detail.step }, ...known] : known;
}

/** What is on screen of one curve, as fine as it is known. @param {string} key @param {number} from @param {number} to @param {number} width @param {Detail | null} detail @returns {Points} */
export function visiblePoints(key, from, to, width, detail) {
  const step = stepFor(to - from, width);
  const raw = live.rawPoints(key, from, to);
  const points = raw ?? joinParts(parts(key, from, to, step, detail));
  const inside = points.t.map((t, i) => i).filter((i) => points.t[i] >= from && points.t[i] <= to);
  return { t: inside.map((i) => points.t[i]), lo: inside.map((i) => points.lo[i]), hi: inside.map((i) => points.hi[i]) };
}
