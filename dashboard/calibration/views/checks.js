/** The daily checks, fit for a tablet: read, type, done; the verdict in words and the control chart. */

import { html } from "htm/preact";
import { useState } from "preact/hooks";
import { attempt, mayAct, post } from "../store.js";
import { day, numeral, short } from "../words.js";
import { ControlChart } from "./plots.js";
import { Mark, Problem, useFetched } from "./parts.js";

/** @type {Record<string, {icon: string, tone: string, word: string}>} */
const STATUS = {
  ok: { icon: "✓", tone: "ok", word: "in order" },
  warning: { icon: "▲", tone: "warn", word: "beyond the warning limit: check again" },
  action: { icon: "✗", tone: "bad", word: "beyond the action limit: do not use it" },
  overdue: { icon: "◐", tone: "warn", word: "a check is due" },
  never: { icon: "○", tone: "warn", word: "not checked yet" },
};

export function Checks() {
  const { data, problem } = useFetched("/api/checks");
  const charts = /** @type {import("../types.js").CheckChart[]} */ (data ?? []);
  return html`
    <${Problem} problem=${problem} />
    ${data && !charts.length && html`<section class="card"><h2>Checks</h2><p class="muted">Nobody said yet what is checked: <code class="command">labwire cal check balance1 --define …</code></p></section>`}
    ${charts.map((chart) => html`<${Check} key=${chart.item} chart=${chart} />`)}`;
}

/** @param {{chart: import("../types.js").CheckChart}} props */
function Check({ chart }) {
  const { plan } = chart;
  const newest = chart.checks[chart.checks.length - 1];
  const status = STATUS[chart.status] ?? { icon: "○", tone: "", word: chart.status };
  return html`
    <section class="card check-card">
      <header class="card-head"><div><h2>${chart.item}: ${plan.name}</h2>
        <p class="muted">${numeral(plan.nominal)} ${plan.unit} · warning ± ${plan.warning} · action ± ${plan.action}${plan.means ? ` · ${plan.means}` : ""}</p></div>
        <p class="big-verdict"><${Mark} ...${status} /></p></header>
      ${mayAct() && html`<${Reading} chart=${chart} />`}
      ${newest && html`<p>Last: <strong>${numeral(newest.value)} ${plan.unit}</strong> <span class="muted">${newest.t.slice(0, 16).replace("T", " ")} UTC, ${newest.by}${newest.note ? `, ${newest.note}` : ""}</span>
        <span class="muted"> · next ${day(chart.next)}${chart.mean !== null ? ` · mean ${meanText(chart)}, s ${short(chart.s)}` : ""}</span></p>`}
      ${chart.checks.length > 1 && html`<${ControlChart} chart=${chart} />`}
    </section>`;
}

/** The mean with a digit more than the plan. @param {import("../types.js").CheckChart} chart */
const meanText = ({ mean, plan }) => numeral(mean?.toFixed((plan.nominal.split(".")[1] ?? "").length + 1));

/** @param {{chart: import("../types.js").CheckChart}} props */
function Reading({ chart }) {
  const [value, setValue] = useState("");
  const [note, setNote] = useState("");
  const keep = async (/** @type {Event} */ e) => {
    e.preventDefault();
    const kept = await attempt(async () => {
      const { checks } = await post("/api/checks", { item: chart.item, value, note });
      const last = checks[checks.length - 1];
      return { text: `${chart.item}: ${numeral(last.value)} ${chart.plan.unit} – ${STATUS[last.zone].word}`, tone: STATUS[last.zone].tone };
    });
    if (kept) {
      setValue("");
      setNote("");
    }
  };
  return html`
    <form class="check-form" onSubmit=${keep}>
      <label class="field"><span>Reading${chart.plan.unit ? ` / ${chart.plan.unit}` : ""}</span><input class="huge" type="text" inputmode="decimal" autocomplete="off" required maxlength="40" value=${value} onInput=${(/** @type {any} */ e) => setValue(e.target.value)} /></label>
      <label class="field"><span>Note (if any)</span><input type="text" maxlength="200" value=${note} onInput=${(/** @type {any} */ e) => setNote(e.target.value)} /></label>
      <button class="primary big">Keep it</button>
    </form>`;
}
