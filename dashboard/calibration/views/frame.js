/** The page around the views: bar, notice, and whichever view the address names. */

import { html } from "htm/preact";
import { isDark, toggleTheme } from "../../app/theme.js";
import { Icon } from "../../view/icons.js";
import { link } from "../route.js";
import { notice, route, runs, services, session } from "../store.js";
import { Checks } from "./checks.js";
import { Item } from "./item.js";
import { NewRun } from "./new.js";
import { Overview } from "./overview.js";
import { Record } from "./record.js";
import { Run } from "./run.js";

/** @type {Record<string, any>} */
const VIEWS = { overview: Overview, checks: Checks, new: NewRun, run: Run, record: Record, item: Item };

export function Frame() {
  const { view, id } = route.value;
  return html`
    <${Bar} view=${view} />
    <main id="main" class="cal">
      ${session.value.phase === "refused" ? html`<${Refused} />` : html`<${Notice} /><${VIEWS[view]} key=${view + id} id=${id} />`}
    </main>`;
}

/** @param {{view: string}} props */
function Bar({ view }) {
  const active = [...runs.value.values()].filter((run) => !run.end).length;
  return html`
    <header class="topbar">
      <a class="brand" href="/" title="To the live page"><span class="brand-mark" aria-hidden="true"></span><span class="brand-word">labwire</span></a>
      <nav class="tabs" aria-label="Pages">
        <a class="tab" href="/">Live</a>
        ${tab("overview", "Calibrations", view === "overview" || view === "record" || view === "item")}
        ${tab("checks", "Checks", view === "checks")}
        ${tab("new", active ? `Runs (${active})` : "Runs", view === "new" || view === "run")}
      </nav>
      <${Link} />
      <span class="spacer"></span>
      ${session.value.name && html`<span class="chip quiet who">${session.value.name}${session.value.role === "viewer" ? " (may look)" : ""}</span>`}
      <button class="tool" title="Light or dark" aria-label=${isDark.value ? "Light theme" : "Dark theme"} onClick=${toggleTheme}><${Icon} name=${isDark.value ? "sun" : "moon"} /></button>
    </header>`;
}

/** @param {import("../route.js").Route["view"]} view @param {string} text @param {boolean} here */
const tab = (view, text, here) => html`<a class=${`tab ${here ? "here" : ""}`} href=${link(view)} aria-current=${here ? "page" : null}>${text}</a>`;

function Link() {
  const { phase } = session.value;
  if (phase === "waiting") return html`<span class="chip bad">no connection</span>`;
  if (phase === "connecting") return html`<span class="chip">connecting …</span>`;
  const ill = Object.entries(services.value).find(([, s]) => s.state !== "online");
  if (ill) return html`<span class="chip warn" title=${ill[1].reason}>${ill[0]} ${ill[1].state}</span>`;
  return null;
}

function Notice() {
  const { tone, text } = notice.value;
  return html`<p class=${`notice ${tone}`} role="status" hidden=${!text}>${text}</p>`;
}

function Refused() {
  return html`<section class="empty"><p class="empty-sign" aria-hidden="true">○</p><h2>No access</h2><p class="muted">${session.value.reason || "This page needs a token."} Open it from the live page, with the link you were given.</p></section>`;
}
