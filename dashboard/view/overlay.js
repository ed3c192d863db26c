/**
 * What lies over the curves: marks of what happened, the hatched band while nothing could be heard, the pinned time.
 *
 * @typedef {import("../core/reducer.js").LogEntry} LogEntry
 * @typedef {{text: string, muted: string, line: string, bad: string, accent: string, hatch: string, surface: string, font: string}} Ink
 */

const LABEL_CHARS = 26;
/** Height above the curves, px. */
export const STRIP = 14;

/** Colours of the theme in force. @param {Element} element @returns {Ink & {curves: string[], grid: string}} */
export function inkOf(element) {
  const style = getComputedStyle(element);
  const get = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
  return {
    text: get("--text"),
    muted: get("--muted"),
    line: get("--mark"),
    bad: get("--bad"),
    accent: get("--accent"),
    hatch: get("--hatch"),
    surface: get("--surface"),
    grid: get("--grid"),
    font: style.fontFamily,
    curves: Array.from({ length: 8 }, (_, i) => get(`--curve-${i + 1}`)),
  };
}

/** @param {import("uplot")} u @param {number} from @param {number} to @param {Ink} ink */
export function drawBand(u, from, to, ink) {
  const { ctx, bbox } = u;
  const left = Math.max(bbox.left, u.valToPos(from, "x", true));
  const right = Math.min(bbox.left + bbox.width, u.valToPos(to, "x", true));
  if (!(right > left)) return;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, bbox.top, right - left, bbox.height);
  ctx.clip();
  ctx.strokeStyle = ink.hatch;
  ctx.lineWidth = devicePixelRatio;
  const gap = 8 * devicePixelRatio;
  ctx.beginPath();
  for (let x = left - (left % gap) - bbox.height; x < right; x += gap) {
    ctx.moveTo(x, bbox.top + bbox.height);
    ctx.lineTo(x + bbox.height, bbox.top);
  }
  ctx.stroke();
  ctx.restore();
}

/** @param {LogEntry} mark @param {Ink} ink */
function inkOfMark(mark, ink) {
  if (mark.kind === "note" || mark.kind === "run") return ink.accent;
  const bad = mark.state === "raised" || ["failed", "rejected", "error", "critical"].includes(mark.state || mark.severity || "");
  return bad ? ink.bad : ink.line;
}

/** Flags and words stand in the strip above the curves, so that they hide none. @param {import("uplot")} u @param {LogEntry[]} marks in time order @param {Ink} ink */
export function drawMarks(u, marks, ink) {
  const { ctx, bbox } = u;
  const px = devicePixelRatio;
  const right = bbox.left + bbox.width;
  const at = marks.map((mark) => ({ mark, x: Math.round(u.valToPos(mark.ts, "x", true)) + 0.5 })).filter(({ x }) => x >= bbox.left && x <= right);
  ctx.save();
  ctx.font = `${11 * px}px ${ink.font}`;
  ctx.textBaseline = "middle";
  ctx.textAlign = "left";
  at.forEach(({ mark, x }, i) => {
    const colour = inkOfMark(mark, ink);
    line(u, x, colour, [3 * px, 3 * px]);
    flag(ctx, x, bbox.top - STRIP * px, colour, px);
    const text = mark.text.length > LABEL_CHARS ? `${mark.text.slice(0, LABEL_CHARS - 1)}…` : mark.text;
    const room = (at[i + 1]?.x ?? right + 14 * px) - x - 14 * px;
    if (ctx.measureText(text).width > room) return;
    ctx.fillStyle = ink.muted;
    ctx.fillText(text, x + 10 * px, bbox.top - (STRIP - 4.5) * px);
  });
  ctx.restore();
}

/** @param {CanvasRenderingContext2D} ctx @param {number} x @param {number} y @param {string} colour @param {number} px */
function flag(ctx, x, y, colour, px) {
  ctx.fillStyle = colour;
  ctx.beginPath();
  ctx.moveTo(x, y);
  ctx.lineTo(x + 7 * px, y + 4 * px);
  ctx.lineTo(x, y + 8 * px);
  ctx.fill();
}

/** @param {import("uplot")} u @param {number} x @param {string} colour @param {number[]} dash */
function line({ ctx, bbox }, x, colour, dash) {
  ctx.strokeStyle = colour;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash(dash);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top - (dash.length ? STRIP * devicePixelRatio : 0));
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.setLineDash([]);
}

/** @param {import("uplot")} u @param {number} ts @param {Ink} ink */
export function drawAnchor(u, ts, ink) {
  const x = Math.round(u.valToPos(ts, "x", true)) + 0.5;
  if (x < u.bbox.left || x > u.bbox.left + u.bbox.width) return;
  u.ctx.save();
  line(u, x, ink.text, []);
  u.ctx.fillStyle = ink.text;
  u.ctx.font = `600 ${11 * devicePixelRatio}px ${ink.font}`;
  u.ctx.textAlign = "left";
  u.ctx.textBaseline = "alphabetic";
  u.ctx.fillText("A", x + 4 * devicePixelRatio, u.bbox.top + u.bbox.height - 6 * devicePixelRatio);
  u.ctx.restore();
}

/** The mark under the cursor, if any. @param {import("uplot")} u @param {LogEntry[]} marks @param {number} left px */
export function markAt(u, marks, left) {
  return marks.findLast((m) => Math.abs(u.valToPos(m.ts, "x") - left) < 6) ?? null;
}
