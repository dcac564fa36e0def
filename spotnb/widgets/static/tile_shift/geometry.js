// Where things are in the two pictures of TileShiftDebugger, in CSS pixels from the top.
import { clamp } from "../shared/numbers.js";

export const LANE = 17;
export const LATENT = 84;
const AXIS = 22;
export const GAP = 10; // above and below the latent, for the marks of seams
export const HISTOGRAM = 64;
const CAPTION = 32; // between the rows and the histogram
const APART = 12; // px between two numbers of an axis

/**
 * Rows of the upper picture: windows, latent, segments and the time axis.
 * @param {{ seen: number, owned: number }} lanes
 */
export function tileRows({ seen, owned }) {
  const latent = seen * LANE + GAP;
  const below = latent + LATENT + GAP;
  const axis = below + owned * LANE + 6;
  return { seen: 0, latent, owned: below, axis, total: axis + AXIS + 14 };
}

/**
 * The height of each lane where `used` lanes have the place of `reserved`.
 * @param {number} used
 * @param {number} reserved
 */
export function laneHeight(used, reserved) {
  return Math.min(LANE, (reserved * LANE) / used);
}

/**
 * Rows of the lower picture: the steps, and the histogram below them.
 * @param {number} steps
 */
export function mapRows(steps) {
  const height = clamp(clamp(Math.floor(190 / steps), 1, 14) * steps, 40, 240);
  const base = height + CAPTION + HISTOGRAM;
  return { row: height / steps, height, caption: height + 13, base, total: base + AXIS + 18 };
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
 * The bars of the histogram: the frame where each begins, and in how many steps it has a seam.
 * @param {number[][]} cuts the seams of each step, in ascending order
 * @param {number} frames
 * @param {number} size of a bar
 */
export function barsOf(cuts, frames, size) {
  const bars = Array.from({ length: Math.ceil(frames / size + 0.5) }, (_, k) => ({ from: (k - 0.5) * size, steps: 0 }));
  for (const step of cuts) {
    let last = -1;
    for (const seam of step) {
      const bar = Math.floor(seam / size + 0.5);
      if (bar !== last) bars[bar].steps += 1;
      last = bar;
    }
  }
  return bars;
}

/**
 * The numbers of an axis from 0 to `top` that is `height` pixels long. The top is always one of them.
 * @param {number} top
 * @param {number} height
 */
export function countTicks(top, height) {
  const apart = roundStep(Math.ceil((APART * top) / height));
  const below = Array.from({ length: Math.ceil(top / apart) }, (_, k) => k * apart);
  return [...below.filter((count) => !count || ((top - count) * height) / top >= APART), top];
}

/**
 * The steps whose names are shown, given the height of a row.
 * @param {number} steps
 * @param {number} row
 */
export function namedSteps(steps, row) {
  const apart = roundStep(Math.ceil(14 / row));
  return Array.from({ length: Math.ceil(steps / apart) }, (_, k) => k * apart);
}

/** @param {number} least */
function roundStep(least) {
  return [1, 2, 5, 10, 20, 25, 50, 100, 200, 500].find((each) => each >= least) ?? 1000;
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
