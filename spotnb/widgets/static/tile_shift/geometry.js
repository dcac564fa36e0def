// Where things are in the two pictures of TileShiftDebugger, in CSS pixels from the top.
import { clamp } from "../shared/numbers.js";

export const LANE = 17;
export const LATENT = 84;
const AXIS = 22;
export const HISTOGRAM = 64;
const FULL = 1.02; // the histogram's height, in the largest bar that there can be

/**
 * Rows of the upper picture.
 * @param {{ seen: number, owned: number }} lanes
 */
export function tileRows({ seen, owned }) {
  const latent = seen * LANE + 8;
  const below = latent + LATENT + 8;
  const axis = below + owned * LANE + 6;
  return { seen: 0, latent, owned: below, axis, total: axis + AXIS + 14 };
}

/**
 * Rows of the lower picture: the steps, and the histogram below them.
 * @param {number} steps
 */
export function mapRows(steps) {
  const height = clamp(clamp(Math.floor(190 / steps), 1, 14) * steps, 40, 240);
  const base = height + 14 + HISTOGRAM;
  return { row: height / steps, height, base, full: HISTOGRAM / FULL, total: base + AXIS + 18 };
}

/**
 * Frames per bar of the histogram: a sixteenth of a tile, or more where that is less than three pixels wide.
 * @param {number} width of a tile
 * @param {number} pixels of a frame
 */
export function barSize(width, pixels) {
  let size = Math.max(1, width / 16);
  while (size * pixels < 3) size *= 2;
  return Math.round(size);
}

/**
 * The bars of the histogram: the frame where each begins, and its height in pixels.
 * @param {Uint16Array} counts how often each frame is a seam
 * @param {number} size
 * @param {number} steps
 */
export function barsOf(counts, size, steps) {
  const bars = [];
  for (let from = -size / 2; from < counts.length; from += size) {
    let count = 0;
    const stop = Math.min(counts.length, from + size);
    for (let frame = Math.max(0, Math.ceil(from)); frame < stop; frame += 1) count += counts[frame];
    bars.push({ from, height: Math.min(1, count / (steps * FULL)) * HISTOGRAM });
  }
  return bars;
}

/**
 * The steps whose names are shown, given the height of a row.
 * @param {number} steps
 * @param {number} row
 */
export function namedSteps(steps, row) {
  const least = Math.max(1, Math.ceil(14 / row));
  const apart = [1, 2, 5, 10, 20, 25, 50, 100, 200, 500].find((each) => each >= least) ?? 1000;
  return Array.from({ length: Math.ceil(steps / apart) }, (_, k) => k * apart);
}

/**
 * A curve without meaning, by which one recognizes a mirror image. It is between 0 and 1, and its waves are between a
 * few tenths of a second and a few seconds long.
 * @param {number} frame
 */
export function skyline(frame) {
  const wave = (/** @type {number} */ period, /** @type {number} */ phase) =>
    Math.sin((2 * Math.PI * (frame + phase)) / period);
  return 0.5 + 0.24 * wave(190, 20) + 0.16 * wave(61, 5) + 0.1 * wave(23, 3);
}

/**
 * The frames beyond the ends of the latent that windows see. `axis` is the position of the mirror; `turn` is the
 * distance by which a ring continues.
 * @param {number} frames
 * @param {readonly [number, number]} reached first and last frame that any window sees
 */
export function margins(frames, [first, end]) {
  return [
    { from: Math.min(first, 0), to: 0, axis: 0.5, turn: -frames },
    { from: frames, to: Math.max(end, frames), axis: frames - 0.5, turn: frames },
  ].filter(({ from, to }) => to > from);
}
