/** The bar at the top: is it alive, how much is there, is anything wrong; pause, window, theme, help. */

import { html } from "htm/preact";
import { formatSpan } from "../core/format.js";
import { alarmWords } from "../core/entries.js";
import { WINDOWS } from "../core/hash.js";
import { linkChip } from "../core/words.js";
import { clock, lastHeard } from "../app/session.js";
import { app, dialog, drawerOpen, historyProblem, isDark, openAlarms, slow, still, tick, toggleTheme, windowS } from "../app/state.js";
import { chooseWindow, togglePause } from "../app/view.js";
import { Icon } from "./icons.js";

const LAG_SHOWN_MS = 10_000;

export function TopBar() {
  const count = app.value.instruments.size;
  return html`
    <header class="topbar">
      ${count > 0 && html`<button class="tool menu" aria-label="Instruments" onClick=${() => (drawerOpen.value = !drawerOpen.value)}><${Icon} name="menu" /></button>`}
      <span class="brand"><span class="brand-mark" aria-hidden="true"></span><span class="brand-word">labwire</span></span>
      <${LinkChip} />
      ${count > 0 && html`<span class="chip quiet count">${count} ${count === 1 ? "instrument" : "instruments"}</span>`}
      <${AlarmChip} />
      <${Hints} />
      <span class="spacer"></span>
      ${count > 0 && html`<${Times} />`}
      <a class="tool text cal-link" href="calibration.html" title="Calibrations, checks, what is due">Calibration</a>
      <button class="tool" title="Light or dark" aria-label=${isDark.value ? "Light theme" : "Dark theme"} onClick=${toggleTheme}><${Icon} name=${isDark.value ? "sun" : "moon"} /></button>
      <button class="tool" title="Help (?)" aria-label="Help" onClick=${() => (dialog.value = "help")}><span class="question" aria-hidden="true">?</span></button>
    </header>`;
}

function Times() {
  return html`
    <div class="times">
      <button class=${`tool text pause ${still.value ? "on" : ""}`} aria-pressed=${!!still.value} title="Pause or go on (Space)" onClick=${togglePause}>
        <${Icon} name=${still.value ? "play" : "pause"} /><span class="pause-word">${still.value ? "Live" : "Pause"}</span>
      </button>
      <div class="segments" role="group" aria-label="Window">
        ${WINDOWS.map((w, i) => html`<button key=${w} aria-pressed=${windowS.value === w && !still.value} title=${`${formatSpan(w)} (${i + 1})`} onClick=${() => chooseWindow(i)}>${formatSpan(w).replace(" min", "m").replace(" ", "")}</button>`)}
      </div>
    </div>`;
}

/** How alive the link is, in a dot, a word and the age of what was heard last. */
function LinkChip() {
  void tick.value;
  const { tone, icon, text } = linkChip(app.value, { age: performance.now() - lastHeard, paused: !!still.value });
  return html`<span class=${`chip link ${tone}`}><span class="dot" aria-hidden="true">${icon}</span>${text}</span>`;
}

function AlarmChip() {
  const list = openAlarms.value;
  if (!list.length) return null;
  const { text, tone } = alarmWords(list);
  return html`<button class=${`chip alarm ${tone}`} onClick=${() => (dialog.value = "alarms")}><${Icon} name="alarm" />${text}</button>`;
}

/** What is not right but does not stop anything. */
function Hints() {
  void tick.value;
  const { lag, services, session } = app.value;
  const lagging = lag.dropped > 0 && clock.now() - lag.at < LAG_SHOWN_MS;
  const loggers = Object.entries(services).filter(([name]) => name.startsWith("logger/"));
  const storing = loggers.find(([, l]) => l.state !== "online" && l.state !== "starting");
  return html`
    ${lagging && html`<span class="chip warn">slow link – ${lag.dropped} frames skipped</span>`}
    ${slow.value && html`<span class="chip warn" title="Drawing takes long: 4 pictures a second">slow drawing</span>`}
    ${storing && html`<button class="chip warn" title=${storing[1].reason} onClick=${() => (dialog.value = "system")}>log ${storing[1].state}</button>`}
    ${historyProblem.value && session.phase === "open" && html`<span class="chip warn" title=${historyProblem.value}>no history</span>`}`;
}
