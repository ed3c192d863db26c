import assert from "node:assert/strict";
import { test } from "node:test";
import { figureWords, formatBytes } from "../core/figures.js";

test("sizes, times and rates are rounded and named", () => {
  const figures = { spool_bytes: 123_456, spool_limit: 10_737_418_240, spool_hours_left: 71.2, stored_per_s: 12.34567, lag_ms: 812.3, db_bytes: 4_200_000 };
  assert.deepEqual(figureWords(figures), [
    "spool 123 kB", "of at most 11 GB", "lasts without a logger 3 d", "stored per second 12.3", "stored after 0.8 s", "database 4.2 MB",
  ]);
});

test("a mishap that never happened is not told, an empty queue is", () => {
  assert.deepEqual(figureWords({ malformed: 0, resent: 0, waiting: 0, clock_error_ms: null, clock_synchronised: 1, stored_by: "main" }), ["messages waiting 0", "stored by main"]);
  assert.deepEqual(figureWords({ clock_synchronised: 0 }), ["clock not synchronised"]);
  assert.deepEqual(figureWords({ malformed: 2, something_new: 3.14159 }), ["malformed messages 2", "something new 3.14"]);
});

test("bytes as people read them", () => {
  assert.deepEqual([0, 999, 1500, 45_000, 3e12, 4e15].map(formatBytes), ["0 B", "999 B", "1.5 kB", "45 kB", "3.0 TB", "4000 TB"]);
});
