/**
 * The access token: it arrives in the URL's fragment (which browsers never send), leaves the address bar at once and
 * lives in sessionStorage: it survives a reload and ends with the tab, so on the laboratory's shared computer the next
 * person does not command under the last one's name.
 */

import { parseHash, printHash } from "../core/hash.js";

const SLOT = "labwire.token";

/** Takes the token out of the address bar, if there is one. @returns {boolean} whether there was */
export function takeToken() {
  const state = parseHash(location.hash);
  if (!state.token) return false;
  sessionStorage.setItem(SLOT, state.token);
  const hash = printHash(state);
  history.replaceState(null, "", location.pathname + location.search + (hash ? `#${hash}` : ""));
  return true;
}

/** @returns {string | null} */
export const token = () => sessionStorage.getItem(SLOT);

/** @param {string} value */
export const keepToken = (value) => sessionStorage.setItem(SLOT, value);
