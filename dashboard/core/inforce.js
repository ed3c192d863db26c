/**
 * What a channel's calibration means now: in force, due, at its end; and how uncertain a value is. Pure.
 *
 * @typedef {import("./types.js").Calibration} Calibration
 * @typedef {import("./types.js").Instrument} Instrument
 * @typedef {{state: "ok" | "due" | "overdue" | "void" | "withdrawn" | "aside" | "remark", icon: string, short: string, word: string, tone: "ok" | "warn" | "bad" | "off", sentence: string}} Standing
 */

const RAW = "_raw";
const DAY_MS = 86_400_000;

/** @type {Record<string, {icon: string, short: string, word: string, tone: "ok" | "warn" | "bad" | "off"}>} */
const WORDS = {
  ok: { icon: "✓", short: "calibrated", word: "calibrated", tone: "ok" },
  due: { icon: "◷", short: "due", word: "calibration due", tone: "warn" },
  overdue: { icon: "▲", short: "overdue", word: "calibration overdue", tone: "bad" },
  void: { icon: "✖", short: "void", word: "calibration void", tone: "bad" },
  withdrawn: { icon: "✖", short: "withdrawn", word: "calibration withdrawn", tone: "bad" },
  remark: { icon: "▲", short: "", word: "", tone: "warn" },
  aside: { icon: "◌", short: "not corrected", word: "correction not applied", tone: "off" },
};

/**
 * How the calibration of a channel stands at `now`; null where it has none.
 * @param {Instrument | undefined} instrument @param {string} channel @param {number} now ms
 * @returns {Standing | null}
 */
export function standingOf(instrument, channel, now) {
  const calibration = instrument?.calibration[channel];
  if (!instrument || !calibration) return null;
  const state = stateOf(calibration, now);
  const aside = (state === "ok" || state === "due") && hasCorrection(calibration) && !isCorrected(instrument, channel);
  if (state === "ok" && calibration.reason) return remark(calibration);
  const shown = state === "ok" && aside ? "aside" : state;
  const words = WORDS[shown];
  const when = calibration.due && (state === "due" || state === "overdue") ? `, due ${formatDay(calibration.due)}` : "";
  const why = calibration.reason ? `: ${calibration.reason}` : "";
  return { state: shown, ...words, sentence: `${calibration.id}: ${words.word}${when}${why}${aside && state === "due" ? "; its correction is not applied" : ""}` };
}

/** In force, and all the same there is something to say: it does not conform. @param {Calibration} c @returns {Standing} */
function remark(c) {
  const words = c.reason ?? "";
  return { state: "remark", ...WORDS.remark, short: words, word: words, sentence: `${c.id}: in force: ${words}` };
}

/**
 * The check between calibrations that a channel waits for, in words; null where none is due.
 * @param {import("./types.js").DueLine[]} due @param {string} instrument @param {string} channel @param {number} now ms
 * @returns {{icon: string, short: string, tone: "warn", sentence: string} | null}
 */
export function checkOf(due, instrument, channel, now) {
  const line = due.find((d) => d.kind === "check" && d.instrument === instrument && d.channel === channel);
  if (!line) return null;
  const never = line.status === "never";
  const late = line.status === "overdue" || (line.due && line.due + DAY_MS < now);
  if (!never && !late) return null;
  const sentence = `${line.id}: ${line.name || "check"} ${never ? "was never done" : `was due ${formatDay(line.due ?? now)}`}`;
  return { icon: "▲", short: never ? "never checked" : "check overdue", tone: "warn", sentence };
}

/** A due date passes also when nobody says so. @param {Calibration} c @param {number} now @returns {"ok" | "due" | "overdue" | "void" | "withdrawn"} */
function stateOf(c, now) {
  const said = c.status ?? "ok";
  if (said === "void" || said === "withdrawn") return said;
  return c.due && c.due < now ? "overdue" : said;
}

/** @param {Calibration} c */
const hasCorrection = (c) => (c.correction?.type ?? "none") !== "none";

/** Whether the values shown are corrected: then the raw ones stand beside them. @param {Instrument} instrument @param {string} channel */
export const isCorrected = (instrument, channel) => `${channel}${RAW}` in (instrument.meta.channels ?? {});

/** Whether a channel is the raw half of a corrected one. @param {Instrument} instrument @param {string} channel */
export const isRaw = (instrument, channel) => channel.endsWith(RAW) && channel.slice(0, -RAW.length) in (instrument.meta.channels ?? {});

/**
 * The expanded uncertainty of a value, with its k; null where it is not known.
 * `u`: the standard uncertainty that came with the value. Without one the calibration in force says it, unless it
 * belongs to corrected values and these are not.
 * @param {Instrument | undefined} instrument @param {string} channel @param {unknown} value @param {number | null | undefined} u @param {number} now
 * @returns {{U: number, k: number} | null}
 */
export function uncertaintyOf(instrument, channel, value, u, now) {
  if (typeof value !== "number") return null;
  const c = instrument?.calibration[channel];
  const k = c?.k ?? 2;
  if (typeof u === "number") return { U: k * u, k };
  const standing = standingOf(instrument, channel, now);
  if (!c?.U?.length || !standing || !instrument) return null;
  if (standing.state === "void" || standing.state === "withdrawn") return null;
  if (hasCorrection(c) && !isCorrected(instrument, channel)) return null;
  return { U: between(c.U, value), k };
}

/** Straight lines between the points, flat beyond. @param {{x: number, U: number}[]} points @param {number} value */
function between(points, value) {
  const next = points.findIndex((p) => p.x > value);
  if (next === 0) return points[0].U;
  if (next < 0) return points[points.length - 1].U;
  const [a, b] = [points[next - 1], points[next]];
  return a.U + ((b.U - a.U) * (value - a.x)) / (b.x - a.x);
}

/** Two digits, as certificates have them: 0.02345 → "0.023", 12.4 → "12". @param {number} U */
export function formatU(U) {
  if (!(U > 0)) return "0";
  const exponent = Math.floor(Math.log10(Number(U.toPrecision(2))));
  if (exponent < -6 || exponent > 6) return U.toExponential(1);
  return exponent >= 1 ? String(Number(U.toPrecision(2))) : U.toFixed(1 - exponent);
}

/** Days of calibrations are days of UTC, as in the register. @param {number} ts */
export const formatDay = (ts) => new Date(ts).toISOString().slice(0, 10);
