// How far the grid of tiles is shifted at each step, see `spotnb.tiling.shifts`.

/** @import { Whole } from "./seeds.js" */

import { seedWord } from "./seeds.js";

const STREAM = 0x7368696674n; // the bytes of "shift", which keep these draws apart from others of the same seed
const GOLDEN = 618_034; // 1 / golden ratio, in millionths
const MILLION = 1_000_000;

/**
 * @typedef {object} Shifting
 * @property {number} largest the largest shift in latent frames
 * @property {Whole} seed
 * @property {"random" | "alternate" | "fibonacci" | "sorted"} schedule
 */

/**
 * The shift of a step in latent frames, before the edge policy rounds it.
 * @param {Shifting} shifting
 * @param {number} step
 * @param {number} steps of the run
 */
export function drawShift({ largest, seed, schedule }, step, steps) {
  switch (schedule) {
    case "alternate":
      return step % 2 ? largest : 0;
    case "fibonacci":
      return Math.floor((((step * GOLDEN) % MILLION) * (largest + 1)) / MILLION);
    case "sorted":
      return Array.from({ length: steps }, (_, k) => uniform(seed, largest, k)).sort((a, b) => a - b)[step];
    default:
      return uniform(seed, largest, step);
  }
}

/** @param {Whole} seed @param {number} largest @param {number} step */
const uniform = (seed, largest, step) => Number((seedWord(seed, [STREAM, step]) * BigInt(largest + 1)) >> 64n);
