/**
 * Numbers, ages and times as people read them. Pure; the locale is not asked, so two people see the same digits.
 *
 * @typedef {import("./types.js").Value} Value
 * @typedef {import("./types.js").ChannelMeta} ChannelMeta
 */

const MINUS = "−";
const SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** How many decimals an instrument that resolves `resolution` shows: 0.1 → 1, 0.25 → 2, 5 → 0. @param {number} resolution */
export function decimalsOf(resolution) {
  for (let d = 0; d <= 12; d++) {
    const scaled = resolution * 10 ** d;
    if (Math.abs(scaled - Math.round(scaled)) < 1e-6 * Math.max(1, scaled) && Math.round(scaled) > 0) return d;
  }
  return 12;
}

/** A value with the instrument's own digits. @param {Value | undefined} value @param {ChannelMeta} [channel] @returns {string} */
export function formatValue(value, channel = {}) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "boolean") return value ? "on" : "off";
  if (typeof value === "string") return value;
  return formatNumber(value, channel);
}

/** An argument as somebody typed it: no digits added. @param {Value} value */
export function formatArg(value) {
  return typeof value === "number" ? String(value).replace("-", MINUS) : formatValue(value);
}

/** @param {number} value @param {ChannelMeta} [channel] */
export function formatNumber(value, channel = {}) {
  if (!Number.isFinite(value)) return "–";
  if (channel.resolution) return fixed(value, decimalsOf(channel.resolution));
  if (channel.type === "int") return fixed(value, 0);
  return significant(value, 5);
}

/** A count or a figure of a service. @param {number} value @returns {string} */
export const formatFigure = (value) => (Number.isInteger(value) ? fixed(value, 0) : formatNumber(value));

/** @param {number} value @param {number} decimals @returns {string} */
export function fixed(value, decimals) {
  if (Math.abs(value) >= 1e15) return significant(value, 5);
  const text = value.toFixed(decimals);
  if (!text.startsWith("-")) return text;
  return Number(text) === 0 ? text.slice(1) : MINUS + text.slice(1);
}

/** @param {number} value @param {number} digits @returns {string} */
function significant(value, digits) {
  if (value === 0) return "0";
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  if (exponent >= -3 && exponent < 7) return fixed(value, Math.max(0, digits - 1 - exponent));
  const [mantissa, power] = value.toExponential(2).split("e");
  return `${mantissa.replace("-", MINUS)}·10${superscript(Number(power))}`;
}

/** @param {number} n */
function superscript(n) {
  const digits = [...String(Math.abs(n))].map((d) => SUPERSCRIPT[Number(d)]).join("");
  return n < 0 ? `⁻${digits}` : digits;
}

/** How long ago: "0.1 s", "42 s", "3 min", "2.1 h", "5 d". @param {number} ms */
export function formatAge(ms) {
  const s = Math.max(0, ms) / 1000;
  if (!Number.isFinite(s)) return "–";
  if (s < 9.95) return `${s.toFixed(1)} s`;
  if (s < 99.5) return `${Math.round(s)} s`;
  if (s < 5970) return `${Math.round(s / 60)} min`;
  if (s < 172800) return `${(s / 3600).toFixed(1)} h`;
  return `${Math.round(s / 86400)} d`;
}

/** A difference of two times: "+340 ms", "−12.4 s", "+3:20 min". @param {number} ms */
export function formatDelta(ms) {
  const sign = ms < 0 ? MINUS : "+";
  const a = Math.abs(ms);
  if (a < 1000) return `${sign}${a.toFixed(a < 100 ? 1 : 0)} ms`;
  if (a < 100_000) return `${sign}${(a / 1000).toFixed(3)} s`;
  const minutes = Math.floor(a / 60_000);
  return `${sign}${minutes}:${two(Math.floor((a % 60_000) / 1000))} min`;
}

/** @param {number} n */
const two = (n) => String(n).padStart(2, "0");

/** Local time of day "14:02:11", with ms where asked. @param {number} ts @param {boolean} [withMs] */
export function formatTime(ts, withMs = false) {
  const d = new Date(ts);
  const base = `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
  return withMs ? `${base}.${String(d.getMilliseconds()).padStart(3, "0")}` : base;
}

/** Local date "2026-11-21". @param {number} ts */
export function formatDate(ts) {
  const d = new Date(ts);
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
}

/** Date and time; the date only where it is not today. @param {number} ts @param {number} now */
export function formatWhen(ts, now) {
  const date = formatDate(ts);
  return date === formatDate(now) ? formatTime(ts) : `${date} ${formatTime(ts)}`;
}

/** A window: 10 → "10 s", 600 → "10 min", 3600 → "1 h". @param {number} seconds */
export function formatSpan(seconds) {
  if (seconds < 60) return `${round(seconds)} s`;
  if (seconds < 3600) return `${round(seconds / 60)} min`;
  return `${round(seconds / 3600)} h`;
}

/** @param {number} n */
const round = (n) => String(Math.round(n * 10) / 10);

const [S, MIN, H] = [1000, 60_000, 3_600_000];

/** Distances of ticks that people count in, ms. */
export const TIME_STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((n) => n * S),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MIN),
  ...[1, 2, 3, 6, 12, 24, 48, 168].map((n) => n * H),
];

/** Round local times in [from, to]. @param {number} from @param {number} to @param {number} step @returns {number[]} */
export function timeTicks(from, to, step) {
  const shift = new Date(from).getTimezoneOffset() * MIN;
  const first = Math.ceil((from - shift) / step) * step + shift;
  return Array.from({ length: Math.max(0, Math.floor((to - first) / step) + 1) }, (_, i) => first + i * step);
}

/** Labels for a time axis, as fine as its ticks. @param {number[]} ticks ms @param {number} step ms between ticks */
export function axisTimes(ticks, step) {
  let day = "";
  return ticks.map((t) => {
    const text = step < 1000 ? formatTime(t, true).slice(3, step < 100 ? undefined : -2) : formatTime(t);
    const short = step >= 60_000 ? text.slice(0, 5) : text;
    const isNewDay = day !== "" && day !== formatDate(t);
    day = formatDate(t);
    return isNewDay ? `${day.slice(5)}\n${short}` : short;
  });
}
