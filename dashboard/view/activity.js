/** What happened: commands, events, notes and runs, newest first; a line for a note, and the start and stop of runs. */

import { useSignal } from "@preact/signals";
import { html } from "htm/preact";
import { openRuns } from "../core/entries.js";
import { formatAge, formatWhen } from "../core/format.js";
import { titleOf } from "../core/layout.js";
import { isEnded } from "../core/reducer.js";
import { ApiError, postNote, postRun, stopRun } from "../app/api.js";
import { clock } from "../app/session.js";
import { acknowledge, app, log, openAlarms, tick } from "../app/state.js";
import { Icon } from "./icons.js";

/** @typedef {import("../core/reducer.js").LogEntry} LogEntry */

const SHOWN = 80;

export function Activity() {
  const entries = log.value.slice(-SHOWN).reverse();
  return html`
    <section class="card activity" aria-label="Activity">
      <header class="card-head"><h3>Activity</h3></header>
      <${Runs} />
      <${NoteBox} />
      ${entries.length ? html`<ol class="entries">${entries.map((e) => html`<${Entry} key=${e.key} entry=${e} />`)}</ol>` : html`<p class="muted nothing">Commands, alarms, notes and runs will stand here.</p>`}
    </section>`;
}

/** @param {{entry: LogEntry}} props */
function Entry({ entry }) {
  const alarm = openAlarms.value.find((a) => a.entry.key === entry.key && !a.seen);
  const { icon, tone, word } = look(entry);
  const instrument = entry.instrument ? app.value.instruments.get(entry.instrument) : undefined;
  const who = [instrument ? titleOf(instrument) : entry.instrument, entry.by].filter(Boolean).join(" · ");
  return html`
    <li class=${`entry ${tone}`} data-kind=${entry.kind} data-state=${entry.state}>
      <time>${formatWhen(entry.ts, clock.now() || Date.now())}</time>
      <span class="entry-icon" title=${entry.kind}>${icon}</span>
      <span class="entry-text">${entry.text}${who && html` <span class="entry-who">${who}</span>`}${entry.detail && html`<span class="entry-detail">${entry.detail}</span>`}</span>
      <span class="entry-state">${word}${alarm && html` <button class="plain small" onClick=${() => acknowledge([entry.key])}>ack</button>`}</span>
    </li>`;
}

/** @param {LogEntry} entry */
function look(entry) {
  const { kind, state = "", severity = "", end, ts } = entry;
  if (kind === "note") return { icon: "✎", tone: "note", word: "" };
  if (kind === "run") return { icon: "⚑", tone: "note", word: state };
  if (kind === "command") return commandLook(state, end ? formatAge(end - ts) : "");
  if (state === "cleared") return { icon: "▽", tone: "ok", word: "cleared" };
  const loud = state === "raised" || severity === "error" || severity === "critical";
  if (loud) return { icon: "▲", tone: "bad", word: state || severity };
  return { icon: severity === "warning" ? "▲" : "·", tone: severity === "warning" ? "warn" : "", word: severity === "warning" ? severity : "" };
}

/** @param {string} state @param {string} took */
function commandLook(state, took) {
  if (state === "done") return { icon: "✔", tone: "ok", word: took };
  if (!isEnded(state)) return { icon: "◌", tone: "busy", word: state };
  const unsure = state === "no_answer" || state === "unknown";
  return { icon: unsure ? "?" : "✖", tone: unsure ? "warn" : "bad", word: state.replace("_", " ") };
}

/** Why this link may not write; "" when it may. */
function mute() {
  if (app.value.session.phase !== "open") return "No connection to the bridge.";
  return app.value.session.role === "operator" ? "" : "This link may look, not write.";
}

/** Runs an action; its failure is a sentence. @param {() => Promise<unknown>} action @param {{value: string}} problem @param {() => void} [then] */
async function attempt(action, problem, then) {
  try {
    problem.value = "";
    await action();
    then?.();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    problem.value = error.message;
  }
}

function NoteBox() {
  const text = useSignal("");
  const problem = useSignal("");
  const blocked = mute();
  const submit = (/** @type {Event} */ e) => {
    e.preventDefault();
    const note = text.value.trim();
    if (note) void attempt(() => postNote(note, []), problem, () => (text.value = ""));
  };
  return html`
    <form class="note-form" onSubmit=${submit}>
      <input type="text" placeholder=${blocked || "Add a note …"} aria-label="Note" maxlength="2000" disabled=${!!blocked} value=${text.value} onInput=${(/** @type {any} */ e) => (text.value = e.target.value)} />
      <button class="plain" disabled=${!!blocked || !text.value.trim()}>Note</button>
      ${problem.value && html`<span class="field-problem">${problem.value}</span>`}
    </form>`;
}

function Runs() {
  const starting = useSignal(false);
  const name = useSignal("");
  const sample = useSignal("");
  const problem = useSignal("");
  const blocked = mute();
  const begin = (/** @type {Event} */ e) => {
    e.preventDefault();
    const done = () => ((starting.value = false), (name.value = sample.value = ""));
    if (name.value.trim()) void attempt(() => postRun(name.value.trim(), sample.value.trim()), problem, done);
  };
  const running = openRuns(app.value.entries);
  return html`
    <div class="runs">
      ${running.map((run) => html`<${OpenRun} key=${run.key} run=${run} blocked=${blocked} problem=${problem} />`)}
      ${!starting.value && html`<button class="plain" disabled=${!!blocked} title=${blocked} onClick=${() => (starting.value = true)}><${Icon} name="flask" />Start a run …</button>`}
      ${starting.value && html`<form class="run-form" onSubmit=${begin}>
        <input type="text" placeholder="Name of the run" aria-label="Name of the run" value=${name.value} ref=${(/** @type {HTMLElement | null} */ i) => i && !name.value && i.focus()} onInput=${(/** @type {any} */ e) => (name.value = e.target.value)} />
        <input type="text" placeholder="Sample" aria-label="Sample" value=${sample.value} onInput=${(/** @type {any} */ e) => (sample.value = e.target.value)} />
        <button class="primary" disabled=${!name.value.trim()}>Start</button>
        <button type="button" class="plain" onClick=${() => (starting.value = false)}>Cancel</button>
      </form>`}
      ${problem.value && html`<span class="field-problem">${problem.value}</span>`}
    </div>`;
}

/** @param {{run: LogEntry, blocked: string, problem: {value: string}}} props */
function OpenRun({ run, blocked, problem }) {
  void tick.value;
  return html`
    <div class="open-run"><span class="run-dot" aria-hidden="true"></span>
      <span class="run-name">${run.text}</span><span class="muted">${formatAge(clock.now() - run.ts)} · ${run.by}</span>
      <button class="plain small" disabled=${!!blocked} onClick=${() => attempt(() => stopRun(run.event ?? ""), problem)}><${Icon} name="stop" />Stop</button>
    </div>`;
}
