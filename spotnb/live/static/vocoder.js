// From a log-mel to sound, see `spotnb.models.vocoder`: the network gives tones, and everything else happens here.

/** @import { Spectrum } from "./fourier.js" */
/** @import { Model } from "./model.js" */

import { Fourier } from "./fourier.js";
import { tensor } from "./model.js";
import { anchorFrames, jitterOf, phases, spectrumOf } from "./tones.js";

/**
 * @typedef {object} VocoderFacts
 * @property {number} bands of the log-mel
 * @property {number} window of a Fourier transform, in samples
 * @property {number} hop in samples
 * @property {number} fade samples of a frame that are heard
 * @property {number} tones
 * @property {number} anchor_spacing in frames
 * @property {number} pass mel frames that go through the network at once
 * @property {number} context mel frames that a pass sees on each side
 */

// Peaks above the first are bent to stay below the second.
const [KNEE, CEILING] = [0.7, 0.891];

/**
 * A sound without peaks above `CEILING`, in place.
 * @param {Float64Array} sound
 */
function limited(sound) {
  const room = CEILING - KNEE;
  sound.forEach((value, place) => {
    const size = Math.abs(value);
    if (size > KNEE) sound[place] = Math.sign(value) * (KNEE + room * Math.tanh((size - KNEE) / room));
  });
  return sound;
}

export class Vocoder {
  #fourier;

  /** @param {Model} model */
  constructor(model) {
    const { window, fade, hop } = model.description.vocoder;
    this.model = model;
    this.facts = model.description.vocoder;
    this.#fourier = new Fourier(window, fade, hop);
  }

  /**
   * The sound of a log-mel `[frames, bands]`, in passes with context on both sides.
   * @param {Float32Array} mel
   * @param {(done: number, all: number) => unknown} [onFrames] after each pass, mel frames; it is awaited
   */
  async sound(mel, onFrames) {
    const { bands, pass, context, hop } = this.facts;
    const frames = mel.length / bands;
    const sound = new Float32Array(frames * hop);
    for (let start = 0; start < frames; start += pass) {
      const stop = Math.min(start + pass, frames);
      const [left, right] = [Math.max(0, start - context), Math.min(frames, stop + context)];
      const part = await this.#pass(mel.slice(left * bands, right * bands));
      sound.set(part.subarray((start - left) * hop, (stop - left) * hop), start * hop);
      await onFrames?.(stop, frames);
    }
    return sound;
  }

  /** @param {Float32Array} mel */
  async #pass(mel) {
    const frames = mel.length / this.facts.bands;
    const outputs = await this.model.run("vocoder", { mel: tensor(mel, 1, frames, this.facts.bands) }, "");
    return limited(this.#fourier.sound(this.spectrum(mel, outputs)));
  }

  /**
   * The spectrum of the tones that the network predicts, with nothing at 0 Hz.
   * @param {Float32Array} mel
   * @param {Record<string, Float32Array>} outputs
   * @returns {Spectrum}
   */
  spectrum(mel, { magnitude, offset, jitter }) {
    const { bands, tones: count, anchor_spacing, hop, window } = this.facts;
    const { bins } = this.#fourier;
    const frames = mel.length / bands;
    const anchors = anchorFrames(mel, bands, anchor_spacing);
    const moving = jitterOf(mel, bands, anchors, count).map((value, place) => offset[place] + jitter[place] * value);
    const tones = { magnitude, offset, moving, count, anchors };
    const spectrum = spectrumOf(tones, phases(tones, hop, window), bins, frames);
    for (let frame = 0; frame < frames; frame += 1) {
      spectrum.real[frame * bins] = 0;
      spectrum.imaginary[frame * bins] = 0;
    }
    return spectrum;
  }
}
