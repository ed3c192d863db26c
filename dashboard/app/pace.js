/**
 * When to draw: at most 30 times a second, 4 when drawing is slow or motion is unwelcome, never in a hidden tab.
 *
 * Data do not pass here; a tab that comes back draws what has gathered meanwhile.
 *
 * @typedef {{draw: (now: number) => void, everyMs: () => number}} Painter
 */

import { slow } from "./state.js";

const FAST_MS = 33;
const SLOW_MS = 250;
const TOO_LONG_MS = 50;
const CALM_AFTER = 20;

const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** @type {Map<Painter, number>} when each was drawn last */
const painters = new Map();
let lastFrame = 0;
let quickFrames = 0;

/** @param {Painter} painter @returns {() => void} takes it off again */
export function paint(painter) {
  painters.set(painter, -Infinity);
  return () => painters.delete(painter);
}

/** Draws this one at the next frame. @param {Painter} painter */
export function repaint(painter) {
  if (painters.has(painter)) painters.set(painter, -Infinity);
}

/** @param {number} at */
function frame(at) {
  requestAnimationFrame(frame);
  const least = slow.value || calm.matches ? SLOW_MS : FAST_MS;
  if (at - lastFrame < least - 4) return;
  lastFrame = at;
  const begun = performance.now();
  let drawn = 0;
  for (const [painter, last] of painters) {
    if (at - last < painter.everyMs() - 4) continue;
    painters.set(painter, at);
    painter.draw(at);
    drawn++;
  }
  if (drawn) judge(performance.now() - begun);
}

/** @param {number} tookMs */
function judge(tookMs) {
  quickFrames = tookMs > TOO_LONG_MS ? 0 : quickFrames + 1;
  if (tookMs > TOO_LONG_MS && !slow.value) slow.value = true;
  else if (slow.value && quickFrames > CALM_AFTER) slow.value = false;
}

requestAnimationFrame(frame);
