/**
 * The bridge's clock as seen from here, and what follows from it: how old a value is.
 *
 * The browser's own clock may be wrong by minutes, so every age is counted against `now` in the bridge's messages. Of
 * the last messages the least delayed one counts; a jump (a laptop that slept, a corrected clock) starts anew.
 *
 * @typedef {import("./types.js").Instrument} Instrument
 */

const KEEP = 50;
const JUMP_MS = 2000;

export class BridgeClock {
  /** @param {() => number} local a clock that only runs forward, ms */
  constructor(local) {
    this.local = local;
    /** @type {number[]} */
    this.offsets = [];
    this.offset = NaN;
  }

  /** A message said it is `now`. @param {number} now */
  heard(now) {
    const offset = now - this.local();
    if (Math.abs(offset - this.offset) > JUMP_MS) this.offsets = [];
    this.offsets.push(offset);
    if (this.offsets.length > KEEP) this.offsets.shift();
    this.offset = Math.max(...this.offsets);
  }

  /** ms since the epoch; NaN before the first message. */
  now() {
    return this.local() + this.offset;
  }
}

/**
 * Whether a value may be taken for the present one.
 *
 * `none`: never measured. `gone`: its instrument or the way to it is away. `stale`: older than it should be.
 * @typedef {{kind: "fresh" | "stale" | "gone" | "none", ageMs: number}} Freshness
 *
 * @param {number | null} ts       time of the value as its source stamped it
 * @param {Instrument} instrument
 * @param {number} now             the bridge's time
 * @param {boolean} linked         browser, bridge and broker hear each other
 * @returns {Freshness}
 */
export function freshness(ts, instrument, now, linked) {
  if (ts === null) return { kind: "none", ageMs: NaN };
  const ageMs = Math.max(0, now - ts - instrument.clockMs);
  const away = instrument.state === "offline" || instrument.state === "lost";
  if (!linked || away) return { kind: "gone", ageMs };
  return { kind: ageMs > (instrument.meta.stale_ms ?? 5000) ? "stale" : "fresh", ageMs };
}
