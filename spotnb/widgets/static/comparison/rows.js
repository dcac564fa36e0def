// The runs that are compared: the data of the scene, prepared for pictures and sentences.
import { BANDS } from "../shared/mel_scale.js";
import { bytesOf, clamp, signedBytesOf } from "../shared/numbers.js";
import { between, levelsOf, peakOf } from "./envelope.js";

/**
 * @typedef {object} SceneRow
 * @property {string} name
 * @property {{ prompt?: string, method?: string, seed?: string }} about
 * @property {number} samples of each channel
 * @property {number} rate in Hz
 * @property {number[]} seams in latent frames of the scene
 * @property {boolean} seamsKnown
 * @property {boolean} blended whether the tiles of the last step cross-fade, so that there are no seams
 * @property {[score: number, p: number | null] | null} score
 * @property {{ lufs: number | null, rms_db: number | null }} levels
 * @property {number} gain dB that make it as loud as the softest
 * @property {number} columnSamples
 * @property {DataView} envelope
 * @property {DataView} mel
 * @property {DataView} sound
 */

/**
 * @typedef {object} Scene
 * @property {number} duration in seconds
 * @property {number} framesPerSecond of the time axis
 * @property {number} melSeconds
 * @property {[number, number]} melRange
 * @property {string} measure
 * @property {number[]} grid latent frames at which all are scored
 * @property {SceneRow[]} rows
 */

/** @typedef {ReturnType<typeof prepareRow>} Row */

/**
 * @param {SceneRow} row
 * @param {Scene} scene
 */
export function prepareRow(row, { framesPerSecond: perSecond, melSeconds, melRange, measure }) {
  const bytes = bytesOf(row.mel);
  const levels = levelsOf(signedBytesOf(row.envelope), row.columnSamples);
  const columns = bytes.length / BANDS;
  const perFrame = 1 / melSeconds / perSecond; // mel frames in a latent frame
  const samples = row.rate / perSecond; // in a latent frame
  const { name, about, seams, seamsKnown, blended, score, gain } = row;
  return {
    name,
    about,
    seams,
    seamsKnown,
    blended,
    score,
    gain,
    levels: row.levels,
    /** In dB, by the measure that matches the levels. Silence counts as 0. */
    loudness: (measure === "LUFS" ? row.levels.lufs : row.levels.rms_db) ?? 0,
    perSecond,
    mel: { bytes, columns, end: columns / perFrame, range: melRange },
    peak: peakOf(levels),
    /** Where the sound ends, in latent frames. */
    end: (row.samples / row.rate) * perSecond,
    /** The natural logarithm of the magnitude there. */
    melAt(/** @type {number} */ frame, /** @type {number} */ bin) {
      const column = clamp(Math.floor(frame * perFrame), 0, columns - 1);
      const value = bytes[column * BANDS + clamp(Math.round(bin), 0, BANDS - 1)];
      return melRange[0] + (value / 255) * (melRange[1] - melRange[0]);
    },
    /** Minimum and maximum between two latent frames, -1 to 1. */
    between: (/** @type {number} */ first, /** @type {number} */ last) =>
      between(levels, row.samples, first * samples, last * samples),
  };
}

/**
 * The factor by which a run is played.
 * @param {{ gain: number }} row
 * @param {boolean} matched
 */
export function factorOf({ gain }, matched) {
  return matched ? 10 ** (gain / 20) : 1;
}

/**
 * The full scale of all waveforms, small enough that quiet sound is visible.
 * @param {Row[]} rows
 * @param {boolean} matched
 */
export function scaleOf(rows, matched) {
  const peak = Math.max(...rows.map((row) => row.peak * factorOf(row, matched)));
  return [0.05, 0.1, 0.2, 0.3, 0.5, 0.7].find((limit) => peak <= limit) ?? 1;
}

/**
 * The loudness of a run as it is played, in dB.
 * @param {Row} row
 * @param {boolean} matched
 */
export function loudnessOf(row, matched) {
  return row.loudness + 20 * Math.log10(factorOf(row, matched));
}
