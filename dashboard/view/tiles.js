/**
 * The tiles: every channel with its value, and whether one may believe it. Above GROUPS_ABOVE channels, groups first.
 *
 * @typedef {import("../core/layout.js").ChannelRef} ChannelRef
 */

import { useSignal } from "@preact/signals";
import { html } from "htm/preact";
import { formatValue } from "../core/format.js";
import { checkOf, formatU, standingOf, uncertaintyOf } from "../core/inforce.js";
import { allChannels, GROUPS_ABOVE, isNumeric, labelOf, matches, shownChannels, titleOf } from "../core/layout.js";
import { clock } from "../app/session.js";
import { app, dialog, filter, tick } from "../app/state.js";
import { choose, dragChannel, tileState } from "./channel.js";
import { Icon } from "./icons.js";
import { Spark } from "./spark.js";

export function Tiles() {
  const { instruments } = app.value;
  const title = (/** @type {ChannelRef} */ r) => titleOf(/** @type {any} */ (instruments.get(r.instrument)));
  const all = filter.value ? allChannels(instruments.values()) : shownChannels(instruments.values());
  const refs = all.filter((r) => matches(r, title(r), filter.value));
  if (!refs.length) return html`<p class="muted nothing">No channel matches “${filter.value}”.</p>`;
  if (refs.length <= GROUPS_ABOVE) return html`<${Grid} refs=${refs} />`;
  const groups = Map.groupBy(refs, (r) => `${r.instrument}|${r.meta.group ?? ""}`);
  return html`<div class="groups">${[...groups].map(([id, members]) => html`
    <${Group} key=${id} refs=${members} title=${[title(members[0]), members[0].meta.group].filter(Boolean).join(" · ")} />`)}</div>`;
}

/** @param {{refs: ChannelRef[]}} props */
function Grid({ refs }) {
  return html`<div class="tiles">${refs.map((r) => html`<${Tile} key=${r.key} channel=${r} />`)}</div>`;
}

/** @param {{refs: ChannelRef[], title: string}} props */
function Group({ refs, title }) {
  void tick.value;
  const open = useSignal(false);
  const states = refs.map(tileState);
  const old = states.filter((s) => s.kind === "stale" || s.kind === "gone").length;
  const odd = states.filter((s) => s.kind === "fresh" && s.tone === "warn").length;
  const parts = [`${refs.length} ${refs.length === 1 ? "channel" : "channels"}`, old && `◌ ${old} old`, odd && `▲ ${odd} doubtful`].filter(Boolean);
  return html`
    <section class="group">
      <button class="group-head" aria-expanded=${open.value} onClick=${() => (open.value = !open.value)}>
        <span class=${`twist ${open.value ? "open" : ""}`}><${Icon} name="chevron" /></span>
        <span class="group-title">${title}</span><span class=${`muted ${old || odd ? "warn" : ""}`}>${parts.join(" · ")}</span>
      </button>
      ${open.value && html`<${Grid} refs=${refs} />`}
    </section>`;
}

/** @param {{channel: ChannelRef}} props */
function Tile({ channel }) {
  void tick.value;
  const instrument = app.value.instruments.get(channel.instrument);
  const state = tileState(channel);
  const text = formatValue(state.latest?.value, channel.meta);
  const numeric = isNumeric(channel.meta);
  const unsure = uncertaintyOf(instrument, channel.channel, state.latest?.value, state.latest?.u, clock.now());
  const standing = standingOf(instrument, channel.channel, clock.now());
  const check = checkOf(app.value.due, channel.instrument, channel.channel, clock.now());
  const pick = (/** @type {KeyboardEvent} */ e) => e.key === "Enter" && choose(channel);
  return html`
    <article class=${`tile ${state.kind} ${state.tone}`} data-key=${channel.key} draggable=${numeric} tabindex="0"
      aria-label=${`${labelOf(channel)}, ${instrument ? titleOf(instrument) : ""}`}
      onDragStart=${(/** @type {DragEvent} */ e) => dragChannel(e, channel.key)} onClick=${() => choose(channel)} onKeyDown=${pick}>
      <header><span class="tile-label" title=${labelOf(channel)}>${labelOf(channel)}</span><${Details} channel=${channel} /></header>
      <div class="tile-instrument" title=${instrument && titleOf(instrument)}>${instrument && titleOf(instrument)}</div>
      <div class=${`tile-value ${text.length > 11 ? "long" : ""}`}><span class="tile-number" title=${text.length > 14 ? text : ""}>${text}</span>${channel.meta.unit && html`<span class="tile-unit">${channel.meta.unit}</span>`}</div>
      ${unsure && html`<div class="tile-u" title=${`Expanded uncertainty, k = ${unsure.k}`}>± ${formatU(unsure.U)} ${channel.meta.unit}</div>`}
      ${standing && standing.state !== "ok" && html`<div class=${`calibration ${standing.tone}`} title=${standing.sentence}><span aria-hidden="true">${standing.icon}</span> ${standing.short} <span class="calibration-id">${instrument?.calibration[channel.channel].id}</span></div>`}
      ${check && html`<div class=${`calibration ${check.tone}`} title=${check.sentence}><span aria-hidden="true">${check.icon}</span> ${check.short}</div>`}
      <footer>
        <span class=${`tile-state ${state.tone}`}><span aria-hidden="true">${state.icon === "∿" ? "●" : state.icon}</span> ${state.word}</span>
        ${numeric ? html`<${Spark} channel=${channel.key} />` : ""}
      </footer>
    </article>`;
}

/** @param {{channel: ChannelRef}} props */
function Details({ channel }) {
  const open = (/** @type {Event} */ e) => (e.stopPropagation(), (dialog.value = channel.key));
  return html`<button class="tool tiny tile-info" title="Details and calibration" aria-label=${`Details of ${labelOf(channel)}`} onClick=${open} onKeyDown=${(/** @type {Event} */ e) => e.stopPropagation()}><${Icon} name="info" /></button>`;
}
