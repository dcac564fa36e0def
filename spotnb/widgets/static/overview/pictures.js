// The images of Overview, made from bytes when they are first needed.
import { diverging, imageOf, magma } from "../shared/colors.js";
import { bytesOf } from "../shared/numbers.js";
import { nearest } from "./state.js";

/** @import { Scene } from "./state.js" */

const BANDS = 64;
const KEPT = 24; // images of steps

/** @typedef {ReturnType<typeof createPictures>} Pictures */

/** @param {Scene} scene */
export function createPictures({ planes, rows, mel, envelope }) {
  const { columns, sent } = planes;
  const size = columns * rows;
  const latents = bytesOf(planes.latents);
  const estimates = bytesOf(planes.estimates);
  const noise = imageOf(bytesOf(planes.noise), columns, rows, diverging);
  const bands = bytesOf(mel);
  /** @type {Map<string, HTMLCanvasElement>} */
  const kept = new Map();

  /** @param {string} name @param {Uint8Array} values @param {number} at */
  function picture(name, values, at) {
    const key = `${name} ${at}`;
    let image = kept.get(key);
    if (!image) {
      image = imageOf(values.subarray(at * size, (at + 1) * size), columns, rows, diverging);
      kept.set(key, image);
      const [oldest] = kept.keys();
      if (kept.size > KEPT) kept.delete(oldest);
    }
    return image;
  }

  const wave = bytesOf(envelope);
  return {
    noise,
    mel: imageOf(bands, bands.length / BANDS, BANDS, magma),
    envelope: new Int8Array(wave.buffer, wave.byteOffset, wave.byteLength),
    /** What the network sees at a step. @param {number} step */
    before: (step) => (step === 0 ? noise : picture("latent", latents, nearest(sent, step - 1))),
    /** The clean estimate of a step. @param {number} step */
    estimate: (step) => picture("estimate", estimates, nearest(sent, step)),
  };
}
