// What the sampler asks of a solver, see `spotnb.solvers.protocol`, and the solvers by name.

/** @import { Latent } from "./latent.js" */

import { Ddim } from "./ddim.js";
import { DpmSolver } from "./dpm.js";

/** @typedef {{ x: Latent, x0: Latent, state: unknown }} Update */

/** @typedef {(step: number, purpose: "start" | "eta") => Latent} Draw noise for the full latent */

/**
 * @typedef {object} Solver
 * @property {number[]} timesteps
 * @property {(clean: Latent, noise: Latent, step: number) => Latent} addNoise
 * @property {(step: number, x: Latent, eps: Latent, draw: Draw, state: unknown) => Update} step
 */

/**
 * @param {"ddim" | "dpm++"} name
 * @param {number[]} table the cumulative alphas of the model
 * @param {number} steps
 * @param {number} eta
 * @returns {Solver}
 */
export function makeSolver(name, table, steps, eta) {
  return name === "ddim" ? new Ddim(table, steps, eta) : new DpmSolver(table, steps);
}
