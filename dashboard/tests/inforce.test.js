import assert from "node:assert/strict";
import { test } from "node:test";
import { checkOf, formatDay, formatU, isCorrected, isRaw, standingOf, uncertaintyOf } from "../core/inforce.js";
import { examples } from "./contract.js";

const now = Date.UTC(2026, 10, 21, 12);
const day = 86_400_000;
const poly = { type: "poly", coef: [0.1] };
const U = [{ x: 0, U: 0.1 }, { x: 10, U: 0.3 }];

/** @param {Record<string, any>} calibration @param {string[]} channels @returns {any} */
const oven = (calibration, channels = ["temp"]) => ({
  name: "oven1", meta: { channels: Object.fromEntries(channels.map((c) => [c, {}])) }, calibration: { temp: { id: "K-1", ...calibration } },
});
/** @param {any} instrument */
const state = (instrument) => standingOf(instrument, "temp", now)?.state;

test("how a calibration stands", () => {
  assert.equal(state(oven({})), "ok");
  for (const status of ["ok", "due", "overdue", "void", "withdrawn"]) assert.equal(state(oven({ status })), status);
  assert.equal(standingOf(oven({}), "other", now), null);
  assert.equal(standingOf(undefined, "temp", now), null);
});

test("a due date passes also when nobody says so, an end is no matter of dates", () => {
  assert.equal(state(oven({ due: now - 1 })), "overdue");
  assert.equal(state(oven({ due: now + 1 })), "ok");
  assert.equal(state(oven({ status: "void", due: now - 1 })), "void");
});

test("a correction that nobody applies is said", () => {
  assert.equal(state(oven({ correction: poly })), "aside");
  assert.equal(state(oven({ correction: poly }, ["temp", "temp_raw"])), "ok");
  assert.equal(state(oven({ correction: { type: "none" } })), "ok");
  assert.match(standingOf(oven({ correction: poly, status: "due" }), "temp", now)?.sentence ?? "", /due.*not applied/);
});

test("what is in force and does not conform says so", () => {
  const standing = standingOf(oven({ reason: "it does not conform" }), "temp", now);
  assert.deepEqual([standing?.state, standing?.word, standing?.tone], ["remark", "it does not conform", "warn"]);
  assert.equal(uncertaintyOf(oven({ U, reason: "it does not conform" }), "temp", 5, null, now)?.U, 0.2);
});

test("the sentence names certificate, date and reason", () => {
  const sentence = standingOf(oven({ status: "due", due: now + 3 * day }), "temp", now)?.sentence;
  assert.equal(sentence, "K-1: calibration due, due 2026-11-24");
  assert.equal(standingOf(oven({ status: "void", reason: "pt-07 was removed" }), "temp", now)?.sentence, "K-1: calibration void: pt-07 was removed");
});

test("what came with the value counts, else what the calibration says there", () => {
  assert.deepEqual(uncertaintyOf(oven({ U, k: 3 }), "temp", 5, 0.05, now), { U: 0.15000000000000002, k: 3 });
  assert.deepEqual(uncertaintyOf(oven({ U }), "temp", 5, null, now), { U: 0.2, k: 2 });
  assert.deepEqual([-1, 0, 10, 11].map((v) => uncertaintyOf(oven({ U }), "temp", v, null, now)?.U), [0.1, 0.1, 0.3, 0.3]);
  assert.deepEqual(uncertaintyOf(undefined, "temp", 5, 0.05, now), { U: 0.1, k: 2 });
});

test("nothing is claimed of raw values, of ended calibrations and of what is no number", () => {
  assert.equal(uncertaintyOf(oven({ U, correction: poly }), "temp", 5, null, now), null);
  assert.deepEqual(uncertaintyOf(oven({ U, correction: poly }, ["temp", "temp_raw"]), "temp", 5, null, now), { U: 0.2, k: 2 });
  assert.equal(uncertaintyOf(oven({ U, status: "void" }), "temp", 5, null, now), null);
  assert.equal(uncertaintyOf(oven({ U }), "temp", "open", null, now), null);
  assert.equal(uncertaintyOf(oven({}), "temp", 5, null, now), null);
});

test("two digits", () => {
  assert.deepEqual([0.02345, 0.0996, 0.999, 12.4, 1.25, 432, 0, 1e-9].map(formatU), ["0.023", "0.10", "1.0", "12", "1.3", "430", "0", "1.0e-9"]);
});

test("the raw half of a channel is known by its name and its other half", () => {
  const instrument = oven({}, ["temp", "temp_raw", "odd_raw"]);
  assert.deepEqual(["temp", "temp_raw", "odd_raw"].map((c) => isRaw(instrument, c)), [false, true, false]);
  assert.deepEqual(["temp", "odd"].map((c) => isCorrected(instrument, c)), [true, true]);
});

test("every example of the contract stands somehow", () => {
  for (const { payload } of examples("calibration")) {
    for (const channel of Object.keys(payload)) {
      const found = standingOf(/** @type {any} */ ({ name: "oven1", meta: {}, calibration: payload }), channel, now);
      assert.ok(found?.sentence.startsWith(payload[channel].id));
    }
  }
});

test("a day of calibration is a day of UTC", () => {
  assert.equal(formatDay(Date.UTC(2026, 11, 1, 23, 59, 59, 999)), "2026-12-01");
});

test("a tile says when its check is overdue or was never done", () => {
  const line = { id: "balance-1", kind: "check", name: "check weight", instrument: "balance1", channel: "weight" };
  const said = (/** @type {any} */ more) => checkOf([{ id: "x", kind: "item" }, { ...line, ...more }], "balance1", "weight", now)?.short;
  assert.equal(said({ status: "never" }), "never checked");
  assert.equal(said({ status: "overdue", due: now - 3 * day }), "check overdue");
  assert.equal(said({ status: "ok", due: now - 3 * day }), "check overdue");
  assert.equal(said({ status: "due", due: now }), undefined);
  assert.equal(checkOf([{ ...line, status: "never" }], "balance1", "temp", now), null);
  assert.match(checkOf([{ ...line, status: "overdue", due: now - 3 * day }], "balance1", "weight", now)?.sentence ?? "", /check weight was due 2026-11-18/);
});
