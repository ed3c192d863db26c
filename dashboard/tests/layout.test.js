import assert from "node:assert/strict";
import { test } from "node:test";
import { addToPlot, allChannels, customPlots, defaultPlots, matches } from "../core/layout.js";
import { parseHash, printHash } from "../core/hash.js";

/** @param {string} name @param {Record<string, any>} channels @param {string} [title] @returns {[string, any]} */
const instrument = (name, channels, title = "") => [name, { name, meta: { name: title, channels }, state: "online", clockMs: 0 }];

test("one plot a unit; groups stay together; numbers without unit stay at home; text is not plotted", () => {
  const lab = new Map([
    instrument("a", { t: { unit: "K" }, z1: { unit: "K", group: "zones" }, z2: { unit: "K", group: "zones" }, n: {}, mode: { type: "str" } }, "Oven"),
    instrument("b", { t: { unit: "K" }, n: {}, on: { type: "bool" } }),
  ]);
  assert.deepEqual(defaultPlots(lab).map((p) => [p.title, p.keys]), [
    ["Oven, b", ["a/t", "b/t"]],
    ["Oven · zones", ["a/z1", "a/z2"]],
    ["Oven · n", ["a/n"]],
    ["b · n", ["b/n"]],
  ]);
});

test("no plot has more curves than one can tell apart", () => {
  const channels = Object.fromEntries(Array.from({ length: 19 }, (_, i) => [`c${i}`, { unit: "V" }]));
  assert.deepEqual(defaultPlots(new Map([instrument("a", channels)])).map((p) => p.keys.length), [8, 8, 3]);
});

test("own plots keep their place while an instrument is away", () => {
  const [plot] = customPlots([["a/t", "gone/x"]], new Map([instrument("a", { t: { unit: "K" } })]));
  assert.deepEqual(plot.keys, ["a/t", "gone/x"]);
});

test("a channel goes into a plot once, or into a new one", () => {
  assert.deepEqual(addToPlot([["a/t"]], "a/u", 0), [["a/t", "a/u"]]);
  assert.deepEqual(addToPlot([["a/t"]], "a/t", 0), [["a/t"]]);
  assert.deepEqual(addToPlot([["a/t"]], "a/u", null), [["a/t"], ["a/u"]]);
});

test("the filter looks at names, labels, units and groups", () => {
  const [ref] = allChannels([instrument("oven1", { temp: { label: "Zone 1", unit: "°C", group: "zones" } })[1]]);
  for (const text of ["", "oven", "zone 1", "°c", "TEMP oven1", "furnace"]) assert.ok(matches(ref, "Tube furnace", text), text);
  assert.equal(matches(ref, "Tube furnace", "pressure"), false);
});

test("the address holds window, plots and filter, and gives them back", () => {
  const state = { window: 60, plots: [["oven-1/temp", "oven-1/set_point"], ["g/p"]], filter: "zone 1&2" };
  const { token, chosen, ...back } = parseHash(`#${printHash(state)}`);
  assert.deepEqual(back, state);
  assert.deepEqual([token, chosen], [null, true]);
});

test("an ordinary page has a plain address", () => {
  assert.equal(printHash(parseHash("")), "");
  assert.equal(printHash(parseHash("#token=abc")), "");
  assert.equal(parseHash("#token=abc&w=60").token, "abc");
});

test("nonsense in the address does no harm", () => {
  assert.deepEqual(parseHash("#w=77&p=<script>,../x|&f=").plots, []);
  assert.equal(parseHash("#w=77").window, 600);
});

test("a page that would be too long has a plot for each unit only", () => {
  const few = Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`c${i}`, { unit: i % 2 ? "V" : "K", group: `g${i}` }]));
  assert.equal(defaultPlots(new Map([instrument("a", few)])).length, 16);
  const many = { ...few, d: { unit: "V", group: "last" } };
  assert.deepEqual(defaultPlots(new Map([instrument("a", many)])).map((p) => p.keys.length), [8, 8, 1]);
});
