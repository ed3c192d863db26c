/** The dialogs: help, export, alarms, one channel's details, and the system behind the page. */

import { useEffect, useRef } from "preact/hooks";
import { html } from "htm/preact";
import { figureWords } from "../core/figures.js";
import { formatAge, formatFigure, formatNumber, formatValue, formatWhen } from "../core/format.js";
import { formatDay, formatU, standingOf, uncertaintyOf } from "../core/inforce.js";
import { labelOf, titleOf } from "../core/layout.js";
import { clock, live } from "../app/session.js";
import { visiblePoints } from "../app/plotdata.js";
import { acknowledge, app, dialog, openAlarms, ownPlots, plots, tick } from "../app/state.js";
import { resetPlots, shownRange } from "../app/view.js";
import { Icon } from "./icons.js";
import { curvesOf } from "./plot.js";
import { saveCsv } from "./save.js";

/** @type {Record<string, {title: string, body: () => any}>} */
const DIALOGS = {
  help: { title: "Help", body: Help },
  export: { title: "Save what is on screen", body: Export },
  alarms: { title: "Alarms", body: Alarms },
  system: { title: "Behind this page", body: System },
};

export function Dialogs() {
  const name = dialog.value;
  if (!name) return null;
  const known = DIALOGS[name];
  const title = known?.title ?? channelTitle(name);
  return html`<${Dialog} key=${name} title=${title}>${known ? html`<${known.body} />` : html`<${Details} channel=${name} />`}</${Dialog}>`;
}

/** @param {{title: string, children?: any}} props */
function Dialog({ title, children }) {
  const element = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => element.current?.showModal(), []);
  const close = () => (dialog.value = "");
  const backdrop = (/** @type {Event} */ e) => e.target === element.current && close();
  return html`
    <dialog ref=${element} aria-label=${title} onClose=${close} onClick=${backdrop}>
      <div class="dialog-body"><header><h2>${title}</h2><button class="tool" aria-label="Close" onClick=${close}><${Icon} name="close" /></button></header>${children}</div>
    </dialog>`;
}

const KEYS = [
  ["Space", "pause, and go on"],
  ["1 2 3 4 5", "10 s, 1 min, 10 min, 1 h; 5 holds the last hour still"],
  ["F", "fit: back to the live edge, whole window"],
  ["← →", "back and forth in time"],
  ["+ −", "closer, wider"],
  ["/", "filter"],
  ["E", "save what is on screen"],
  ["Esc", "forget the pinned time, close"],
  ["?", "this help"],
];

function Help() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return html`
    <table class="keys"><tbody>${KEYS.map(([keys, what]) => html`<tr><th>${keys.split(" ").map((k) => html`<kbd>${k}</kbd> `)}</th><td>${what}</td></tr>`)}</tbody></table>
    <ul class="help-list">
      <li>Drag across a plot to look closer; double-click to go back to live. Nothing is lost meanwhile.</li>
      <li>Click into a plot to pin a time: the readout then shows the difference to it.</li>
      <li>Drag a channel from the list or a tile onto a plot to draw it there.</li>
      <li>Where a curve stops there were no samples. ◌ marks a value that is older than it should be.</li>
      <li>The address of this page holds window, plots and filter: send it to a colleague.</li>
      <li>Times are shown in ${zone}; files carry UTC.</li>
    </ul>
    <p>${ownPlots.value && html`<button class="plain" onClick=${resetPlots}>Arrange the plots automatically again</button> `}
      <button class="plain" onClick=${() => (dialog.value = "system")}>Behind this page …</button></p>`;
}

function Export() {
  const all = () => saveCsv("labwire", plots.value.flatMap((p) => curvesOf({ ...p, keys: p.keys })));
  const png = (/** @type {number} */ i) => document.querySelector(`[data-plot="${i}"]`)?.dispatchEvent(new Event("save-png"));
  return html`
    <p class="muted">The numbers as they came where they are still here, else smallest and largest of each interval. For whole experiments use <code>labwire export</code>.</p>
    <ul class="export-list">${plots.value.map((p, i) => html`
      <li key=${p.id}><span>${p.title}</span><button class="plain" onClick=${() => saveCsv(p.title, curvesOf(p))}>CSV</button><button class="plain" onClick=${() => png(i)}>PNG</button></li>`)}</ul>
    <button class="primary" onClick=${all}>All as one CSV</button>`;
}

function Alarms() {
  const list = openAlarms.value;
  if (!list.length) return html`<p class="muted">No alarms.</p>`;
  return html`
    <ul class="alarm-list">${list.map(({ key, entry, active, seen }) => html`
      <li key=${key} class=${active ? "bad" : "warn"}><span>▲</span>
        <div><b>${entry.text}</b><br /><span class="muted">${entry.instrument} · since ${formatWhen(entry.ts, clock.now())} · ${active ? "active" : "over"}</span></div>
        ${seen ? html`<span class="muted">acknowledged</span>` : html`<button class="plain" onClick=${() => acknowledge([entry.key])}>Acknowledge</button>`}
      </li>`)}</ul>
    ${list.some((a) => !a.seen) && html`<button class="primary" onClick=${() => acknowledge(list.map((a) => a.entry.key))}>Acknowledge all</button>`}`;
}

function System() {
  void tick.value;
  const { edges, services, broker, session } = app.value;
  const rows = [...Object.entries(services), ...Object.entries(edges).map(([n, e]) => /** @type {const} */ ([`edge/${n}`, e]))];
  return html`
    <dl class="facts">
      <dt>Broker</dt><dd>${broker.state} since ${formatWhen(broker.since, clock.now())}</dd>
      <dt>You</dt><dd>${session.role || "–"}</dd>
      <dt>Samples received</dt><dd>${formatFigure(live.samples)}</dd>
      ${rows.map(([name, peer]) => html`<dt>${name}</dt><dd>${peer.state}${peer.reason && `: ${peer.reason}`}<br /><span class="muted">${figureWords(peer.figures ?? {}).join(" · ")}</span></dd>`)}
    </dl>`;
}

/** @param {string} key */
function refOf(key) {
  const [name, channel] = key.split("/");
  const instrument = app.value.instruments.get(name);
  const meta = instrument?.meta.channels?.[channel];
  return instrument && meta ? { instrument, channel, meta } : null;
}

/** @param {string} key */
function channelTitle(key) {
  const found = refOf(key);
  return found ? `${titleOf(found.instrument)} · ${labelOf({ key, instrument: found.instrument.name, channel: found.channel, meta: found.meta })}` : key;
}

/** @param {{channel: string}} props */
function Details({ channel: key }) {
  void tick.value;
  const found = refOf(key);
  if (!found) return html`<p class="muted">This channel is gone.</p>`;
  const { instrument, meta, channel } = found;
  const latest = live.latest.get(key);
  const { meta: m } = instrument;
  const facts = [
    ["Now", `${formatValue(latest?.value, meta)} ${meta.unit ?? ""}`],
    ["Measured", latest ? `${formatWhen(latest.ts, clock.now())}, ${formatAge(clock.now() - latest.ts - instrument.clockMs)} ago` : "–"],
    ["Name", key],
    ["Source", meta.source],
    ["Range", meta.range && `${formatNumber(meta.range[0], meta)} … ${formatNumber(meta.range[1], meta)} ${meta.unit ?? ""}`],
    ["Smallest step", meta.resolution && `${meta.resolution} ${meta.unit ?? ""}`],
    ["Period", meta.period_ms && `${meta.period_ms} ms`],
    ["Instrument", [m.vendor, m.model, m.serial && `no. ${m.serial}`].filter(Boolean).join(" ")],
    ["Computer", m.edge],
    ...statistics(key, meta),
    ...calibration(instrument, channel, meta),
  ];
  return html`<dl class="facts">${facts.filter(([, v]) => v).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

/** Of what is on screen. @param {string} key @param {import("../core/types.js").ChannelMeta} meta @returns {[string, string][]} */
function statistics(key, meta) {
  const { from, to } = shownRange();
  const { lo, hi } = visiblePoints(key, from, to, 1200, null);
  const known = lo.map((v, i) => i).filter((i) => Number.isFinite(lo[i]));
  if (!known.length) return [];
  const mean = known.reduce((s, i) => s + (lo[i] + hi[i]) / 2, 0) / known.length;
  const low = known.reduce((a, i) => Math.min(a, lo[i]), Infinity);
  const high = known.reduce((a, i) => Math.max(a, hi[i]), -Infinity);
  return [["On screen", `${formatNumber(low, meta)} … ${formatNumber(high, meta)}, middle ${formatNumber(mean, meta)} ${meta.unit ?? ""}`]];
}

/** @param {import("../core/types.js").Instrument} instrument @param {string} channel @param {import("../core/types.js").ChannelMeta} meta @returns {[string, string][]} */
function calibration(instrument, channel, meta) {
  const c = instrument.calibration[channel];
  const standing = standingOf(instrument, channel, clock.now());
  if (!c || !standing) return [["Calibration", "none"]];
  const unit = meta.unit ?? "";
  const latest = live.latest.get(`${instrument.name}/${channel}`);
  const raw = live.latest.get(`${instrument.name}/${channel}_raw`);
  const unsure = uncertaintyOf(instrument, channel, latest?.value, latest?.u, clock.now());
  const corrected = typeof latest?.value === "number" && typeof raw?.value === "number";
  return [
    ["Calibration", [`${c.id}${(c.rev ?? 1) > 1 ? ` revision ${c.rev}` : ""}`, c.certificate !== c.id && c.certificate].filter(Boolean).join(", ")],
    ["State", `${standing.icon} ${standing.word}${c.reason && c.reason !== standing.word ? `: ${c.reason}` : ""}`],
    ["Sensor", [c.item, c.serial && `no. ${c.serial}`].filter(Boolean).join(", ")],
    ["Calibrated", c.from ? formatDay(c.from) : ""],
    ["Due", c.due ? formatDay(c.due) : ""],
    ["Uncertainty", unsure ? `U = ${formatU(unsure.U)} ${unit} (k = ${unsure.k})` : ""],
    ["Raw value", corrected ? `${formatValue(raw.value, meta)} ${unit}` : ""],
    ["Calibrated range", c.range ? `${formatNumber(c.range[0], meta)} … ${formatNumber(c.range[1], meta)} ${unit}` : ""],
  ];
}
