/**
 * The y axis: wide enough for what is seen, never so narrow that the last digit's noise fills it, and calm.
 *
 * @typedef {[number, number]} Extent
 */

const PADDING = 0.08;
const LEAST_DIGITS = 10;
const LOOSE = 0.65;

/** The smallest span worth showing: ten of the instrument's smallest steps. @param {number} low @param {number} high @param {number} resolution 0: unknown */
function leastSpan(low, high, resolution) {
  return resolution ? LEAST_DIGITS * resolution : Math.max(Math.abs(low), Math.abs(high)) * 1e-6 || 1;
}

/**
 * The next extent of the axis. It grows at once and shrinks only when the data use less than LOOSE of it.
 * @param {Extent | null} old @param {number | null} low @param {number | null} high @param {number} resolution @returns {Extent}
 */
export function nextExtent(old, low, high, resolution) {
  if (low === null || high === null || !Number.isFinite(low) || !Number.isFinite(high)) return old ?? [0, 1];
  const span = Math.max(high - low, leastSpan(low, high, resolution));
  const middle = (low + high) / 2;
  const inside = old && low >= old[0] && high <= old[1];
  if (inside && span >= LOOSE * (old[1] - old[0])) return old;
  const half = span * (0.5 + PADDING);
  return [middle - half, middle + half];
}
