/** The keyboard: one letter each, never while somebody types. */

import { anchor, dialog, drawerOpen } from "./state.js";
import { chooseWindow, fitAll, goLive, pan, togglePause, zoomBy } from "./view.js";

/** @type {Record<string, () => void>} */
const KEYS = {
  " ": togglePause,
  "/": () => document.getElementById("filter")?.focus(),
  "1": () => chooseWindow(0),
  "2": () => chooseWindow(1),
  "3": () => chooseWindow(2),
  "4": () => chooseWindow(3),
  "5": fitAll,
  f: goLive,
  e: () => (dialog.value = "export"),
  "?": () => (dialog.value = "help"),
  ArrowLeft: () => pan(-0.25),
  ArrowRight: () => pan(0.25),
  "+": () => zoomBy(0.5),
  "-": () => zoomBy(2),
  Escape: () => ((anchor.value = null), (drawerOpen.value = false)),
};

/** @param {EventTarget | null} target */
function isTyping(target) {
  return target instanceof HTMLElement && !!target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, dialog");
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (isTyping(event.target)) {
    if (event.key === "Escape" && event.target instanceof HTMLInputElement) event.target.blur();
    return;
  }
  const onControl = event.target instanceof HTMLElement && event.target.closest("button, input, a");
  if (onControl && (event.key === " " || event.key.startsWith("Arrow"))) return;
  const action = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action) return;
  event.preventDefault();
  action();
}

export const listenToKeys = () => document.addEventListener("keydown", onKey);
