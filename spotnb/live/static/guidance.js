// Classifier-free guidance, and at which timesteps it is active, see `spotnb.sampling.guidance`.
// Source: Ho and Salimans 2022, arXiv:2207.12598, equation 6, with `scale = 1 + w`.

import { Latent } from "./latent.js";

/** @typedef {{ scale: number, interval: [low: number, high: number] | null }} Guidance */

/**
 * @param {Guidance} guidance
 * @param {number} timestep
 */
export function isGuided({ scale, interval }, timestep) {
  const [low, high] = interval ?? [0, timestep];
  return scale !== 1 && low <= timestep && timestep <= high;
}

/**
 * `without + scale * (with - without)`, computed as `torch.lerp` does it.
 * @param {Latent} without
 * @param {Latent} prompted
 * @param {number} scale
 */
export function guided(without, prompted, scale) {
  const weight = Math.fround(scale);
  const rest = Math.fround(1 - weight);
  const difference = (/** @type {number} */ k) => Math.fround(prompted.data[k] - without.data[k]);
  if (Math.abs(weight) < 0.5) return without.map((k) => without.data[k] + weight * difference(k));
  return prompted.map((k) => prompted.data[k] - difference(k) * rest);
}
