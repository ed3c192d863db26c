/**
 * The page's state and the one way it changes: reduce(state, message) → state. No DOM, no clock, no network.
 *
 * Messages are the bridge's control messages (`op` as in protocol labwire.v1) and the page's own, whose op begins
 * with "_". Samples and latest values do not pass here: they are too many (app/live.js keeps them).
 *
 * @typedef {import("./types.js").Instrument} Instrument
 * @typedef {import("./types.js").Mark} Mark
 * @typedef {import("./types.js").Problem} Problem
 * @typedef {import("./types.js").Value} Value
 *
 * @typedef {"connecting" | "open" | "waiting" | "refused"} Phase
 * @typedef {{phase: Phase, since: number, retryAt: number, problem: Problem | null, role: string, root: string, ready: boolean}} Session
 * @typedef {{n: number, instrument: string, channel: string, type: string, unit: string, periodMs: number | null}} Channel
 *
 * @typedef {"pending" | "sent" | "accepted" | "running" | "done" | "failed" | "rejected" | "expired" | "no_answer" | "unknown"} CommandState
 * @typedef {object} CommandEntry
 * @property {string} id
 * @property {string} instrument
 * @property {string} name
 * @property {Record<string, Value>} args
 * @property {string} by
 * @property {CommandState} state
 * @property {number} ts           when it was sent
 * @property {number | null} endedAt
 * @property {number | null} progress
 * @property {Record<string, Value>} result
 * @property {Problem | null} error
 *
 * @typedef {Mark & {key: string, severity?: string, channel?: string, event?: string, end?: number | null, detail?: string}} LogEntry
 *
 * @typedef {{state: string, reason: string, figures?: Record<string, number | string | null>}} Peer
 *
 * @typedef {object} State
 * @property {Session} session
 * @property {{state: "up" | "down", since: number}} broker
 * @property {Map<string, Instrument>} instruments
 * @property {Map<number, Channel>} channels
 * @property {Map<string, CommandEntry>} commands   own ones, newest last
 * @property {LogEntry[]} entries                    events, notes, runs and other people's commands, oldest first
 * @property {{dropped: number, at: number}} lag
 * @property {Record<string, Peer>} edges            the daemons instruments hang on
 * @property {Record<string, Peer>} services         loggers and bridges, as "logger/main"
 * @property {import("./types.js").DueLine[]} due    what must be calibrated or checked
 */

import { addEntries, fromEvent, fromNote, fromReply, fromRun, markEntry } from "./entries.js";

const MAX_COMMANDS = 100;
const PROTOCOL = 1;
const ENDED = new Set(["done", "failed", "rejected", "expired", "no_answer", "unknown"]);

/** @param {string} state */
export const isEnded = (state) => ENDED.has(state);

/** @returns {State} */
export function initialState() {
  return {
    session: { phase: "connecting", since: 0, retryAt: 0, problem: null, role: "", root: "lab", ready: false },
    broker: { state: "up", since: 0 },
    instruments: new Map(),
    channels: new Map(),
    commands: new Map(),
    entries: [],
    lag: { dropped: 0, at: 0 },
    edges: {},
    services: {},
    due: [],
  };
}

/** @type {Record<string, (state: State, m: any) => State>} */
const HANDLERS = {
  welcome,
  describe,
  calibration_due: (s, m) => ({ ...s, due: m.lines ?? [] }),
  gone: (s, m) => ({ ...s, instruments: without(s.instruments, m.instrument) }),
  channel,
  links,
  command,
  event: (s, m) => ({ ...s, entries: addEntries(s.entries, [fromEvent(m)]) }),
  note: (s, m) => ({ ...s, entries: addEntries(s.entries, [fromNote(m)]) }),
  reply: (s, m) => ({ ...s, entries: addEntries(s.entries, [fromReply(m)]) }),
  run: (s, m) => ({ ...s, entries: addEntries(s.entries, [fromRun(m)]) }),
  lag: (s, m) => ({ ...s, lag: { dropped: s.lag.dropped + (m.dropped ?? 0), at: m.at ?? s.lag.at } }),
  error: (s, m) => ({ ...s, session: { ...s.session, problem: { code: m.code, message: m.text } } }),
  _marks: (s, m) => ({ ...s, entries: addEntries(s.entries, m.marks.map(markEntry)) }),
  _phase: phase,
  _ready: (s) => ({ ...s, session: { ...s.session, ready: true } }),
  _sent: (s, m) => ({ ...s, commands: bounded(withEntry(s.commands, m.id, commandEntry(m))) }),
  _state: (s, m) => ({ ...s, ...m.state }),
};

/** @param {State} state @param {{op: string} & Record<string, any>} message @returns {State} */
export function reduce(state, message) {
  const handler = HANDLERS[message.op];
  return handler ? handler(state, message) : state;
}

/** @param {State} state @param {any} m @returns {State} */
function welcome(state, m) {
  if (m.version !== PROTOCOL) {
    const problem = { code: "version", message: `The bridge speaks protocol ${m.version}, this page ${PROTOCOL}.` };
    return { ...state, session: { ...state.session, phase: "refused", problem } };
  }
  const session = { ...state.session, phase: /** @type {Phase} */ ("open"), since: m.now, problem: null };
  return { ...state, channels: new Map(), session: { ...session, role: m.role ?? "viewer", root: m.root ?? "lab", ready: false } };
}

/** @param {State} state @param {any} m @returns {State} */
function describe(state, m) {
  const old = state.instruments.get(m.instrument);
  const status = m.status ?? {};
  /** @type {Instrument} */
  const instrument = {
    name: m.instrument,
    meta: m.meta ?? old?.meta ?? {},
    state: m.state ?? status.state ?? old?.state ?? "online",
    reason: status.reason ?? old?.reason ?? "",
    ageMs: m.age_ms ?? old?.ageMs ?? null,
    clockMs: m.clock_ms ?? old?.clockMs ?? 0,
    calibration: m.calibration ?? old?.calibration ?? {},
  };
  return { ...state, instruments: withEntry(state.instruments, m.instrument, instrument) };
}

/** A channel that no description names is shown too. @param {State} state @param {any} m @returns {State} */
function channel(state, m) {
  const channels = withEntry(state.channels, m.n, channelOf(m));
  const instrument = state.instruments.get(m.instrument) ?? bare(m.instrument);
  if (instrument.meta.channels?.[m.channel]) return { ...state, channels };
  const named = { ...instrument.meta.channels, [m.channel]: { type: m.type, unit: m.unit } };
  const meta = { ...instrument.meta, channels: named };
  return { ...state, channels, instruments: withEntry(state.instruments, m.instrument, { ...instrument, meta }) };
}

/** @param {string} name @returns {Instrument} */
const bare = (name) => ({ name, meta: {}, state: "online", reason: "", ageMs: null, clockMs: 0, calibration: {} });

/** @param {any} m @returns {Channel} */
function channelOf(m) {
  const { n, instrument, channel } = m;
  return { n, instrument, channel, type: m.type ?? "float", unit: m.unit ?? "", periodMs: m.period_ms ?? null };
}

/** @param {State} state @param {any} m @returns {State} */
function links(state, m) {
  let instruments = state.instruments;
  for (const [name, link] of Object.entries(m.instruments ?? {})) {
    const old = state.instruments.get(name);
    if (old) instruments = withEntry(instruments, name, linked(old, link));
  }
  const broker = m.broker ? { state: m.broker, since: m.since ?? state.broker.since } : state.broker;
  return { ...state, instruments, broker, edges: m.edges ?? state.edges, services: m.services ?? state.services };
}

/** @param {Instrument} old @param {any} link @returns {Instrument} */
function linked(old, link) {
  const { state = old.state, reason = "", age_ms: ageMs = old.ageMs } = link;
  return { ...old, state, reason, ageMs, clockMs: link.clock_ms ?? 0 };
}

/** @param {State} state @param {any} m @returns {State} */
function command(state, m) {
  const old = state.commands.get(m.id);
  if (!old) return state;
  if (isEnded(old.state) && old.state !== "no_answer" && old.state !== "unknown") return state; // a late reply corrects only a missing one
  const ended = isEnded(m.state);
  /** @type {CommandEntry} */
  const entry = {
    ...old,
    state: m.state,
    progress: m.progress ?? old.progress,
    result: m.result ?? old.result,
    error: m.error ?? (ended ? null : old.error),
    endedAt: ended ? m.at : null,
  };
  return { ...state, commands: withEntry(state.commands, m.id, entry) };
}

/** @param {any} m @returns {CommandEntry} */
function commandEntry({ id, instrument, name, args, ts, by }) {
  return { id, instrument, name, args, ts, by: by ?? "", state: "pending", endedAt: null, progress: null, result: {}, error: null };
}

/** The link changed. Commands without an answer are not guessed at: they become "unknown". @param {State} state @param {any} m @returns {State} */
function phase(state, m) {
  const problem = m.problem === undefined ? state.session.problem : m.problem;
  const session = { ...state.session, phase: m.phase, retryAt: m.retryAt ?? 0, problem, ready: false };
  if (m.phase !== state.session.phase && m.since !== undefined) session.since = m.since;
  if (m.phase === "connecting") return { ...state, session: { ...session, since: state.session.since } };
  return { ...state, session, commands: abandoned(state.commands, m.since ?? 0) };
}

/** @param {Map<string, CommandEntry>} commands @param {number} at @returns {Map<string, CommandEntry>} */
function abandoned(commands, at) {
  if (![...commands.values()].some((c) => !isEnded(c.state))) return commands;
  const error = { code: "link", message: "The connection was lost before the answer came." };
  return new Map([...commands].map(([id, c]) => [id, isEnded(c.state) ? c : { ...c, state: "unknown", endedAt: at, error }]));
}

/** @template K, V @param {Map<K, V>} map @param {K} key @param {V} value @returns {Map<K, V>} */
const withEntry = (map, key, value) => new Map(map).set(key, value);

/** @template K, V @param {Map<K, V>} map @param {K} key @returns {Map<K, V>} */
function without(map, key) {
  const copy = new Map(map);
  copy.delete(key);
  return copy;
}

/** @param {Map<string, CommandEntry>} commands */
function bounded(commands) {
  return commands.size > MAX_COMMANDS ? new Map([...commands].slice(-MAX_COMMANDS)) : commands;
}
