// DPM-Solver++(2M) with evenly spaced timesteps, as diffusers' DPMSolverMultistepScheduler computes it with the settings
// of `spotnb.solvers.multistep`: it ends at the lowest noise level, and its last step is of first order.
// Source: Lu et al. 2022, "DPM-Solver++", arXiv:2211.01095, algorithm 2.

/** @import { Latent } from "./latent.js" */
/** @import { Draw, Solver, Update } from "./solvers.js" */

import { halfEven } from "./numbers.js";

const round = Math.fround; // diffusers computes each operation in float32

/** @implements {Solver} */
export class DpmSolver {
  /** @type {number[]} noise over signal before each step, and after the last one */
  #sigmas;

  /**
   * @param {number[]} table the cumulative alphas of the model
   * @param {number} steps
   */
  constructor(table, steps) {
    const last = table.length - 1;
    this.timesteps = Array.from({ length: steps }, (_, k) => (k ? halfEven((steps - k) * (last / steps)) : last));
    const sigmas = sigmasOf(table);
    this.#sigmas = [...this.timesteps, 0].map((t) => sigmas[t]);
  }

  /** @param {Latent} clean @param {Latent} noise @param {number} step */
  addNoise(clean, noise, step) {
    const sigma = this.#sigmas[step];
    const signal = 1 / Math.sqrt(sigma ** 2 + 1);
    const [kept, level] = [round(signal), round(sigma * signal)];
    return clean.map((k) => round(clean.data[k] * kept) + round(noise.data[k] * level));
  }

  /**
   * @param {number} step
   * @param {Latent} x
   * @param {Latent} eps
   * @param {Draw} _draw the solver adds no noise
   * @param {unknown} state the clean estimate of the step before, unless the solver starts over
   * @returns {Update}
   */
  step(step, x, eps, _draw, state) {
    const here = levelsOf(this.#sigmas[step]);
    const next = levelsOf(this.#sigmas[step + 1]);
    const x0 = x.map((k) => round(x.data[k] - round(here.noise * eps.data[k])) / here.signal);
    const h = round(next.lambda - here.lambda);
    const ratio = round(next.noise / here.noise);
    const factor = round(next.signal * round(round(Math.exp(-h)) - 1));
    const first = x.map((k) => round(ratio * x.data[k]) - round(factor * x0.data[k]));
    if (state === null || step === this.timesteps.length - 1) return { x: first, x0, state: x0 };
    const before = /** @type {Latent} */ (state);
    const earlier = levelsOf(this.#sigmas[step - 1]);
    const slope = round(1 / round(round(here.lambda - earlier.lambda) / h));
    const half = round(0.5 * factor);
    const change = x0.map((k) => slope * round(x0.data[k] - before.data[k]));
    return { x: first.map((k) => first.data[k] - round(half * change.data[k])), x0, state: x0 };
  }
}

/** @param {number} sigma */
function levelsOf(sigma) {
  const signal = round(1 / round(Math.sqrt(round(round(sigma ** 2) + 1))));
  const noise = round(sigma * signal);
  return { signal, noise, lambda: round(round(Math.log(signal)) - round(Math.log(noise))) };
}

/**
 * The noise levels of all timesteps in float32, from the betas that the scheduler is given.
 * @param {number[]} table
 */
function sigmasOf(table) {
  let product = 1;
  return table.map((alpha, t) => {
    const beta = round(1 - alpha / (t ? table[t - 1] : 1));
    product *= round(1 - beta);
    const cumulative = round(product);
    return round(Math.sqrt(round(round(1 - cumulative) / cumulative)));
  });
}
