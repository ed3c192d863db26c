/** Saves what is on screen: the numbers as CSV, the plot as a picture. */

import { toCsv, toTable } from "../core/csv.js";
import { formatDate, formatNumber, formatTime } from "../core/format.js";
import { visiblePoints } from "../app/plotdata.js";
import { shownRange } from "../app/view.js";

const CSV_BUCKETS = 1200;

/** @param {Blob} blob @param {string} name */
function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** @param {string} title @param {string} ending */
function fileName(title, ending) {
  const { to } = shownRange();
  const plain = title.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "");
  return `${plain}_${formatDate(to)}_${formatTime(to).replaceAll(":", "")}.${ending}`;
}

/** @param {string} title @param {import("./chart.js").Curve[]} curves */
export function saveCsv(title, curves) {
  const { from, to } = shownRange();
  const columns = curves.map(({ key, meta }) => ({ label: key, unit: meta.unit ?? "", points: visiblePoints(key, from, to, CSV_BUCKETS, null) }));
  download(new Blob(["\ufeff", toCsv(toTable(columns))], { type: "text/csv;charset=utf-8" }), fileName(title, "csv"));
}

/** @param {string} title @param {import("./chart.js").Chart} chart */
export function savePng(title, chart) {
  const px = devicePixelRatio;
  const plot = chart.u.ctx.canvas;
  const head = 34 * px;
  const rows = chart.curves.map((curve, i) => ({ curve, value: chart.scene?.ys[i].findLast((v) => v !== null && v !== undefined) ?? null }));
  const canvas = document.createElement("canvas");
  canvas.width = plot.width;
  canvas.height = head + plot.height + (14 + 18 * rows.length) * px;
  const ctx = canvas.getContext("2d");
  if (!ctx) return;
  ctx.fillStyle = chart.ink.surface;
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  ctx.textBaseline = "middle";
  drawTitle(ctx, title, chart, px);
  ctx.drawImage(plot, 0, head);
  rows.forEach(({ curve, value }, i) => drawRow(ctx, curve, value, chart.ink, i, head + plot.height + (14 + 18 * i) * px, px));
  canvas.toBlob((blob) => blob && download(blob, fileName(title, "png")));
}

/** @param {CanvasRenderingContext2D} ctx @param {string} title @param {import("./chart.js").Chart} chart @param {number} px */
function drawTitle(ctx, title, { ink, scene }, px) {
  ctx.fillStyle = ink.text;
  ctx.font = `600 ${14 * px}px ${ink.font}`;
  ctx.fillText(title, 14 * px, 18 * px);
  if (!scene) return;
  ctx.font = `${12 * px}px ${ink.font}`;
  ctx.fillStyle = ink.muted;
  ctx.textAlign = "right";
  const span = `${formatDate(scene.to)}  ${formatTime(scene.from)} – ${formatTime(scene.to)}`;
  ctx.fillText(span, ctx.canvas.width - 14 * px, 18 * px);
  ctx.textAlign = "left";
}

/** @param {CanvasRenderingContext2D} ctx @param {import("./chart.js").Curve} curve @param {number | null} value @param {import("./overlay.js").Ink & {curves: string[]}} ink @param {number} i @param {number} y @param {number} px */
function drawRow(ctx, curve, value, ink, i, y, px) {
  ctx.fillStyle = ink.curves[i % ink.curves.length];
  ctx.fillRect(14 * px, y - 1.5 * px, 18 * px, 3 * px);
  ctx.fillStyle = ink.text;
  ctx.font = `${12 * px}px ${ink.font}`;
  const last = value === null ? "" : `  ${formatNumber(value, curve.meta)} ${curve.meta.unit ?? ""}`;
  ctx.fillText(curve.label + last, 40 * px, y);
}
