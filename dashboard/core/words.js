/**
 * States in words: one sentence that says what is the matter and what to do.
 *
 * @typedef {import("./types.js").Instrument} Instrument
 * @typedef {import("./types.js").Value} Value
 * @typedef {import("./reducer.js").CommandEntry} CommandEntry
 * @typedef {import("./reducer.js").State} State
 * @typedef {{icon: string, word: string, tone: "ok" | "busy" | "warn" | "bad" | "off"}} Badge
 */

import { formatAge, formatArg, formatWhen } from "./format.js";
import { titleOf } from "./layout.js";

/** So long without any message is worth a word, ms. */
const QUIET_MS = 3000;

/** @type {Record<string, Badge>} */
const PRESENCE = {
  online: { icon: "●", word: "online", tone: "ok" },
  degraded: { icon: "◐", word: "degraded", tone: "warn" },
  offline: { icon: "○", word: "offline", tone: "off" },
  lost: { icon: "○", word: "lost", tone: "bad" },
};

/** @type {Badge} */
const NOT_KNOWN = { icon: "◌", word: "not known while the connection is down", tone: "off" };

/** Without a connection nothing is claimed of an instrument. @param {State} state @param {Instrument} instrument @returns {Badge} */
export function presence(state, instrument) {
  if (state.session.phase !== "open" || state.broker.state !== "up") return NOT_KNOWN;
  return PRESENCE[instrument.state] ?? PRESENCE.lost;
}

/** @type {Record<string, Badge>} */
const COMMAND = {
  pending: { icon: "◌", word: "pending", tone: "busy" },
  sent: { icon: "◌", word: "sent", tone: "busy" },
  accepted: { icon: "◔", word: "accepted", tone: "busy" },
  running: { icon: "◑", word: "running", tone: "busy" },
  done: { icon: "✔", word: "done", tone: "ok" },
  failed: { icon: "✖", word: "failed", tone: "bad" },
  rejected: { icon: "✖", word: "rejected", tone: "bad" },
  expired: { icon: "✖", word: "expired", tone: "bad" },
  no_answer: { icon: "?", word: "no answer", tone: "warn" },
  unknown: { icon: "?", word: "outcome unknown", tone: "warn" },
};

/** What the quality codes of the contract mean. @type {Record<string, string>} */
export const QUALITY = {
  uncertain: "uncertain",
  bad: "bad",
  nan: "not a number",
  "+inf": "overflow",
  "-inf": "underflow",
  extrapolated: "outside calibration",
  clock: "clock unsure",
};

/** Why a command has ended without being done. @type {Record<string, string>} */
export const WHY = {
  expired: "it came too late and was not executed",
  no_answer: "nobody answered; the instrument may be away – look at it before you try again",
  unknown: "the connection was lost before the answer came – look at the instrument before you try again",
};

/**
 * @param {CommandEntry} command @param {Map<string, Instrument>} instruments
 * @returns {Badge & {title: string, detail: string, sentence: string}}
 */
export function commandWords(command, instruments) {
  const instrument = instruments.get(command.instrument);
  const spec = instrument?.meta.commands?.[command.name];
  const badge = COMMAND[command.state] ?? COMMAND.unknown;
  const title = [spec?.label || command.name.replaceAll("_", " "), argWords(command.args, spec)].filter(Boolean).join(" ");
  const detail = command.error?.message || command.error?.code || WHY[command.state] || argWords(command.result);
  const who = instrument ? titleOf(instrument) : command.instrument;
  return { ...badge, title, detail, sentence: `${title}, ${who}: ${badge.word}${detail ? ` – ${detail}` : ""}` };
}

/** @param {Record<string, Value>} args @param {import("./types.js").CommandSpec} [spec] */
function argWords(args, spec) {
  const entries = Object.entries(args ?? {});
  return entries
    .map(([name, value]) => {
      const unit = spec?.args?.[name]?.unit;
      const text = `${formatArg(value)}${unit ? ` ${unit}` : ""}`;
      return entries.length > 1 || !spec ? `${name} ${text}` : text;
    })
    .join(", ");
}

/**
 * Why nothing can be commanded now; "" when it can.
 * @param {State} state @param {Instrument} instrument
 */
export function commandObstacle(state, instrument) {
  if (state.session.phase !== "open") return "No connection to the bridge.";
  if (state.broker.state !== "up") return "The bridge has no connection to the broker.";
  if (state.session.role !== "operator") return "This link may look, not command: open the page with an operator's link.";
  if (instrument.state === "lost") return `${titleOf(instrument)} has been lost: its computer no longer answers.`;
  if (instrument.state === "offline") return `${titleOf(instrument)} is offline${instrument.reason ? `: ${instrument.reason}` : ""}`.replace(/[^.?!]$/, "$&.");
  return "";
}

/**
 * The strip under the top bar: the one thing that is wrong with the connection. null when all is well.
 * @param {State} state @param {number} now bridge time @param {number} local browser time
 * @returns {{tone: "warn" | "bad", text: string, retry: boolean} | null}
 */
export function linkTrouble(state, now, local) {
  const { phase, since, retryAt } = state.session;
  if (phase === "waiting" || (phase === "connecting" && since)) {
    const wait = Math.max(0, Math.ceil((retryAt - local) / 1000));
    const plan = phase === "connecting" ? "trying now …" : wait > 0 ? `trying again in ${wait} s` : "trying again …";
    return { tone: "bad", text: `No connection to the bridge since ${formatWhen(since, now)} – ${plan}`, retry: phase === "waiting" };
  }
  if (state.broker.state === "down") {
    const text = `The bridge has no connection to the MQTT broker since ${formatWhen(state.broker.since, now)}. Nothing new arrives, nothing can be commanded; it connects again by itself.`;
    return { tone: "bad", text, retry: false };
  }
  return null;
}

/**
 * The chip in the top bar: what is broken goes before what is chosen.
 * @param {State} state @param {{age: number, paused: boolean}} seen ms since anything was heard
 * @returns {{tone: string, icon: string, text: string}}
 */
export function linkChip({ session, broker, instruments }, { age, paused }) {
  if (session.phase === "refused") return { tone: "bad", icon: "○", text: "no access" };
  if (session.phase === "waiting" || (session.phase === "connecting" && session.since)) return { tone: "bad", icon: "○", text: "no connection" };
  if (session.phase === "connecting") return { tone: "busy", icon: "◌", text: "connecting …" };
  if (broker.state === "down") return { tone: "bad", icon: "○", text: paused ? "broker down, paused" : "broker down" };
  if (!instruments.size) return { tone: "ok", icon: "●", text: "connected" };
  if (age > QUIET_MS) return { tone: "warn", icon: "◌", text: `quiet ${formatAge(age)}` };
  if (paused) return { tone: "warn", icon: "❙❙", text: "paused" };
  return { tone: "ok", icon: "●", text: `live ${formatAge(age)}` };
}

/** What is wrong with an instrument, in words; "" when nothing is. @param {Instrument} instrument */
export function instrumentTrouble(instrument) {
  const reason = instrument.reason ? `: ${instrument.reason}` : "";
  const clock = Math.abs(instrument.clockMs) > 2000 ? `clock wrong by ${formatAge(Math.abs(instrument.clockMs))}` : "";
  switch (instrument.state) {
    case "lost":
      return `lost – its computer no longer answers${reason}`;
    case "offline":
      return `offline${reason}`;
    case "degraded":
      return [`degraded${reason}`, clock].filter(Boolean).join("; ");
    default:
      return clock;
  }
}
