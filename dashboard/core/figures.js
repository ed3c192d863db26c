/** What a service counts, in words: names people know, sizes and times rounded, counters of mishaps only when there were any. */

import { formatAge, formatFigure } from "./format.js";

/** @type {Record<string, string>} */
const NAMES = {
  spool_bytes: "spool",
  spool_limit: "of at most",
  spool_hours_left: "lasts without a logger",
  waiting: "messages waiting",
  resent: "sent again",
  lost: "samples lost",
  unwritten: "samples not written to disk",
  ignored: "messages ignored",
  malformed: "malformed messages",
  clock_error_ms: "clock error at most",
  stored_by: "stored by",
  samples: "sample sets",
  stored_per_s: "stored per second",
  duplicates: "repeats",
  undecodable: "not readable",
  same_time: "samples of the same time",
  lag_ms: "stored after",
  db_bytes: "database",
  disk_free_bytes: "disk free",
  days_left: "days until it is full",
  expired_pieces: "pieces expired",
  kept_pieces: "pieces kept beyond their time",
  clients: "pages open",
  dropped_frames: "frames skipped",
  frames: "frames sent",
  refused_instruments: "instruments refused",
  refused_channels: "channels refused",
  foreign: "messages of others",
  no_answer: "commands without an answer",
  ring_bytes: "kept in memory",
  records_waiting: "records waiting",
  runs: "calibrations under way",
};

/** Are said also when they are 0. */
const ALWAYS = new Set(["waiting", "clients", "instruments", "stored_per_s", "runs", "gaps"]);

/** 1536 → "1.5 kB" @param {number} bytes */
export function formatBytes(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  const value = bytes / 1000 ** power;
  return `${value < 10 && power ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}

/** @param {string} name @param {number} value */
function rounded(name, value) {
  if (name.endsWith("_bytes") || name === "spool_limit") return formatBytes(value);
  if (name.endsWith("_hours_left")) return formatAge(value * 3_600_000);
  if (name.endsWith("_ms")) return formatAge(value);
  if (name.endsWith("_per_s") || !Number.isInteger(value)) return String(Number(value.toPrecision(3)));
  return formatFigure(value);
}

/** @param {Record<string, number | string | null>} figures @returns {string[]} "database 4.2 MB" */
export function figureWords(figures) {
  return Object.entries(figures).flatMap(([name, value]) => {
    if (name === "clock_synchronised") return value === 0 ? ["clock not synchronised"] : [];
    if (value === null || (value === 0 && !ALWAYS.has(name))) return [];
    return [`${NAMES[name] ?? name.replaceAll("_", " ")} ${typeof value === "number" ? rounded(name, value) : value}`];
  });
}
