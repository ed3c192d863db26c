/**
 * How finely samples are asked for: as they are, unless that would be too many for a browser.
 *
 * @typedef {import("./reducer.js").Channel} Channel
 */

const MOST_PER_SECOND = 20_000;

/** 0 (every sample) or the buckets' step in ms. @param {Pick<Channel, "periodMs" | "type">[]} channels @param {number} viewStep */
export function streamStep(channels, viewStep) {
  const rate = channels.reduce((sum, c) => sum + (c.periodMs ? 1000 / c.periodMs : 1), 0);
  return rate > MOST_PER_SECOND ? Math.max(viewStep, 10) : 0;
}
