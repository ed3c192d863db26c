/**
 * What is drawn where: the page's own arrangement, and what people make of it.
 *
 * @typedef {import("./types.js").Instrument} Instrument
 * @typedef {import("./types.js").ChannelMeta} ChannelMeta
 * @typedef {{key: string, instrument: string, channel: string, meta: ChannelMeta}} ChannelRef
 * @typedef {{id: string, title: string, keys: string[]}} PlotSpec
 */

import { isRaw } from "./inforce.js";

export const MAX_CURVES = 8;
export const GROUPS_ABOVE = 40;
/** With more than so many, groups share the plot of their unit. */
export const MOST_PLOTS = 16;

/** @param {string} instrument @param {string} channel */
export const keyOf = (instrument, channel) => `${instrument}/${channel}`;

/** @param {ChannelMeta} meta */
export const isNumeric = (meta) => meta.type !== "bool" && meta.type !== "str";

/** @param {ChannelRef} ref */
export const labelOf = (ref) => ref.meta.label || ref.channel.replaceAll("_", " ");

/** @param {Instrument} instrument */
export const titleOf = (instrument) => instrument.meta.name || instrument.name;

/** Every channel of every instrument, in the order of the descriptions. @param {Iterable<Instrument>} instruments @returns {ChannelRef[]} */
export function allChannels(instruments) {
  const out = [];
  for (const { name, meta } of sorted(instruments)) {
    for (const [channel, m] of Object.entries(meta.channels ?? {})) {
      out.push({ key: keyOf(name, channel), instrument: name, channel, meta: m });
    }
  }
  return out;
}

/** The same without the raw halves of corrected channels: those are found in the list and by the filter. @param {Iterable<Instrument>} instruments */
export function shownChannels(instruments) {
  const known = new Map([...instruments].map((i) => [i.name, i]));
  return allChannels(known.values()).filter((r) => !isRaw(/** @type {Instrument} */ (known.get(r.instrument)), r.channel));
}

/** @param {Iterable<Instrument>} instruments */
export const sorted = (instruments) => [...instruments].sort((a, b) => (a.name < b.name ? -1 : 1));

/**
 * One plot for every unit, and where a channel belongs to a group, for every group of its instrument and unit.
 * Numbers without a unit are not comparable: they stay with their instrument. A plot has at most MAX_CURVES curves; a
 * page that would have more than MOST_PLOTS has one for each unit only.
 * @param {Map<string, Instrument>} instruments @returns {PlotSpec[]}
 */
export function defaultPlots(instruments) {
  const refs = shownChannels(instruments.values()).filter((r) => isNumeric(r.meta));
  const grouped = binned(refs, binOf);
  const bins = grouped.size > MOST_PLOTS ? binned(refs, unitBinOf) : grouped;
  return [...bins].flatMap(([id, refs]) => chunks(refs, MAX_CURVES).map((part, i) => plotOf(`${id}#${i}`, part, instruments)));
}

/** @param {ChannelRef[]} refs @param {(ref: ChannelRef) => string} of @returns {Map<string, ChannelRef[]>} */
function binned(refs, of) {
  /** @type {Map<string, ChannelRef[]>} */
  const bins = new Map();
  for (const ref of refs) bins.set(of(ref), [...(bins.get(of(ref)) ?? []), ref]);
  return bins;
}

/** @param {ChannelRef} ref */
const unitBinOf = ({ instrument, meta }) => (meta.unit ? `|${meta.unit}` : `${instrument}||`);

/** @param {ChannelRef} ref */
function binOf({ instrument, meta }) {
  const unit = meta.unit ?? "";
  return meta.group || !unit ? `${instrument}|${meta.group ?? ""}|${unit}` : `|${unit}`;
}

/** @template T @param {T[]} list @param {number} size @returns {T[][]} */
function chunks(list, size) {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}

/** @param {string} id @param {ChannelRef[]} refs @param {Map<string, Instrument>} instruments @returns {PlotSpec} */
export function plotOf(id, refs, instruments) {
  return { id, title: titleFor(refs, instruments), keys: refs.map((r) => r.key) };
}

/** @param {ChannelRef[]} refs @param {Map<string, Instrument>} instruments */
function titleFor(refs, instruments) {
  const names = [...new Set(refs.map((r) => r.instrument))];
  const groups = [...new Set(refs.map((r) => r.meta.group ?? ""))];
  const who = names.map((name) => nameOf(name, instruments));
  if (names.length === 1 && groups.length === 1 && groups[0]) return `${who[0]} · ${groups[0]}`;
  if (refs.length === 1) return `${who[0]} · ${labelOf(refs[0])}`;
  return who.length <= 3 ? who.join(", ") : `${who.length} instruments`;
}

/** @param {string} name @param {Map<string, Instrument>} instruments */
function nameOf(name, instruments) {
  const instrument = instruments.get(name);
  return instrument ? titleOf(instrument) : name;
}

/** Plots made by a person (or found in the URL). @param {string[][]} plots @param {Map<string, Instrument>} instruments @returns {PlotSpec[]} */
export function customPlots(plots, instruments) {
  const known = new Map(allChannels(instruments.values()).map((r) => [r.key, r]));
  return plots.map((keys, i) => {
    const refs = keys.map((key) => known.get(key)).filter((r) => r !== undefined);
    return { ...plotOf(`own#${i}`, refs, instruments), keys };
  });
}

/**
 * Puts a channel into plot `at`, or into a new plot where `at` is null.
 * @param {string[][]} plots @param {string} key @param {number | null} at @returns {string[][]}
 */
export function addToPlot(plots, key, at) {
  if (at === null || !plots[at]) return [...plots, [key]];
  return plots.map((keys, i) => (i === at && !keys.includes(key) ? [...keys, key] : keys));
}

/** Whether every word of the filter is in the channel's names, unit or group. @param {ChannelRef} ref @param {string} title of its instrument @param {string} filter */
export function matches(ref, title, filter) {
  const text = `${ref.key} ${title} ${labelOf(ref)} ${ref.meta.unit ?? ""} ${ref.meta.group ?? ""}`.toLowerCase();
  return filter.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}
