/**
 * Command forms, made from the description: fields with units and limits, a question where one is wanted, and the
 * state as it is reported – never as it is hoped for.
 *
 * @typedef {import("../core/types.js").CommandSpec} CommandSpec
 * @typedef {import("../core/types.js").ArgSpec} ArgSpec
 * @typedef {import("../core/types.js").Instrument} Instrument
 * @typedef {import("@preact/signals").Signal<Record<string, string>>} Texts
 */

import { useSignal } from "@preact/signals";
import { html } from "htm/preact";
import { limitsText, parseArgs, startText } from "../core/args.js";
import { freshness } from "../core/clock.js";
import { formatAge, formatArg, formatValue } from "../core/format.js";
import { keyOf, sorted, titleOf } from "../core/layout.js";
import { isEnded } from "../core/reducer.js";
import { commandObstacle, commandWords } from "../core/words.js";
import { clock, isLinked, live, sendCommand } from "../app/session.js";
import { app, tick } from "../app/state.js";

const FEW = 3;

export function Commands() {
  const chosen = useSignal("");
  const able = sorted(app.value.instruments.values()).filter((i) => Object.keys(i.meta.commands ?? {}).length);
  if (!able.length) return null;
  const instrument = able.find((i) => i.name === chosen.value) ?? able[0];
  return html`
    <section class="card commands" aria-label="Commands">
      <header class="card-head"><h3>Commands</h3>
        ${able.length > 1 ? html`<div class="segments" role="group" aria-label="Instrument">${able.map((i) => html`
          <button key=${i.name} aria-pressed=${i === instrument} onClick=${() => (chosen.value = i.name)}>${titleOf(i)}</button>`)}</div>` : html`<span class="muted">${titleOf(instrument)}</span>`}
      </header>
      <${Obstacle} instrument=${instrument} />
      <div class="forms">${Object.entries(instrument.meta.commands ?? {}).map(([name, spec]) => html`
        <${CommandForm} key=${`${instrument.name}/${name}`} instrument=${instrument} name=${name} spec=${spec} />`)}</div>
    </section>`;
}

/** @param {{instrument: Instrument}} props */
function Obstacle({ instrument }) {
  const text = commandObstacle(app.value, instrument);
  return text && html`<p class="obstacle">${text}</p>`;
}

/** @param {{instrument: Instrument, name: string, spec: CommandSpec}} props */
function CommandForm({ instrument, name, spec }) {
  const texts = useSignal(/** @type {Record<string, string>} */ ({}));
  const problems = useSignal(/** @type {Record<string, string>} */ ({}));
  const asking = useSignal(/** @type {Record<string, import("../core/types.js").Value> | null} */ (null));
  const sent = useSignal("");
  const label = spec.label || name.replaceAll("_", " ");
  const specs = spec.args ?? {};
  const last = app.value.commands.get(sent.value);
  const busy = !!last && !isEnded(last.state);
  const blocked = commandObstacle(app.value, instrument);
  const present = presentOf(instrument, spec.sets);
  const parsed = parseArgs(specs, texts.value, present);
  const send = (/** @type {Record<string, import("../core/types.js").Value>} */ args) => {
    asking.value = null;
    sent.value = sendCommand(instrument.name, name, args);
  };
  const submit = (/** @type {Event} */ e) => {
    e.preventDefault();
    problems.value = parsed.problems;
    if (Object.keys(parsed.problems).length) return;
    if (spec.confirm) asking.value = parsed.args;
    else send(parsed.args);
  };
  return html`
    <form class=${`command-form ${Object.keys(specs).length ? "" : "bare"}`} data-command=${name} onSubmit=${submit} noValidate>
      ${Object.entries(specs).map(([arg, s]) => html`<${Field} key=${arg} form=${`${instrument.name}-${name}`} arg=${arg} spec=${s} texts=${texts} present=${present} problem=${problems.value[arg]} />`)}
      <div class="command-go">
        <button class="plain go" disabled=${!!blocked || busy || !!asking.value} title=${blocked}>${label}${spec.confirm ? " …" : ""}</button>
        ${spec.sets && html`<${Present} instrument=${instrument} channel=${spec.sets} />`}
        ${last && html`<${Outcome} id=${sent.value} />`}
      </div>
      ${asking.value && html`<${Question} label=${label} who=${titleOf(instrument)} args=${asking.value} specs=${specs} yes=${() => asking.value && send(asking.value)} no=${() => (asking.value = null)} />`}
    </form>`;
}

/** The value of the channel that a command sets, while it is fresh. @param {Instrument} instrument @param {string | undefined} channel */
function presentOf(instrument, channel) {
  if (!channel) return undefined;
  void tick.value;
  const latest = live.latest.get(keyOf(instrument.name, channel));
  return freshness(latest?.ts ?? null, instrument, clock.now(), isLinked()).kind === "fresh" ? latest?.value : undefined;
}

/** @param {{form: string, arg: string, spec: ArgSpec, texts: Texts, present: import("../core/types.js").Value | undefined, problem?: string}} props */
function Field({ form, arg, spec, texts, present, problem }) {
  const id = `${form}-${arg}`;
  const text = texts.value[arg] ?? startText(spec, present);
  const set = (/** @type {string} */ value) => (texts.value = { ...texts.value, [arg]: value });
  const limits = limitsText(spec);
  return html`
    <div class=${`field ${problem ? "wrong" : ""}`}>
      <label for=${id}>${spec.label || arg.replaceAll("_", " ")}</label>
      <${Input} id=${id} spec=${spec} text=${text} set=${set} wrong=${!!problem} />
      ${spec.unit && html`<span class="field-unit">${spec.unit}</span>`}
      ${problem ? html`<span class="field-problem" id=${`${id}-note`}>${problem}</span>` : html`<span class="field-limits" id=${`${id}-note`}>${limits}</span>`}
    </div>`;
}

/** @param {{id: string, spec: ArgSpec, text: string, set: (value: string) => void, wrong: boolean}} props */
function Input({ id, spec, text, set, wrong }) {
  const onInput = (/** @type {any} */ e) => set(e.target.value);
  const choices = spec.choices ?? [];
  if (spec.type === "bool") {
    return html`<input id=${id} type="checkbox" class="switch" checked=${text === "true"} onChange=${(/** @type {any} */ e) => set(String(e.target.checked))} />`;
  }
  if (choices.length > FEW) return html`<select id=${id} value=${text} onInput=${onInput}>${choices.map((c) => html`<option key=${c} value=${c}>${c}</option>`)}</select>`;
  if (choices.length) {
    return html`<span class="radios" role="radiogroup" id=${id}>${choices.map((c) => html`
      <label key=${c}><input type="radio" name=${id} value=${c} checked=${c === text} onChange=${() => set(c)} />${c}</label>`)}</span>`;
  }
  const number = spec.type !== "str";
  return html`<input id=${id} type="text" inputmode=${number ? "decimal" : "text"} class=${number ? "number" : ""} autocomplete="off" value=${text}
    aria-invalid=${wrong} aria-describedby=${`${id}-note`} onInput=${onInput} />`;
}

/** The channel that shows what the command has done. @param {{instrument: Instrument, channel: string}} props */
function Present({ instrument, channel }) {
  void tick.value;
  const meta = instrument.meta.channels?.[channel] ?? {};
  const latest = live.latest.get(keyOf(instrument.name, channel));
  const { kind } = freshness(latest?.ts ?? null, instrument, clock.now(), isLinked());
  if (kind === "none") return null;
  return html`<span class="present muted">${kind === "fresh" ? "now" : "last known:"} ${formatValue(latest?.value, meta)} ${meta.unit}</span>`;
}

/** @param {{id: string}} props */
function Outcome({ id }) {
  void tick.value;
  const command = app.value.commands.get(id);
  if (!command) return null;
  const { icon, word, tone, detail } = commandWords(command, app.value.instruments);
  const took = (command.endedAt ?? clock.now()) - command.ts;
  const progress = command.progress !== null && !isEnded(command.state) ? ` ${Math.round(100 * command.progress)} %` : "";
  return html`
    <span class=${`outcome ${tone}`} data-state=${command.state}><span aria-hidden="true">${icon}</span> ${word}${progress} <span class="muted">${formatAge(took)}</span>
      ${detail && html`<span class="outcome-detail">${tone === "ok" ? detail : `Not done: ${detail}`}</span>`}</span>`;
}

/** @param {{label: string, who: string, args: Record<string, import("../core/types.js").Value>, specs: Record<string, ArgSpec>, yes: () => void, no: () => void}} props */
function Question({ label, who, args, specs, yes, no }) {
  const what = Object.entries(args).map(([k, v]) => `${specs[k]?.label || k} ${formatArg(v)} ${specs[k]?.unit ?? ""}`.trim()).join(", ");
  return html`
    <div class="question-box" role="alertdialog" aria-label=${`Confirm: ${label}`}>
      <span>${label}${what && ` – ${what}`} on <b>${who}</b>?</span>
      <button type="button" class="danger" onClick=${yes} ref=${(/** @type {HTMLElement | null} */ b) => b?.focus()}>Yes, do it</button>
      <button type="button" class="plain" onClick=${no}>Cancel</button>
    </div>`;
}
