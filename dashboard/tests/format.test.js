import assert from "node:assert/strict";
import { test } from "node:test";
import { axisTimes, decimalsOf, formatAge, formatDelta, formatFigure, formatNumber, formatSpan, formatValue, TIME_STEPS, timeTicks } from "../core/format.js";

test("the instrument's own digits", () => {
  assert.equal(formatNumber(100, { resolution: 0.0001 }), "100.0000");
  assert.equal(formatNumber(21.437, { resolution: 0.1 }), "21.4");
  assert.equal(formatNumber(1234.5, { resolution: 5 }), "1235");
  for (const [resolution, decimals] of [[1, 0], [0.5, 1], [0.25, 2], [0.05, 2], [1e-6, 6], [10, 0], [0.1 + 0.2 - 0.2, 1]]) {
    assert.equal(decimalsOf(resolution), decimals, String(resolution));
  }
});

test("without a resolution five digits, and powers of ten beyond the readable", () => {
  assert.equal(formatNumber(0), "0");
  assert.equal(formatNumber(3.14159265), "3.1416");
  assert.equal(formatNumber(12345.678), "12346");
  assert.equal(formatNumber(2.1e-6), "2.10·10⁻⁶");
  assert.equal(formatNumber(-5e12), "−5.00·10¹²");
});

test("a minus that is as wide as a figure, and no minus zero", () => {
  assert.equal(formatNumber(-1.5, { resolution: 0.1 }), "−1.5");
  assert.equal(formatNumber(-0.01, { resolution: 0.1 }), "0.0");
});

test("what is not a number", () => {
  assert.equal(formatValue(null), "–");
  assert.equal(formatValue(undefined), "–");
  assert.equal(formatValue(true), "on");
  assert.equal(formatValue("ramp"), "ramp");
  assert.equal(formatValue("9223372036854775807", { type: "int64" }), "9223372036854775807");
  assert.equal(formatNumber(Infinity), "–");
});

test("ages", () => {
  const cases = /** @type {[number, string][]} */ ([[100, "0.1 s"], [42_000, "42 s"], [180_000, "3 min"], [7.5e6, "2.1 h"], [4.4e8, "5 d"], [NaN, "–"], [-5, "0.0 s"]]);
  for (const [ms, text] of cases) assert.equal(formatAge(ms), text);
});

test("differences of times", () => {
  const cases = /** @type {[number, string][]} */ ([[340, "+340 ms"], [-12_400, "−12.400 s"], [200_000, "+3:20 min"], [1.25, "+1.3 ms"]]);
  for (const [ms, text] of cases) assert.equal(formatDelta(ms), text);
});

test("windows", () => {
  assert.deepEqual([10, 60, 600, 3600].map(formatSpan), ["10 s", "1 min", "10 min", "1 h"]);
});

test("the time axis is as fine as its ticks", () => {
  const t = new Date(2026, 10, 21, 14, 2, 11).getTime();
  assert.deepEqual(axisTimes([t], 1000), ["14:02:11"]);
  assert.deepEqual(axisTimes([t], 60_000), ["14:02"]);
  assert.deepEqual(axisTimes([t + 100], 100), ["02:11.1"]);
  assert.deepEqual(axisTimes([t + 5], 5), ["02:11.005"]);
});

test("ticks stand at round local times", () => {
  const noon = new Date(2026, 10, 21, 12, 0, 0).getTime();
  assert.deepEqual(timeTicks(noon - 130_000, noon + 10_000, 60_000), [noon - 120_000, noon - 60_000, noon]);
  assert.deepEqual(timeTicks(noon + 1, noon + 2, 1000), []);
  assert.ok(TIME_STEPS.every((s, i) => i === 0 || s > TIME_STEPS[i - 1]));
});

test("counts of services have no decimals", () => {
  assert.deepEqual([4, 121, 2_150_000_000, 26.6].map(formatFigure), ["4", "121", "2150000000", "26.600"]);
});
