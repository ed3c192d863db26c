/**
 * Command forms: from the description of an argument to the value that is sent, and the sentence when it cannot be.
 *
 * @typedef {import("./types.js").ArgSpec} ArgSpec
 * @typedef {import("./types.js").Value} Value
 * @typedef {{value: Value} | {problem: string}} Parsed
 */

import { formatNumber } from "./format.js";

/** What stands in a form before anybody has typed. @param {ArgSpec} spec @returns {string} */
export function initialText(spec) {
  if (spec.default !== null && spec.default !== undefined) return String(spec.default);
  if (spec.type === "bool") return "false";
  return spec.choices?.[0] ?? "";
}

/**
 * The same, where the present state of what the command sets is known: a switch stands as it is.
 * @param {ArgSpec} spec @param {import("./types.js").Value | undefined} present
 */
export const startText = (spec, present) => (spec.type === "bool" && typeof present === "boolean" ? String(present) : initialText(spec));

/** "4 … 350 K", "≥ 0", "" @param {ArgSpec} spec */
export function limitsText(spec) {
  const low = spec.min ?? null;
  const high = spec.max ?? null;
  if (low !== null && high !== null) return `${formatNumber(low, { resolution: grain(low) })} … ${formatNumber(high, { resolution: grain(high) })}`;
  if (low !== null) return `≥ ${formatNumber(low, { resolution: grain(low) })}`;
  return high !== null ? `≤ ${formatNumber(high, { resolution: grain(high) })}` : "";
}

/** The step in which a limit is written: 0.05 → 0.01. @param {number} n */
function grain(n) {
  const decimals = String(n).split(".")[1]?.length ?? 0;
  return 10 ** -decimals;
}

/** @param {string} text what was typed @param {ArgSpec} spec @returns {Parsed} */
export function parseArg(text, spec) {
  if (spec.choices?.length && !spec.choices.includes(text)) return { problem: "choose one" };
  switch (spec.type ?? "float") {
    case "bool":
      return { value: text === "true" };
    case "str":
      return { value: text };
    case "int64":
    case "uint64":
      return parseWide(text.trim(), spec.type === "uint64");
    default:
      return parseNumber(text.trim().replace(",", ".").replace("−", "-"), spec);
  }
}

/** @param {string} text @param {ArgSpec} spec @returns {Parsed} */
function parseNumber(text, spec) {
  const value = Number(text);
  if (text === "" || !Number.isFinite(value)) return { problem: "a number is needed" };
  if (spec.type === "int" && !Number.isSafeInteger(value)) return { problem: "a whole number is needed" };
  if ((spec.min ?? -Infinity) > value || (spec.max ?? Infinity) < value) return { problem: `allowed: ${limitsText(spec)}` };
  return { value };
}

/** 64-bit integers travel as text: JSON numbers lose their last digits. @param {string} text @param {boolean} unsigned @returns {Parsed} */
function parseWide(text, unsigned) {
  if (!(unsigned ? /^\d{1,20}$/ : /^-?\d{1,19}$/).test(text)) return { problem: "a whole number is needed" };
  return { value: text };
}

/**
 * All arguments of a command.
 * @param {Record<string, ArgSpec>} specs @param {Record<string, string>} texts what was typed
 * @param {import("./types.js").Value} [present] of the channel the command sets
 * @returns {{args: Record<string, Value>, problems: Record<string, string>}}
 */
export function parseArgs(specs, texts, present) {
  /** @type {Record<string, Value>} */
  const args = {};
  /** @type {Record<string, string>} */
  const problems = {};
  for (const [name, spec] of Object.entries(specs)) {
    const parsed = parseArg(texts[name] ?? startText(spec, present), spec);
    if ("problem" in parsed) problems[name] = parsed.problem;
    else args[name] = parsed.value;
  }
  return { args, problems };
}
