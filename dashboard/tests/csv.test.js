import assert from "node:assert/strict";
import { test } from "node:test";
import { joinParts, toCsv, toTable } from "../core/csv.js";

const t0 = Date.UTC(2026, 10, 21, 13, 2, 11, 340);

test("one row a time, one column a channel, empty where there is nothing", () => {
  const a = { label: "oven/temp", unit: "°C", points: { t: [t0, t0 + 1000], lo: [1, 2], hi: [1, 2] } };
  const b = { label: "oven/set", unit: "", points: { t: [t0 + 1000], lo: [9], hi: [9] } };
  assert.equal(toCsv(toTable([a, b])), [
    "time_utc,unix_ms,oven/temp [°C],oven/set",
    `2026-11-21T13:02:11.340Z,${t0},1,`,
    `2026-11-21T13:02:12.340Z,${t0 + 1000},2,9`,
    "",
  ].join("\r\n"));
});

test("intervals that hold several samples have a smallest and a largest", () => {
  const { head, rows } = toTable([{ label: "v", unit: "V", points: { t: [t0], lo: [1], hi: [2] } }]);
  assert.deepEqual(head.slice(2), ["v [V] min", "v [V] max"]);
  assert.deepEqual(rows[0].slice(2), [1, 2]);
});

test("microseconds survive, a missing number stays empty", () => {
  const { rows } = toTable([{ label: "v", unit: "", points: { t: [t0 + 0.125], lo: [NaN], hi: [NaN] } }]);
  assert.deepEqual(rows[0], ["2026-11-21T13:02:11.340125Z", t0 + 0.125, "", ""].slice(0, rows[0].length));
});

test("quotes and commas are quoted", () => {
  assert.equal(toCsv({ head: ['a "b", c'], rows: [] }), '"a ""b"", c"\r\n');
});

test("parts of a curve become one in time order", () => {
  const parts = [{ t: [5, 6], lo: [1, 2], hi: [1, 2] }, { t: [4, 6], lo: [0, 1], hi: [0, 9] }];
  assert.deepEqual(joinParts(parts), { t: [4, 5, 6], lo: [0, 1, 1], hi: [0, 1, 9] });
});
