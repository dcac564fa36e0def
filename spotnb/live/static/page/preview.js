// A quick picture of a latent: the log-mel that a linear map gives for it, see `spotnb.live.preview`. The decoder would
// take as long as two steps.

/** @import { Latent } from "../latent.js" */

/**
 * For each bin of a latent, the rows of a matrix from its channels and 1 to the bands that the bin becomes.
 * @typedef {{ weights: number[][][], range: [low: number, high: number] }} Preview `range` is that of the colors
 */

/**
 * One column per frame: bytes `[frames, bands]` over the range of the colors.
 * @param {Latent} latent
 * @param {Preview} preview
 */
export function previewOf({ channels, frames, bins, data }, { weights, range: [low, high] }) {
  const bands = weights[0].length;
  const bytes = new Uint8ClampedArray(frames * bins * bands);
  for (let frame = 0; frame < frames; frame += 1) {
    for (let bin = 0; bin < bins; bin += 1) {
      for (const [band, row] of weights[bin].entries()) {
        let value = row[channels];
        for (let channel = 0; channel < channels; channel += 1) {
          value += row[channel] * data[(channel * frames + frame) * bins + bin];
        }
        bytes[(frame * bins + bin) * bands + band] = (255 * (value - low)) / (high - low);
      }
    }
  }
  return new Uint8Array(bytes.buffer);
}
