/** What is said of runs, records and dates, in words. Pure. */

/** @type {Record<string, string>} */
const STATES = {
  draft: "draft",
  performed: "performed – to be reviewed",
  reviewed: "reviewed – to be released",
  released: "released",
  superseded: "superseded",
  withdrawn: "withdrawn",
};

/** @param {string} state */
export const stateWord = (state) => STATES[state] ?? state;

/** @type {Record<string, {icon: string, tone: string, word: string}>} */
const DUE = {
  ok: { icon: "●", tone: "ok", word: "in order" },
  due: { icon: "◐", tone: "warn", word: "due soon" },
  overdue: { icon: "▲", tone: "bad", word: "overdue" },
  never: { icon: "○", tone: "warn", word: "never calibrated" },
  void: { icon: "▲", tone: "bad", word: "void" },
  withdrawn: { icon: "▲", tone: "bad", word: "withdrawn" },
};

/** @param {string} status @param {string} [kind] item, standard or check */
export function dueWord(status, kind = "item") {
  const known = DUE[status] ?? { icon: "○", tone: "", word: status };
  return status === "never" && kind === "check" ? { ...known, word: "not checked yet" } : known;
}

/** @param {boolean | null | undefined} passed */
export function verdictWord(passed) {
  if (passed === true) return { icon: "✓", tone: "ok", word: "conforms" };
  if (passed === false) return { icon: "✗", tone: "bad", word: "does not conform" };
  return { icon: "–", tone: "", word: "no statement" };
}

/** @type {Record<string, string>} */
const PARTS = { as_found: "as found", adjust: "adjustment", as_left: "as left" };

/** @param {string} part */
export const partWord = (part) => PARTS[part] ?? part;

/** What a person is to do now, in one word on a button. @type {Record<string, string>} */
const BUTTONS = { next: "Go on", accept: "Accept", repeat: "Repeat", skip: "Skip …", abort: "Abort …", reading: "Record", answer: "Save answers" };

/** @param {string} name @param {string} phase */
export function buttonWord(name, phase) {
  if (name === "next" && phase === "set") return "It is set";
  if (name === "next" && phase === "prepare") return "Begin";
  if (name === "next" && phase === "finish") return "Finish";
  return BUTTONS[name] ?? name;
}

/** What the buttons below say already, in the words of the terminal. */
const SAID = /^(go on with next|accept the point, or repeat it|answer: .*|set .*, then next)$/;

/** What is asked of a person beyond the buttons and forms. @param {string[]} asks */
export const askedBeyond = (asks) => asks.filter((ask) => !SAID.test(ask));

/** @type {Record<string, string>} */
const ROOM = { temperature: "°C", humidity: "%", pressure: "hPa" };

/**
 * The room's state: "21.4 °C (18 … 28 allowed)".
 * @param {string} name @param {{now?: number | null, low?: number | null, high?: number | null}} room
 */
export function roomText(name, { now, low, high }) {
  const value = [short(now), ROOM[name]].filter(Boolean).join(" ");
  const known = (/** @type {number | null | undefined} */ v) => v !== null && v !== undefined && Number.isFinite(v);
  return known(low) || known(high) ? `${value} (${short(low)} … ${short(high)} allowed)` : value;
}

/** "2026-11-21T08:30:00Z" → "2026-11-21" @param {string | null | undefined} stamp */
export const day = (stamp) => (stamp ?? "").slice(0, 10) || "–";

/** Days from today to a date, in words. @param {string | number | null | undefined} when @param {number} now */
export function daysTo(when, now) {
  if (when === null || when === undefined || when === "") return "";
  const then = typeof when === "number" ? when : Date.parse(when);
  if (Number.isNaN(then)) return "";
  const days = Math.round((then - now) / 86_400_000);
  if (days === 0) return "today";
  if (Math.abs(days) === 1) return days > 0 ? "tomorrow" : "yesterday";
  if (Math.abs(days) < 60) return days > 0 ? `in ${days} days` : `${-days} days ago`;
  const months = Math.round(Math.abs(days) / 30.44);
  return days > 0 ? `in ${months} months` : `${months} months ago`;
}

/** Seconds as people say them. @param {number | null | undefined} s */
export function duration(s) {
  if (s === null || s === undefined || !Number.isFinite(s)) return "–";
  if (s < 90) return `${Math.round(s)} s`;
  return s < 5400 ? `${Math.round(s / 60)} min` : `${(s / 3600).toFixed(1)} h`;
}

/** A number with three significant digits and a true minus. @param {number | null | undefined} value */
export function short(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return String(Number(value.toPrecision(3))).replace("-", "−");
}

/** The printed decimal string with a true minus. @param {string | null | undefined} text */
export const numeral = (text) => (text ?? "–").replace("-", "−");

/**
 * What the register says of a certificate somebody holds.
 * @param {{known: boolean, rev?: number, newest?: number, state?: string, issued?: string, item?: string}} answer
 */
export function certificateWord({ known, rev = 1, newest = 1, state = "", issued = "", item = "" }) {
  if (!known) return { verdict: "✗ This register issued no such certificate.", tone: "bad", about: "The number or the hash is not one of its own." };
  const about = `Issued ${day(issued)} for ${item}${rev > 1 ? `, revision ${rev}` : ""}.`;
  if (state === "withdrawn") return { verdict: "✗ It was withdrawn.", tone: "bad", about };
  if (state === "superseded") return { verdict: `▲ It was superseded by revision ${newest}.`, tone: "warn", about };
  return { verdict: "✓ It was issued here and is in force.", tone: "ok", about };
}
