/**
 * Where things go in the small charts: error with its uncertainty over the range, checks over time, pairs of a run.
 * Pure: numbers in, numbers out; the views draw them.
 *
 * @typedef {{from: number, to: number, ticks: number[], at: (value: number) => number}} Axis
 */

/**
 * An axis that holds all values, with a little room, and round ticks.
 * @param {number[]} values @param {number} start pixels @param {number} end pixels @param {number} [wanted] ticks
 * @returns {Axis}
 */
export function axis(values, start, end, wanted = 5) {
  const finite = values.filter(Number.isFinite);
  let low = finite.length ? Math.min(...finite) : 0;
  let high = finite.length ? Math.max(...finite) : 1;
  if (low === high) [low, high] = [low - (Math.abs(low) || 1) * 0.1, high + (Math.abs(high) || 1) * 0.1];
  const room = (high - low) * 0.06;
  [low, high] = [low - room, high + room];
  return { from: low, to: high, ticks: ticks(low, high, wanted), at: (v) => start + ((v - low) / (high - low)) * (end - start) };
}

/** Round numbers between two others. @param {number} low @param {number} high @param {number} wanted */
export function ticks(low, high, wanted) {
  const raw = (high - low) / Math.max(1, wanted);
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * size).find((s) => s >= raw) ?? raw;
  const found = [];
  for (let k = Math.ceil(low / step); k * step <= high + step * 1e-9; k++) found.push(Number((k * step).toPrecision(12)));
  return found;
}

/** As many digits as tell two ticks apart. @param {number[]} values @param {number} value */
export function tickText(values, value) {
  const step = values.length > 1 ? Math.abs(values[1] - values[0]) : Math.abs(value) || 1;
  const digits = Math.min(9, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  return value.toFixed(digits).replace("-", "−");
}

/** "M1 2L3 4" @param {[number, number][]} points */
export const path = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${round(x)} ${round(y)}`).join("");

/** @param {number} v */
const round = (v) => Math.round(v * 10) / 10;

/**
 * Everything that the y axis of an error plot must hold.
 * @param {{error: number, U: number, limits: (number | null)[] | null}[]} points
 */
export function errorExtent(points) {
  return points.flatMap((p) => [p.error - p.U, p.error + p.U, ...(p.limits ?? []).filter((v) => v !== null), 0]);
}
