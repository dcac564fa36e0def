// Seconds, latent frames and samples, see `spotnb.tiling.clock`.

import { halfEven } from "./numbers.js";

/** @typedef {{ sample_rate: number, samples_per_frame: number, time_multiple: number }} Rates */

const NOMINAL = 25.6; // frames per second, AudioLDM's rule for the sizes of latents

/**
 * The length in latent frames of a run of `seconds`. A ring cannot be cropped.
 * @param {Rates} rates
 * @param {number} seconds
 * @param {boolean} ring
 */
export function runFrames({ sample_rate, samples_per_frame, time_multiple }, seconds, ring) {
  const needed = halfEven(((seconds * sample_rate) / samples_per_frame) * 1e6) / 1e6;
  if (ring) return halfEven(needed);
  const nominal = sample_rate === 16000 && samples_per_frame === 640 ? Math.trunc(NOMINAL * seconds) : 0;
  return Math.ceil(Math.max(Math.ceil(needed), nominal) / time_multiple) * time_multiple;
}

/**
 * The samples of a run of `frames`: exactly its duration, or all of a ring.
 * @param {Rates} rates
 * @param {number} seconds
 * @param {number} frames
 * @param {boolean} ring
 */
export function runSamples({ sample_rate, samples_per_frame }, seconds, frames, ring) {
  return ring ? samples_per_frame * frames : halfEven(seconds * sample_rate);
}
