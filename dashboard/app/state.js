/**
 * The slow half of the page's memory, as signals: whoever reads one is drawn again when it changes.
 *
 * @typedef {import("../core/reducer.js").State} State
 * @typedef {{from: number, to: number}} Range
 */

import { computed, signal } from "@preact/signals";
import { alarms, timeline } from "../core/entries.js";
import { parseHash } from "../core/hash.js";
import { customPlots, defaultPlots } from "../core/layout.js";
import { initialState, reduce } from "../core/reducer.js";

export { isDark, theme, toggleTheme } from "./theme.js";

/** @type {import("@preact/signals").Signal<State>} */
export const app = signal(initialState());

/** @param {{op: string} & Record<string, any>} message */
export function dispatch(message) {
  app.value = reduce(app.value, message);
}

const url = parseHash(location.hash);

/** Seconds on screen while live. */
export const windowS = signal(url.window);
/** Whether a person has chosen it. */
export const windowChosen = signal(url.chosen);
/** A resting view (paused, zoomed, scrolled back), or null at the live edge. */
export const still = signal(/** @type {Range | null} */ (null));
/** Plots as arranged by a person; null: as the page arranges them. */
export const ownPlots = signal(url.plots);
export const filter = signal(url.filter);

/** Counts up a few times a second: ages, tiles and readouts are drawn anew with it. */
export const tick = signal(0);
/** Drawing cannot keep up. */
export const slow = signal(false);
/** Why the log cannot be read; "" when it can. */
export const historyProblem = signal("");
/** Time pinned by a click: readouts show the difference to it. */
export const anchor = signal(/** @type {number | null} */ (null));
/** The open dialog: "help", "export", "run", "alarms", or a channel's key. */
export const dialog = signal("");
/** The channel somebody has just pointed at: its plot lights up. */
export const spotlight = signal("");
export const drawerOpen = signal(false);
/** Sentences for screen readers: results of commands, alarms. Never values. */
export const spoken = signal({ polite: "", assertive: "" });

export const plots = computed(() => {
  const { instruments } = app.value;
  return ownPlots.value ? customPlots(ownPlots.value, instruments) : defaultPlots(instruments);
});

/** Everything that happened, in time order. */
export const log = computed(() => timeline(app.value.entries, app.value.commands.values(), app.value.instruments));

const SEEN = "labwire.seen";
export const seen = signal(new Set(/** @type {string[]} */ (JSON.parse(localStorage.getItem(SEEN) ?? "[]"))));
export const openAlarms = computed(() => alarms(app.value.entries, seen.value));

/** Acknowledges alarms in this browser. @param {string[]} keys */
export function acknowledge(keys) {
  seen.value = new Set([...seen.value, ...keys].slice(-500));
  localStorage.setItem(SEEN, JSON.stringify([...seen.value]));
}
