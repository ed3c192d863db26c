import assert from "node:assert/strict";
import { test } from "node:test";
import { placeOf, propose, setters } from "../calibration/proposal.js";

const meta = {
  name: "Bath",
  channels: { pt100: { unit: "°C" }, reference: { unit: "°C" }, set_point: { unit: "°C" }, humidity: { unit: "%" } },
  commands: {
    set_temperature: { label: "Set the bath", sets: "set_point", args: { celsius: { type: "float", unit: "°C", min: -40, max: 160 } } },
    set_humidity: { sets: "humidity", args: { percent: { type: "float" } } },
    stop: {},
    ramp: { sets: "set_point", args: { celsius: { type: "float" }, rate: { type: "float" } } },
    choose: { sets: "set_point", args: { celsius: { type: "str", choices: ["20"] } } },
  },
};
const instruments = new Map([["bath1", { instrument: "bath1", meta }]]);
const at = (/** @type {string} */ channel, to = /** @type {string | null} */ (null)) => ({ instrument: "bath1", channel, from: "2026-01-01T00:00:00Z", to });
const items = [{ id: "pt-1", state: "active", placements: [at("pt100")] }, { id: "hum-1", state: "active", placements: [at("humidity")] }];
const standards = [{ id: "ref-1", state: "active", placements: [at("set_point", "2026-02-01T00:00:00Z"), at("reference")] }];
/** @param {string} key @param {string} unit */
const procedure = (key, unit, template = false) => ({ key, unit, template, id: key, rev: 1, title: key, quantity: "", points: [], check: [] });
const all = [procedure("a", "°C"), procedure("h", "%"), procedure("t", "°C", true)];

test("an item to calibrate names its place, the only procedure that fits, and the standard's place", () => {
  const proposed = propose(all, items, standards, instruments, { item: "pt-1", procedure: "" });
  assert.deepEqual(proposed, { procedure: "a", item: "bath1/pt100", reference: "bath1/reference" });
});

test("a procedure names the only item of its unit; nothing is guessed", () => {
  assert.deepEqual(propose(all, items, standards, instruments, { item: "", procedure: "h" }), { procedure: "h", item: "bath1/humidity", reference: "manual" });
  assert.deepEqual(propose(all, items, standards, instruments, { item: "", procedure: "" }), { procedure: "", item: "", reference: "manual" });
  const two = [...items, { id: "pt-2", state: "active", placements: [at("reference")] }];
  assert.equal(propose(all, two, standards, instruments, { item: "", procedure: "a" }).item, "");
  assert.equal(propose(all, [{ ...items[0], state: "retired" }], [], instruments, { item: "", procedure: "a" }).item, "");
  assert.equal(placeOf({ id: "x", state: "active", placements: [at("pt100", "2026-02-01T00:00:00Z")] }), "");
});

test("only a command with one number in the run's unit, within its limits, brings the bath to the point", () => {
  const run = { instrument: "bath1", reference: "bath1/reference", unit: "°C", nominal: 30 };
  assert.deepEqual(setters(run, instruments).map((s) => [s.instrument, s.command, s.arg, s.label]), [["bath1", "set_temperature", "celsius", "Set the bath"]]);
  assert.deepEqual(setters({ ...run, nominal: 200 }, instruments), []);
  assert.deepEqual(setters({ ...run, nominal: null }, instruments), []);
  assert.deepEqual(setters({ ...run, unit: "K" }, instruments), []);
  assert.deepEqual(setters({ ...run, instrument: "", reference: "manual" }, instruments), []);
});
