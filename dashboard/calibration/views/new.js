/** Runs under way, and the form that begins another. */

import { html } from "htm/preact";
import { useState } from "preact/hooks";
import { link } from "../route.js";
import { propose } from "../proposal.js";
import { attempt, begun, instruments, mayAct, post, runs } from "../store.js";
import { partWord } from "../words.js";
import { Problem, useFetched } from "./parts.js";

/** @param {{id: string}} props the item to calibrate; "" is chosen in the form */
export function NewRun({ id }) {
  const list = [...runs.value.values()].sort((a, b) => b.ts - a.ts);
  return html`
    <section class="card"><h2>Runs</h2>
      ${!list.length && html`<p class="muted">No calibration is under way.</p>`}
      <ul class="rows">${list.map((run) => html`
        <li key=${run.run}><a class="row-link" href=${link("run", run.run)}><strong>${run.item}</strong> <span>${run.title}</span>
          <span class="muted">${run.end ? run.phase : `${partWord(run.part ?? "")} · ${run.text ?? ""}`}</span></a></li>`)}</ul>
    </section>
    ${mayAct() ? html`<${Form} of=${id} />` : html`<p class="muted">You may look; an operator begins a run.</p>`}`;
}

/** @param {{of: string}} props */
function Form({ of }) {
  const procedures = useFetched("/api/procedures");
  const items = useFetched("/api/items");
  const standards = useFetched("/api/standards");
  const [typed, setTyped] = useState(/** @type {Record<string, string>} */ ({}));
  const [busy, setBusy] = useState(false);
  const all = /** @type {import("../types.js").Procedure[]} */ (procedures.data ?? []);
  const proposed = propose(all, items.data ?? [], standards.data ?? [], instruments.value, { item: of, procedure: typed.procedure ?? "" });
  const wanted = /** @type {Record<string, string>} */ ({ item_id: "", standards: "", force: "", ...proposed, ...typed });
  const set = (/** @type {string} */ key) => (/** @type {any} */ e) => setTyped({ ...typed, [key]: e.target.value });
  const chosen = all.find((p) => p.key === wanted.procedure);
  const places = channels(chosen?.unit ?? "");
  const begin = async (/** @type {Event} */ e) => {
    e.preventDefault();
    setBusy(true);
    await attempt(async () => {
      const { run } = await post("/api/calibrations/runs", wanted);
      const text = await begun(run);
      location.hash = link("run", run);
      return text;
    });
    setBusy(false);
  };
  return html`
    <section class="card"><h2>New calibration${of && ` of ${of}`}</h2>
      <${Problem} problem=${procedures.problem} />
      <form class="questions" onSubmit=${begin}>
        <label class="field"><span>Procedure</span><select name="procedure" required value=${wanted.procedure} onChange=${set("procedure")}>
          <option value="">choose …</option>
          ${options(all, false)}${options(all, true)}</select></label>
        ${chosen && html`<p class="muted">${chosen.id} revision ${chosen.rev}: ${chosen.quantity}, ${chosen.points.join(", ")} ${chosen.unit}${chosen.check.length ? `; check points ${chosen.check.join(", ")}` : ""}</p>`}
        <label class="field"><span>Under test: where it is read</span><select name="item" required value=${wanted.item} onChange=${set("item")}>
          <option value="">choose …</option><option value="manual">readings are typed</option>${places.map((p) => html`<option key=${p} value=${p}>${p}</option>`)}</select></label>
        <label class="field"><span>Reference: where it is read</span><select name="reference" value=${wanted.reference} onChange=${set("reference")}>
          <option value="manual">readings are typed</option>${places.filter((p) => p !== wanted.item).map((p) => html`<option key=${p} value=${p}>${p}</option>`)}</select></label>
        <details open=${[wanted.item, wanted.reference].includes("manual")}><summary>Item, standard, exceptions</summary><div class="questions">
          <label class="field"><span>Item</span><select name="item_id" value=${wanted.item_id} onChange=${set("item_id")}>
            <option value="">the one that sits there</option>${(items.data ?? []).filter((/** @type {any} */ i) => i.state === "active").map((/** @type {any} */ i) => html`<option key=${i.id} value=${i.id}>${i.id} ${i.maker ?? ""} ${i.model ?? ""} ${i.serial ?? ""}</option>`)}</select></label>
          <label class="field"><span>Standard</span><select name="standards" value=${wanted.standards} onChange=${set("standards")}>
            <option value="">the one that sits at the reference</option>${(standards.data ?? []).filter((/** @type {any} */ s) => s.state === "active").map((/** @type {any} */ s) => html`<option key=${s.id} value=${s.id}>${s.id} ${s.serial ?? ""} – due ${s.due || "never"}</option>`)}</select></label>
          <label class="field"><span>Reason to begin although no pass is possible (rarely)</span><input type="text" maxlength="200" value=${wanted.force} onInput=${set("force")} /></label>
        </div></details>
        <button class="primary big" disabled=${busy}>${busy ? "Asking the instruments …" : "Begin"}</button>
      </form>
    </section>`;
}

/** @param {import("../types.js").Procedure[]} all @param {boolean} template */
function options(all, template) {
  const some = all.filter((p) => p.template === template);
  return some.length ? html`<optgroup label=${template ? "Templates" : "Procedures of this lab"}>${some.map((p) => html`<option key=${p.key} value=${p.key}>${p.title} (${p.id})</option>`)}</optgroup>` : null;
}

/** Numeric channels, those in the procedure's unit first. @param {string} unit */
function channels(unit) {
  const found = [...instruments.value.values()].flatMap((i) =>
    Object.entries(i.meta?.channels ?? {}).filter(([, c]) => c.type !== "bool" && c.type !== "str").map(([name, c]) => ({ name: `${i.instrument}/${name}`, fits: c.unit === unit })));
  return found.sort((a, b) => Number(b.fits) - Number(a.fits) || a.name.localeCompare(b.name)).map((c) => c.name);
}
