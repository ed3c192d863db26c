/** Wiring of the page of calibrations: token out of the address bar first, then the page and the conversation. */

import { render } from "preact";
import { html } from "htm/preact";
import { takeToken } from "../app/token.js";
import { start } from "./store.js";
import { Frame } from "./views/frame.js";

takeToken();
addEventListener("hashchange", () => takeToken() && start());
const root = /** @type {HTMLElement} */ (document.getElementById("app"));
root.replaceChildren();
render(html`<${Frame} />`, root);
start();
