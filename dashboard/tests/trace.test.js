import assert from "node:assert/strict";
import { test } from "node:test";
import { Coverage } from "../core/coverage.js";
import { storedStep, STEPS, Trace } from "../core/trace.js";

const everywhere = () => STEPS.map(() => new Coverage());

test("memory is bounded however long it runs", () => {
  const trace = new Trace();
  for (let i = 0; i < 200_000; i++) trace.push(i * 5, i, i);
  for (const ring of trace.rings) assert.ok(ring.t.length <= 4096);
});

test("a view reads the coarsest step that is fine enough", () => {
  assert.equal(storedStep(5), 0);
  assert.equal(storedStep(10), 10);
  assert.equal(storedStep(200), 50);
  assert.equal(storedStep(1000), 500);
  assert.equal(storedStep(60_000), 5000);
});

test("where the fine ring has turned over, the coarser one answers", () => {
  const trace = new Trace();
  const coverage = everywhere();
  for (let t = 0; t < 600_000; t += 10) trace.push(t, t, t);
  for (const c of coverage) c.add(0, 600_000);
  const parts = trace.read(0, 600_000, 10, coverage);
  assert.deepEqual(parts.map((p) => p.step), [500, 50, 10]);
  const times = parts.flatMap((p) => p.t);
  assert.deepEqual(times, [...times].sort((a, b) => a - b));
  assert.ok(times[0] <= 500 && times[times.length - 1] === 599_990);
});

test("history at half seconds shows in a fine view where nothing finer is known", () => {
  const trace = new Trace();
  const coverage = everywhere();
  trace.addHistory({ t: [0, 500, 1000], lo: [1, 2, 3], hi: [1, 2, 3] }, 500);
  coverage[3].add(0, 1500);
  coverage[4].add(0, 1500);
  trace.push(1600, 9, 9);
  for (const c of coverage) c.add(1500, 2000);
  const parts = trace.read(0, 2000, 10, coverage);
  assert.deepEqual(parts.flatMap((p) => p.t), [0, 500, 1000, 1600]);
});

test("a coarse bucket that reaches into what is known finer is not drawn before it", () => {
  const trace = new Trace();
  const coverage = everywhere();
  for (let t = 2000; t < 5000; t += 200) trace.push(t, t, t);
  for (const c of coverage) c.add(2000, 5000);
  const parts = trace.read(0, 5000, 50, coverage);
  assert.ok(parts.flatMap((p) => p.t).every((t) => t >= 2000));
  assert.equal(parts.flatMap((p) => p.t).length, 15);
});

test("what is known is cut and asked for again after late rows", () => {
  const known = new Coverage();
  known.add(0, 100);
  known.add(100, 200);
  assert.deepEqual(known.intervals, [[0, 200]]);
  known.cut(50, 60);
  assert.deepEqual(known.missing(0, 250), [{ from: 50, to: 60, known: false }, { from: 200, to: 250, known: false }]);
  known.add(50, 60);
  assert.deepEqual(known.missing(0, 200), []);
});

test("coverage does not grow without bound", () => {
  const known = new Coverage();
  for (let i = 0; i < 1000; i++) known.add(10 * i, 10 * i + 5);
  assert.ok(known.intervals.length <= 64);
});
