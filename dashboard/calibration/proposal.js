/**
 * What the page proposes: what a new calibration reads, and which command brings a bath to the next point. Pure.
 *
 * @typedef {import("./types.js").Procedure} Procedure
 * @typedef {{instrument: string, channel: string, from: string, to: string | null}} Placement
 * @typedef {{id: string, state: string, placements: Placement[]}} Placed
 * @typedef {Map<string, {instrument: string, meta?: import("../core/types.js").Meta}>} Described
 * @typedef {{instrument: string, title: string, command: string, label: string, arg: string, channel: string}} Setter
 */

/** Where something sits now: "bath1/pt100"; "" nowhere. @param {Placed} thing */
export function placeOf({ placements }) {
  const last = placements.filter((p) => !p.to).at(-1);
  return last ? `${last.instrument}/${last.channel}` : "";
}

/** @param {Described} instruments @param {string} place "bath1/pt100" */
const unitAt = (instruments, place) => {
  const [name, channel] = place.split("/");
  return instruments.get(name)?.meta?.channels?.[channel]?.unit ?? "";
};

/** The only one, or nothing: the page does not guess. @param {string[]} places @returns {string} */
const only = (places) => (places.length === 1 ? places[0] : "");

/**
 * @param {Procedure[]} procedures @param {Placed[]} items @param {Placed[]} standards @param {Described} instruments
 * @param {{item: string, procedure: string}} chosen an item's name, a procedure's key; "" not chosen
 */
export function propose(procedures, items, standards, instruments, chosen) {
  const own = procedures.filter((p) => !p.template);
  const item = items.find((i) => i.id === chosen.item);
  const fits = (/** @type {Procedure} */ p) => !item || p.unit === unitAt(instruments, placeOf(item));
  const procedure = chosen.procedure || only(own.filter(fits).map((p) => p.key));
  const unit = procedures.find((p) => p.key === procedure)?.unit;
  const places = (/** @type {Placed[]} */ all) => all.filter((one) => one.state === "active").map(placeOf).filter((place) => place && unitAt(instruments, place) === unit);
  return { procedure, item: item ? placeOf(item) : only(places(items)), reference: only(places(standards)) || "manual" };
}

/**
 * Commands that bring a channel of this unit to the point: one number to give, within its limits.
 * @param {{instrument?: string, reference?: string, unit?: string, nominal?: number | null}} run @param {Described} instruments
 * @returns {Setter[]} of the item's and the reference's instruments
 */
export function setters(run, instruments) {
  const names = new Set([run.instrument ?? "", (run.reference ?? "").split("/")[0]]);
  const nominal = run.nominal;
  if (typeof nominal !== "number") return [];
  return [...names].flatMap((name) =>
    Object.entries(instruments.get(name)?.meta?.commands ?? {}).flatMap(([command, spec]) => {
      const meta = instruments.get(name)?.meta;
      const [first, ...more] = Object.entries(spec.args ?? {});
      if (!first || more.length || !spec.sets || meta?.channels?.[spec.sets]?.unit !== run.unit) return [];
      const [arg, { type = "float", unit, min, max, choices }] = first;
      const fits = (min ?? -Infinity) <= nominal && nominal <= (max ?? Infinity) && (type !== "int" || Number.isInteger(nominal));
      if (!["float", "int"].includes(type) || choices?.length || (unit && unit !== run.unit) || !fits) return [];
      return [{ instrument: name, title: meta?.name || name, command, label: spec.label || command.replaceAll("_", " "), arg, channel: spec.sets }];
    }));
}
