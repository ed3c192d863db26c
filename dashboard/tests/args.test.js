import assert from "node:assert/strict";
import { test } from "node:test";
import { initialText, limitsText, parseArg, parseArgs, startText } from "../core/args.js";
import { examples } from "./contract.js";

test("numbers within their limits", () => {
  const spec = { type: "float", min: 4, max: 350 };
  assert.deepEqual(parseArg(" 4,2 ", spec), { value: 4.2 });
  assert.deepEqual(parseArg("4.2", spec), { value: 4.2 });
  assert.deepEqual(parseArg("351", spec), { problem: "allowed: 4 … 350" });
  assert.deepEqual(parseArg("", spec), { problem: "a number is needed" });
  assert.deepEqual(parseArg("1e999", { type: "float" }), { problem: "a number is needed" });
});

test("whole numbers, wide ones as text", () => {
  assert.deepEqual(parseArg("3", { type: "int" }), { value: 3 });
  assert.deepEqual(parseArg("3.5", { type: "int" }), { problem: "a whole number is needed" });
  assert.deepEqual(parseArg("18446744073709551615", { type: "uint64" }), { value: "18446744073709551615" });
  assert.deepEqual(parseArg("-1", { type: "uint64" }), { problem: "a whole number is needed" });
});

test("switches, choices and text", () => {
  assert.deepEqual(parseArg("true", { type: "bool" }), { value: true });
  assert.deepEqual(parseArg("hold", { type: "str", choices: ["ramp", "hold"] }), { value: "hold" });
  assert.deepEqual(parseArg("jump", { type: "str", choices: ["ramp", "hold"] }), { problem: "choose one" });
});

test("limits as one reads them", () => {
  assert.equal(limitsText({ min: 4, max: 350 }), "4 … 350");
  assert.equal(limitsText({ min: 0.05 }), "≥ 0.05");
  assert.equal(limitsText({ max: -3 }), "≤ −3");
  assert.equal(limitsText({}), "");
});

test("what the form begins with can be sent, where it says anything", () => {
  for (const { payload, name } of examples("meta")) {
    for (const command of Object.values(payload.commands ?? {})) {
      const specs = /** @type {Record<string, import("../core/types.js").ArgSpec>} */ (/** @type {any} */ (command).args ?? {});
      for (const spec of Object.values(specs)) {
        const text = initialText(spec);
        if (text) assert.ok("value" in parseArg(text, spec), name);
      }
    }
  }
});

test("all arguments together", () => {
  const specs = { value: { type: "float", max: 10 }, fast: { type: "bool" } };
  assert.deepEqual(parseArgs(specs, { value: "11" }), { args: { fast: false }, problems: { value: "allowed: ≤ 10" } });
});

test("a switch stands as the channel it sets stands, until somebody moves it", () => {
  const specs = { on: { type: "bool" } };
  assert.deepEqual(parseArgs(specs, {}, true).args, { on: true });
  assert.deepEqual(parseArgs(specs, { on: "false" }, true).args, { on: false });
  assert.deepEqual(parseArgs(specs, {}).args, { on: false });
  assert.equal(startText({ type: "float", default: 5 }, 7), "5");
  assert.equal(startText({ type: "bool", default: true }, false), "false");
});
