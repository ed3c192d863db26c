/**
 * The fast half of the page's memory: rings of samples, latest values, and which stretches of time they cover.
 *
 * Written by frames as they come (also while the tab is hidden), read by whoever draws. Nothing here draws.
 *
 * @typedef {import("../core/types.js").Value} Value
 * @typedef {import("../core/types.js").Points} Points
 * @typedef {{ts: number, value: Value, quality: string | null, u?: number}} Latest   u: standard uncertainty
 */

import { Coverage } from "../core/coverage.js";
import { keyOf } from "../core/layout.js";
import { STEPS, Trace } from "../core/trace.js";

export class Live {
  /** @type {Map<string, Trace>} */
  traces = new Map();
  /** @type {Map<string, Latest>} */
  latest = new Map();
  /** @type {Map<string, Coverage[]>} one for each of STEPS, by instrument */
  #coverage = new Map();
  /** @type {Map<number, string>} */
  #keys = new Map();
  #coveredTo = NaN;
  /** Samples received since the page was opened. */
  samples = 0;

  /** @param {{n: number, instrument: string, channel: string}} message */
  number({ n, instrument, channel }) {
    this.#keys.set(n, keyOf(instrument, channel));
  }

  /** @param {string} key */
  trace(key) {
    let trace = this.traces.get(key);
    if (!trace) this.traces.set(key, (trace = new Trace()));
    return trace;
  }

  /** @param {string} instrument */
  coverage(instrument) {
    let coverage = this.#coverage.get(instrument);
    if (!coverage) this.#coverage.set(instrument, (coverage = STEPS.map(() => new Coverage())));
    return coverage;
  }

  /** @param {ReturnType<typeof import("../core/frames.js").decodeFrame>} frame */
  feed({ blocks }) {
    for (const { n, t, lo, hi } of blocks) {
      const key = this.#keys.get(n);
      if (key === undefined) continue;
      const trace = this.trace(key);
      for (let i = 0; i < t.length; i++) trace.push(t[i], lo[i], hi[i]);
      this.samples += t.length;
    }
  }

  /** Coalesced latest values. @param {Record<string, [number, Value, string | null, number?]>} values */
  feedValues(values) {
    for (const [n, [ts, value, quality, u]] of Object.entries(values)) {
      const key = this.#keys.get(Number(n));
      if (key !== undefined) this.latest.set(key, { ts, value, quality, u });
    }
  }

  /** From here on every sample arrives. @param {number} since ms */
  beginLive(since) {
    this.#coveredTo = since;
  }

  endLive() {
    this.#coveredTo = NaN;
  }

  /** Everything up to `now` has been received. @param {number} now @param {Iterable<string>} instruments */
  coverTo(now, instruments) {
    if (Number.isNaN(this.#coveredTo)) return;
    for (const name of instruments) {
      for (const coverage of this.coverage(name)) coverage.add(this.#coveredTo, now);
    }
    this.#coveredTo = now;
  }

  /** Rows were stored late: what is known of [from, to] is no longer complete. @param {string} instrument @param {number} from @param {number} to */
  forget(instrument, from, to) {
    for (const coverage of this.coverage(instrument)) coverage.cut(from, to + 1);
  }

  /** @param {string} instrument @param {Record<string, Points>} series @param {number} step @param {number} from @param {number} to */
  addHistory(instrument, series, step, from, to) {
    for (const [channel, points] of Object.entries(series)) this.trace(keyOf(instrument, channel)).addHistory(points, step);
    STEPS.forEach((s, i) => s >= step && this.coverage(instrument)[i].add(from, to));
  }

  /** @param {string} key @param {number} from @param {number} to @param {number} step @returns {import("../core/trace.js").Part[]} */
  read(key, from, to, step) {
    const trace = this.traces.get(key);
    return trace ? trace.read(from, to, step, this.coverage(key.split("/")[0])) : [];
  }

  /** The samples as they came, if all of [from, to) are still here; else null. @param {string} key @param {number} from @param {number} to @returns {Points | null} */
  rawPoints(key, from, to) {
    const ring = this.traces.get(key)?.rings[0];
    const missing = this.coverage(key.split("/")[0])[0].missing(from, Math.min(to, this.#coveredTo || to));
    return ring && !missing.length && ring.oldest <= from ? ring.slice(from, to) : null;
  }

  /** Whether anything older is known. @param {number} t ms */
  hasBefore(t) {
    return [...this.traces.values()].some((trace) => trace.rings[STEPS.length - 1].slice(0, t).t.length);
  }

  /** @param {string} instrument */
  drop(instrument) {
    this.#coverage.delete(instrument);
    for (const key of [...this.traces.keys()]) if (key.startsWith(`${instrument}/`)) this.traces.delete(key);
    for (const key of [...this.latest.keys()]) if (key.startsWith(`${instrument}/`)) this.latest.delete(key);
  }
}
