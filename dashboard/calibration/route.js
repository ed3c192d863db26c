/**
 * Which view the address names: `#/run/pt100-1`, `#/record/K-2026-0001`, `#/item/T-12`, `#/checks`, `#/new`, else the overview.
 *
 * @typedef {{view: "overview" | "checks" | "new" | "run" | "record" | "item", id: string}} Route
 */

const WITH_ID = new Set(["run", "record", "item"]);
const ALONE = new Set(["checks", "new"]);

/** @param {string} hash @returns {Route} */
export function parseRoute(hash) {
  const [view = "", id = ""] = hash.replace(/^#\/?/, "").split("/");
  const plain = safeDecode(id);
  if (WITH_ID.has(view) && plain) return { view: /** @type {Route["view"]} */ (view), id: plain };
  if (ALONE.has(view)) return { view: /** @type {Route["view"]} */ (view), id: plain };
  return { view: "overview", id: "" };
}

/** @param {Route["view"]} view @param {string} [id] */
export const link = (view, id = "") => (view === "overview" ? "#/" : `#/${view}${id ? `/${encodeURIComponent(id)}` : ""}`);

/** @param {string} text */
function safeDecode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
