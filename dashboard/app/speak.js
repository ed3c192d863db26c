/**
 * What screen readers are told: how a command ended, and alarms. Values are never read out.
 *
 * @typedef {import("../core/reducer.js").CommandEntry} CommandEntry
 */

import { isEnded } from "../core/reducer.js";
import { commandWords } from "../core/words.js";
import { app, spoken } from "./state.js";

/** @param {CommandEntry | undefined} command */
export function announceCommand(command) {
  if (!command || !isEnded(command.state)) return;
  spoken.value = { ...spoken.value, polite: commandWords(command, app.value.instruments).sentence };
}

/** @param {any} event */
export function announceEvent({ instrument, text, state, severity }) {
  if (state !== "raised" && severity !== "critical") return;
  spoken.value = { ...spoken.value, assertive: `Alarm, ${instrument}: ${text}` };
}
