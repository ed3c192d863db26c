/**
 * Min/max buckets on absolute time.
 *
 * A bucket is [k·step, (k+1)·step) with k counted from the epoch, so a finished bucket never changes: curves do not
 * shimmer while they scroll, and buckets from the server join those made here. The step ladder is the server's too.
 *
 * @typedef {import("./types.js").Points} Points
 */

/** The smallest of 1, 2, 5·10^k ms so that span / step ≤ points. @param {number} spanMs @param {number} points */
export function chooseStep(spanMs, points) {
  for (let decade = 1; ; decade *= 10) {
    for (const factor of [1, 2, 5]) {
      if (spanMs / (factor * decade) <= points) return factor * decade;
    }
  }
}

/** Begin of the bucket that holds `t`. @param {number} t @param {number} step */
export const bucketStart = (t, step) => Math.floor(t / step) * step;

/**
 * The x axis for buckets of `step` over [from, to): two places a bucket, one for its minimum and one for its maximum.
 * @param {number} from @param {number} to @param {number} step
 * @returns {{x: number[], first: number, count: number, step: number}}
 */
export function grid(from, to, step) {
  const first = Math.floor(from / step);
  const count = Math.max(1, Math.ceil(to / step) - first);
  const x = new Array(2 * count);
  for (let i = 0; i < count; i++) {
    x[2 * i] = (first + i) * step;
    x[2 * i + 1] = (first + i + 0.5) * step;
  }
  return { x, first, count, step };
}

/**
 * One curve on the grid. `undefined` means "no sample here, draw on"; `null` means "a gap": the pen is lifted.
 * @param {ReturnType<typeof grid>} on
 * @param {(Points & {step?: number})[]} parts   parts of the curve; they may overlap. `step`: the buckets they were made of
 * @param {number} gapMs     samples further apart than this are not joined
 * @returns {(number | null | undefined)[]}
 */
export function curve(on, parts, gapMs) {
  const { first, count, step } = on;
  const y = new Array(2 * count).fill(undefined);
  const reach = new Float64Array(count).fill(Math.max(gapMs, 1.5 * step) / step);
  for (const { t, lo, hi, step: made = 0 } of parts) {
    const far = (2.2 * made) / step;
    for (let j = 0; j < t.length; j++) {
      const i = Math.floor(t[j] / step) - first;
      if (i < 0 || i >= count) continue;
      widen(y, 2 * i, lo[j], hi[j]);
      if (far > reach[i]) reach[i] = far;
    }
  }
  return liftPen(y, reach);
}

/** NaN lifts the pen unless its bucket holds a number too. @param {(number | null | undefined)[]} y @param {number} i @param {number} lo @param {number} hi */
function widen(y, i, lo, hi) {
  if (Number.isNaN(lo)) {
    if (y[i] === undefined) y[i] = null;
    return;
  }
  const [low, high] = [y[i] ?? Infinity, y[i + 1] ?? -Infinity];
  if (lo < low) y[i] = lo;
  if (hi > high) y[i + 1] = hi;
}

/** @param {(number | null | undefined)[]} y @param {Float64Array} reach how many buckets each one bridges */
function liftPen(y, reach) {
  let last = -1;
  for (let i = 0; i < y.length; i += 2) {
    if (y[i] === undefined || y[i] === null) continue;
    if (y[i] === y[i + 1]) y[i + 1] = undefined;
    if (last >= 0 && (i - last) / 2 > Math.max(reach[i / 2], reach[last / 2])) y.fill(null, last + 1 + Number(y[last + 1] !== undefined), i);
    last = i;
  }
  return y;
}

/**
 * Where a curve has numbers, and which of them stand alone between gaps (no line reaches those).
 * @param {(number | null | undefined)[]} y @returns {{filled: number[], alone: number[]}}
 */
export function places(y) {
  const filled = [];
  const alone = [];
  let open = true;
  for (let i = 0; i < y.length; i++) {
    if (y[i] === undefined) continue;
    if (y[i] === null) {
      if (!open && alone.length && alone[alone.length - 1] === -1) alone[alone.length - 1] = filled[filled.length - 1];
      open = true;
      continue;
    }
    if (open) alone.push(-1);
    else if (alone[alone.length - 1] === -1) alone.pop();
    open = false;
    filled.push(i);
  }
  if (alone[alone.length - 1] === -1) alone[alone.length - 1] = filled[filled.length - 1];
  return { filled, alone };
}

/** How far apart samples may be and still belong together. @param {number | null | undefined} periodMs @param {number} staleMs */
export function gapLimit(periodMs, staleMs) {
  return periodMs ? Math.max(3 * periodMs, 100) : staleMs;
}

/** Gathers points into buckets of `step`. @param {Points} points @param {number} step @returns {Points} */
export function coarsen(points, step) {
  /** @type {Points} */
  const out = { t: [], lo: [], hi: [] };
  for (let i = 0; i < points.t.length; i++) {
    const start = bucketStart(points.t[i], step);
    const last = out.t.length - 1;
    if (last >= 0 && out.t[last] === start) {
      if (!(points.lo[i] >= out.lo[last])) out.lo[last] = points.lo[i];
      if (!(points.hi[i] <= out.hi[last])) out.hi[last] = points.hi[i];
    } else {
      out.t.push(start);
      out.lo.push(points.lo[i]);
      out.hi.push(points.hi[i]);
    }
  }
  return out;
}
