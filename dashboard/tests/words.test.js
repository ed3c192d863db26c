import assert from "node:assert/strict";
import { test } from "node:test";
import { initialState, reduce } from "../core/reducer.js";
import { commandObstacle, commandWords, instrumentTrouble, linkChip, linkTrouble, presence } from "../core/words.js";

const now = new Date(2026, 10, 21, 14, 2, 30).getTime();
const lostAt = new Date(2026, 10, 21, 14, 2, 11).getTime();
/** @param {({op: string} & Record<string, any>)[]} messages */
const after = (...messages) => messages.reduce(reduce, initialState());
const welcome = { op: "welcome", version: 1, now: 1000, role: "operator", root: "lab" };
/** @type {any} */
const oven = { name: "oven1", meta: { name: "Oven", commands: { set_temp: { label: "Set point", args: { value: { unit: "K" } } } } }, state: "online", reason: "", clockMs: 0 };

test("a lost bridge, a lost broker and a good link are different sentences", () => {
  const lost = after(welcome, { op: "_phase", phase: "waiting", since: lostAt, retryAt: 5000, problem: null });
  assert.equal(linkTrouble(lost, now, 2000)?.text, "No connection to the bridge since 14:02:11 – trying again in 3 s");
  const deaf = after(welcome, { op: "links", broker: "down", since: lostAt, instruments: {} });
  assert.match(linkTrouble(deaf, now, 0)?.text ?? "", /no connection to the MQTT broker since 14:02:11/);
  assert.equal(linkTrouble(after(welcome), now, 0), null);
  assert.equal(linkTrouble(initialState(), now, 0), null);
});

test("of an instrument behind a broken connection nothing is claimed", () => {
  const words = [after(welcome), after(welcome, { op: "links", broker: "down", since: lostAt, instruments: {} }), initialState()].map((s) => presence(s, oven).word);
  assert.deepEqual(words.map((w) => w === "online"), [true, false, false]);
});

test("why nothing can be commanded", () => {
  const open = after(welcome);
  assert.equal(commandObstacle(open, oven), "");
  assert.match(commandObstacle(after({ ...welcome, role: "viewer" }), oven), /may look, not command/);
  assert.match(commandObstacle(open, { ...oven, state: "offline", reason: "unplugged" }), /^Oven is offline: unplugged\.$/);
  assert.match(commandObstacle(open, { ...oven, state: "offline", reason: "is it switched on?" }), /switched on\?$/);
  assert.match(commandObstacle(open, { ...oven, state: "lost" }), /no longer answers/);
  assert.match(commandObstacle(initialState(), oven), /No connection to the bridge/);
});

test("a command reads as a sentence", () => {
  /** @type {any} */
  const command = { id: "c1", instrument: "oven1", name: "set_temp", args: { value: 450 }, state: "failed", ts: 0, error: { code: "interlock", message: "door open" }, result: {} };
  const words = commandWords(command, new Map([["oven1", oven]]));
  assert.equal(words.title, "Set point 450 K");
  assert.equal(words.sentence, "Set point 450 K, Oven: failed – door open");
});

test("what is wrong with an instrument", () => {
  assert.equal(instrumentTrouble(oven), "");
  assert.match(instrumentTrouble({ ...oven, clockMs: -7000 }), /clock wrong by 7\.0 s/);
  assert.match(instrumentTrouble({ ...oven, state: "lost", reason: "its edge is lost" }), /lost.*its edge is lost/);
});

test("a broken link stands in the top bar also while the view is paused", () => {
  const one = { op: "describe", instrument: "oven1", meta: {}, status: {} };
  const down = { op: "links", broker: "down", since: lostAt, instruments: {} };
  const words = (/** @type {any} */ state, paused = true, age = 100) => linkChip(state, { age, paused }).text;
  assert.equal(words(after(welcome, one, down)), "broker down, paused");
  assert.equal(words(after(welcome, one, down), false), "broker down");
  assert.equal(words(after(welcome, one)), "paused");
  assert.equal(words(after(welcome, one), true, 5000), "quiet 5.0 s");
  assert.equal(words(after(welcome, one), false), "live 0.1 s");
  assert.equal(words(after(welcome, one, { op: "_phase", phase: "waiting", since: lostAt, retryAt: 5000, problem: null })), "no connection");
});
