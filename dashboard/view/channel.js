/**
 * What tiles and list have in common: how a channel is, and what happens when it is clicked or dragged.
 *
 * @typedef {import("../core/layout.js").ChannelRef} ChannelRef
 */

import { freshness } from "../core/clock.js";
import { formatAge } from "../core/format.js";
import { isNumeric } from "../core/layout.js";
import { QUALITY } from "../core/words.js";
import { clock, isLinked, live } from "../app/session.js";
import { app, drawerOpen, plots, spotlight } from "../app/state.js";
import { plotChannel } from "../app/view.js";

const SPOTLIGHT_MS = 1600;

/** @typedef {{kind: string, icon: string, word: string, tone: string, latest: import("../app/live.js").Latest | undefined}} TileState */

/** How a channel is now, in an icon and a word. @param {ChannelRef} ref @returns {TileState} */
export function tileState({ key, instrument: name, meta }) {
  const instrument = app.value.instruments.get(name);
  const latest = live.latest.get(key);
  if (!instrument) return { kind: "none", icon: "·", word: "no value yet", tone: "off", latest };
  const { kind, ageMs } = freshness(latest?.ts ?? null, instrument, clock.now(), isLinked());
  if (kind === "none") return { kind, icon: "·", word: instrument.state === "online" ? "no value yet" : instrument.state, tone: "off", latest };
  if (kind !== "fresh") return { kind, icon: "◌", word: `${formatAge(ageMs)} old`, tone: kind === "gone" ? "off" : "warn", latest };
  const doubt = latest?.quality ? QUALITY[latest.quality] : undefined;
  if (doubt) return { kind, icon: "▲", word: doubt, tone: "warn", latest };
  const outside = beyond(latest?.value, meta.range);
  if (outside) return { kind, icon: "▲", word: outside, tone: "warn", latest };
  return { kind, icon: isNumeric(meta) ? "∿" : "●", word: "ok", tone: "ok", latest };
}

/** @param {import("../core/types.js").Value | undefined} value @param {[number, number] | null | undefined} range */
function beyond(value, range) {
  if (typeof value !== "number" || !range) return "";
  if (value > range[1]) return "above range";
  return value < range[0] ? "below range" : "";
}

/** Shows the channel's plot; makes one where there is none. @param {ChannelRef} ref */
export function choose(ref) {
  drawerOpen.value = false;
  if (!isNumeric(ref.meta)) return;
  if (!plots.value.some((p) => p.keys.includes(ref.key))) plotChannel(ref.key, null);
  spotlight.value = ref.key;
  requestAnimationFrame(() => {
    const index = plots.value.findIndex((p) => p.keys.includes(ref.key));
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    document.querySelector(`[data-plot="${index}"]`)?.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
  });
  setTimeout(() => spotlight.value === ref.key && (spotlight.value = ""), SPOTLIGHT_MS);
}

/** @param {DragEvent} event @param {string} key */
export function dragChannel(event, key) {
  event.dataTransfer?.setData("text/labwire-channel", key);
  if (event.dataTransfer) event.dataTransfer.effectAllowed = "copy";
  document.body.classList.add("dragging");
  addEventListener("dragend", () => document.body.classList.remove("dragging"), { once: true });
}
