/**
 * The bridge's HTTP side. Every failure is an ApiError with a sentence fit for the page.
 */

import { token } from "./token.js";

const TIMEOUT_MS = 15_000;

export class ApiError extends Error {
  /** @param {string} code @param {string} message @param {number} status */
  constructor(code, message, status) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/**
 * @param {string} method @param {string} path @param {object} [body] @returns {Promise<any>}
 */
export async function request(method, path, body) {
  /** @type {Record<string, string>} */
  const headers = body ? { "Content-Type": "application/json" } : {};
  const secret = token();
  if (secret) headers.Authorization = `Bearer ${secret}`;
  const options = { method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(TIMEOUT_MS) };
  const response = await fetch(path, options).catch((error) => {
    throw new ApiError("link", `The bridge did not answer (${error.message}).`, 0);
  });
  const data = await response.json().catch(() => null);
  if (!response.ok) throw failure(response.status, data);
  return data;
}

/** @param {number} status @param {any} data */
function failure(status, data) {
  const { code = String(status), message = `The bridge answered ${status}.` } = data?.error ?? {};
  return new ApiError(code, message, status);
}

/** @param {Record<string, string | number | string[]>} values */
function query(values) {
  const q = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    for (const one of Array.isArray(value) ? value : [value]) q.append(name, String(one));
  }
  return q.toString();
}

/**
 * Min/max buckets from the log.
 * @param {string} instrument @param {string[]} channels @param {number} from @param {number} to @param {number} stepMs
 * @returns {Promise<{step_ms: number, series: Record<string, {t: number[], min: number[], max: number[]}>}>}
 */
export function getHistory(instrument, channels, from, to, stepMs) {
  const times = { from: Math.floor(from), to: Math.ceil(to), step_ms: stepMs };
  return request("GET", `/api/history?${query({ instrument, channel: channels, ...times })}`);
}

/** @param {number} from @param {number} to @returns {Promise<import("../core/types.js").Mark[]>} */
export const getMarks = (from, to) => request("GET", `/api/marks?${query({ from: Math.floor(from), to: Math.ceil(to) })}`);

/** @param {string} text @param {string[]} instruments @returns {Promise<{ts: number}>} */
export const postNote = (text, instruments) => request("POST", "/api/notes", { text, instruments });

/** @param {string} name @param {string} sample @returns {Promise<{run: string}>} */
export const postRun = (name, sample) => request("POST", "/api/runs", { name, sample });

/** @param {string} run */
export const stopRun = (run) => request("POST", `/api/runs/${encodeURIComponent(run)}/stop`);
