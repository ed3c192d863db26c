/** The list at the side: instruments with their state, channels below them, and the filter. A drawer on small screens. */

import { useSignal } from "@preact/signals";
import { html } from "htm/preact";
import { allChannels, labelOf, matches, sorted, titleOf } from "../core/layout.js";
import { instrumentTrouble, presence } from "../core/words.js";
import { app, drawerOpen, filter, tick } from "../app/state.js";
import { choose, dragChannel, tileState } from "./channel.js";
import { Icon } from "./icons.js";

export function Tree() {
  const instruments = sorted(app.value.instruments.values());
  return html`
    <nav class=${`tree ${drawerOpen.value ? "open" : ""}`} aria-label="Instruments">
      <div class="filter">
        <${Icon} name="search" />
        <input id="filter" type="search" placeholder="filter" aria-label="Filter channels" value=${filter.value}
          onInput=${(/** @type {any} */ e) => (filter.value = e.target.value)} />
        <kbd>/</kbd>
      </div>
      <ul class="instruments">${instruments.map((i) => html`<${Branch} key=${i.name} instrument=${i} />`)}</ul>
      ${instruments.length > 0 && html`<p class="tree-hint">Click a channel to find its plot; drag it onto another to compare.</p>`}
    </nav>
    ${drawerOpen.value && html`<button class="scrim" aria-label="Close the list" onClick=${() => (drawerOpen.value = false)}></button>`}`;
}

/** @param {{instrument: import("../core/types.js").Instrument}} props */
function Branch({ instrument }) {
  const open = useSignal(true);
  const title = titleOf(instrument);
  const refs = allChannels([instrument]).filter((r) => matches(r, title, filter.value));
  if (!refs.length && filter.value) return null;
  const badge = presence(app.value, instrument);
  const trouble = instrumentTrouble(instrument);
  const shown = open.value || filter.value;
  return html`
    <li class="branch">
      <button class="branch-head" aria-expanded=${!!shown} onClick=${() => (open.value = !open.value)}>
        <span class=${`twist ${shown ? "open" : ""}`}><${Icon} name="chevron" /></span>
        <span class="branch-name">${title}</span>
        ${instrument.meta.simulated && html`<span class="sim" title="A simulated instrument">sim</span>`}
        <span class=${`presence ${badge.tone}`} title=${badge.word}>${badge.icon}<span class="sr">${badge.word}</span></span>
      </button>
      ${trouble && html`<p class=${`trouble ${badge.tone}`}>${trouble}</p>`}
      ${shown && html`<ul class="leaves">${refs.map((r) => html`<${Leaf} key=${r.key} channel=${r} />`)}</ul>`}
    </li>`;
}

/** @param {{channel: import("../core/layout.js").ChannelRef}} props */
function Leaf({ channel }) {
  void tick.value;
  const { icon, tone, word } = tileState(channel);
  return html`
    <li>
      <button class="leaf" draggable="true" onDragStart=${(/** @type {DragEvent} */ e) => dragChannel(e, channel.key)} onClick=${() => choose(channel)}>
        <span class="leaf-name">${labelOf(channel)}</span>
        <span class="leaf-unit">${channel.meta.unit}</span>
        <span class=${`leaf-state ${tone}`} title=${word}>${icon}</span>
      </button>
    </li>`;
}
