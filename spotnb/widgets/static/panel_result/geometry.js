// Where things are in the picture of the sound, in CSS pixels.
export const WAVE = 76;
export const MEL = 128;
export const GAP = 8;
const AXIS = 26;

export const HEIGHT = WAVE + GAP + MEL + AXIS + 16;

/**
 * Heights in a picture that begins at `top`.
 * @param {number} top
 */
export function places(top) {
  const mel = top + WAVE + GAP;
  return { top, middle: top + WAVE / 2, mel, bottom: mel + MEL };
}

/**
 * The full scale of the waveform: the smallest of a few round numbers that holds it.
 * @param {Int8Array} envelope
 */
export function fullScale(envelope) {
  const peak = envelope.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 127;
  return [0.1, 0.2, 0.5].find((limit) => limit >= peak) ?? 1;
}
