/** What is due, what is under way, and every calibration there was. */

import { html } from "htm/preact";
import { openDocument } from "../download.js";
import { link } from "../route.js";
import { attempt, mayAct, runs } from "../store.js";
import { day, daysTo, dueWord, partWord, stateWord, verdictWord } from "../words.js";
import { Mark, Problem, useFetched } from "./parts.js";

export function Overview() {
  return html`
    <${Active} />
    <${DueList} />
    <${Records} />`;
}

function Active() {
  const active = [...runs.value.values()].filter((run) => !run.end);
  if (!active.length) return null;
  return html`
    <section class="card">
      <h2>Under way</h2>
      <ul class="rows">
        ${active.map((run) => html`
          <li key=${run.run}><a class="row-link" href=${link("run", run.run)}>
            <strong>${run.item}</strong> <span>${run.title}</span>
            <span class="muted">${partWord(run.part ?? "")} · step ${run.step} of ${run.steps} · ${run.text}</span>
          </a></li>`)}
      </ul>
    </section>`;
}

function DueList() {
  const { data, problem } = useFetched("/api/due");
  const lines = /** @type {import("../types.js").DueLine[]} */ (data ?? []);
  const now = Date.now();
  return html`
    <section class="card">
      <header class="card-head"><h2>Due</h2>
        <button class="plain small" onClick=${() => attempt(() => openDocument("/api/due.ics", "calibrations.ics"))}>Calendar file</button>
      </header>
      <${Problem} problem=${problem} />
      ${data && !lines.length && html`<p class="muted">Nothing is in the register yet: <code class="command">labwire cal item add</code></p>`}
      ${lines.length > 0 && html`
        <div class="scroll"><table class="list">
          <thead><tr><th>What</th><th>Where</th><th>Due</th><th>State</th><th>Last</th><th></th></tr></thead>
          <tbody>${lines.map((line) => html`
            <tr key=${line.kind + line.id}>
              <td>${line.kind === "item" ? html`<a href=${link("item", line.id)}>${line.id}</a>` : line.id} <span class="muted">${line.kind === "standard" ? "standard " : ""}${line.what}</span></td>
              <td>${line.instrument ? `${line.instrument}/${line.channel}` : "–"}</td>
              <td>${line.day ?? "–"} <span class="muted">${daysTo(line.day, now)}</span></td>
              <td><${Mark} ...${dueWord(line.status, line.kind)} /></td>
              <td>${line.last ?? "–"} <span class="muted">${line.by}</span></td>
              <td class="todo">${mayAct() && next(line)}</td>
            </tr>`)}</tbody>
        </table></div>`}
    </section>`;
}

/** What can be done about a line, one click away. @param {import("../types.js").DueLine} line */
function next(line) {
  if (line.kind === "check") return html`<a href=${link("checks")}>Check</a>`;
  return line.kind === "item" && line.instrument ? html`<a href=${link("new", line.id)} aria-label=${`Calibrate ${line.id}`}>Calibrate</a>` : null;
}

function Records() {
  const { data, problem } = useFetched("/api/calibrations");
  const lines = /** @type {import("../types.js").Listed[]} */ (data ?? []);
  return html`
    <section class="card">
      <header class="card-head"><h2>Calibrations</h2>${mayAct() && html`<a class="primary" href=${link("new")}>New calibration</a>`}</header>
      <${Problem} problem=${problem} />
      ${data && !lines.length && html`<p class="muted">There is none yet.</p>`}
      ${lines.length > 0 && html`
        <div class="scroll"><table class="list">
          <thead><tr><th>Number</th><th>Item</th><th>Procedure</th><th>Work</th><th>State</th><th>As left</th></tr></thead>
          <tbody>${lines.map((line) => html`
            <tr key=${line.id}>
              <td><a href=${link("record", line.id)}>${line.id}</a>${line.rev > 1 ? ` rev. ${line.rev}` : ""}</td>
              <td>${line.item} <span class="muted">${[line.model, line.serial].filter(Boolean).join(" · ")}</span></td>
              <td>${line.title || line.procedure}</td>
              <td>${day(line.end || line.begin)} <span class="muted">${line.by ?? ""}</span></td>
              <td>${stateWord(line.state)}</td>
              <td><${Mark} ...${verdictWord(line.passed)} /></td>
            </tr>`)}</tbody>
        </table></div>`}
    </section>`;
}
