/**
 * One uPlot: the canvas of a plot. It asks for its data when it is drawn and tells what stands under the cursor.
 *
 * Lines are one device pixel wide: two cost five times the time to raster (uPlot #1067). Only an emphasised curve is
 * wider.
 *
 * @typedef {import("../core/types.js").ChannelMeta} ChannelMeta
 * @typedef {import("../core/reducer.js").LogEntry} LogEntry
 * @typedef {{key: string, label: string, meta: ChannelMeta}} Curve
 * @typedef {{from: number, to: number, x: number[], ys: (number | null | undefined)[][], marks: LogEntry[], band: [number, number] | null, anchor: number | null}} Scene
 * @typedef {object} Wiring
 * @property {(width: number) => Scene} scene            what to draw now
 * @property {(from: number, to: number) => void} zoom   a stretch was selected
 * @property {() => void} home                           double click
 * @property {(ts: number) => void} pin                  a click
 * @property {(held: boolean) => void} hold              a selection begins or ends: stand still
 */

import uPlot from "uplot";
import { places } from "../core/buckets.js";
import { axisTimes, decimalsOf, fixed, formatNumber, TIME_STEPS, timeTicks } from "../core/format.js";
import { nextExtent } from "../core/range.js";
import { drawAnchor, drawBand, drawMarks, inkOf, markAt, STRIP } from "./overlay.js";

const SYNC = "labwire";
const NEAR = 0.06;
const PIXELS_APART = 14;

export class Chart {
  /** @type {Scene | null} */
  scene = null;
  /** @type {Map<string, import("../core/range.js").Extent>} */
  #extents = new Map();

  /** @param {HTMLElement} root @param {Curve[]} curves @param {Wiring} wiring */
  constructor(root, curves, wiring) {
    this.root = root;
    this.curves = curves;
    this.wiring = wiring;
    this.ink = inkOf(root);
    this.units = [...new Set(curves.map((c) => c.meta.unit ?? ""))];
    this.u = new uPlot(this.#options(), [[]], root);
    this.#bind();
  }

  /** Fetches the scene and draws it. */
  draw() {
    this.scene = this.wiring.scene(this.u.bbox.width / devicePixelRatio);
    const { from, to, x, ys } = this.scene;
    this.u.batch(() => {
      this.u.setData(/** @type {any} */ ([x, ...ys]), false);
      this.u.setScale("x", { min: from, max: to });
    });
  }

  /** @param {number} width @param {number} height */
  resize(width, height) {
    if (width > 0 && height > 0 && (width !== this.u.width || height !== this.u.height)) this.u.setSize({ width, height });
  }

  /** @param {number} i @param {boolean} show */
  show(i, show) {
    this.u.setSeries(i + 1, { show });
  }

  /** One curve is drawn wider; null: none. @param {number | null} i */
  emphasise(i) {
    this.u.series.forEach((s, k) => k && (s.width = (k === (i ?? -2) + 1 ? 2.5 : 1) / devicePixelRatio));
    this.u.redraw(false);
  }

  /** Time under the cursor, and for each curve the sample next to it: [lowest, highest] of its bucket or null. */
  reading() {
    const { left = -1 } = this.u.cursor;
    if (!this.scene || left < 0) return null;
    const ts = this.u.posToVal(left, "x");
    return { ts, values: this.curves.map((_, i) => this.valueNear(i, ts)), mark: markAt(this.u, this.scene.marks, left) };
  }

  /** @param {number} i @param {number} ts @returns {[number, number] | null} */
  valueNear(i, ts) {
    const idx = this.#nearest(i, ts);
    return idx === null ? null : this.#bucket(i, idx);
  }

  destroy() {
    this.u.destroy();
  }

  /** @param {number} i @param {number} idx @returns {[number, number] | null} */
  #bucket(i, idx) {
    const y = this.scene?.ys[i] ?? [];
    const low = y[idx - (idx % 2)];
    if (low === null || low === undefined) return null;
    return [low, y[idx - (idx % 2) + 1] ?? low];
  }

  /** Index of the bucket with a sample nearest to `ts`, not across a gap and not far away. @param {number} i @param {number} ts */
  #nearest(i, ts) {
    const y = this.scene?.ys[i];
    const x = this.scene?.x;
    if (!y || !x || x.length < 4) return null;
    const at = 2 * Math.floor((ts - x[0]) / (x[2] - x[0]));
    const far = Math.max(4, NEAR * x.length);
    for (let d = 0; d < far; d += 2) {
      for (const k of [at - d, at + d]) if (y[k] !== undefined && y[k] !== null) return k;
    }
    return null;
  }

  #bind() {
    const { over } = this.u;
    over.addEventListener("mousedown", (e) => e.button === 0 && this.wiring.hold(true));
    over.addEventListener("click", () => this.u.cursor.left !== undefined && this.wiring.pin(this.u.posToVal(this.u.cursor.left, "x")));
    addEventListener("mouseup", () => this.wiring.hold(false));
  }

  /** @returns {uPlot.Options} */
  #options() {
    return {
      width: Math.max(100, this.root.clientWidth),
      height: Math.max(80, this.root.clientHeight),
      ms: 1,
      legend: { show: false },
      padding: [STRIP + 6, 14, 0, 0],
      cursor: this.#cursor(),
      scales: { x: { time: true }, ...Object.fromEntries(this.units.map((unit) => [unit || "-", this.#scale(unit)])) },
      axes: [this.#timeAxis(), ...this.units.slice(0, 2).map((unit, i) => this.#valueAxis(unit, i))],
      series: [{}, ...this.curves.map((curve, i) => this.#series(curve, i))],
      hooks: { drawClear: [(u) => this.#under(u)], draw: [(u) => this.#over(u)], setSelect: [(u) => this.#selected(u)] },
    };
  }

  /** @returns {uPlot.Cursor} */
  #cursor() {
    return {
      sync: { key: SYNC, setSeries: false, filters: { pub: (type) => type === "mousemove" || type === "mouseleave" } },
      drag: { x: true, y: false, setScale: false },
      y: false,
      bind: { dblclick: () => () => (this.wiring.home(), null) },
      dataIdx: (_u, series, idx, ts) => (series === 0 ? idx : /** @type {number} */ (this.#nearest(series - 1, ts))),
      points: { size: 7, width: 2 },
    };
  }

  /** @param {string} unit @returns {uPlot.Scale} */
  #scale(unit) {
    const resolution = Math.max(0, ...this.curves.filter((c) => (c.meta.unit ?? "") === unit).map((c) => c.meta.resolution ?? 0));
    return {
      range: (_u, low, high) => {
        const next = nextExtent(this.#extents.get(unit) ?? null, low, high, resolution);
        if (low !== null) this.#extents.set(unit, next);
        return next;
      },
    };
  }

  #axisBase() {
    const font = `11px ${this.ink.font}`;
    return { stroke: this.ink.muted, font, ticks: { stroke: this.ink.grid, width: 1 / devicePixelRatio, size: 4 }, grid: { stroke: this.ink.grid, width: 1 / devicePixelRatio } };
  }

  /** @returns {uPlot.Axis} */
  #timeAxis() {
    return {
      ...this.#axisBase(),
      size: 28,
      space: 76,
      incrs: TIME_STEPS,
      splits: (_u, _a, from, to, step) => timeTicks(from, to, step),
      values: (_u, splits, _a, _s, step) => axisTimes(splits, step),
    };
  }

  /** @param {string} unit @param {number} i @returns {uPlot.Axis} */
  #valueAxis(unit, i) {
    const base = this.#axisBase();
    return {
      ...base,
      scale: unit || "-",
      side: i === 0 ? 3 : 1,
      grid: { ...base.grid, show: i === 0 },
      space: 30,
      gap: 4,
      values: (_u, splits, _a, _s, step) => splits.map((v) => tickText(v, step)),
      size: (u, values) => axisSize(u, values, this.ink.font),
    };
  }

  /** @param {Curve} curve @param {number} i @returns {uPlot.Series} */
  #series(curve, i) {
    const colour = this.ink.curves[i % this.ink.curves.length];
    return {
      label: curve.label,
      scale: curve.meta.unit || "-",
      stroke: colour,
      width: 1 / devicePixelRatio,
      dash: i >= this.ink.curves.length ? [6, 4] : undefined,
      spanGaps: false,
      points: { show: false, size: 4.5, fill: colour, width: 0, filter: (u, s) => this.#marked(u, s) },
    };
  }

  /** Samples are marked where they stand apart, and always where no line reaches them. @param {uPlot} u @param {number} series */
  #marked(u, series) {
    const { filled, alone } = places(this.scene?.ys[series - 1] ?? []);
    if (filled.length < u.bbox.width / devicePixelRatio / PIXELS_APART) return filled;
    return alone.length ? alone : null;
  }

  /** @param {uPlot} u */
  #under(u) {
    if (this.scene?.band) drawBand(u, ...this.scene.band, this.ink);
  }

  /** @param {uPlot} u */
  #over(u) {
    if (!this.scene) return;
    drawMarks(u, this.scene.marks, this.ink);
    if (this.scene.anchor !== null) drawAnchor(u, this.scene.anchor, this.ink);
  }

  /** @param {uPlot} u */
  #selected(u) {
    const { left, width } = u.select;
    if (width > 4) this.wiring.zoom(u.posToVal(left, "x"), u.posToVal(left + width, "x"));
    if (width > 0) u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  }
}

/** @param {number} value @param {number} step */
function tickText(value, step) {
  const large = Math.abs(value) >= 1e6 || (step < 1e-4 && value !== 0);
  return large ? formatNumber(value) : fixed(value, decimalsOf(step));
}

/** Wide enough for its labels, in steps of 8 px so that it does not twitch. @param {uPlot} u @param {string[]} values @param {string} font */
function axisSize(u, values, font) {
  const longest = (values ?? []).reduce((a, b) => (b && b.length > a.length ? b : a), "");
  u.ctx.font = `${11 * devicePixelRatio}px ${font}`;
  const width = u.ctx.measureText(longest).width / devicePixelRatio + 14;
  return Math.max(48, Math.ceil(width / 8) * 8);
}
