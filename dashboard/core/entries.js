/**
 * The activity list and the alarms: what happened, from the live messages and from the log, each thing once.
 *
 * @typedef {import("./types.js").Mark} Mark
 * @typedef {import("./reducer.js").LogEntry} LogEntry
 *
 * @typedef {object} Alarm
 * @property {string} key          what it is about: instrument, channel and kind
 * @property {LogEntry} entry      the message that raised it
 * @property {boolean} active      false: it has cleared since
 * @property {boolean} seen        acknowledged in this browser
 */

import { commandWords } from "./words.js";

const MAX_ENTRIES = 500;
const SAME_MS = 3000;
const LOUD = new Set(["warning", "error", "critical"]);

/** @param {any} m @returns {LogEntry} */
export function fromEvent({ ts, instrument, kind, text, severity = "info", channel = "", state = "", by = "" }) {
  return { key: `event|${ts}|${instrument}|${text}`, ts, kind: "event", text, instrument, by, state, severity, channel, event: kind };
}

/** @param {any} m @returns {LogEntry} */
export function fromNote({ ts, text, by, instruments = [] }) {
  return { key: `note|${ts}|${text}`, ts, kind: "note", text, by, instruments };
}

/** @param {any} m @returns {LogEntry} */
export function fromRun({ run, name, start, end = null, by, sample = "", instruments = [] }) {
  const text = sample ? `${name} – ${sample}` : name;
  const state = end === null ? "started" : "stopped";
  return { key: `run|${run}|${state}`, ts: end ?? start, kind: "run", text, by, state, instruments, event: run, end };
}

/** The end of somebody's command, in the words of the log's line. @param {any} m @returns {LogEntry} */
export function fromReply({ id, ts, instrument, name = "", args = {}, by = "", state, error }) {
  const values = Object.entries(args).map(([k, v]) => `${k} ${v}`).join(", ");
  const text = [name || "command", values].filter(Boolean).join(" ");
  return { key: `command|${id}`, ts, kind: "command", text, instrument, by, state, detail: error?.message ?? "" };
}

/** A line of GET /api/marks. @param {any} mark @returns {LogEntry} */
export function markEntry(mark) {
  const subject = mark.kind === "note" ? "" : `${mark.instrument ?? ""}|`;
  const event = mark.run || mark.event || undefined;
  if (mark.run) return { ...mark, event, key: `run|${mark.run}|${mark.state}` };
  return { ...mark, event, key: `${mark.kind}|${mark.ts}|${subject}${mark.text}` };
}

/** @param {LogEntry[]} entries @param {LogEntry[]} more @returns {LogEntry[]} in time order, each key once, at most MAX_ENTRIES */
export function addEntries(entries, more) {
  const known = new Set(entries.map((e) => e.key));
  const fresh = more.filter((e) => !known.has(e.key) && known.add(e.key));
  if (!fresh.length) return entries;
  return [...entries, ...fresh].sort((a, b) => a.ts - b.ts).slice(-MAX_ENTRIES);
}

/**
 * Alarms that want attention: raised and still active, or cleared but not yet seen.
 * @param {LogEntry[]} entries @param {ReadonlySet<string>} seen keys of acknowledged entries @returns {Alarm[]} newest first
 */
export function alarms(entries, seen) {
  /** @type {Map<string, Alarm>} */
  const found = new Map();
  for (const entry of entries) {
    if (entry.kind !== "event") continue;
    const key = `${entry.instrument}|${entry.channel ?? ""}|${entry.event ?? entry.text}`;
    const old = found.get(key);
    if (entry.state === "cleared") {
      if (old) found.set(key, { ...old, active: false });
    } else if (entry.state === "raised" || LOUD.has(entry.severity ?? "")) {
      found.set(key, { key, entry, active: entry.state === "raised", seen: seen.has(entry.key) });
    }
  }
  return [...found.values()].filter((a) => a.active || !a.seen).reverse();
}

/**
 * The chip in the top bar: what is over counts apart from what is still the matter.
 * @param {Alarm[]} list not empty @returns {{text: string, tone: "bad" | "warn"}}
 */
export function alarmWords(list) {
  const active = list.filter((a) => a.active).length;
  const over = list.length - active;
  const text = [active && `${active} ${active === 1 ? "alarm" : "alarms"}`, over && `${over} ${active ? "over" : over === 1 ? "alarm is over" : "alarms are over"}`].filter(Boolean).join(", ");
  return { text, tone: list.some((a) => a.active && !a.seen) ? "bad" : "warn" };
}

/** Runs that have begun and not ended. @param {LogEntry[]} entries @returns {LogEntry[]} */
export function openRuns(entries) {
  const runs = entries.filter((e) => e.kind === "run");
  const stopped = new Set(runs.filter((e) => e.state === "stopped").map((e) => e.event));
  return runs.filter((e) => e.state === "started" && !stopped.has(e.event));
}

/**
 * Everything that happened, commands of this page included. The log repeats them: its line is left out.
 * @param {LogEntry[]} entries @param {Iterable<import("./reducer.js").CommandEntry>} commands
 * @param {Map<string, import("./types.js").Instrument>} instruments @returns {LogEntry[]} in time order
 */
export function timeline(entries, commands, instruments) {
  const own = [...commands].map((c) => fromCommand(c, instruments));
  const repeated = (/** @type {LogEntry} */ e) => e.kind === "command" && own.some((o) => o.instrument === e.instrument && sameCommand(o, e));
  const others = entries.filter((e) => !repeated(e)).map((e) => (e.kind === "command" ? named(e, instruments) : e));
  return [...others, ...own].sort((a, b) => a.ts - b.ts);
}

/**
 * Somebody else's command in the words of the instrument's description, as one's own are.
 * @param {LogEntry} entry @param {Map<string, import("./types.js").Instrument>} instruments @returns {LogEntry}
 */
function named(entry, instruments) {
  const specs = instruments.get(entry.instrument ?? "")?.meta.commands ?? {};
  const [command, ...rest] = entry.text.split(" ");
  const spec = specs[command];
  if (!spec) return entry;
  const [values, ...problem] = rest.join(" ").split(": ");
  return { ...entry, text: [spec.label || command.replaceAll("_", " "), ...valuesOf(values, spec)].join(" "), detail: entry.detail || problem.join(": ") };
}

/** "celsius 30" → ["30 °C"]; several keep their names. @param {string} text @param {import("./types.js").CommandSpec} spec */
function valuesOf(text, spec) {
  const given = text.split(", ").filter(Boolean);
  const shown = given.map((one) => {
    const [name, ...value] = one.split(" ");
    const unit = spec.args?.[name]?.unit;
    const words = [value.join(" "), unit].filter(Boolean).join(" ").replace(/^-/, "−");
    return given.length > 1 ? `${name} ${words}` : words;
  });
  return shown.length ? [shown.join(", ")] : [];
}

/** @param {LogEntry} own @param {LogEntry} logged */
function sameCommand(own, logged) {
  return logged.ts > own.ts - SAME_MS && logged.ts < (own.end ?? own.ts) + SAME_MS && logged.text.includes(own.event ?? "");
}

/** @param {import("./reducer.js").CommandEntry} command @param {Map<string, import("./types.js").Instrument>} instruments @returns {LogEntry} */
function fromCommand(command, instruments) {
  const { title, detail } = commandWords(command, instruments);
  const { id, ts, instrument, state, endedAt: end, name: event } = command;
  return { key: `own|${id}`, ts, kind: "command", text: title, instrument, by: "you", state, event, end, detail };
}

/** Marks that concern a plot of these instruments. @param {LogEntry[]} entries @param {Set<string>} instruments @returns {LogEntry[]} */
export function marksFor(entries, instruments) {
  return entries.filter((e) => {
    if (e.instrument) return instruments.has(e.instrument);
    return !e.instruments?.length || e.instruments.some((i) => instruments.has(i));
  });
}
