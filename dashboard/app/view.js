/**
 * Where one looks: the live edge or a resting stretch of time, the window, the plots; and its reflection in the URL.
 */

import { effect } from "@preact/signals";
import { printHash, WINDOWS } from "../core/hash.js";
import { addToPlot } from "../core/layout.js";
import { viewRange } from "./plotdata.js";
import { clock } from "./session.js";
import { anchor, filter, ownPlots, plots, still, windowChosen, windowS } from "./state.js";

const LEAST_SPAN_MS = 20;

export function goLive() {
  still.value = null;
}

/** Stops the view where it is, or lets it run again. */
export function togglePause() {
  still.value = still.value ? null : viewRange();
}

/** @param {number} index 0 … */
export function chooseWindow(index) {
  if (!WINDOWS[index]) return;
  windowS.value = WINDOWS[index];
  windowChosen.value = true;
  still.value = null;
}

/** Everything the page was opened with and has seen since, up to the longest window. */
export function fitAll() {
  const now = clock.now() || Date.now();
  lookAt(now - WINDOWS[WINDOWS.length - 1] * 1000, now);
}

/** @param {number} from @param {number} to */
export function lookAt(from, to) {
  const middle = (from + to) / 2;
  const half = Math.max(to - from, LEAST_SPAN_MS) / 2;
  const end = Math.min(middle + half, clock.now() || Infinity);
  still.value = { from: end - 2 * half, to: end };
}

/** @param {number} part of the span: −0.25 goes back by a quarter */
export function pan(part) {
  const { from, to } = viewRange();
  lookAt(from + part * (to - from), to + part * (to - from));
}

/** @param {number} factor below 1 looks closer @param {number} [at] the time that stays where it is */
export function zoomBy(factor, at) {
  const { from, to } = viewRange();
  const centre = at ?? (from + to) / 2;
  lookAt(centre - (centre - from) * factor, centre + (to - centre) * factor);
}

/** Where the held view ended while somebody selects with the mouse, so that it does not move under the hand. @param {boolean} held */
export function hold(held) {
  heldRange = held ? viewRange() : null;
}

/** @type {{from: number, to: number} | null} */
let heldRange = null;

export const shownRange = () => (still.value ? still.value : (heldRange ?? viewRange()));

/** The arrangement as lists of keys, ready to be changed. */
export const arrangement = () => ownPlots.value ?? plots.value.map((p) => p.keys);

/** @param {string} key @param {number | null} at number of the plot; null: a new one */
export function plotChannel(key, at) {
  ownPlots.value = addToPlot(arrangement(), key, at);
}

/** @param {number} at */
export function closePlot(at) {
  ownPlots.value = arrangement().filter((_, i) => i !== at);
}

/** @param {number} at @param {string} key */
export function removeCurve(at, key) {
  const next = arrangement().map((keys, i) => (i === at ? keys.filter((k) => k !== key) : keys));
  ownPlots.value = next.filter((keys) => keys.length);
}

export function resetPlots() {
  ownPlots.value = null;
}

/** @param {number | null} ts */
export function pin(ts) {
  anchor.value = ts;
}

/** Keeps the URL's fragment in step, without filling the browser's history. */
export function reflectInUrl() {
  effect(() => {
    const hash = printHash({ window: windowS.value, plots: ownPlots.value, filter: filter.value });
    history.replaceState(null, "", location.pathname + location.search + (hash ? `#${hash}` : ""));
  });
}
