/**
 * The binary sample frame: u32 LE header length | JSON header, padded so that the columns begin on 8 | Float64 LE columns.
 *
 * @typedef {{n: number, count: number, t0_us?: number, dt_us?: number, times?: boolean, minmax?: boolean}} BlockHeader
 * @typedef {{n: number, t: number[] | Float64Array, lo: Float64Array, hi: Float64Array}} SampleBlock   t in ms
 */

export class FrameError extends Error {}

/** Reads a frame. Raises FrameError when it is not one. @param {ArrayBuffer} buffer @returns {{now: number, blocks: SampleBlock[]}} */
export function decodeFrame(buffer) {
  const { header, offset } = readHeader(buffer);
  let at = offset;
  /** @param {number} count */
  const column = (count) => {
    if (!Number.isInteger(count) || count < 0 || at + 8 * count > buffer.byteLength) {
      throw new FrameError(`a column of ${count} values does not fit into a frame of ${buffer.byteLength} bytes`);
    }
    const values = new Float64Array(buffer, at, count);
    at += 8 * count;
    return values;
  };
  const blocks = header.blocks.map((/** @type {BlockHeader} */ b) => readBlock(b, column));
  return { now: header.now, blocks };
}

/** @param {ArrayBuffer} buffer */
function readHeader(buffer) {
  if (buffer.byteLength < 4) throw new FrameError("a frame has at least 4 bytes");
  const length = new DataView(buffer).getUint32(0, true);
  if (4 + length > buffer.byteLength || (4 + length) % 8) throw new FrameError(`header length ${length} does not fit`);
  const text = new TextDecoder().decode(new Uint8Array(buffer, 4, length));
  try {
    const header = JSON.parse(text);
    if (!Array.isArray(header.blocks)) throw new FrameError("the header names no blocks");
    return { header, offset: 4 + length };
  } catch (error) {
    if (error instanceof SyntaxError) throw new FrameError("the header is not JSON");
    throw error;
  }
}

/** @param {BlockHeader} block @param {(count: number) => Float64Array} column @returns {SampleBlock} */
function readBlock(block, column) {
  const { n, count } = block;
  const times = block.times ? column(count) : null;
  const lo = column(count);
  const t = times ? toMs(times) : regular(block.t0_us ?? 0, block.dt_us ?? 0, count);
  return { n, t, lo, hi: block.minmax ? column(count) : lo };
}

/** @param {Float64Array} us */
const toMs = (us) => us.map((t) => t / 1000);

/** @param {number} t0 µs @param {number} dt µs @param {number} count */
function regular(t0, dt, count) {
  const t = new Array(count);
  for (let i = 0; i < count; i++) t[i] = (t0 + i * dt) / 1000;
  return t;
}
