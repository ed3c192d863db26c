/** The whole page, put together. */

import { html } from "htm/preact";
import { useSignal } from "@preact/signals";
import { app, drawerOpen, plots, spoken, still } from "../app/state.js";
import { goLive, plotChannel } from "../app/view.js";
import { Activity } from "./activity.js";
import { Commands } from "./command.js";
import { Dialogs } from "./dialogs.js";
import { Icon } from "./icons.js";
import { Plot } from "./plot.js";
import { Refused, Strip } from "./strip.js";
import { Tiles } from "./tiles.js";
import { TopBar } from "./topbar.js";
import { Tree } from "./tree.js";

export function Page() {
  const { session, instruments } = app.value;
  const refused = session.phase === "refused";
  return html`
    <${TopBar} />
    ${!refused && html`<${Strip} />`}
    <div class=${`body ${drawerOpen.value ? "drawer-open" : ""}`}>
      ${instruments.size > 0 && html`<${Tree} />`}
      <main id="main">
        ${refused && html`<${Refused} />`}
        ${!refused && !instruments.size && html`<${Empty} />`}
        ${instruments.size > 0 && html`<${Board} />`}
      </main>
    </div>
    <${Dialogs} />
    <div class="sr" aria-live="polite">${spoken.value.polite}</div>
    <div class="sr" aria-live="assertive">${spoken.value.assertive}</div>`;
}

function Board() {
  return html`
    <${Tiles} />
    <div class="plots">${plots.value.map((spec, i) => html`<${Plot} key=${spec.id + spec.keys.join()} spec=${spec} index=${i} />`)}<${NewPlot} /></div>
    <div class="panels"><${Commands} /><${Activity} /></div>
    ${still.value && html`<button class="pill" onClick=${goLive}><${Icon} name="play" />back to live</button>`}`;
}

/** Where a channel dropped becomes a plot of its own. Visible only while one is dragged over it or no plot is there. */
function NewPlot() {
  const over = useSignal(false);
  const drop = (/** @type {DragEvent} */ e) => {
    e.preventDefault();
    over.value = false;
    const key = e.dataTransfer?.getData("text/labwire-channel");
    if (key) plotChannel(key, null);
  };
  return html`
    <div class=${`new-plot ${over.value ? "dropping" : ""}`} onDragOver=${(/** @type {DragEvent} */ e) => (e.preventDefault(), (over.value = true))}
      onDragLeave=${() => (over.value = false)} onDrop=${drop}>+ drop a channel here for a plot of its own</div>`;
}

function Empty() {
  const { session, broker } = app.value;
  if (session.phase === "connecting" && !session.since) return html`<p class="muted nothing">Connecting …</p>`;
  if (session.phase !== "open") return html`<section class="empty"><p class="empty-sign" aria-hidden="true">○</p><h2>No connection to the bridge yet</h2><p class="muted">The page keeps trying and fills itself as soon as the bridge answers.</p></section>`;
  const command = "labwire demo";
  return html`
    <section class="empty">
      <p class="empty-sign" aria-hidden="true">∿</p>
      <h2>${broker.state === "up" ? "Connected to the broker, no instruments yet." : "The bridge is here, the broker is not."}</h2>
      <p>This page fills itself as soon as an instrument starts. Try the simulated ones:</p>
      <p class="empty-command"><code class="command">${command}</code><button class="plain" onClick=${() => navigator.clipboard?.writeText(command)}><${Icon} name="copy" />Copy</button></p>
      <p class="muted">Listening on <code>${session.root}/#</code> · broker ${broker.state === "up" ? "● up" : "○ down"}</p>
    </section>`;
}
