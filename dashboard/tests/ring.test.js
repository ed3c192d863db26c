import assert from "node:assert/strict";
import { test } from "node:test";
import { Ring } from "../core/ring.js";

const all = (/** @type {Ring} */ ring) => ring.slice(-Infinity, Infinity);

test("keeps the newest, in order, and never more than its capacity", () => {
  const ring = new Ring(100);
  for (let t = 0; t < 1000; t++) ring.push(t, t, t);
  assert.equal(ring.length, 100);
  assert.equal(ring.t.length, 100);
  assert.deepEqual(all(ring).t, Array.from({ length: 100 }, (_, i) => 900 + i));
  assert.equal(ring.oldest, 900);
});

test("says that nothing was dropped while there is room", () => {
  const ring = new Ring(100);
  for (let t = 0; t < 100; t++) ring.push(t, t, t);
  assert.equal(ring.oldest, -Infinity);
});

test("a bucket gathers the extremes of its samples", () => {
  const ring = new Ring(10, 500);
  for (const [t, v] of [[0, 4], [100, 2], [499.9, 9], [500, 1]]) ring.push(t, v, v);
  assert.deepEqual(all(ring), { t: [0, 500], lo: [2, 1], hi: [9, 1] });
});

test("a late sample finds its place", () => {
  const ring = new Ring(10);
  for (const t of [1, 2, 5, 3]) ring.push(t, t, t);
  assert.deepEqual(all(ring).t, [1, 2, 3, 5]);
});

test("history before, between and after is merged; equal times become one", () => {
  const ring = new Ring(10, 10);
  ring.push(50, 1, 1);
  ring.push(70, 1, 1);
  ring.merge({ t: [10, 50, 60, 90], lo: [2, 0, 2, 2], hi: [2, 5, 2, 2] });
  assert.deepEqual(all(ring), { t: [10, 50, 60, 70, 90], lo: [2, 0, 2, 1, 2], hi: [2, 5, 2, 1, 2] });
});

test("slices are half open and survive the turn of the ring", () => {
  const ring = new Ring(64);
  for (let t = 0; t < 100; t++) ring.push(t, t, t);
  assert.deepEqual(ring.slice(60, 63).t, [60, 61, 62]);
  assert.deepEqual(ring.slice(200, 300).t, []);
});

test("a sample without a number does not spoil its bucket", () => {
  const ring = new Ring(4, 10);
  ring.push(0, NaN, NaN);
  ring.push(1, 3, 3);
  ring.push(2, NaN, NaN);
  assert.deepEqual(all(ring), { t: [0], lo: [3], hi: [3] });
});
