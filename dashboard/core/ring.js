/**
 * A bounded series of (t, lo, hi) in time order; the oldest goes when it is full.
 *
 * NaN is an entry too: measured, without a number; a bucket is NaN only if it holds nothing else.
 * With `step` > 0 the entries are buckets (t is the bucket's begin) and samples of one bucket become one entry.
 * The arrays begin small and double, so a channel that says little costs little.
 *
 * @typedef {import("./types.js").Points} Points
 */
export class Ring {
  t = new Float64Array(0);
  lo = new Float64Array(0);
  hi = new Float64Array(0);

  /** @param {number} capacity entries @param {number} [step] ms; 0 keeps every sample as it is */
  constructor(capacity, step = 0) {
    this.capacity = capacity;
    this.step = step;
    this.length = 0;
    this.head = 0;
    this.overflowed = false;
    this.#allocate(Math.min(64, capacity));
  }

  /** Time of the oldest entry that is still here, if older ones have been dropped; else −∞. */
  get oldest() {
    return this.overflowed ? this.t[this.head] : -Infinity;
  }

  /** @param {number} t @param {number} lo @param {number} hi */
  push(t, lo, hi) {
    const start = this.step ? Math.floor(t / this.step) * this.step : t;
    if (this.length) {
      const last = this.#index(this.length - 1);
      if (start === this.t[last]) return this.#widen(last, lo, hi);
      if (start < this.t[last]) return this.merge({ t: [start], lo: [lo], hi: [hi] });
    }
    this.#append(start, lo, hi);
  }

  /** Adds older points (history, late rows). Entries with the same time become one. @param {Points} points */
  merge(points) {
    if (!points.t.length) return;
    const old = this.slice(-Infinity, Infinity);
    this.length = this.head = 0;
    let i = 0;
    let j = 0;
    while (i < old.t.length || j < points.t.length) {
      const takeOld = j >= points.t.length || (i < old.t.length && old.t[i] <= points.t[j]);
      const [from, k] = takeOld ? [old, i++] : [points, j++];
      const last = this.length ? this.#index(this.length - 1) : -1;
      if (last >= 0 && this.t[last] === from.t[k]) this.#widen(last, from.lo[k], from.hi[k]);
      else this.#append(from.t[k], from.lo[k], from.hi[k]);
    }
  }

  /** The entries with from ≤ t < to. @param {number} from @param {number} to @returns {Points} */
  slice(from, to) {
    const a = this.#lowerBound(from);
    const b = this.#lowerBound(to);
    /** @type {Points} */
    const out = { t: new Array(b - a), lo: new Array(b - a), hi: new Array(b - a) };
    for (let i = a; i < b; i++) {
      const k = this.#index(i);
      out.t[i - a] = this.t[k];
      out.lo[i - a] = this.lo[k];
      out.hi[i - a] = this.hi[k];
    }
    return out;
  }

  /** @param {number} i */
  #index(i) {
    return (this.head + i) % this.t.length;
  }

  /** @param {number} t @param {number} lo @param {number} hi */
  #append(t, lo, hi) {
    if (this.length === this.t.length && this.length < this.capacity) this.#grow();
    if (this.length === this.t.length) {
      this.head = (this.head + 1) % this.t.length;
      this.length--;
      this.overflowed = true;
    }
    const k = this.#index(this.length++);
    this.t[k] = t;
    this.lo[k] = lo;
    this.hi[k] = hi;
  }

  /** @param {number} k @param {number} lo @param {number} hi */
  #widen(k, lo, hi) {
    if (Number.isNaN(lo)) return;
    if (!(lo >= this.lo[k])) this.lo[k] = lo;
    if (!(hi <= this.hi[k])) this.hi[k] = hi;
  }

  #grow() {
    const kept = this.slice(-Infinity, Infinity);
    this.#allocate(Math.min(2 * this.t.length, this.capacity));
    this.t.set(kept.t);
    this.lo.set(kept.lo);
    this.hi.set(kept.hi);
    this.head = 0;
  }

  /** @param {number} size */
  #allocate(size) {
    this.t = new Float64Array(size);
    this.lo = new Float64Array(size);
    this.hi = new Float64Array(size);
  }

  /** Number of entries before `t`. @param {number} t */
  #lowerBound(t) {
    let a = 0;
    let b = this.length;
    while (a < b) {
      const m = (a + b) >> 1;
      if (this.t[this.#index(m)] < t) a = m + 1;
      else b = m;
    }
    return a;
  }
}
