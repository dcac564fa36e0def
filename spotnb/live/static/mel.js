// The log-mel of a spectrum, and the correction of a spectrum toward a log-mel, see `spotnb.models.vocoder`.

/** @import { Spectrum } from "./fourier.js" */

/**
 * The mel filters, each with its first bin and its weights from there on.
 * @typedef {{ first: number, weights: number[] }[]} Filters
 */

const FLOOR = 1e-5; // smallest magnitude of a band
const LARGEST_CHANGE = 3;

/**
 * The log-mel of each frame, `[frames, bands]`.
 * @param {Spectrum} spectrum
 * @param {number} bins
 * @param {Filters} filters
 */
export function logMel({ real, imaginary, frames }, bins, filters) {
  const mel = new Float32Array(frames * filters.length);
  for (let frame = 0; frame < frames; frame += 1) {
    for (const [band, { first, weights }] of filters.entries()) {
      let sum = 0;
      for (const [k, weight] of weights.entries()) {
        const place = frame * bins + first + k;
        sum += weight * Math.hypot(real[place], imaginary[place]);
      }
      mel[frame * filters.length + band] = Math.log(Math.max(sum, FLOOR));
    }
  }
  return mel;
}

/**
 * Scales the bins of a spectrum toward a log-mel, and sets 0 Hz to zero. The phases stay.
 * @param {Spectrum} spectrum which is changed
 * @param {number} bins
 * @param {Filters} filters
 * @param {Float32Array} wanted the log-mel `[frames, bands]`
 * @param {number} overshoot factor applied to the difference
 */
export function correct(spectrum, bins, filters, wanted, overshoot) {
  const { real, imaginary, frames } = spectrum;
  const heard = logMel(spectrum, bins, filters);
  const totals = new Float64Array(bins);
  for (const { first, weights } of filters) for (const [k, weight] of weights.entries()) totals[first + k] += weight;
  for (let frame = 0; frame < frames; frame += 1) {
    const change = new Float64Array(bins);
    for (const [band, { first, weights }] of filters.entries()) {
      const place = frame * filters.length + band;
      const lack = Math.min(LARGEST_CHANGE, Math.max(-LARGEST_CHANGE, wanted[place] - heard[place]));
      for (const [k, weight] of weights.entries()) {
        change[first + k] += (overshoot * lack * weight) / Math.max(totals[first + k], 1e-8);
      }
    }
    for (let k = 0; k < bins; k += 1) {
      const gain = k ? Math.exp(change[k]) : 0;
      real[frame * bins + k] *= gain;
      imaginary[frame * bins + k] *= gain;
    }
  }
}
