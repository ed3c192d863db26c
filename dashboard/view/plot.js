/**
 * A plot with its frame: title, buttons, canvas, legend with readout, and the table for those who prefer one.
 *
 * @typedef {import("../core/layout.js").PlotSpec} PlotSpec
 * @typedef {import("./chart.js").Curve} Curve
 */

import { useEffect, useMemo, useRef } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { html } from "htm/preact";
import { marksFor } from "../core/entries.js";
import { summarise } from "../core/summary.js";
import { paint, repaint } from "../app/pace.js";
import { plotData } from "../app/plotdata.js";
import { history, isLinked, clock } from "../app/session.js";
import { anchor, app, isDark, log, spotlight, still, windowS } from "../app/state.js";
import { closePlot, goLive, hold, lookAt, pin, plotChannel, shownRange } from "../app/view.js";
import { Chart } from "./chart.js";
import { Icon } from "./icons.js";
import { Legend, timeText } from "./legend.js";
import { PlotTable } from "./plottable.js";
import { saveCsv, savePng } from "./save.js";

const READ_MS = 100;
const SUMMARY_MS = 5000;
/** Off screen a plot is drawn seldom: for its words, and so that it is not empty when one scrolls to it. */
const AWAY_MS = 2000;
const DETAIL_AFTER_MS = 150;

/** @param {PlotSpec} spec @returns {Curve[]} */
export function curvesOf(spec) {
  const { instruments } = app.value;
  const several = new Set(spec.keys.map((k) => k.split("/")[0])).size > 1;
  return spec.keys.map((key) => {
    const [name, channel] = key.split("/");
    const instrument = instruments.get(name);
    const meta = instrument?.meta.channels?.[channel] ?? {};
    const own = meta.label || channel.replaceAll("_", " ");
    return { key, meta, label: several ? `${instrument?.meta.name || name} ${own}` : own };
  });
}

/** What is drawn now. @param {Curve[]} curves @param {number} width @param {import("../app/history.js").Detail | null} detail */
function sceneOf(curves, width, detail) {
  const { from, to } = shownRange();
  const keys = curves.map((c) => c.key);
  const { x, ys } = plotData(keys, from, to, width, detail);
  const names = new Set(keys.map((k) => k.split("/")[0]));
  const marks = marksFor(log.value, names).filter((m) => m.ts >= from && m.ts <= to);
  return { from, to, x, ys, marks, band: deafBand(), anchor: anchor.value };
}

/** While nothing can be heard: since when, until now. @returns {[number, number] | null} */
function deafBand() {
  if (isLinked()) return null;
  const { session, broker } = app.value;
  const since = session.phase === "open" ? broker.since : session.since;
  return since ? [since, clock.now()] : null;
}

/** @param {{spec: PlotSpec, index: number}} props */
export function Plot({ spec, index }) {
  const root = useRef(/** @type {HTMLDivElement | null} */ (null));
  const chart = useRef(/** @type {Chart | null} */ (null));
  const reading = useSignal(/** @type {Reading} */ (NOTHING_READ));
  const summary = useSignal("");
  const large = useSignal(false);
  const table = useSignal(false);
  const dropping = useSignal(false);
  const curves = curvesOf(spec);
  const identity = JSON.stringify([curves, isDark.value]);
  const detail = useDetail(spec, root);
  const wired = useMemo(() => ({ curves, detail }), [identity, detail]);

  useEffect(() => {
    if (!root.current) return undefined;
    const made = makeChart(root.current, spec, wired, reading, summary);
    chart.current = made.chart;
    return made.dispose;
  }, [identity]);

  const png = () => chart.current && savePng(spec.title, chart.current);
  const { from, to } = shownRange();
  const lit = spec.keys.includes(spotlight.value);
  const own = { spec, index, curves, large, table, png };
  return html`
    <section class=${`card plot ${large.value ? "large" : ""} ${dropping.value ? "dropping" : ""} ${lit ? "lit" : ""}`}
      aria-label=${spec.title} data-plot=${index} onsave-png=${png}
      onDragOver=${(/** @type {DragEvent} */ e) => (e.preventDefault(), (dropping.value = true))}
      onDragLeave=${() => (dropping.value = false)}
      onDrop=${(/** @type {DragEvent} */ e) => (e.preventDefault(), (dropping.value = false), dropped(e, index))}>
      <${PlotHead} ...${own} reading=${reading.value} />
      <div class="canvas" ref=${root} role="img" aria-label=${summary.value} hidden=${table.value}></div>
      ${table.value && html`<${PlotTable} curves=${curves} from=${from} to=${to} />`}
      <${Legend} curves=${curves} index=${index} reading=${reading.value} chart=${chart} />
    </section>`;
}

/**
 * @typedef {{ts: number | null, values: ([number, number] | null)[], from: ([number, number] | null)[] | null, mark: string, empty: boolean}} Reading
 * @type {Reading}
 */
const NOTHING_READ = { ts: null, values: [], from: null, mark: "", empty: false };

/**
 * @param {HTMLElement} element @param {PlotSpec} spec
 * @param {{curves: Curve[], detail: {current: import("../app/history.js").Detail | null}}} wired
 * @param {import("@preact/signals").Signal<Reading>} reading @param {import("@preact/signals").Signal<string>} summary
 */
function makeChart(element, spec, { curves, detail }, reading, summary) {
  const chart = new Chart(element, curves, {
    scene: (width) => sceneOf(curves, width, detail.current),
    zoom: lookAt,
    home: goLive,
    pin: (ts) => pin(anchor.value === null ? ts : null),
    hold,
  });
  let read = -Infinity;
  let summed = -Infinity;
  let onScreen = true;
  const painter = {
    everyMs: () => (!onScreen ? AWAY_MS : still.value ? READ_MS : Math.min(250, Math.max(33, (windowS.value * 1000) / (2 * element.clientWidth || 1)))),
    draw: (/** @type {number} */ at) => {
      if (!element.clientWidth) return;
      chart.draw();
      if (at - read >= READ_MS) (read = at), (reading.value = readingOf(chart));
      if (at - summed >= SUMMARY_MS) (summed = at), (summary.value = summaryOf(spec.title, chart));
    },
  };
  const sizes = new ResizeObserver(() => (chart.resize(element.clientWidth, element.clientHeight), repaint(painter)));
  sizes.observe(element);
  const seen = new IntersectionObserver(([e]) => ((onScreen = e.isIntersecting), repaint(painter)), { rootMargin: "150px" });
  seen.observe(element);
  const stop = paint(painter);
  const dispose = () => (stop(), sizes.disconnect(), seen.disconnect(), chart.destroy());
  return { chart, dispose };
}

/** @param {Chart} chart @returns {Reading} */
function readingOf(chart) {
  const at = chart.reading();
  const pinned = anchor.value;
  const last = chart.scene?.ys.map((y) => lastOf(y)) ?? [];
  const from = pinned === null ? null : chart.curves.map((_, i) => chart.valueNear(i, pinned));
  // Before history has come nobody knows whether there are data.
  const empty = app.peek().session.ready && last.every((v) => v === null);
  return { ts: at?.ts ?? null, values: at?.values ?? last, from, mark: at?.mark?.text ?? "", empty };
}

/** @param {(number | null | undefined)[]} y @returns {[number, number] | null} */
function lastOf(y) {
  const v = y.findLast((n) => n !== null && n !== undefined);
  return v === null || v === undefined ? null : [v, v];
}

/** @param {string} title @param {Chart} chart */
function summaryOf(title, { scene, curves }) {
  if (!scene) return "";
  return summarise(title, curves.map((c, i) => ({ ...c, y: scene.ys[i] })), scene.to - scene.from, scene.marks.length);
}

/** The finer buckets of a resting view, asked for once it rests. @param {PlotSpec} spec @param {{current: HTMLElement | null}} root */
function useDetail(spec, root) {
  const detail = useRef(/** @type {import("../app/history.js").Detail | null} */ (null));
  const range = still.value;
  useEffect(() => {
    detail.current = null;
    if (!range) return undefined;
    const names = [...new Set(spec.keys.map((k) => k.split("/")[0]))];
    const points = Math.min(1200, root.current?.clientWidth ?? 600);
    const timer = setTimeout(async () => {
      const answer = await history.detail(names, range.from, range.to, points);
      if (still.peek() === range) detail.current = answer;
    }, DETAIL_AFTER_MS);
    return () => clearTimeout(timer);
  }, [range, spec.keys.join()]);
  return detail;
}

/** @param {DragEvent} event @param {number} index */
function dropped(event, index) {
  const key = event.dataTransfer?.getData("text/labwire-channel");
  if (key) plotChannel(key, index);
}

/** @param {{spec: PlotSpec, index: number, curves: Curve[], large: {value: boolean}, table: {value: boolean}, png: () => void, reading: Reading}} props */
function PlotHead({ spec, index, curves, large, table, png, reading }) {
  const units = [...new Set(curves.map((c) => c.meta.unit ?? ""))].filter(Boolean);
  return html`
    <header class="plot-head">
      <h3>${spec.title}</h3>
      <span class="unit">${units.join(" · ")}</span>
      <span class="legend-time">${timeText(reading)}</span>
      <div class="plot-tools">
        <button class="tool" title="Table" aria-label="Show as table" aria-pressed=${table.value} onClick=${() => (table.value = !table.value)}><${Icon} name="table" /></button>
        <button class="tool text" title="Save what is on screen as CSV" onClick=${() => saveCsv(spec.title, curves)}>CSV</button>
        <button class="tool text" title="Save as picture" onClick=${png}>PNG</button>
        <button class="tool" title=${large.value ? "Smaller" : "Larger"} aria-label="Larger" aria-pressed=${large.value} onClick=${() => (large.value = !large.value)}><${Icon} name=${large.value ? "shrink" : "expand"} /></button>
        <button class="tool" title="Close this plot" aria-label=${`Close ${spec.title}`} onClick=${() => closePlot(index)}><${Icon} name="close" /></button>
      </div>
    </header>`;
}

