/**
 * Below a plot: its curves by colour, what they read at the cursor (or now), and the difference to the pinned time.
 *
 * @typedef {import("./chart.js").Curve} Curve
 * @typedef {import("./plot.js").Reading} Reading
 */

import { useSignal } from "@preact/signals";
import { html } from "htm/preact";
import { fixed, decimalsOf, formatDelta, formatNumber, formatTime } from "../core/format.js";
import { formatU, standingOf, uncertaintyOf } from "../core/inforce.js";
import { anchor, app, tick } from "../app/state.js";
import { clock } from "../app/session.js";
import { removeCurve } from "../app/view.js";
import { Icon } from "./icons.js";

/** @param {{curves: Curve[], index: number, reading: Reading, chart: {current: import("./chart.js").Chart | null}}} props */
export function Legend({ curves, index, reading, chart }) {
  const hidden = useSignal(/** @type {ReadonlySet<number>} */ (new Set()));
  const toggle = (/** @type {number} */ i) => {
    const next = new Set(hidden.value);
    if (!next.delete(i)) next.add(i);
    hidden.value = next;
    chart.current?.show(i, !next.has(i));
  };
  return html`
    <footer class="legend">
      <ul>
        ${curves.map((curve, i) => html`
          <li key=${curve.key} class=${hidden.value.has(i) ? "off" : ""}
            onMouseEnter=${() => chart.current?.emphasise(i)} onMouseLeave=${() => chart.current?.emphasise(null)}>
            <button class="legend-curve" aria-pressed=${!hidden.value.has(i)} title="Show or hide" onClick=${() => toggle(i)}>
              <span class=${`swatch curve-${(i % 8) + 1} ${i > 7 ? "dashed" : ""}`}></span>
              <span class="legend-label">${curve.label}</span>
              <${Standing} channel=${curve.key} />
              <span class="legend-value">${valueText(reading.values[i], curve)}</span>
              ${reading.from && html`<span class="legend-delta">${deltaText(reading.values[i], reading.from[i], curve)}</span>`}
            </button>
            ${curves.length > 1 && html`<button class="tool tiny" title="Take out of this plot" aria-label=${`Take ${curve.label} out`} onClick=${() => removeCurve(index, curve.key)}><${Icon} name="close" /></button>`}
          </li>`)}
      </ul>
    </footer>`;
}

/** Only what is not in order. @param {{channel: string}} props */
function Standing({ channel }) {
  void tick.value;
  const [name, own] = channel.split("/");
  const standing = standingOf(app.value.instruments.get(name), own, clock.now());
  if (!standing || standing.state === "ok") return null;
  return html`<span class=${`calibration ${standing.tone}`} title=${standing.sentence}><span aria-hidden="true">${standing.icon}</span> ${standing.word}</span>`;
}

/** The time under the cursor, or the mark that is there. @param {Reading} reading */
export function timeText({ ts, mark, empty }) {
  if (mark) return html`<span class="legend-mark">⚑ ${mark}</span>`;
  if (ts === null) return empty ? html`<span class="muted">no data in this window</span>` : "";
  const delta = anchor.value === null ? "" : html`<span class="legend-delta">Δ ${formatDelta(ts - anchor.value)}</span>`;
  return html`${formatTime(ts, true)} ${delta}`;
}

/** @param {[number, number] | null | undefined} value @param {Curve} curve */
function valueText(value, { key, meta }) {
  if (!value) return "–";
  const unit = meta.unit ? ` ${meta.unit}` : "";
  const [low, high] = value.map((v) => formatNumber(v, meta));
  if (low !== high) return `${low} … ${high}${unit}`;
  const [name, channel] = key.split("/");
  const unsure = uncertaintyOf(app.value.instruments.get(name), channel, value[0], null, clock.now());
  return `${low}${unit}${unsure ? ` ± ${formatU(unsure.U)}` : ""}`;
}

/** @param {[number, number] | null | undefined} now @param {[number, number] | null | undefined} then @param {Curve} curve */
function deltaText(now, then, { meta }) {
  if (!now || !then) return "";
  const difference = (now[0] + now[1] - then[0] - then[1]) / 2;
  const text = meta.resolution ? fixed(difference, decimalsOf(meta.resolution)) : formatNumber(difference, meta);
  return `Δ ${difference > 0 ? "+" : ""}${text}`;
}
