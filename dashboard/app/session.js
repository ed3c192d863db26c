/**
 * The conversation with the bridge: greets, learns what there is, draws history first, then goes live; comes back
 * after an outage where it left off; sends commands.
 */

import { BridgeClock } from "../core/clock.js";
import { chooseStep } from "../core/buckets.js";
import { streamStep } from "../core/stream.js";
import { ApiError, getMarks } from "./api.js";
import { Bus } from "./bus.js";
import { History } from "./history.js";
import { Live } from "./live.js";
import { announceCommand, announceEvent } from "./speak.js";
import { app, dispatch, historyProblem, still, tick, windowChosen, windowS } from "./state.js";

const OPENING_MS = 600_000;
const OPENING_STEP = 500;
const OPENING_PATIENCE_MS = 4000;
const MARKS_BACK_MS = 24 * 3600_000;
/** With less than this known, the opening view is no longer than this. */
const SHORT_MS = 60_000;
const OVERLAP_MS = 10_000;
const POINTS = 1200;
const TICK_MS = 250;
const MARKS_EVERY = 120;
const RECENT_MS = 120_000;

export const clock = new BridgeClock(() => performance.now());
export const live = new Live();
export const history = new History(live, () => app.value.instruments, () => clock.now());

/** Local time (performance.now) of the last message of any kind. */
export let lastHeard = -Infinity;
/** Bridge time up to which samples are known to be complete. */
let completeTo = 0;
let commandNumber = 0;
let streamedStep = -1;
let sampleSub = 1;

/** @type {Record<string, (m: any) => void>} */
const EFFECTS = {
  welcome: () => void open(),
  channel: (m) => live.number(m),
  gone: (m) => live.drop(m.instrument),
  values: (m) => live.feedValues(m.v),
  backfill: (m) => live.forget(m.instrument, m.from, m.to),
  too_old: (m) => live.beginLive(Math.max(m.from ?? 0, completeTo)),
  event: announceEvent,
};

const bus = new Bus(new URL("/ws", location.href).href.replace(/^http/, "ws"), {
  message: receive,
  frame: (frame) => {
    heard(frame.now);
    live.feed(frame);
  },
  connecting: () => dispatch({ op: "_phase", phase: "connecting" }),
  down: lost,
});

/** @param {any} m */
function receive(m) {
  heard(m.now);
  if (m.op === "lag") m.at = clock.now();
  if (m.op === "command") m.at = clock.now();
  if (m.op !== "values") dispatch(m);
  EFFECTS[m.op]?.(m);
  if (m.op === "command") announceCommand(app.value.commands.get(m.id));
  if (app.value.session.phase === "refused") bus.stop();
}

/** @param {number | undefined} now */
function heard(now) {
  lastHeard = performance.now();
  if (now !== undefined) clock.heard(now);
}

/** @param {{code: number, reason: string, retryAt: number}} down */
function lost({ code, reason, retryAt }) {
  live.endLive();
  const since = clock.now() || Date.now();
  if (retryAt) return dispatch({ op: "_phase", phase: "waiting", since, retryAt, problem: null });
  const problem = app.value.session.problem ?? { code: code === 4401 ? "no_token" : "forbidden", message: reason };
  dispatch({ op: "_phase", phase: "refused", since, problem });
}

/** After the welcome: latest values at once, then history, then the samples from where history ends. */
async function open() {
  const since = completeTo || clock.now();
  sampleSub = 1;
  bus.send({ op: "sub", id: 1, filter: `${app.value.session.root}/#`, mode: "latest" });
  void loadMarks(clock.now() - MARKS_BACK_MS);
  if (!completeTo) await Promise.race([openHistory(), pause(OPENING_PATIENCE_MS)]);
  if (app.value.session.phase !== "open") return;
  goLive(since - OVERLAP_MS);
  live.beginLive(since);
  dispatch({ op: "_ready" });
}

/** Lets the descriptions arrive, then asks for the last ten minutes of everything. */
async function openHistory() {
  await pause(150);
  const now = clock.now();
  const names = [...app.value.instruments.keys()];
  await Promise.all(names.map((name) => history.ensure(name, now - OPENING_MS, now, OPENING_STEP)));
  if (!windowChosen.value && !live.hasBefore(now - SHORT_MS)) windowS.value = SHORT_MS / 1000;
}

/** @param {number} ms @returns {Promise<void>} */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @param {number} since */
function goLive(since) {
  streamedStep = streamStep([...app.value.channels.values()], viewStep());
  const thinning = streamedStep ? { step_ms: streamedStep } : {};
  if (sampleSub > 1) bus.send({ op: "unsub", id: sampleSub });
  bus.send({ op: "sub", id: ++sampleSub, filter: `${app.value.session.root}/+/data`, mode: "samples", since: Math.floor(since), ...thinning });
}

const viewStep = () => chooseStep(windowS.value * 1000, POINTS);

/** @param {number} from */
async function loadMarks(from) {
  try {
    dispatch({ op: "_marks", marks: await getMarks(from, clock.now() + 60_000) });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    historyProblem.value = error.message;
  }
}

/** What has to be looked after a few times a second, drawing or not. */
function beat() {
  const now = clock.now();
  if (app.value.session.ready) {
    live.coverTo(now, app.value.instruments.keys());
    completeTo = now;
  }
  if (tick.value % 4 === 0) lookAfterHistory(now);
  if (tick.value % MARKS_EVERY === 0 && app.value.session.ready) void loadMarks(now - RECENT_MS);
  historyProblem.value = history.problem;
  tick.value++;
}

/** @param {number} now */
function lookAfterHistory(now) {
  if (app.value.session.phase !== "open" || !app.value.session.ready) return;
  const step = viewStep();
  if (streamStep([...app.value.channels.values()], step) !== streamedStep) goLive(now);
  if (still.value) return;
  for (const name of app.value.instruments.keys()) void history.ensure(name, now - 1.1 * windowS.value * 1000, now, step);
}

/**
 * Sends a command. Its state changes only when an answer comes.
 * @param {string} instrument @param {string} name @param {Record<string, import("../core/types.js").Value>} args
 */
export function sendCommand(instrument, name, args) {
  const id = `c${++commandNumber}`;
  dispatch({ op: "_sent", id, instrument, name, args, ts: clock.now() });
  if (!bus.send({ op: "command", id, instrument, name, args })) {
    const error = { code: "link", message: "There is no connection to the bridge." };
    dispatch({ op: "command", id, state: "failed", at: clock.now(), error });
  }
  return id;
}

/** Whether what is on screen may be taken for the present. */
export const isLinked = () => app.value.session.phase === "open" && app.value.broker.state === "up";

export const retryNow = () => bus.connect();

export function start() {
  bus.connect();
  setInterval(beat, TICK_MS);
  addEventListener("online", () => app.value.session.phase === "waiting" && bus.connect());
}
