/**
 * The page's state in the URL's fragment: `#w=600&p=oven/temp,oven/set|gauge/p&f=oven`.
 *
 * A layout can be sent to a colleague. The token (`#token=…`) may arrive the same way and never stays there.
 *
 * @typedef {object} UrlState
 * @property {number} window          seconds
 * @property {string[][] | null} plots   null: the page arranges them itself
 * @property {string} filter
 */

export const WINDOWS = [10, 60, 600, 3600];
export const DEFAULT_WINDOW = 600;
const KEY = /^[a-z0-9][a-z0-9-]{0,62}\/[A-Za-z_][A-Za-z0-9_]*$/;

/** @param {string} hash with or without "#" @returns {UrlState & {chosen: boolean, token: string | null}} chosen: the window was */
export function parseHash(hash) {
  const q = new URLSearchParams(hash.replace(/^#/, ""));
  const w = Number(q.get("w"));
  return {
    window: WINDOWS.includes(w) ? w : DEFAULT_WINDOW,
    plots: q.has("p") ? parsePlots(q.get("p") ?? "") : null,
    filter: q.get("f") ?? "",
    chosen: q.has("w"),
    token: q.get("token"),
  };
}

/** @param {string} text */
function parsePlots(text) {
  const plots = text.split("|").map((plot) => plot.split(",").filter((key) => KEY.test(key)));
  return plots.filter((plot) => plot.length);
}

/** @param {UrlState} state @returns {string} without "#"; "" when everything is as usual */
export function printHash({ window, plots, filter }) {
  const parts = [];
  if (window !== DEFAULT_WINDOW) parts.push(`w=${window}`);
  if (plots) parts.push(`p=${plots.map((plot) => plot.join(",")).join("|")}`);
  if (filter) parts.push(`f=${encodeURIComponent(filter)}`);
  return parts.join("&");
}
