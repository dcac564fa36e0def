// DDIM, see `spotnb.solvers.ddim`.
// Source: Song et al. 2020, "Denoising Diffusion Implicit Models", arXiv:2010.02502, equations 12 and 16.

/** @import { Latent } from "./latent.js" */
/** @import { Draw, Solver, Update } from "./solvers.js" */

import { halfEven } from "./numbers.js";

const TRAINED = 1000; // timesteps
const LATE_ENOUGH = 900;
const round = Math.fround; // torch computes each operation in float32

/** @implements {Solver} */
export class Ddim {
  #alphas;
  #eta;

  /**
   * @param {number[]} table the cumulative alphas of the model
   * @param {number} steps
   * @param {number} eta
   */
  constructor(table, steps, eta = 0) {
    this.timesteps = ddimTimesteps(steps);
    this.#alphas = [...this.timesteps.map((t) => table[t]), table[0]];
    this.#eta = eta;
  }

  /** @param {Latent} clean @param {Latent} noise @param {number} step */
  addNoise(clean, noise, step) {
    const [signal, level] = this.#levels(step);
    return clean.map((k) => round(clean.data[k] * signal) + round(noise.data[k] * level));
  }

  /**
   * @param {number} step
   * @param {Latent} x
   * @param {Latent} eps
   * @param {Draw} draw
   * @returns {Update}
   */
  step(step, x, eps, draw) {
    const [alpha, previous] = [this.#alphas[step], this.#alphas[step + 1]];
    const sigma = this.#eta * Math.sqrt(((1 - previous) / (1 - alpha)) * (1 - alpha / previous));
    const [signal, level] = this.#levels(step);
    const x0 = x.map((k) => round(x.data[k] - level * eps.data[k]) / signal);
    const kept = round(Math.sqrt(previous));
    const renewed = round(Math.sqrt(Math.max(0, 1 - previous - sigma ** 2)));
    const moved = x0.map((k) => round(x0.data[k] * kept) + renewed * eps.data[k]);
    if (!(sigma > 0)) return { x: moved, x0, state: null };
    const [noise, amount] = [draw(step, "eta"), round(sigma)];
    return { x: moved.map((k) => moved.data[k] + amount * noise.data[k]), x0, state: null };
  }

  /** @param {number} step */
  #levels(step) {
    const alpha = this.#alphas[step];
    return [round(Math.sqrt(alpha)), round(Math.sqrt(1 - alpha))];
  }
}

/**
 * Timesteps that strictly decrease: `leading` with an offset of 1 if they start late enough, otherwise `linspace`.
 * @param {number} steps from 1 to 1000
 */
export function ddimTimesteps(steps) {
  const stride = Math.floor(TRAINED / steps);
  const first = (steps - 1) * stride + 1;
  const count = { length: steps };
  if (first >= LATE_ENOUGH && first < TRAINED) return Array.from(count, (_, k) => first - k * stride);
  const last = TRAINED - 1;
  const pace = -last / Math.max(1, steps - 1);
  return Array.from(count, (_, k) => (k && k === steps - 1 ? 0 : halfEven(k * pace + last)));
}
