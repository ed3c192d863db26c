/**
 * What a plot shows, in one paragraph of words, for those who cannot see the canvas.
 *
 * @typedef {import("./types.js").ChannelMeta} ChannelMeta
 * @typedef {{label: string, meta: ChannelMeta, y: (number | null | undefined)[]}} Curve
 */

import { formatNumber, formatSpan } from "./format.js";

/** Extremes and last value of one curve. @param {(number | null | undefined)[]} y */
export function extremes(y) {
  let low = Infinity;
  let high = -Infinity;
  let last = NaN;
  for (const v of y) {
    if (v === null || v === undefined) continue;
    if (v < low) low = v;
    if (v > high) high = v;
    last = v;
  }
  return { low, high, last };
}

/** @param {string} title @param {Curve[]} curves @param {number} spanMs @param {number} marks @returns {string} */
export function summarise(title, curves, spanMs, marks) {
  const parts = curves.map(({ label, meta, y }) => {
    const { low, high, last } = extremes(y);
    if (Number.isNaN(last)) return `${label}: no data`;
    const unit = meta.unit ? ` ${meta.unit}` : "";
    return `${label}: last ${formatNumber(last, meta)}${unit}, between ${formatNumber(low, meta)} and ${formatNumber(high, meta)}${unit}`;
  });
  const noted = marks ? ` ${marks} ${marks === 1 ? "mark" : "marks"}.` : "";
  return `Plot of ${title}, ${formatSpan(spanMs / 1000)}. ${parts.join("; ")}.${noted}`;
}
