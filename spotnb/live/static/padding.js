// What the windows show past the ends of the latent, see `spotnb.sampling.padding`.

/** @import { Layout } from "../../widgets/static/shared/layout.js" */
/** @import { EdgePolicy } from "./model.js" */
/** @import { Solver } from "./solvers.js" */

import { pad } from "../../widgets/static/shared/layout.js";
import { Latent } from "./latent.js";
import { frameAt, range } from "./windows.js";

/**
 * The padded latent of a step. Windows are cut from it.
 * @param {object} given
 * @param {Latent} given.x the noisy latent
 * @param {Latent | null} given.clean the clean estimate of the step before, at the first step the typical latent or null
 * @param {Layout} given.layout
 * @param {number} given.step
 * @param {Solver} given.solver which knows the noise level of the step
 * @param {(size: number, step: number, purpose: "pad") => Float32Array} given.draw
 */
export function padded({ x, clean, layout, step, solver, draw }) {
  const [left, right] = pad(layout);
  if (!left && !right) return x;
  const { frames } = layout;
  const mirrored = [...range(-left, 0), ...range(frames, frames + right)].map((place) => frameAt(place, layout));
  const policy = /** @type {EdgePolicy} */ (layout.edge);
  if (policy.padding === "noisy latent") return joined(x, x.pick(mirrored), left);
  const size = x.channels * (left + right) * x.bins;
  const noise = new Latent(x, left + right, draw(size, step, "pad"));
  return joined(x, clean ? solver.addNoise(clean.pick(mirrored), noise, step) : noise, left);
}

/**
 * A latent with frames before and after it.
 * @param {Latent} x
 * @param {Latent} ends of which the first `left` come before it
 * @param {number} left
 */
function joined(x, ends, left) {
  const whole = new Latent(x, x.frames + ends.frames);
  whole.paste(0, ends, 0, left);
  whole.paste(left, x, 0, x.frames);
  whole.paste(left + x.frames, ends, left, ends.frames - left);
  return whole;
}
