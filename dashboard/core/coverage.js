/**
 * Which stretches of time are known: a short sorted list of intervals [from, to).
 *
 * Live reception and fetched history both add to it; what is missing from a view is what has to be asked for.
 */
export class Coverage {
  constructor() {
    /** @type {[number, number][]} */
    this.intervals = [];
  }

  /** @param {number} from @param {number} to */
  add(from, to) {
    if (!(to > from)) return;
    const last = this.intervals[this.intervals.length - 1];
    if (last && from >= last[0] && from <= last[1]) {
      last[1] = Math.max(last[1], to);
      return;
    }
    /** @type {[number, number][]} */
    const kept = [];
    for (const [a, b] of this.intervals) {
      if (b < from || a > to) kept.push([a, b]);
      else [from, to] = [Math.min(a, from), Math.max(b, to)];
    }
    kept.push([from, to]);
    this.intervals = kept.sort((p, q) => p[0] - q[0]).slice(-64);
  }

  /** Forgets [from, to): something has been stored there since. @param {number} from @param {number} to */
  cut(from, to) {
    this.intervals = this.intervals.flatMap(([a, b]) => {
      if (b <= from || a >= to) return [[a, b]];
      /** @type {[number, number][]} */
      const rest = [];
      if (a < from) rest.push([a, from]);
      if (b > to) rest.push([to, b]);
      return rest;
    });
  }

  /**
   * [from, to) cut into known and unknown stretches, in time order.
   * @param {number} from @param {number} to
   * @returns {{from: number, to: number, known: boolean}[]}
   */
  split(from, to) {
    const out = [];
    let at = from;
    for (const [a, b] of this.intervals) {
      if (b <= at || a >= to) continue;
      if (a > at) out.push({ from: at, to: a, known: false });
      out.push({ from: Math.max(a, at), to: Math.min(b, to), known: true });
      at = b;
    }
    if (at < to) out.push({ from: at, to, known: false });
    return out;
  }

  /** The unknown stretches of [from, to). @param {number} from @param {number} to */
  missing(from, to) {
    return this.split(from, to).filter((part) => !part.known);
  }
}
