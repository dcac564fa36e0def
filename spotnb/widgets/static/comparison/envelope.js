// The minima and maxima of a waveform, as fine or as coarse as a picture needs them. No peak is lost.
import { clamp } from "../shared/numbers.js";

const COARSER = 4;

/** @typedef {{ ends: Int8Array, samples: number }} Level minimum and maximum of each `samples`, -127 to 127 */

/**
 * The levels from the finest to the coarsest.
 * @param {Int8Array} ends of each `samples` samples
 * @param {number} samples
 */
export function levelsOf(ends, samples) {
  const levels = [{ ends, samples }];
  let last = levels[0];
  while (last.ends.length > 4096) {
    last = coarser(last);
    levels.push(last);
  }
  return levels;
}

/** @param {Level} level @returns {Level} */
function coarser({ ends, samples }) {
  const count = ends.length / 2;
  const coarse = new Int8Array(2 * Math.ceil(count / COARSER));
  for (let k = 0; k < coarse.length / 2; k += 1) {
    coarse.set(extremes(ends, k * COARSER, Math.min((k + 1) * COARSER, count)), 2 * k);
  }
  return { ends: coarse, samples: samples * COARSER };
}

/** @param {Int8Array} ends @param {number} first @param {number} stop @returns {[number, number]} */
function extremes(ends, first, stop) {
  let [low, high] = [127, -127];
  for (let k = first; k < stop; k += 1) {
    low = Math.min(low, ends[2 * k]);
    high = Math.max(high, ends[2 * k + 1]);
  }
  return [low, high];
}

/**
 * Minimum and maximum between two samples, -1 to 1; null if there is no sound.
 * @param {Level[]} levels
 * @param {number} total samples
 * @param {number} first
 * @param {number} last
 * @returns {[number, number] | null}
 */
export function between(levels, total, first, last) {
  if (last <= 0 || first >= total) return null;
  const { ends, samples } = levels.findLast((level) => level.samples <= Math.max(last - first, 1)) ?? levels[0];
  const stop = clamp(Math.ceil(last / samples), 1, ends.length / 2);
  const [low, high] = extremes(ends, clamp(Math.floor(first / samples), 0, stop - 1), stop);
  return [low / 127, high / 127];
}

/** The greatest amplitude of all. @param {Level[]} levels */
export function peakOf(levels) {
  return Math.max(...levels[levels.length - 1].ends.map(Math.abs)) / 127;
}
