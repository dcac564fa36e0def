// The bytes that `spotnb/widgets/quantise.py` makes of values: 0 to 252 from the smallest to the largest value of a
// channel, and three codes for values that are not finite.

export const LEVELS = 252;
export const NAN = 253;
export const MINUS = 254;
export const PLUS = 255;

/** @typedef {"nan" | "plus" | "minus"} Bad */

/** Green, yellow and violet, which are not in the color map. @type {Record<Bad, string>} */
export const BAD = { nan: "#00b03c", plus: "#ffd500", minus: "#7a00b4" };
const WORDS = { nan: 0xff3cb000, plus: 0xff00d5ff, minus: 0xffb4007a };

/**
 * The values of the 256 codes, times a factor.
 * @param {number} low
 * @param {number} scale
 * @param {number} times
 */
export function valuesOf(low, scale, times) {
  const table = new Float32Array(256);
  for (let code = 0; code <= LEVELS; code += 1) table[code] = (low + scale * code) * times;
  table[NAN] = Number.NaN;
  table[MINUS] = Number.NEGATIVE_INFINITY * times;
  table[PLUS] = Number.POSITIVE_INFINITY * times;
  return table;
}

/**
 * The color of a value, as a word of an image. `gain` scales values to the 127 shades on each side of zero.
 * @param {number} value
 * @param {number} gain
 * @param {Uint32Array} colors
 */
export function wordOf(value, gain, colors) {
  if (!Number.isFinite(value)) return WORDS[badnessOf(value)];
  return colors[Math.min(255, Math.max(1, Math.floor(128 + value * gain)))];
}

/**
 * The colors of 256 codes.
 * @param {Float32Array} values
 * @param {number} gain
 * @param {Uint32Array} colors
 */
export function wordsOf(values, gain, colors) {
  return Uint32Array.from(values, (value) => wordOf(value, gain, colors));
}

/** @param {number} value that is not finite @returns {Bad} */
export function badnessOf(value) {
  if (value > 0) return "plus";
  return value < 0 ? "minus" : "nan";
}

/**
 * All 256 codes as numbers in double precision, times a factor. Codes for NaN and infinity count like any others.
 * @param {number} low
 * @param {number} scale
 * @param {number} factor
 */
export function tableOf(low, scale, factor) {
  return Float64Array.from({ length: 256 }, (_, code) => factor * (low + code * scale));
}
