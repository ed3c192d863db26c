import assert from "node:assert/strict";
import { test } from "node:test";
import { addEntries, alarms, alarmWords, fromEvent, fromNote, fromReply, fromRun, markEntry, marksFor, openRuns, timeline } from "../core/entries.js";

const high = { ts: 10, instrument: "oven1", kind: "high", text: "too hot", severity: "error", channel: "temp", state: "raised" };
const nobody = new Set(/** @type {string[]} */ ([]));
/** @param {any[]} list */
const entries = (...list) => addEntries([], list);

test("an alarm stays until it has cleared and been seen", () => {
  const raised = entries(fromEvent(high));
  const cleared = addEntries(raised, [fromEvent({ ...high, ts: 20, state: "cleared", severity: "info", text: "fine" })]);
  const seen = new Set([raised[0].key]);
  assert.deepEqual(alarms(raised, nobody).map((a) => [a.active, a.seen]), [[true, false]]);
  assert.deepEqual(alarms(raised, seen).map((a) => [a.active, a.seen]), [[true, true]]);
  assert.deepEqual(alarms(cleared, nobody).map((a) => [a.active, a.seen]), [[false, false]]);
  assert.deepEqual(alarms(cleared, seen), []);
});

test("an alarm that is raised again wants to be seen again", () => {
  const again = entries(fromEvent(high), fromEvent({ ...high, ts: 20, state: "cleared" }), fromEvent({ ...high, ts: 30 }));
  assert.deepEqual(alarms(again, new Set([again[0].key])).map((a) => [a.active, a.seen]), [[true, false]]);
});

test("a loud message without a state is an alarm until seen, a quiet one is none", () => {
  const loud = entries(fromEvent({ ...high, state: "" }));
  assert.equal(alarms(loud, nobody).length, 1);
  assert.equal(alarms(loud, new Set([loud[0].key])).length, 0);
  assert.equal(alarms(entries(fromEvent({ ...high, state: "", severity: "info" })), nobody).length, 0);
});

test("live and logged notes are one", () => {
  const live = fromNote({ ts: 5, text: "stirred", by: "anna" });
  const logged = markEntry({ ts: 5, kind: "note", text: "stirred", by: "anna", instrument: "", state: "" });
  assert.equal(entries(live, logged).length, 1);
});

test("live and logged events are one", () => {
  const logged = markEntry({ ts: 10, kind: "event", text: "too hot", instrument: "oven1", by: "", state: "raised" });
  assert.equal(entries(fromEvent(high), logged).length, 1);
});

test("live and logged runs are one, and one that has ended in the log is not open", () => {
  const live = fromRun({ run: "r1", name: "Melt", start: 1, by: "anna", sample: "Sn" });
  const logged = { ts: 1, kind: "run", text: "Melt – Sn", by: "anna", instrument: "", state: "started", run: "r1" };
  const stopped = { ...logged, ts: 9, state: "stopped" };
  assert.equal(entries(live, markEntry(logged)).length, 1);
  assert.deepEqual(openRuns(entries(markEntry(logged))).map((r) => r.event), ["r1"]);
  assert.deepEqual(openRuns(entries(markEntry(logged), markEntry(stopped))), []);
});

test("an alarm that has cleared in the log is no longer active", () => {
  const raised = { ts: 10, kind: "event", text: "the port is gone", instrument: "oven1", by: "", state: "raised", event: "link", severity: "warning", channel: "" };
  const cleared = { ...raised, ts: 20, text: "the instrument answers", state: "cleared", severity: "info" };
  assert.deepEqual(alarms(entries(markEntry(raised)), nobody).map((a) => a.active), [true]);
  assert.deepEqual(alarms(entries(markEntry(raised), markEntry(cleared)), nobody).map((a) => a.active), [false]);
});

test("a run is open until its end", () => {
  const begun = fromRun({ run: "r1", name: "Melt", start: 1, by: "anna", sample: "Sn" });
  assert.deepEqual(openRuns(entries(begun)).map((r) => r.text), ["Melt – Sn"]);
  assert.deepEqual(openRuns(entries(begun, fromRun({ run: "r1", name: "Melt", start: 1, end: 9, by: "anna" }))), []);
});

test("an own command stands once, though the bridge and the log tell of it too", () => {
  /** @type {any} */
  const own = { id: "c1", instrument: "oven1", name: "set_temp", args: { value: 4 }, by: "", state: "done", ts: 1000, endedAt: 1200, progress: null, result: {}, error: null };
  const told = fromReply({ id: "01X", ts: 1150, instrument: "oven1", name: "set_temp", args: { value: 4 }, by: "anna", state: "done" });
  const other = fromReply({ id: "01Y", ts: 90_000, instrument: "oven1", name: "set_temp", args: { value: 5 }, by: "ben", state: "done" });
  assert.deepEqual(timeline(entries(told, other), [own], new Map()).map((e) => e.by), ["you", "ben"]);
});

test("a plot is marked with what concerns its instruments", () => {
  const list = entries(fromEvent(high), fromNote({ ts: 1, text: "for all", by: "a" }), fromNote({ ts: 2, text: "for the oven", by: "a", instruments: ["oven1"] }));
  assert.deepEqual(marksFor(list, new Set(["oven1"])).length, 3);
  assert.deepEqual(marksFor(list, new Set(["balance1"])).map((m) => m.text), ["for all"]);
});

test("an alarm that is over counts apart", () => {
  const raised = fromEvent(high);
  const other = fromEvent({ ...high, instrument: "oven2" });
  const cleared = fromEvent({ ...high, ts: 20, state: "cleared", severity: "info" });
  assert.deepEqual(alarmWords(alarms(entries(raised), nobody)), { text: "1 alarm", tone: "bad" });
  assert.deepEqual(alarmWords(alarms(entries(raised, cleared), nobody)), { text: "1 alarm is over", tone: "warn" });
  assert.deepEqual(alarmWords(alarms(entries(raised, other, cleared), nobody)), { text: "1 alarm, 1 over", tone: "bad" });
  assert.deepEqual(alarmWords(alarms(entries(raised), new Set([raised.key]))), { text: "1 alarm", tone: "warn" });
});

test("a command of somebody else has the words of one's own, from the wire and from the log", () => {
  /** @type {any} */
  const bath = { name: "bath1", meta: { commands: { set_temp: { label: "Set the bath", args: { celsius: { unit: "°C" } } }, tare: {} } } };
  const known = new Map([["bath1", bath]]);
  /** @type {any} */
  const own = { id: "c1", instrument: "bath1", name: "set_temp", args: { celsius: -30 }, by: "", state: "done", ts: 1000, endedAt: 1200, progress: null, result: {}, error: null };
  const wire = fromReply({ id: "01X", ts: 90_000, instrument: "bath1", name: "set_temp", args: { celsius: -30 }, by: "ben", state: "done" });
  const logged = markEntry({ ts: 180_000, kind: "command", text: "set_temp celsius -30: too cold", instrument: "bath1", by: "ben", state: "failed" });
  const bare = markEntry({ ts: 270_000, kind: "command", text: "tare", instrument: "bath1", by: "ben", state: "done" });
  const words = timeline(entries(wire, logged, bare), [own], known).map((e) => [e.text, e.detail ?? ""]);
  assert.deepEqual(words, [["Set the bath −30 °C", ""], ["Set the bath −30 °C", ""], ["Set the bath −30 °C", "too cold"], ["tare", ""]]);
});
