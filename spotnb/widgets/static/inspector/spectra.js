// The spectrograms of the clean estimates, as far as they have been decoded. `spotnb/widgets/spectrogram.py` packs them.
import { magma } from "../shared/colors.js";
import { BANDS } from "../shared/mel_scale.js";
import { clamp } from "../shared/numbers.js";
import { inflated } from "./coding.js";
import { Surface } from "./surface.js";

/** @import { Logarithms } from "../shared/spectrogram.js" */

/** A column is the mean of `factor` mel frames. @typedef {{ step: number, columns: number, factor: number }} About */
/** @typedef {{ bytes: Uint8Array, end: number, perFrame: number }} Spectrum `end` in latent frames, columns in one */
/** @typedef {{ canvas: HTMLCanvasElement, end: number }} Image */

/**
 * What is drawn below the latents: a spectrogram, or the words for its absence; a caption; the range of its colors.
 * @typedef {{ spectrum: Image | null, words: string, caption: string, range: Logarithms }} Heard
 */

const LEVELS = 127;

/**
 * Undoes the differences along time, and spreads the levels over all colors.
 * @param {Uint8Array} differences
 */
export function undone(differences) {
  const levels = new Uint8Array(differences.length);
  const bytes = new Uint8Array(differences.length);
  for (let at = 0; at < levels.length; at += 1) {
    levels[at] = differences[at] + (at < BANDS ? 0 : levels[at - BANDS]); // modulo 256
    bytes[at] = Math.round((levels[at] * 255) / LEVELS);
  }
  return bytes;
}

/**
 * One pixel per value, with low bands at the bottom.
 * @param {Surface} surface
 * @param {Uint8Array} bytes
 */
function paintBands(surface, bytes) {
  const columns = bytes.length / BANDS;
  surface.resize(columns, BANDS);
  const { words } = surface;
  for (let column = 0, from = 0; column < columns; column += 1) {
    for (let to = (BANDS - 1) * columns + column; to >= 0; to -= columns, from += 1) words[to] = magma[bytes[from]];
  }
  surface.show();
}

export class Spectra {
  /** @type {Map<number, Spectrum>} */
  #held = new Map();
  /** @type {Map<number, string>} */
  #failed = new Map();
  /** @type {Surface | null} */
  #surface = null;
  /** @type {Spectrum | null} */
  #drawn = null;

  /** @param {number} framesPerMel latent frames in a mel frame */
  constructor(framesPerMel) {
    this.framesPerMel = framesPerMel;
  }

  /** @param {(About & { data: Uint8Array })[]} saved */
  async restore(saved) {
    for (const each of saved) this.accept(each, await inflated(each.data));
  }

  /**
   * @param {About & { error?: string }} about
   * @param {Uint8Array} differences
   */
  accept({ step, columns, factor, error }, differences) {
    if (error) {
      this.#failed.set(step, error);
      return;
    }
    const frames = factor * this.framesPerMel; // of a column
    this.#held.set(step, { bytes: undone(differences), end: columns * frames, perFrame: 1 / frames });
    this.#failed.delete(step);
  }

  /** Forgets the steps from `first` on. @param {number} first */
  forget(first) {
    for (const held of [this.#held, this.#failed]) {
      for (const step of held.keys()) if (step >= first) held.delete(step);
    }
  }

  /** @param {number} step */
  failure(step) {
    return this.#failed.get(step) ?? null;
  }

  /**
   * The spectrogram of a step as an image, which is kept until another one is shown.
   * @param {number} step
   * @returns {Image | null}
   */
  image(step) {
    const spectrum = this.#held.get(step);
    if (!spectrum) return null;
    this.#surface ??= new Surface(); // not before: there is no canvas outside of a page
    if (this.#drawn !== spectrum) paintBands(this.#surface, spectrum.bytes);
    this.#drawn = spectrum;
    return { canvas: this.#surface.canvas, end: spectrum.end };
  }

  /**
   * The natural logarithm of the magnitude at a latent frame, or null if it is unknown.
   * @param {number} step
   * @param {number} frame
   * @param {number} band
   * @param {Logarithms} range
   */
  at(step, frame, band, [low, high]) {
    const spectrum = this.#held.get(step);
    if (!spectrum || frame >= spectrum.end) return null;
    const { bytes, perFrame } = spectrum;
    const column = clamp(Math.floor((frame + 0.5) * perFrame), 0, bytes.length / BANDS - 1);
    return low + (bytes[column * BANDS + band] / 255) * (high - low);
  }

  /** Frees the pixels at once. */
  close() {
    if (this.#surface) this.#surface.canvas.width = 0;
  }
}
