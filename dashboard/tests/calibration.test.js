import assert from "node:assert/strict";
import { test } from "node:test";
import { askedBeyond, buttonWord, certificateWord, daysTo, dueWord, duration, numeral, roomText, short, stateWord, verdictWord } from "../calibration/words.js";
import { axis, errorExtent, path, ticks, tickText } from "../calibration/chart.js";
import { link, parseRoute } from "../calibration/route.js";

test("states, verdicts and buttons are words", () => {
  assert.equal(stateWord("performed"), "performed – to be reviewed");
  assert.equal(verdictWord(false).word, "does not conform");
  assert.equal(verdictWord(null).word, "no statement");
  assert.equal(dueWord("overdue").tone, "bad");
  assert.deepEqual(["item", "check"].map((kind) => dueWord("never", kind).word), ["never calibrated", "not checked yet"]);
  assert.equal(buttonWord("next", "set"), "It is set");
  assert.equal(buttonWord("next", "adjust"), "Go on");
});

test("dates are as far away as people say", () => {
  const now = Date.parse("2026-11-21T08:00:00Z");
  assert.equal(daysTo("2026-11-21", now), "today");
  assert.equal(daysTo("2026-11-30T08:00:00Z", now), "in 9 days");
  assert.equal(daysTo("2026-11-19T08:00:00Z", now), "2 days ago");
  assert.equal(daysTo("2027-11-21", now), "in 12 months");
  assert.equal(daysTo(null, now), "");
  assert.equal(daysTo("soon", now), "");
});

test("numbers keep their digits and have a true minus", () => {
  assert.equal(short(-0.012345), "−0.0123");
  assert.equal(short(null), "–");
  assert.equal(numeral("-0.100"), "−0.100");
  assert.equal(duration(42), "42 s");
  assert.equal(duration(600), "10 min");
  assert.equal(duration(null), "–");
});

test("an axis holds its values between round ticks", () => {
  const a = axis([-0.12, 0.08], 100, 0);
  assert.ok(a.at(-0.12) < 100 && a.at(0.08) > 0);
  assert.deepEqual(a.ticks, [-0.1, -0.05, 0, 0.05]);
  assert.equal(tickText(a.ticks, -0.05), "−0.05");
  assert.equal(tickText([0, 20, 40], 20), "20");
  assert.deepEqual(ticks(0, 100, 5), [0, 20, 40, 60, 80, 100]);
  assert.ok(axis([3, 3], 0, 10).at(3) === 5);
  assert.ok(axis([], 0, 10).ticks.length > 1);
});

test("an error plot holds bars and limits", () => {
  const extent = errorExtent([{ error: 0.1, U: 0.02, limits: [-0.3, null] }]);
  assert.deepEqual([Math.min(...extent), Math.max(...extent)], [-0.3, 0.12000000000000001]);
  assert.equal(path([[0, 1], [2, 3.26]]), "M0 1L2 3.3");
});

test("addresses name views", () => {
  assert.deepEqual(parseRoute("#/run/pt-1"), { view: "run", id: "pt-1" });
  assert.deepEqual(parseRoute("#/record/K%202"), { view: "record", id: "K 2" });
  assert.deepEqual(parseRoute("#/run/"), { view: "overview", id: "" });
  assert.deepEqual(parseRoute("#/record/%E0%A4%A"), { view: "overview", id: "" });
  assert.deepEqual(parseRoute("#token=x"), { view: "overview", id: "" });
  assert.equal(link("record", "K 2"), "#/record/K%202");
  assert.deepEqual(parseRoute(link("checks")), { view: "checks", id: "" });
});

test("whoever holds a certificate is told what it is worth", () => {
  assert.equal(certificateWord({ known: false }).tone, "bad");
  assert.match(certificateWord({ known: true, state: "superseded", newest: 3, issued: "2026-11-21T08:00:00Z", item: "T-1" }).verdict, /revision 3/);
  assert.equal(certificateWord({ known: true, state: "released", issued: "2026-11-21T08:00:00Z", item: "T-1" }).about, "Issued 2026-11-21 for T-1.");
  assert.equal(certificateWord({ known: true, state: "withdrawn" }).tone, "bad");
});

test("what the buttons say is not said twice, and a room without limits has none", () => {
  assert.deepEqual(askedBeyond(["set the reference to 20 °C, then next", "go on with next", "answer: x", "dip it 160 mm"]), ["dip it 160 mm"]);
  assert.equal(roomText("temperature", { now: 21.4, low: 18, high: 28 }), "21.4 °C (18 … 28 allowed)");
  assert.equal(roomText("humidity", { now: 46, low: null, high: null }), "46 %");
});
