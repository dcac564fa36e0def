// A finished sound as a RunComparison shows and plays it. The worker packs it, because that takes longer than a frame.

/** @import { Run } from "../run.js" */
/** @import { Sound } from "../decode.js" */

import { fixedGrid } from "../fixed_grid.js";
import { seamScore } from "../seam_score.js";
import { waveFile } from "./wave_file.js";

const COLUMNS = 65536;
const FINEST = 16; // samples in a column

/**
 * @typedef {object} Packed
 * @property {number} samples
 * @property {number} columnSamples samples in a column of the envelope
 * @property {Int8Array<ArrayBuffer>} envelope minimum and maximum of each column
 * @property {Uint8Array<ArrayBuffer>} bands the log-mel over the range of the colors
 * @property {ArrayBuffer} wave a WAV file
 * @property {number | null} level in dBFS RMS, null for silence
 * @property {[score: number, p: number | null] | null} score at the fixed grid
 */

/**
 * @param {Sound} sound
 * @param {Run} run
 * @param {[low: number, high: number]} range of the colors
 * @returns {Packed}
 */
export function packSound({ mel, waveform }, run, range) {
  const { sample_rate: rate, samples_per_frame: samples, vocoder } = run.model.description;
  const columnSamples = Math.max(FINEST, Math.ceil(waveform.length / COLUMNS));
  const score = seamScore(mel, vocoder.bands, fixedGrid(run), samples / vocoder.hop);
  return {
    samples: waveform.length,
    columnSamples,
    envelope: envelopeOf(waveform, columnSamples),
    bands: bandsOf(mel, range),
    wave: waveFile(waveform, rate),
    level: rmsOf(waveform),
    score: score && [score.score, score.pValue],
  };
}

/** @param {Float32Array} waveform */
function rmsOf(waveform) {
  const power = waveform.reduce((sum, value) => sum + value ** 2, 0) / waveform.length;
  return power > 0 ? 10 * Math.log10(power) : null;
}

/**
 * Minimum and maximum of each column, rounded outward so that only silence is 0.
 * @param {Float32Array} waveform @param {number} step
 */
export function envelopeOf(waveform, step) {
  const ends = new Int8Array(2 * Math.ceil(waveform.length / step));
  for (let column = 0; 2 * column < ends.length; column += 1) {
    let [low, high] = [1, -1];
    for (const value of waveform.subarray(column * step, (column + 1) * step)) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    ends[2 * column] = Math.max(-127, Math.floor(127 * low));
    ends[2 * column + 1] = Math.min(127, Math.ceil(127 * high));
  }
  return ends;
}

/** @param {Float32Array} mel @param {[number, number]} range */
function bandsOf(mel, [low, high]) {
  const bytes = Uint8ClampedArray.from(mel, (value) => (255 * (value - low)) / (high - low));
  return new Uint8Array(bytes.buffer);
}
