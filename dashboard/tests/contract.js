/** The contract's own examples, the same files the Python tests read. */

import { readFileSync } from "node:fs";

/** @param {string} kind @returns {{name: string, topic: string, payload: any, valid: boolean}[]} the valid ones */
export function examples(kind) {
  const url = new URL(`../../tests/contract/${kind}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8")).filter((/** @type {any} */ e) => e.valid && typeof e.payload === "object");
}

/** @param {string} topic */
export const instrumentOf = (topic) => topic.split("/")[1];
