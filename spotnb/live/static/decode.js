// From a latent to a log-mel and to sound, in windows, see `spotnb.models.decode_mel` and `spotnb.models.decode`.

/** @import { Latent } from "./latent.js" */
/** @import { Model } from "./model.js" */

import { tensor } from "./model.js";
import { modulo } from "./numbers.js";
import { Vocoder } from "./vocoder.js";
import { range } from "./windows.js";

/** @typedef {{ waveform: Float32Array, mel: Float32Array }} Sound the log-mel is `[mel frames, bands]` */

/**
 * Both callbacks are awaited.
 * @typedef {object} DecodeWatch
 * @property {AbortSignal} [signal]
 * @property {(done: number, all: number) => unknown} [onDecoded] after each window, latent frames
 * @property {(done: number, all: number) => unknown} [onVocoded] after each window, mel frames
 */

/**
 * The sound of a latent, clipped to full scale.
 * @param {Model} model
 * @param {Latent} latent
 * @param {number} samples
 * @param {boolean} ring
 * @param {DecodeWatch} [watch]
 * @returns {Promise<Sound>}
 */
export async function decodeSound(model, latent, samples, ring, watch = {}) {
  const mel = await latentToMel(model, latent, ring, watch);
  const { bands, context, hop } = model.description.vocoder;
  const frames = mel.length / bands;
  watch.signal?.throwIfAborted();
  const vocoder = new Vocoder(model);
  const sound = ring
    ? (await vocoder.sound(around(mel, bands, context), watch.onVocoded)).subarray(
        context * hop,
        (context + frames) * hop,
      )
    : await vocoder.sound(mel, watch.onVocoded);
  return { waveform: sound.slice(0, samples).map((value) => Math.min(1, Math.max(-1, value))), mel };
}

/**
 * A ring of rows, with `reach` more of them at both ends.
 * @param {Float32Array} rows @param {number} width @param {number} reach
 */
function around(rows, width, reach) {
  const count = rows.length / width;
  const longer = new Float32Array((count + 2 * reach) * width);
  for (const [k, row] of range(-reach, count + reach).entries()) {
    const from = modulo(row, count) * width;
    longer.set(rows.subarray(from, from + width), k * width);
  }
  return longer;
}

/**
 * The log-mel of a latent. If it is a ring, it is decoded across its ends.
 * @param {Model} model
 * @param {Latent} latent
 * @param {boolean} ring
 * @param {DecodeWatch} [watch]
 */
export async function latentToMel(model, latent, ring, watch = {}) {
  if (!ring) return melOf(model, latent, watch);
  const { ring_reach: reach } = model.description.decoder;
  const { frames } = latent;
  const longer = latent.pick(range(-reach, frames + reach).map((place) => modulo(place, frames)));
  const mel = await melOf(model, longer, watch);
  const width = mel.length / longer.frames;
  return mel.slice(width * reach, width * (reach + frames));
}

/**
 * The log-mel of a latent that has ends, in windows that are cross-faded.
 * @param {Model} model
 * @param {Latent} latent
 * @param {DecodeWatch} watch
 */
async function melOf(model, latent, { signal, onDecoded }) {
  const { window, overlap } = model.description.decoder;
  const { bands } = model.description.vocoder;
  const { frames } = latent;
  if (frames <= window) {
    const mel = await decodeWindow(model, latent);
    await onDecoded?.(frames, frames);
    return mel;
  }
  const starts = [];
  for (let start = 0; start < frames - window; start += window - overlap) starts.push(start);
  starts.push(frames - window);
  /** @type {Float32Array | null} */
  let whole = null;
  let reached = 0; // rows that are decoded
  for (const start of starts) {
    signal?.throwIfAborted();
    const mel = await decodeWindow(model, latent.slice(start, start + window));
    const rows = mel.length / bands / window; // mel frames per latent frame
    whole ??= new Float32Array(frames * rows * bands);
    crossFade(whole.subarray(start * rows * bands), mel, reached - start * rows, bands);
    reached = (start + window) * rows;
    await onDecoded?.(start + window, frames);
  }
  return /** @type {Float32Array} */ (whole);
}

/** @param {Model} model @param {Latent} latent */
async function decodeWindow(model, latent) {
  const { channels, frames, bins, data } = latent;
  return (await model.run("decoder", { latent: tensor(data, 1, channels, frames, bins) }, "")).mel;
}

/**
 * Writes rows over those of a target, of which the first `shared` are cross-faded in their middle half: the outer
 * quarters come from the window that sees more around them.
 * @param {Float32Array} target
 * @param {Float32Array} rows
 * @param {number} shared
 * @param {number} width of a row
 */
export function crossFade(target, rows, shared, width) {
  const margin = Math.floor(Math.max(0, shared) / 4);
  const inner = shared - 2 * margin;
  for (let row = margin; row < rows.length / width; row += 1) {
    const share = row < shared - margin ? Math.fround((row - margin + 0.5) / Math.max(1, inner)) : 1;
    for (let place = row * width; place < (row + 1) * width; place += 1) {
      target[place] = share < 1 ? target[place] * (1 - share) + rows[place] * share : rows[place];
    }
  }
}
