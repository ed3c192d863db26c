/** One item: where it sits and sat, its calibrations, the drift between them. */

import { html } from "htm/preact";
import { link } from "../route.js";
import { mayAct } from "../store.js";
import { day, numeral, short, verdictWord } from "../words.js";
import { axis, path as line, tickText } from "../chart.js";
import { Mark, Problem, useFetched } from "./parts.js";

/** @param {{id: string}} props */
export function Item({ id }) {
  const { data, problem } = useFetched(`/api/items/${encodeURIComponent(id)}`);
  const item = /** @type {any} */ (data);
  if (!item) return html`<section class="card"><h2>${id}</h2><${Problem} problem=${problem} /></section>`;
  return html`
    <section class="card"><header class="card-head"><h2>${item.id}</h2>${mayAct() && item.state !== "retired" && html`<a class="primary" href=${link("new", item.id)}>Calibrate</a>`}</header>
      <p class="muted">${[item.maker, item.model, item.serial && `serial ${item.serial}`, item.asset && `asset ${item.asset}`].filter(Boolean).join(" · ")}${item.state === "retired" ? " · retired" : ""}</p>
      <h3>Sits at</h3>
      ${item.placements.length ? html`<ul class="log">${[...item.placements].reverse().map((/** @type {any} */ p) => html`<li key=${p.from}><a href=${`/#f=${p.instrument}`}>${p.instrument}/${p.channel}</a> <span class="muted">${day(p.from)} – ${p.to ? day(p.to) : "now"}</span></li>`)}</ul>` : html`<p class="muted">nowhere yet: <code class="command">labwire cal item install ${item.id} …</code></p>`}
    </section>
    <section class="card"><h3>Calibrations</h3>
      ${!item.calibrations.length && html`<p class="muted">none that is released</p>`}
      <div class="scroll"><table class="list"><tbody>${[...item.calibrations].reverse().map((/** @type {any} */ c) => html`
        <tr key=${c.id}><td><a href=${link("record", c.id)}>${c.id}</a></td><td>${c.day}</td><td>as found <${Mark} ...${verdictWord(c.found?.passed)} /></td><td>as left <${Mark} ...${verdictWord(c.left.passed)} /></td></tr>`)}
        ${item.externals.map((/** @type {any} */ e) => html`<tr key=${e.certificate}><td>${e.certificate}</td><td>${e.date}</td><td colspan="2">${e.laboratory ?? ""} <${Mark} ...${verdictWord(e.passed)} /></td></tr>`)}</tbody></table></div>
      <${Drift} calibrations=${item.calibrations} />
      ${item.interval && html`<p>Suggested interval: ${item.interval.suggested.toFixed(0)} months <span class="muted">(${short(100 * item.interval.observed)} % were in tolerance as found)</span></p>`}
    </section>`;
}

/** The largest error as found and as left, over the years. @param {{calibrations: any[]}} props */
function Drift({ calibrations }) {
  const points = calibrations.flatMap((c) => [c.found, c.left].filter(Boolean).map((o) => ({ t: Date.parse(c.day), e: worst(o) })));
  if (points.length < 3) return null;
  const unit = calibrations[0].unit;
  const x = axis(points.map((p) => p.t), 62, 626, 4);
  const y = axis([...points.map((p) => p.e), 0], 146, 12, 4);
  return html`
    <svg class="chart" viewBox="0 0 640 180" role="img" aria-label="Largest error over the years">
      ${y.ticks.map((v) => html`<path class="grid" d=${line([[62, y.at(v)], [626, y.at(v)]])} /><text class="tick" x="56" y=${y.at(v) + 4} text-anchor="end">${tickText(y.ticks, v)}</text>`)}
      <path class="curve item" d=${line(points.map((p) => [x.at(p.t), y.at(p.e)]))} />
      ${points.map((p) => html`<circle class="check-dot ok" cx=${x.at(p.t)} cy=${y.at(p.e)} r="4"><title>${new Date(p.t).toISOString().slice(0, 10)}: ${numeral(short(p.e))} ${unit}</title></circle>`)}
      <text class="axis" x="4" y="14">largest E / ${unit}</text>
    </svg>`;
}

/** @param {{points: {error: number}[]}} outcome */
const worst = (outcome) => outcome.points.reduce((most, p) => (Math.abs(p.error) > Math.abs(most) ? p.error : most), 0);
