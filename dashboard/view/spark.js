/** The little curve in a tile: the last two minutes, without axes. */

import { useEffect, useRef } from "preact/hooks";
import { html } from "htm/preact";
import { paint } from "../app/pace.js";
import { clock, live } from "../app/session.js";

const SPAN_MS = 120_000;
const STEP_MS = 2000;
const EVERY_MS = 1000;

/** @param {{channel: string}} props */
export function Spark({ channel }) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  useEffect(() => {
    const painter = { everyMs: () => EVERY_MS, draw: () => canvas.current && draw(canvas.current, channel) };
    return paint(painter);
  }, [channel]);
  return html`<canvas class="spark" ref=${canvas} aria-hidden="true"></canvas>`;
}

/** @param {HTMLCanvasElement} canvas @param {string} key */
function draw(canvas, key) {
  const [w, h] = [canvas.clientWidth * devicePixelRatio, canvas.clientHeight * devicePixelRatio];
  if (!w || !h) return;
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
  const ctx = canvas.getContext("2d");
  if (!ctx) return;
  ctx.clearRect(0, 0, w, h);
  ctx.strokeStyle = getComputedStyle(canvas).color;
  ctx.lineWidth = devicePixelRatio;
  ctx.lineJoin = "round";
  stroke(ctx, points(key), w, h);
}

/** Middle of every bucket. @param {string} key */
function points(key) {
  const now = clock.now();
  const parts = live.read(key, now - SPAN_MS, now, STEP_MS);
  return parts.flatMap(({ t, lo, hi }) => t.map((at, i) => ({ x: 1 - (now - at) / SPAN_MS, t: at, y: (lo[i] + hi[i]) / 2 })));
}

/** @param {CanvasRenderingContext2D} ctx @param {{x: number, t: number, y: number}[]} list @param {number} w @param {number} h */
function stroke(ctx, list, w, h) {
  const known = list.filter((p) => Number.isFinite(p.y));
  const low = Math.min(...known.map((p) => p.y));
  const span = Math.max(...known.map((p) => p.y)) - low;
  const margin = 2 * devicePixelRatio;
  ctx.beginPath();
  let last = -Infinity;
  for (const { x, t, y } of known) {
    const up = span > 0 ? (y - low) / span : 0.5;
    const [px, py] = [x * w, h - margin - up * (h - 2 * margin)];
    if (t - last > 5 * STEP_MS) ctx.moveTo(px, py);
    else ctx.lineTo(px, py);
    last = t;
  }
  ctx.stroke();
}
