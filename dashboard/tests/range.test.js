import assert from "node:assert/strict";
import { test } from "node:test";
import { nextExtent } from "../core/range.js";
import { streamStep } from "../core/stream.js";
import { summarise } from "../core/summary.js";

test("the axis holds the data with some air", () => {
  const [low, high] = nextExtent(null, 0, 100, 0);
  assert.ok(low < 0 && low > -20 && high > 100 && high < 120);
});

test("it does not blow up the last digit", () => {
  const [low, high] = nextExtent(null, 100, 100.0001, 0.0001);
  assert.ok(high - low >= 10 * 0.0001);
});

test("it is calm while the data fit, and grows at once when they do not", () => {
  const old = nextExtent(null, 0, 100, 0);
  assert.equal(nextExtent(old, 5, 95, 0), old);
  assert.ok(nextExtent(old, 0, 200, 0)[1] > 200);
  assert.ok(nextExtent(old, 40, 60, 0)[1] < 70);
});

test("without data it stays", () => {
  assert.deepEqual(nextExtent(null, null, null, 0), [0, 1]);
  assert.deepEqual(nextExtent([3, 4], null, null, 0), [3, 4]);
});

test("a flat line is in the middle of something", () => {
  const [low, high] = nextExtent(null, 0, 0, 0);
  assert.ok(low < 0 && high > 0);
});

test("a flood is asked for in buckets, ordinary channels as they are", () => {
  const fast = Array.from({ length: 64 }, () => ({ periodMs: 1, type: "float" }));
  assert.equal(streamStep(fast, 50), 50);
  assert.equal(streamStep(fast, 5), 10);
  assert.equal(streamStep(fast.slice(0, 3), 50), 0);
});

test("a plot in words", () => {
  const curve = { label: "Weight", meta: { unit: "g", resolution: 0.01 }, y: [1, null, 2.5, undefined, 2] };
  assert.equal(summarise("Balance", [curve], 600_000, 1), "Plot of Balance, 10 min. Weight: last 2.00 g, between 1.00 and 2.50 g. 1 mark.");
  assert.match(summarise("Balance", [{ ...curve, y: [] }], 600_000, 0), /Weight: no data/);
});
