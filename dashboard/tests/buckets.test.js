import assert from "node:assert/strict";
import { test } from "node:test";
import { bucketStart, chooseStep, coarsen, curve, gapLimit, grid, places } from "../core/buckets.js";

test("the step ladder is 1, 2, 5 times a power of ten, from 1 ms", () => {
  assert.equal(chooseStep(10_000, 1200), 10);
  assert.equal(chooseStep(60_000, 1200), 50);
  assert.equal(chooseStep(600_000, 1200), 500);
  assert.equal(chooseStep(3_600_000, 1200), 5000);
  assert.equal(chooseStep(1200, 1200), 1);
  assert.equal(chooseStep(1201, 1200), 2);
  assert.equal(chooseStep(0.5, 1200), 1);
});

test("buckets are counted from the epoch, so a finished one does not depend on the view", () => {
  assert.equal(bucketStart(1795219199123, 500), 1795219199000);
  const points = { t: [1000, 1400, 1600, 2100], lo: [1, 5, 2, 3], hi: [1, 5, 2, 3] };
  const a = curve(grid(0, 4000, 500), [points], 5000);
  const b = curve(grid(1000, 4000, 500), [points], 5000);
  assert.deepEqual(a.slice(4), b);
});

test("a bucket shows its smallest and its largest sample", () => {
  const y = curve(grid(0, 1000, 500), [{ t: [10, 20, 30], lo: [3, 1, 2], hi: [3, 1, 2] }], 5000);
  assert.deepEqual(y.slice(0, 2), [1, 3]);
});

test("a single sample is one point, and the pen goes on to the next one", () => {
  const y = curve(grid(0, 2000, 500), [{ t: [0, 1500], lo: [3, 4], hi: [3, 4] }], 5000);
  assert.deepEqual(y, [3, undefined, undefined, undefined, undefined, undefined, 4, undefined]);
});

test("a gap is a gap", () => {
  const y = curve(grid(0, 2000, 500), [{ t: [0, 1500], lo: [3, 4], hi: [3, 4] }], 1000);
  assert.deepEqual(y, [3, null, null, null, null, null, 4, undefined]);
});

test("points made of wide buckets belong together in a finer view", () => {
  const wide = { t: [0, 500, 1000, 2500], lo: [1, 2, 3, 4], hi: [1, 2, 3, 4], step: 500 };
  const y = curve(grid(0, 3000, 10), [wide], 50);
  assert.equal(y.slice(0, 200).includes(null), false);
  assert.ok(y.slice(202, 500).every((v) => v === null));
});

test("a sample without a number lifts the pen, unless its bucket holds one with", () => {
  const alone = curve(grid(0, 1500, 500), [{ t: [0, 500, 1000], lo: [1, NaN, 2], hi: [1, NaN, 2] }], 5000);
  assert.equal(alone[2], null);
  const shared = curve(grid(0, 500, 500), [{ t: [0, 100], lo: [NaN, 7], hi: [NaN, 7] }], 5000);
  assert.equal(shared[0], 7);
});

test("overlapping parts are united, not doubled", () => {
  const one = { t: [0, 100], lo: [1, 2], hi: [1, 2] };
  assert.deepEqual(curve(grid(0, 500, 500), [one, one], 5000), curve(grid(0, 500, 500), [one], 5000));
});

test("nothing outside the grid is written", () => {
  const y = curve(grid(1000, 2000, 500), [{ t: [0, 5000], lo: [1, 1], hi: [1, 1] }], 5000);
  assert.deepEqual(y, [undefined, undefined, undefined, undefined]);
});

test("coarsening keeps every extreme", () => {
  const points = { t: [0, 10, 490, 500], lo: [5, -1, 3, 9], hi: [5, 8, 3, 9] };
  assert.deepEqual(coarsen(points, 500), { t: [0, 500], lo: [-1, 9], hi: [8, 9] });
  assert.deepEqual(coarsen({ t: [0, 1], lo: [NaN, 2], hi: [NaN, 2] }, 500), { t: [0], lo: [2], hi: [2] });
});

test("how long a silence breaks a curve", () => {
  assert.equal(gapLimit(1000, 5000), 3000);
  assert.equal(gapLimit(5, 5000), 100);
  assert.equal(gapLimit(null, 5000), 5000);
});

test("samples that no line reaches are found", () => {
  assert.deepEqual(places([1, undefined, null, 5, null, 2, undefined, 3]), { filled: [0, 3, 5, 7], alone: [0, 3] });
  assert.deepEqual(places([undefined, 4]), { filled: [1], alone: [1] });
  assert.deepEqual(places([1, 2, 3]), { filled: [0, 1, 2], alone: [] });
  assert.deepEqual(places([]), { filled: [], alone: [] });
});
