/**
 * What the page remembers of one channel: the newest samples as they came, and four rings of min/max buckets that
 * reach further back the coarser they are (2048 buckets each: 20 s, 1.7 min, 17 min, 2.8 h when every bucket is full).
 * Memory is bounded whatever the channel sends and however long the page stays open.
 *
 * @typedef {import("./types.js").Points} Points
 * @typedef {import("./coverage.js").Coverage} Coverage
 * @typedef {Points & {step: number}} Part
 */

import { coarsen } from "./buckets.js";
import { Ring } from "./ring.js";

/** Bucket widths in ms; 0 stands for the samples themselves. */
export const STEPS = [0, 10, 50, 500, 5000];
const RAW_CAPACITY = 4096;
const BUCKETS = 2048;

/** The coarsest stored step that still serves buckets of `step`. @param {number} step */
export const storedStep = (step) => STEPS.filter((s) => s <= step).pop() ?? 0;

/** The points that begin until `last`. @param {Points} points @param {number} last @returns {Points} */
function before(points, last) {
  const n = points.t.findLastIndex((t) => t <= last) + 1;
  return n === points.t.length ? points : { t: points.t.slice(0, n), lo: points.lo.slice(0, n), hi: points.hi.slice(0, n) };
}

export class Trace {
  constructor() {
    this.rings = STEPS.map((step) => new Ring(step ? BUCKETS : RAW_CAPACITY, step));
  }

  /** A live sample, or the extremes of several. @param {number} t ms @param {number} lo @param {number} hi */
  push(t, lo, hi) {
    for (const ring of this.rings) ring.push(t, lo, hi);
  }

  /** Buckets of `step` ms from the server (0: samples). Coarser rings get them too. @param {Points} points @param {number} step */
  addHistory(points, step) {
    for (const ring of this.rings) {
      if (ring.step >= step) ring.merge(ring.step ? coarsen(points, ring.step) : points);
    }
  }

  /**
   * What is known of [from, to), fine enough for buckets of `step`; coarser where nothing finer is known.
   * @param {number} from @param {number} to @param {number} step
   * @param {Coverage[]} coverage   one for each of STEPS
   * @returns {Part[]}
   */
  read(from, to, step, coverage) {
    return this.#read(from, to, STEPS.indexOf(storedStep(step)), coverage, Infinity);
  }

  /**
   * A bucket that reaches over `edge` is left out: what is finer begins there, and would be told again at a wrong time.
   * @param {number} from @param {number} to @param {number} level @param {Coverage[]} coverage @param {number} edge @returns {Part[]}
   */
  #read(from, to, level, coverage, edge) {
    const ring = this.rings[level];
    if (level === STEPS.length - 1) return [{ ...before(ring.slice(from, to), edge - ring.step), step: ring.step }];
    const out = [];
    for (const part of coverage[level].split(from, to)) {
      const begin = part.known ? Math.min(Math.max(part.from, ring.oldest), part.to) : part.to;
      if (begin > part.from) out.push(...this.#read(part.from, begin, level + 1, coverage, begin < to ? begin : edge));
      if (begin < part.to) out.push({ ...before(ring.slice(begin, part.to), edge - ring.step), step: ring.step });
    }
    return out;
  }
}
