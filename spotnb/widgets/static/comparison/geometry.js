// Where things are in the picture of a run, in CSS pixels.
import { BANDS } from "./mel_scale.js";

export const WAVE = 58;
export const MEL = 84;
export const GAP = 11;
export const AXIS = 24;

/**
 * Heights in a picture that begins at `top`.
 * @param {number} top
 */
export function rowPlaces(top) {
  const stop = top + WAVE;
  return { top, middle: top + WAVE / 2, stop, mel: stop + GAP, bottom: stop + GAP + MEL };
}

/**
 * The height of a picture; the last one has the time axis.
 * @param {boolean} last
 */
export function rowHeight(last) {
  return 10 + WAVE + GAP + MEL + 4 + (last ? AXIS : 0);
}

/**
 * The height at which a band's middle is drawn.
 * @param {number} mel the top of the bands
 * @param {number} bin
 */
export function bandY(mel, bin) {
  return mel + MEL * (1 - (bin + 0.5) / BANDS);
}

/**
 * The band at a height.
 * @param {number} mel the top of the bands
 * @param {number} y
 */
export function bandAt(mel, y) {
  return (1 - (y - mel) / MEL) * BANDS - 0.5;
}
