/**
 * The shapes of calibrations that travel between bridge and page, as far as the page reads them.
 *
 * @typedef {{key: string, label?: string, type?: "number" | "text" | "choice", unit?: string, choices?: string[], value?: string, needed?: boolean}} Question
 * @typedef {{of: string, phase: string, drift?: number | null, drift_max: number, s?: number | null, s_max: number, slope?: number | null, remaining_s?: number | null, timeout_s: number}} Settling
 * @typedef {{part: string, nominal: string, direction?: string, series?: number, check?: boolean, n: number, x: string, I: string, E: string, s?: string, r1?: number | null, within?: boolean | null, warnings?: string[], by?: string}} Visited
 *
 * @typedef {object} Run
 * @property {string} run
 * @property {number} ts
 * @property {string} phase
 * @property {string} [text]
 * @property {string[]} [asks]
 * @property {Question[]} [form]
 * @property {string[]} [can]
 * @property {string} [error]
 * @property {string[]} [warnings]
 * @property {string} [title]
 * @property {string} [procedure]
 * @property {string} [item]
 * @property {string} [serial]
 * @property {string} [instrument]
 * @property {string} [channel]
 * @property {string} [unit]
 * @property {string} [reference]
 * @property {string[]} [standards]
 * @property {string} [by]
 * @property {string} [part]
 * @property {number} [step]
 * @property {number} [steps]
 * @property {number | null} [point]
 * @property {number[]} [points]
 * @property {number | null} [nominal]
 * @property {string} [direction]
 * @property {boolean} [check]
 * @property {number | null} [settled]
 * @property {Settling | null} [settling]
 * @property {number} [taken]
 * @property {number} [wanted]
 * @property {string[]} [typed]
 * @property {[number, number | null, number | null][]} [pairs]
 * @property {Record<string, {now?: number | null, min?: number | null, max?: number | null, low?: number | null, high?: number | null}>} [room]
 * @property {Visited[]} [results]
 * @property {string} [correction]
 * @property {{ts: number, by?: string, text: string}[]} [log]
 * @property {string} [record]
 * @property {number | null} [end]
 *
 * @typedef {{id: string, rev: number, state: string, procedure: string, title: string, item: string, model: string, serial: string, channel: string, begin: string, end: string, released: string | null, by: string | null, passed: boolean | null, documents: string[]}} Listed
 * @typedef {{nominal: number, check: boolean, n: number, reference: number, indication: number, error: number, U: number, k: number, printed: {error: string, U: string}, verdict: string | null, limits: (number | null)[] | null, p_conform: number | null, correlated: boolean}} Point
 * @typedef {{passed: boolean | null, points: Point[], hysteresis: number | null, checks: {nominal: number, error: number}[], warnings: string[]}} Outcome
 * @typedef {{record: any, unit: string, quantity: string, title: string, results: Record<string, Outcome>, problem: string, history: {state: string, by: string, authenticated: boolean, at: string, reason: string}[], sha256: string, documents: string[], chain: {t: string, event: string, rev: number, hash: string}[]}} Detail
 * @typedef {{kind: string, id: string, status: string, by: string, what: string, instrument: string, channel: string, day: string | null, last: string | null}} DueLine
 * @typedef {{name: string, nominal: string, warning: string, action: string, unit?: string, every_days?: number, means?: string}} CheckPlan
 * @typedef {{item: string, plan: CheckPlan, status: string, mean: number | null, s: number | null, next: string, checks: {t: string, value: string, zone: string, by: string, source: string, note: string}[]}} CheckChart
 * @typedef {{key: string, id: string, rev: number, title: string, quantity: string, unit: string, points: number[], check: number[], template: boolean}} Procedure
 */

export {};
