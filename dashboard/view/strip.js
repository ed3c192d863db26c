/** The strip under the top bar, when the connection is not what it should be; and the card when the page cannot work. */

import { useSignal } from "@preact/signals";
import { html } from "htm/preact";
import { linkTrouble } from "../core/words.js";
import { clock, retryNow } from "../app/session.js";
import { app, tick } from "../app/state.js";
import { keepToken } from "../app/token.js";
import { parseHash } from "../core/hash.js";

export function Strip() {
  void tick.value;
  const trouble = linkTrouble(app.value, clock.now() || Date.now(), Date.now());
  if (!trouble) return null;
  return html`
    <div class=${`strip ${trouble.tone}`} role="status">
      <span aria-hidden="true">○</span><span>${trouble.text}</span>
      ${trouble.retry && html`<button class="link" onClick=${retryNow}>now</button>`}
    </div>`;
}

export function Refused() {
  const { problem } = app.value.session;
  if (problem?.code === "version") {
    return html`<${Card} title="The bridge was updated" text=${`${problem.message} Reload to get the page that belongs to it.`}>
      <button class="primary" onClick=${() => location.reload()}>Reload</button></${Card}>`;
  }
  if (problem?.code === "forbidden") {
    return html`<${Card} title="This is not allowed" text=${problem.message || "The bridge does not let this token in."}>
      <${TokenForm} /></${Card}>`;
  }
  const invalid = problem && problem.code !== "no_token";
  return html`<${Card} title="This page needs a token"
    text=${invalid ? "The bridge does not know the token of this link; it may have been withdrawn. Ask for a new link." : "Open it with the link you were given. In the demonstration, this prints it again:"}>
    ${!invalid && html`<code class="command">labwire demo --link</code>`}
    <${TokenForm} /></${Card}>`;
}

/** @param {{title: string, text: string, children?: any}} props */
function Card({ title, text, children }) {
  return html`<section class="card page-card" role="alert"><h2>${title}</h2><p>${text}</p>${children}</section>`;
}

function TokenForm() {
  const text = useSignal("");
  const submit = (/** @type {Event} */ e) => {
    e.preventDefault();
    const value = parseHash(text.value.split("#")[1] ?? "").token ?? text.value.trim();
    if (!value) return;
    keepToken(value);
    retryNow();
  };
  return html`
    <form class="token-form" onSubmit=${submit}>
      <label>Token or link <input type="password" autocomplete="off" value=${text.value} onInput=${(/** @type {any} */ e) => (text.value = e.target.value)} /></label>
      <button class="primary">Open</button>
    </form>`;
}
