import assert from "node:assert/strict";
import { test } from "node:test";
import { BridgeClock, freshness } from "../core/clock.js";

test("the least delayed message tells the bridge's time, and a jump begins anew", () => {
  let local = 0;
  const clock = new BridgeClock(() => local);
  assert.ok(Number.isNaN(clock.now()));
  clock.heard(10_000);
  local = 100;
  clock.heard(10_060); // 40 ms late
  assert.equal(clock.now(), 10_100);
  local = 200;
  clock.heard(60_000);
  assert.equal(clock.now(), 60_000);
});

/** @type {any} */
const oven = { name: "oven1", meta: { stale_ms: 2000 }, state: "online", clockMs: 0 };

test("old is stale, and the source's wrong clock does not make it so", () => {
  assert.deepEqual(freshness(9000, oven, 10_000, true), { kind: "fresh", ageMs: 1000 });
  assert.deepEqual(freshness(7000, oven, 10_000, true), { kind: "stale", ageMs: 3000 });
  assert.equal(freshness(1000, { ...oven, clockMs: 8500 }, 10_000, true).kind, "fresh");
});

test("without a link nothing is claimed to be current, however young", () => {
  assert.equal(freshness(9999, oven, 10_000, false).kind, "gone");
  assert.equal(freshness(9999, { ...oven, state: "lost" }, 10_000, true).kind, "gone");
  assert.equal(freshness(null, oven, 10_000, true).kind, "none");
});

test("five seconds where the instrument does not say", () => {
  const plain = { ...oven, meta: {} };
  assert.equal(freshness(6000, plain, 10_000, true).kind, "fresh");
  assert.equal(freshness(4000, plain, 10_000, true).kind, "stale");
});
