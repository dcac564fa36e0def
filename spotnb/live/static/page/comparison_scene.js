// Finished sounds as the scene of a RunComparison, see `spotnb.widgets.comparison`.

/** @import { Scene, SceneRow } from "../../../widgets/static/comparison/rows.js" */
/** @import { Description } from "../model.js" */
/** @import { Plan } from "./plan.js" */
/** @import { Made } from "./worker.js" */

import { seamScore } from "../seam_score.js";
import { waveFile } from "./wave_file.js";

/** @typedef {{ name: string, plan: Plan, made: Made }} Finished */

const COLUMNS = 65536;
const FINEST = 16; // samples in a column

/**
 * @param {Finished[]} sounds
 * @param {Description} description
 * @param {[number, number]} range of the colors of a log-mel
 * @returns {Scene}
 */
export function sceneOf(sounds, description, range) {
  const { sample_rate: rate, samples_per_frame: samples, vocoder } = description;
  const levels = sounds.map(({ made }) => rmsOf(made.waveform));
  const softest = Math.min(...levels.filter((level) => level !== null));
  const { tile_size_time: tile } = sounds[0].plan.settings;
  /** @type {number[]} */
  const grid = [];
  for (let place = tile; place < sounds[0].plan.frames - 1; place += tile) grid.push(place);
  return {
    duration: Math.max(...sounds.map(({ made }) => made.waveform.length)) / rate,
    framesPerSecond: rate / samples,
    melSeconds: vocoder.hop / rate,
    melRange: range,
    measure: "RMS",
    grid,
    rows: sounds.map((sound, k) => rowOf(sound, levels[k], softest, { description, grid, range })),
  };
}

/**
 * @param {Finished} sound
 * @param {number | null} level
 * @param {number} softest
 * @param {{ description: Description, grid: number[], range: [number, number] }} scene
 * @returns {SceneRow}
 */
function rowOf({ name, plan, made }, level, softest, { description, grid, range }) {
  const { sample_rate: rate, samples_per_frame, vocoder } = description;
  const { prompt, method, seed } = plan.settings;
  const { mel, waveform } = made;
  const columnSamples = Math.max(FINEST, Math.ceil(waveform.length / COLUMNS));
  const score = seamScore(mel, vocoder.bands, grid, samples_per_frame / vocoder.hop);
  return {
    name,
    about: { prompt, method, seed: String(seed) },
    samples: waveform.length,
    rate,
    seams: plan.seams,
    seamsKnown: true,
    score: score && [score.score, score.pValue],
    levels: { lufs: null, rms_db: level },
    gain: level === null ? 0 : softest - level,
    columnSamples,
    envelope: new DataView(envelopeOf(waveform, columnSamples).buffer),
    mel: new DataView(melBytes(mel, range).buffer),
    sound: new DataView(waveFile(waveform, rate)),
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
function melBytes(mel, [low, high]) {
  const bytes = Uint8ClampedArray.from(mel, (value) => (255 * (value - low)) / (high - low));
  return new Uint8Array(bytes.buffer);
}
