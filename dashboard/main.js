/** Wiring: token out of the address bar first, then the page, the keys and the conversation with the bridge. */

import { render } from "preact";
import { effect } from "@preact/signals";
import { html } from "htm/preact";
import { listenToKeys } from "./app/keys.js";
import { retryNow, start } from "./app/session.js";
import { app, openAlarms } from "./app/state.js";
import { takeToken } from "./app/token.js";
import { reflectInUrl } from "./app/view.js";
import { Page } from "./view/page.js";

takeToken();
addEventListener("hashchange", () => takeToken() && retryNow());
reflectInUrl();
listenToKeys();
const root = /** @type {HTMLElement} */ (document.getElementById("app"));
root.replaceChildren();
render(html`<${Page} />`, root);
start();

effect(() => {
  const { session, instruments } = app.value;
  const sign = openAlarms.value.some((a) => !a.seen) ? "▲ " : session.phase === "waiting" ? "○ " : "";
  document.title = `${sign}labwire${instruments.size ? ` – ${instruments.size} instruments` : ""}`;
});
