/**
 * What the page of calibrations knows, as signals: who we are, the runs under way, and lists fetched when a view needs them.
 *
 * @typedef {import("./types.js").Run} Run
 */

import { signal } from "@preact/signals";
import { ApiError, request } from "../app/api.js";
import { Bus } from "../app/bus.js";
import { isEnded } from "../core/reducer.js";
import { WHY } from "../core/words.js";
import { parseRoute } from "./route.js";

/** How long somebody may take to answer a command. */
const PATIENCE_MS = 12_000;
/** An instrument may take its time; the bridge says "no answer" before. */
const INSTRUMENT_MS = 60_000;

export const route = signal(parseRoute(location.hash));
/** "connecting", "open", "waiting" or "refused", and why. */
export const session = signal({ phase: "connecting", reason: "", name: "", role: "viewer" });
/** @type {import("@preact/signals").Signal<Map<string, Run>>} */
export const runs = signal(new Map());
/** Instruments by name, for the form that begins a run. @type {import("@preact/signals").Signal<Map<string, any>>} */
export const instruments = signal(new Map());
/** States of the services that keep calibrations. @type {import("@preact/signals").Signal<Record<string, {state: string, reason: string}>>} */
export const services = signal({});
/** Counts up when something on the server may have changed. */
export const changed = signal(0);
/** The last result of something a person did: shown until the next. */
export const notice = signal({ tone: "", text: "" });

export const mayAct = () => session.value.role === "operator";

addEventListener("hashchange", () => {
  route.value = parseRoute(location.hash);
  notice.value = { tone: "", text: "" };
});

/** @type {Record<string, (m: any) => void>} */
const HEARD = {
  welcome: (m) => {
    session.value = { phase: "open", reason: "", name: m.name, role: m.role };
    runs.value = new Map();
    changed.value++;
  },
  describe: (m) => (instruments.value = new Map(instruments.value).set(m.instrument, m)),
  calibration_run: (m) => {
    if (runs.value.get(m.run)?.phase !== m.phase) changed.value++;
    runs.value = new Map(runs.value).set(m.run, m);
  },
  calibration_gone: (m) => {
    const left = new Map(runs.value);
    left.delete(m.run);
    runs.value = left;
  },
  calibration_due: () => changed.value++,
  gone: (m) => {
    const left = new Map(instruments.value);
    left.delete(m.instrument);
    instruments.value = left;
  },
  command: (m) => commanded(m),
  calibration_sent: (m) => sent(m),
  calibration_event: (m) => answered(m),
  links: (m) => {
    services.value = Object.fromEntries(Object.entries(m.services ?? {}).filter(([name]) => name.startsWith("calibration/")));
  },
  error: (m) => {
    if (m.code === "no_token" || m.code === "bad_token") session.value = { ...session.value, phase: "refused", reason: m.text };
  },
};

const bus = new Bus(new URL("/ws", location.href).href.replace(/^http/, "ws"), {
  message: (m) => HEARD[m.op]?.(m),
  frame: () => {},
  connecting: () => (session.value = { ...session.value, phase: session.value.phase === "refused" ? "refused" : "connecting" }),
  down: ({ reason, retryAt }) => (session.value = { ...session.value, phase: retryAt ? "waiting" : "refused", reason: session.value.reason || reason }),
});

export const start = () => bus.connect();

// --- commands to a run ---

/** @typedef {{resolve: (text: string) => void, reject: (e: Error) => void, timer: number, command: string}} Waiting */
/** @type {Map<string, Waiting>} */
const waiting = new Map();
let count = 0;

/**
 * A command to whoever hosts the run; resolves with its answer, rejects with the reason why not.
 * @param {string} run @param {string} name @param {Record<string, any>} [args] @returns {Promise<string>}
 */
export function command(run, name, args = {}) {
  const id = `k${++count}`;
  return new Promise((resolve, reject) => {
    const timer = window.setTimeout(() => settle(id, new Error("Nobody answered. Is the calibration service running (labwire cal serve)?")), PATIENCE_MS);
    waiting.set(id, { resolve, reject, timer, command: "" });
    if (!bus.send({ op: "calibration", id, run, name, args })) settle(id, new Error("There is no connection to the bridge."));
  });
}

/**
 * A command to an instrument; resolves when it said done, rejects with the reason why not.
 * @param {string} instrument @param {string} name @param {Record<string, import("../core/types.js").Value>} args @returns {Promise<string>}
 */
export function instrumentCommand(instrument, name, args) {
  const id = `i${++count}`;
  return new Promise((resolve, reject) => {
    const timer = window.setTimeout(() => settle(id, new Error(`${instrument} did not answer: look at it before you try again.`)), INSTRUMENT_MS);
    waiting.set(id, { resolve, reject, timer, command: "" });
    if (!bus.send({ op: "command", id, instrument, name, args })) settle(id, new Error("There is no connection to the bridge."));
  });
}

/** @param {{id: string, state: string, error?: {code: string, message?: string}}} m */
function commanded({ id, state, error }) {
  if (state === "done") return settle(id, "done");
  if (isEnded(state)) settle(id, new Error(error?.message || error?.code || WHY[state] || `It is ${state.replace("_", " ")}.`));
}

/** The answer to the start of a run, which a HTTP request asked for. @param {string} run @returns {Promise<string>} */
export function begun(run) {
  return new Promise((resolve, reject) => {
    const timer = window.setTimeout(() => settle(`start ${run}`, new Error("Nobody began the run. Is the calibration service running (labwire cal serve)?")), PATIENCE_MS * 2);
    waiting.set(`start ${run}`, { resolve, reject, timer, command: "" });
  });
}

/** @param {{id: string, command: string, error?: {code: string, message?: string}}} m */
function sent(m) {
  if (m.error) return settle(m.id, new Error(m.error.message ?? m.error.code));
  const one = waiting.get(m.id);
  if (one) one.command = m.command;
}

/** @param {{run: string, kind: string, id?: string, done?: boolean, text: string}} m */
function answered(m) {
  if (m.kind !== "answer") return;
  const of = [...waiting].find(([id, one]) => (one.command && one.command === m.id) || id === `start ${m.run}`);
  if (of) settle(of[0], m.done === false ? new Error(m.text) : m.text);
}

/** @param {string} id @param {Error | string} result */
function settle(id, result) {
  const one = waiting.get(id);
  if (!one) return;
  waiting.delete(id);
  clearTimeout(one.timer);
  if (result instanceof Error) one.reject(result);
  else one.resolve(result);
}

/** Does something and shows what came of it. @param {() => Promise<string | {text: string, tone: string}>} what */
export async function attempt(what) {
  try {
    notice.value = { tone: "busy", text: "…" };
    const came = await what();
    notice.value = typeof came === "string" ? { tone: "ok", text: came } : came;
    changed.value++;
    return true;
  } catch (error) {
    const text = error instanceof ApiError || error instanceof Error ? error.message : String(error);
    notice.value = { tone: "bad", text };
    return false;
  }
}

// --- what is fetched ---

/** @param {string} path @returns {Promise<any>} */
export const get = (path) => request("GET", path);
/** @param {string} path @param {object} body @returns {Promise<any>} */
export const post = (path, body) => request("POST", path, body);
