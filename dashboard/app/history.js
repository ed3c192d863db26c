/**
 * Fetches what the page does not know yet: at the opening, after an outage, when rows arrive late, when one looks back.
 *
 * One mechanism: `ensure` looks what a view lacks and asks for it; `detail` asks for a resting view at its own step.
 *
 * @typedef {import("../core/types.js").Points} Points
 * @typedef {{from: number, to: number, step: number, series: Map<string, Points>}} Detail
 */

import { chooseStep } from "../core/buckets.js";
import { isNumeric, keyOf } from "../core/layout.js";
import { STEPS, storedStep } from "../core/trace.js";
import { ApiError, getHistory } from "./api.js";

const MOST_BUCKETS = 2000;
const SETTLING_MS = 3000;
const PAUSE_AFTER_ERROR_MS = 10_000;

export class History {
  /** @type {Set<string>} */
  #busy = new Set();
  #notBefore = 0;
  /** Why there is no history, for the page; "" when there is. */
  problem = "";

  /** @param {import("./live.js").Live} live @param {() => Map<string, import("../core/types.js").Instrument>} instruments @param {() => number} now */
  constructor(live, instruments, now) {
    this.live = live;
    this.instruments = instruments;
    this.now = now;
  }

  /**
   * Asks for what is missing of [from, to) at buckets of `step`. Returns when it is there (or could not be had).
   * @param {string} instrument @param {number} from @param {number} to @param {number} step
   */
  async ensure(instrument, from, to, step) {
    const channels = this.#numeric(instrument);
    const stored = Math.max(storedStep(step), STEPS[1]);
    const known = this.live.coverage(instrument)[STEPS.indexOf(stored)];
    const [first] = known.missing(from, Math.min(to, this.now() + 1)).filter((part) => part.to - part.from > stored);
    const busy = `${instrument}|${stored}`;
    if (!first || !channels.length || this.#busy.has(busy) || performance.now() < this.#notBefore) return;
    this.#busy.add(busy);
    try {
      await this.#fetchInto(instrument, channels, first.from, first.to, stored);
    } finally {
      this.#busy.delete(busy);
    }
  }

  /** @param {string} instrument @param {string[]} channels @param {number} from @param {number} to @param {number} step */
  async #fetchInto(instrument, channels, from, to, step) {
    const begin = Math.floor(Math.max(from, to - MOST_BUCKETS * step) / step) * step;
    const series = await this.#fetch(instrument, channels, begin, to, step);
    // What was stored in the last moments may not be in the answer yet: it is asked for again unless it came live.
    if (series) this.live.addHistory(instrument, series, step, begin, Math.min(to, this.now() - SETTLING_MS));
  }

  /**
   * A resting view, as fine as it is wide.
   * @param {string[]} instruments @param {number} from @param {number} to @param {number} points @returns {Promise<Detail>}
   */
  async detail(instruments, from, to, points) {
    const step = chooseStep(to - from, points);
    const series = new Map();
    for (const instrument of instruments) {
      const answer = await this.#fetch(instrument, this.#numeric(instrument), from, to, step);
      for (const [channel, p] of Object.entries(answer ?? {})) series.set(keyOf(instrument, channel), p);
    }
    return { from, to, step, series };
  }

  /** @param {string} instrument @param {string[]} channels @param {number} from @param {number} to @param {number} step @returns {Promise<Record<string, Points> | null>} */
  async #fetch(instrument, channels, from, to, step) {
    try {
      const { series } = await getHistory(instrument, channels, from, to, step);
      this.problem = "";
      return Object.fromEntries(Object.entries(series).map(([c, s]) => [c, pointsOf(s)]));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.problem = error.message;
      this.#notBefore = performance.now() + PAUSE_AFTER_ERROR_MS;
      return null;
    }
  }

  /** @param {string} instrument */
  #numeric(instrument) {
    const channels = this.instruments().get(instrument)?.meta.channels ?? {};
    return Object.keys(channels).filter((c) => isNumeric(channels[c]));
  }
}

/** @param {{t: number[], min: (number | null)[], max: (number | null)[]}} series @returns {Points} */
const pointsOf = ({ t, min, max }) => ({ t, lo: min.map((v) => v ?? NaN), hi: max.map((v) => v ?? NaN) });
