// Where things are in the picture of a run, in CSS pixels.

export const WAVE = 58;
export const MEL = 84;
export const GAP = 11;
export const AXIS = 24;
export const SCALE = 20; // of the color bar

/**
 * Heights in a picture that begins at `top`.
 * @param {number} top
 */
export function rowPlaces(top) {
  const stop = top + WAVE;
  return { top, middle: top + WAVE / 2, stop, mel: stop + GAP, bottom: stop + GAP + MEL };
}

/**
 * The height of a picture; the last one has the time axis and the color bar.
 * @param {boolean} last
 */
export function rowHeight(last) {
  return 10 + WAVE + GAP + MEL + 4 + (last ? AXIS + SCALE : 0);
}
