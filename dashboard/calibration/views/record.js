/** One calibration: results, documents, who did what, and the next step of its life. */

import { html } from "htm/preact";
import { useState } from "preact/hooks";
import { openDocument } from "../download.js";
import { link } from "../route.js";
import { attempt, mayAct, post } from "../store.js";
import { day, numeral, partWord, stateWord, verdictWord } from "../words.js";
import { ErrorPlot } from "./plots.js";
import { Mark, Problem, useFetched } from "./parts.js";

const FILES = [["certificate.pdf", "Certificate"], ["protocol.pdf", "Protocol"], ["dcc.xml", "DCC (XML)"], ["points.csv", "CSV"]];
/** What may come next, and what the button says. @type {Record<string, [string, string, boolean][]>} */
const NEXT = {
  performed: [["reviewed", "Reviewed: it is in order", false], ["withdrawn", "Withdraw …", true]],
  reviewed: [["released", "Release", false], ["performed", "Back to be reviewed", false], ["withdrawn", "Withdraw …", true]],
  released: [["withdrawn", "Withdraw …", true]],
};

/** @param {{id: string}} props */
export function Record({ id }) {
  const path = `/api/calibrations/${encodeURIComponent(id)}`;
  const { data, problem } = useFetched(path);
  const detail = /** @type {import("../types.js").Detail | null} */ (data);
  if (!detail) return html`<section class="card"><h2>${id}</h2><${Problem} problem=${problem} /></section>`;
  const { record } = detail;
  const outcomes = Object.entries(detail.results);
  const last = outcomes[outcomes.length - 1]?.[1];
  const found = detail.results.as_found?.points ?? [];
  const left = detail.results.as_left?.points ?? [];
  return html`
    <section class="card">
      <header class="card-head"><div><h2>${record.id}${record.rev > 1 ? ` rev. ${record.rev}` : ""}</h2>
        <p class="muted">${detail.title} · <a href=${link("item", record.item.id)}>${record.item.id}</a> ${record.item.maker ?? ""} ${record.item.model ?? ""} ${record.item.serial ?? ""} · ${day(record.end || record.begin)}</p></div>
        <p><span class="chip">${stateWord(record.state ?? "draft")}</span> <${Mark} ...${verdictWord(last?.passed)} /></p></header>
      <${Problem} problem=${problem || detail.problem} />
      <div class="actions">${FILES.map(([file, word]) => html`<button class="plain" key=${file} onClick=${() => attempt(() => openDocument(`${path}/${file}`, `${record.id}-${file}`))}>${word}${detail.documents.length ? "" : " (draft)"}</button>`)}</div>
      ${mayAct() && html`<${Steps} path=${path} state=${record.state ?? "draft"} />`}
    </section>
    ${outcomes.length > 0 && html`<section class="card"><h3>Error and its uncertainty</h3>
      <${ErrorPlot} found=${left.length ? found : []} left=${left.length ? left : found} unit=${detail.unit} />
      <p class="legend">bars: U · lines: limits${left.length ? " · crosses: as found" : ""}</p></section>`}
    ${outcomes.map(([part, outcome]) => html`<${Table} key=${part} part=${part} outcome=${outcome} unit=${detail.unit} />`)}
    <${Life} detail=${detail} />`;
}

/** @param {{path: string, state: string}} props */
function Steps({ path, state }) {
  const [reason, setReason] = useState("");
  const [asked, setAsked] = useState(false);
  const [busy, setBusy] = useState(false);
  const go = async (/** @type {string} */ next, /** @type {string} */ why = "") => {
    setBusy(true);
    await attempt(async () => `${(await post(`${path}/state`, { state: next, reason: why })).id} is ${next}`);
    setBusy(false);
    setAsked(false);
  };
  return html`
    <div class="actions">${(NEXT[state] ?? []).map(([next, word, why]) => html`<button key=${next} class=${why || next === "performed" ? "plain" : "primary"} disabled=${busy} onClick=${() => (why ? setAsked(!asked) : go(next))}>${busy && next === "released" ? "Drawing the documents …" : word}</button>`)}</div>
    ${asked && html`<form class="questions" onSubmit=${(/** @type {Event} */ e) => (e.preventDefault(), go("withdrawn", reason))}>
      <label class="field"><span>Why is it withdrawn?</span><input type="text" required maxlength="500" value=${reason} onInput=${(/** @type {any} */ e) => setReason(e.target.value)} /></label>
      <button class="primary" disabled=${busy}>Withdraw it</button></form>`}`;
}

/** @param {{part: string, outcome: import("../types.js").Outcome, unit: string}} props */
function Table({ part, outcome, unit }) {
  return html`
    <section class="card"><header class="card-head"><h3>${partWord(part)}</h3><${Mark} ...${verdictWord(outcome.passed)} /></header>
      ${outcome.warnings.map((w) => html`<p class="notice warn" key=${w}>${w}</p>`)}
      <div class="scroll"><table class="list numbers">
        <thead><tr><th>Point / ${unit}</th><th>n</th><th>Error / ${unit}</th><th>U / ${unit}</th><th>k</th><th>Verdict</th></tr></thead>
        <tbody>${outcome.points.map((p, i) => html`<tr key=${i}><td>${numeral(String(p.nominal))}${p.check ? " (check)" : ""}</td><td>${p.n}</td><td>${numeral(p.printed.error)}</td><td>${p.printed.U}</td><td>${p.k.toFixed(2)}</td>
          <td>${p.verdict ? html`<${Mark} icon=${p.verdict.includes("ass") ? "✓" : "✗"} tone=${p.verdict.includes("ass") ? "ok" : "bad"} word=${p.verdict} />` : "–"}</td></tr>`)}</tbody>
      </table></div></section>`;
}

/** @param {{detail: import("../types.js").Detail}} props */
function Life({ detail }) {
  return html`
    <section class="card"><h3>Who did what</h3>
      <ul class="log">${detail.history.map((h, i) => html`<li key=${i}><time>${h.at.slice(0, 16).replace("T", " ")}</time> ${stateWord(h.state)} <span class="muted">${h.by || "nobody"}${h.authenticated ? "" : " (not authenticated)"}${h.reason ? `: ${h.reason}` : ""}</span></li>`)}</ul>
      <p class="muted mono">SHA-256 of the record ${detail.sha256}</p>
      ${detail.documents.length > 0 && html`<p><a href=${`/cal/${encodeURIComponent(detail.record.id)}#${detail.sha256.slice(0, 32)}`}>What the code on the certificate leads to</a></p>`}
      ${detail.chain.length > 0 && html`<p class="muted mono">in the chain ${detail.chain[detail.chain.length - 1].hash}</p>`}
    </section>`;
}
