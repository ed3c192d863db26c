import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeFrame, FrameError } from "../core/frames.js";

/** @param {object} header @param {number[]} columns */
function frame(header, columns) {
  let text = JSON.stringify(header);
  while ((4 + new TextEncoder().encode(text).length) % 8) text += " ";
  const head = new TextEncoder().encode(text);
  const buffer = new ArrayBuffer(4 + head.length + 8 * columns.length);
  new DataView(buffer).setUint32(0, head.length, true);
  new Uint8Array(buffer, 4).set(head);
  new Float64Array(buffer, 4 + head.length).set(columns);
  return buffer;
}

test("regular times, given times, and extremes", () => {
  const blocks = [
    { n: 1, t0_us: 1_000_000, dt_us: 500, count: 3 },
    { n: 2, count: 2, times: true },
    { n: 3, t0_us: 0, dt_us: 20_000, count: 2, minmax: true },
  ];
  const decoded = decodeFrame(frame({ now: 7, blocks }, [1, 2, 3, 5_000, 6_500, 8, 9, -1, -2, 1, 2]));
  assert.equal(decoded.now, 7);
  const [regular, timed, extremes] = decoded.blocks;
  assert.deepEqual([...regular.t], [1000, 1000.5, 1001]);
  assert.deepEqual([...regular.lo], [1, 2, 3]);
  assert.equal(regular.hi, regular.lo);
  assert.deepEqual([...timed.t], [5, 6.5]);
  assert.deepEqual([...timed.lo], [8, 9]);
  assert.deepEqual([...extremes.t], [0, 20]);
  assert.deepEqual([[...extremes.lo], [...extremes.hi]], [[-1, -2], [1, 2]]);
});

test("a gap stays NaN", () => {
  const [block] = decodeFrame(frame({ now: 0, blocks: [{ n: 1, t0_us: 0, dt_us: 1, count: 1 }] }, [NaN])).blocks;
  assert.ok(Number.isNaN(block.lo[0]));
});

test("a header with letters beyond ASCII is measured in bytes", () => {
  assert.equal(decodeFrame(frame({ now: 1, what: "µ°", blocks: [] }, [])).now, 1);
});

for (const [what, buffer] of /** @type {[string, ArrayBuffer][]} */ ([
  ["nothing", new ArrayBuffer(0)],
  ["a length beyond the end", new Uint32Array([400, 0]).buffer],
  ["a header that is not JSON", new Uint8Array([4, 0, 0, 0, 65, 66, 67, 68]).buffer],
  ["a column beyond the end", frame({ now: 0, blocks: [{ n: 1, t0_us: 0, dt_us: 1, count: 9 }] }, [1])],
  ["a negative count", frame({ now: 0, blocks: [{ n: 1, t0_us: 0, dt_us: 1, count: -1 }] }, [1])],
  ["no blocks", frame({ now: 0 }, [])],
])) {
  test(`refused: ${what}`, () => assert.throws(() => decodeFrame(buffer), FrameError));
}
