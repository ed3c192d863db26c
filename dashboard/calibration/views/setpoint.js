/** A button that brings the bath to the next point: asks, sends the instrument's own command, and goes on when it is done. */

import { html } from "htm/preact";
import { useState } from "preact/hooks";
import { formatArg } from "../../core/format.js";
import { setters } from "../proposal.js";
import { attempt, command, instrumentCommand, instruments } from "../store.js";

/** @typedef {import("../proposal.js").Setter} Setter */

/** @param {{run: import("../types.js").Run, busy: boolean}} props */
export function SetPoint({ run, busy }) {
  const [asked, setAsked] = useState(/** @type {Setter | null} */ (null));
  const [sending, setSending] = useState(false);
  if (run.phase !== "set" || typeof run.nominal !== "number" || !(run.can ?? []).includes("next")) return null;
  const value = `${formatArg(run.nominal)} ${run.unit ?? ""}`;
  const send = async (/** @type {Setter} */ setter) => {
    setSending(true);
    await attempt(async () => {
      await instrumentCommand(setter.instrument, setter.command, { [setter.arg]: run.nominal ?? 0 });
      return command(run.run, "next", { step: run.step ?? 0 });
    });
    setSending(false);
    setAsked(null);
  };
  return html`
    ${setters(run, instruments.value).map((one) => html`
      <button key=${one.instrument + one.command} class="primary big" disabled=${busy || sending} aria-expanded=${asked?.command === one.command} onClick=${() => setAsked(one)}>${one.label}: ${value} …</button>`)}
    ${asked && html`
      <div class="question-box" role="alertdialog" aria-label=${`Confirm: ${asked.label}`}>
        <span>${asked.label} – ${value} on <b>${asked.title}</b>, and go on when it is done?</span>
        <button type="button" class="danger big" disabled=${sending} onClick=${() => send(asked)}>${sending ? "Sent …" : "Yes, do it"}</button>
        <button type="button" class="plain big" disabled=${sending} onClick=${() => setAsked(null)}>Cancel</button>
      </div>`}`;
}
