/** One run, guided: what is to do now, how the plateau settles, what has been read; the same for everybody who looks. */

import { html } from "htm/preact";
import { useEffect, useState } from "preact/hooks";
import { formatTime } from "../../core/format.js";
import { link } from "../route.js";
import { attempt, command, mayAct, runs } from "../store.js";
import { askedBeyond, buttonWord, duration, numeral, partWord, roomText, short } from "../words.js";
import { PairPlot } from "./plots.js";
import { Mark } from "./parts.js";
import { SetPoint } from "./setpoint.js";

/** @typedef {import("../types.js").Run} RunState */

const REASONED = new Set(["skip", "abort"]);
/** Questions are answered with these. */
const FORMS = new Set(["answer", "reading"]);

/** @param {{id: string}} props */
export function Run({ id }) {
  const run = runs.value.get(id);
  if (!run) return html`<section class="card"><h2>${id}</h2><p class="muted">Nobody tells of this run. It may be over, or not begun yet.</p><p><a href=${link("overview")}>All calibrations</a></p></section>`;
  return html`
    <section class="card run">
      <header class="card-head">
        <div><h2>${run.title || run.procedure}</h2>
          <p class="muted">${run.item}${run.serial ? ` (${run.serial})` : ""} · ${run.instrument ? `${run.instrument}/${run.channel}` : "typed readings"} against ${run.reference} ${(run.standards ?? []).join(", ")}</p></div>
        <p class="step"><strong>${partWord(run.part ?? "")}</strong> step ${run.step ?? 0} of ${run.steps ?? 0}</p>
      </header>
      <progress class="steps" max=${run.steps || 1} value=${run.end ? run.steps || 1 : Math.max(0, (run.step ?? 1) - 1)} aria-label="Steps done"></progress>
      <p class=${`now ${run.phase}`} role="status">${run.text}</p>
      ${askedBeyond(run.asks ?? []).map((ask) => html`<p class="ask" key=${ask}>${ask}</p>`)}
      ${run.error && html`<p class="notice bad" role="alert">${run.error}</p>`}
      ${(run.warnings ?? []).map((w) => html`<p class="notice warn" key=${w}>${w}</p>`)}
      <${Settling} run=${run} />
      ${mayAct() ? html`<${Actions} run=${run} />` : !run.end && html`<p class="muted">You may look; an operator decides.</p>`}
      ${run.record && html`<p>Recorded as <a href=${link("record", run.record)}>${run.record}</a>: to be reviewed and released.</p>`}
    </section>
    <${Live} run=${run} />
    <${Results} run=${run} />
    <${Log} run=${run} />`;
}

/** @param {{run: RunState}} props */
function Settling({ run }) {
  const s = run.settling;
  if (!s || (run.phase !== "settling" && run.phase !== "reading")) return null;
  const share = Math.round(100 * (run.settled ?? 0));
  return html`
    <div class="settle">
      <progress max="100" value=${share} aria-label="Settled"></progress>
      <span class="settle-share">${share} % settled</span>
      <dl class="facts">
        <div><dt>drift over the window (${s.of})</dt><dd class=${over(s.drift, s.drift_max)}>${short(s.drift)} of ${short(s.drift_max)} ${run.unit}</dd></div>
        <div><dt>scatter</dt><dd class=${over(s.s, s.s_max)}>${short(s.s)} of ${short(s.s_max)} ${run.unit}</dd></div>
        <div><dt>holds still in</dt><dd>${duration(s.remaining_s)}</dd></div>
        ${run.wanted ? html`<div><dt>readings</dt><dd>${run.taken ?? 0} of ${run.wanted}</dd></div>` : null}
      </dl>
    </div>`;
}

/** @param {number | null | undefined} value @param {number} limit */
const over = (value, limit) => (value !== null && value !== undefined && Math.abs(value) > limit ? "too-much" : "");

/** @param {{run: RunState}} props */
function Actions({ run }) {
  const can = run.can ?? [];
  const form = run.form ?? [];
  const [values, setValues] = useState(/** @type {Record<string, string>} */ ({}));
  const [reason, setReason] = useState(/** @type {{name: string, text: string} | null} */ (null));
  const [busy, setBusy] = useState(false);
  const stage = `${run.phase} ${run.step} ${run.part} ${run.taken}`;
  useEffect(() => {
    setValues({});
    setReason(null);
  }, [stage]);
  /** @param {string} name @param {Record<string, any>} [args] */
  const act = async (name, args = {}) => {
    setBusy(true);
    const done = await attempt(() => command(run.run, name, { ...args, step: run.step ?? 0 }));
    setBusy(false);
    if (done) setReason(null);
  };
  const filled = () => Object.fromEntries(form.map((q) => [q.key, values[q.key] ?? q.value ?? ""]).filter(([, v]) => v !== ""));
  const submit = async (/** @type {Event} */ e) => {
    e.preventDefault();
    if (can.includes("reading")) return act("reading", filled());
    const answers = filled();
    if (Object.keys(answers).length && can.includes("answer")) {
      setBusy(true);
      const taken = await attempt(() => command(run.run, "answer", { ...answers, step: run.step ?? 0 }));
      setBusy(false);
      if (!taken) return;
    }
    if (can.includes("next")) await act("next");
  };
  const plain = can.filter((name) => !FORMS.has(name) && !REASONED.has(name) && !(name === "next" && form.length));
  return html`
    ${form.length > 0 && html`
      <form class="questions" onSubmit=${submit}>
        ${form.map((q) => html`<${Field} key=${q.key} q=${q} value=${values[q.key] ?? q.value ?? ""} onValue=${(/** @type {string} */ v) => setValues({ ...values, [q.key]: v })} />`)}
        <button class="primary big" disabled=${busy}>${can.includes("reading") ? "Record" : buttonWord("next", run.phase)}</button>
      </form>`}
    <div class="actions">
      <${SetPoint} key=${stage} run=${run} busy=${busy} />
      ${plain.map((name) => html`<button key=${name} class=${name === "repeat" || run.phase === "set" ? "plain big" : "primary big"} disabled=${busy} onClick=${() => act(name)}>${buttonWord(name, run.phase)}</button>`)}
      ${can.filter((name) => REASONED.has(name)).map((name) => html`<button key=${name} class="plain big" disabled=${busy} aria-expanded=${reason?.name === name} onClick=${() => setReason(reason?.name === name ? null : { name, text: "" })}>${buttonWord(name, run.phase)}</button>`)}
    </div>
    ${reason && html`
      <form class="questions" onSubmit=${(/** @type {Event} */ e) => (e.preventDefault(), act(reason.name, { reason: reason.text }))}>
        <label class="field"><span>Why ${reason.name === "skip" ? "is this skipped" : "is the run aborted"}?</span>
          <input type="text" required maxlength="500" value=${reason.text} onInput=${(/** @type {any} */ e) => setReason({ ...reason, text: e.target.value })} /></label>
        <button class="primary big" disabled=${busy}>${reason.name === "skip" ? "Skip it" : "Abort the run"}</button>
      </form>`}`;
}

/** @param {{q: import("../types.js").Question, value: string, onValue: (v: string) => void}} props */
function Field({ q, value, onValue }) {
  const input = (/** @type {any} */ e) => onValue(e.target.value);
  if (q.type === "choice") {
    return html`<fieldset class="field"><legend>${q.label || q.key}</legend>
      ${(q.choices ?? []).map((choice) => html`<label class="choice" key=${choice}><input type="radio" name=${q.key} value=${choice} checked=${value === choice} required=${q.needed !== false} onChange=${input} /> ${choice}</label>`)}</fieldset>`;
  }
  return html`<label class="field"><span>${q.label || q.key}${q.unit ? ` / ${q.unit}` : ""}${q.needed === false ? " (if any)" : ""}</span>
    <input type="text" inputmode=${q.type === "number" ? "decimal" : "text"} autocomplete="off" required=${q.needed !== false} value=${value} onInput=${input} /></label>`;
}

/** @param {{run: RunState}} props */
function Live({ run }) {
  if (run.end || !run.instrument) return null;
  const room = Object.entries(run.room ?? {});
  return html`
    <section class="card"><h3>Now</h3><${PairPlot} pairs=${run.pairs ?? []} unit=${run.unit ?? ""} />
      ${room.length > 0 && html`<dl class="facts">${room.map(([name, r]) => html`<div key=${name}><dt>${name} of the room</dt><dd>${roomText(name, r)}</dd></div>`)}</dl>`}
    </section>`;
}

/** @param {{run: RunState}} props */
function Results({ run }) {
  const results = run.results ?? [];
  if (!results.length) return null;
  return html`
    <section class="card"><h3>${run.end ? "Readings" : "Read so far"}</h3>
      <div class="scroll"><table class="list numbers">
        <thead><tr><th>Part</th><th>Point</th><th>n</th><th>Reference</th><th>Reading</th><th>Error / ${run.unit}</th><th>s</th><th></th></tr></thead>
        <tbody>${results.map((r, i) => html`
          <tr key=${i}><td>${partWord(r.part)}</td><td>${numeral(r.nominal)}${r.check ? " (check)" : ""} ${r.direction === "down" ? "↓" : ""}</td><td>${r.n}</td>
            <td>${numeral(r.x)}</td><td>${numeral(r.I)}</td><td>${numeral(r.E)}</td><td>${numeral(r.s)}</td>
            <td>${r.within === false ? html`<${Mark} icon="✗" tone="bad" word="outside" />` : r.within ? html`<${Mark} icon="✓" tone="ok" word="within" />` : ""}${(r.warnings ?? []).map((w) => html`<span class="muted" key=${w}> ${w}</span>`)}</td></tr>`)}</tbody>
      </table></div>
      ${run.correction && html`<p>Correction as found: <code>${run.correction}</code></p>`}
    </section>`;
}

/** @param {{run: RunState}} props */
function Log({ run }) {
  const log = [...(run.log ?? [])].reverse();
  return html`<section class="card"><h3>What happened</h3><ul class="log">${log.map((e, i) => html`<li key=${log.length - i}><time>${formatTime(e.ts)}</time> ${e.text} <span class="muted">${e.by ?? ""}</span></li>`)}</ul></section>`;
}
