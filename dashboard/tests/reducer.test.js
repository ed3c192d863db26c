import assert from "node:assert/strict";
import { test } from "node:test";
import { initialState, reduce } from "../core/reducer.js";
import { examples, instrumentOf } from "./contract.js";

/** @param {({op: string} & Record<string, any>)[]} messages */
const after = (...messages) => messages.reduce(reduce, initialState());
const welcome = { op: "welcome", version: 1, session: "s", now: 1000, role: "operator", limits: {}, root: "lab" };
const oven = { op: "describe", instrument: "oven1", meta: { name: "Oven", channels: { temp: {} } }, status: null, state: "online", calibration: {} };
const sent = { op: "_sent", id: "c1", instrument: "oven1", name: "set", args: { value: 4 }, ts: 1000 };

test("every described instrument of the contract is taken in", () => {
  for (const { topic, payload, name } of examples("meta")) {
    const instrument = instrumentOf(topic);
    const state = after(welcome, { op: "describe", instrument, meta: payload, status: null, state: "online", calibration: {} });
    assert.deepEqual(state.instruments.get(instrument)?.meta, payload, name);
  }
});

test("presence and reason come from the status of the contract", () => {
  for (const { payload, name } of examples("status")) {
    const state = after(welcome, { ...oven, state: undefined, status: payload });
    assert.equal(state.instruments.get("oven1")?.state, payload.state, name);
    assert.equal(state.instruments.get("oven1")?.reason, payload.reason ?? "", name);
  }
});

test("calibrations in force are kept", () => {
  for (const { payload } of examples("calibration")) {
    assert.deepEqual(after({ ...oven, calibration: payload }).instruments.get("oven1")?.calibration, payload);
  }
});

test("events, notes, runs and other people's replies become entries", () => {
  for (const kind of ["event", "note", "run", "reply"]) {
    for (const { payload, name } of examples(kind)) {
      const [entry] = after({ op: kind, instrument: "oven1", ...payload }).entries;
      assert.ok(entry && typeof entry.text === "string" && entry.text && Number.isFinite(entry.ts), `${kind}: ${name}`);
    }
  }
});

test("the same message twice is one entry", () => {
  const note = { op: "note", ts: 5, text: "stirred", by: "anna" };
  assert.equal(after(note, note).entries.length, 1);
});

test("a command is pending until the bridge says otherwise, and never done by itself", () => {
  const pending = after(welcome, oven, sent);
  assert.equal(pending.commands.get("c1")?.state, "pending");
  const accepted = reduce(pending, { op: "command", id: "c1", state: "accepted", at: 1100 });
  assert.equal(accepted.commands.get("c1")?.state, "accepted");
  assert.equal(accepted.commands.get("c1")?.endedAt, null);
  const done = reduce(accepted, { op: "command", id: "c1", state: "done", result: { value: 4 }, at: 1300 });
  assert.deepEqual([done.commands.get("c1")?.state, done.commands.get("c1")?.endedAt], ["done", 1300]);
});

test("an ended command stays ended; only a missing answer is corrected by a late one", () => {
  const failed = after(sent, { op: "command", id: "c1", state: "failed", error: { code: "interlock" }, at: 2 });
  assert.equal(reduce(failed, { op: "command", id: "c1", state: "done", at: 3 }).commands.get("c1")?.state, "failed");
  const none = after(sent, { op: "command", id: "c1", state: "no_answer", at: 2 });
  assert.equal(reduce(none, { op: "command", id: "c1", state: "done", at: 3 }).commands.get("c1")?.state, "done");
});

test("a lost link leaves open commands unknown and ended ones as they were", () => {
  const before = after(welcome, sent, { ...sent, id: "c2" }, { op: "command", id: "c2", state: "done", at: 2 });
  const lost = reduce(before, { op: "_phase", phase: "waiting", since: 3000, retryAt: 3500, problem: null });
  assert.equal(lost.commands.get("c1")?.state, "unknown");
  assert.equal(lost.commands.get("c2")?.state, "done");
  assert.equal(lost.session.since, 3000);
});

test("trying again does not change since when the link is lost", () => {
  const lost = after(welcome, { op: "_phase", phase: "waiting", since: 3000, retryAt: 3500, problem: null }, { op: "_phase", phase: "connecting" });
  assert.equal(lost.session.since, 3000);
});

test("another protocol is refused in words", () => {
  const state = after({ ...welcome, version: 2 });
  assert.deepEqual([state.session.phase, state.session.problem?.code], ["refused", "version"]);
});

test("links change presence, ages and the broker's state", () => {
  const links = { op: "links", broker: "down", since: 900, instruments: { oven1: { state: "lost", age_ms: 4000, reason: "gone", clock_ms: 2500 }, other: { state: "online" } } };
  const state = after(welcome, oven, links);
  const { state: presence, ageMs, reason, clockMs } = /** @type {any} */ (state.instruments.get("oven1"));
  assert.deepEqual([presence, ageMs, reason, clockMs], ["lost", 4000, "gone", 2500]);
  assert.deepEqual(state.broker, { state: "down", since: 900 });
  assert.equal(state.instruments.has("other"), false);
});

test("a channel that no description names is there all the same", () => {
  const state = after(welcome, oven, { op: "channel", n: 3, instrument: "esp", channel: "t", type: "float", unit: "K", period_ms: null });
  assert.deepEqual(state.instruments.get("esp")?.meta.channels, { t: { type: "float", unit: "K" } });
  assert.equal(state.channels.get(3)?.instrument, "esp");
});

test("a cleared instrument goes", () => {
  assert.equal(after(oven, { op: "gone", instrument: "oven1" }).instruments.size, 0);
});

test("skipped frames are counted", () => {
  assert.deepEqual(after({ op: "lag", dropped: 3, at: 7 }, { op: "lag", dropped: 4, at: 8 }).lag, { dropped: 7, at: 8 });
});

test("what is unknown changes nothing", () => {
  const state = initialState();
  assert.equal(reduce(state, { op: "whatever" }), state);
});

test("commands and entries are bounded", () => {
  let state = initialState();
  for (let i = 0; i < 700; i++) {
    state = reduce(state, { ...sent, id: `c${i}` });
    state = reduce(state, { op: "note", ts: i, text: `n${i}`, by: "anna" });
  }
  assert.equal(state.commands.size, 100);
  assert.equal(state.entries.length, 500);
});

test("what is due is known as it was told last", () => {
  const told = reduce(initialState(), { op: "calibration_due", lines: [{ id: "a", kind: "check" }] });
  assert.deepEqual(told.due.map((d) => d.id), ["a"]);
  assert.deepEqual(reduce(told, { op: "calibration_due", lines: [] }).due, []);
});
