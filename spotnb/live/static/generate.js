// A prompt becomes sound: the run, its decoding, and how far they are.

/** @import { Layout } from "../../widgets/static/shared/layout.js" */
/** @import { Sound } from "./decode.js" */
/** @import { Model } from "./model.js" */
/** @import { RunState } from "./run.js" */
/** @import { Settings } from "./settings.js" */

import { decodeSound } from "./decode.js";
import { Run } from "./run.js";

/**
 * How far a generation is: `done` of `all` windows of a step, latent frames or mel frames.
 * @typedef {{ stage: "steps" | "decoder" | "vocoder", step: number, steps: number, done: number, all: number }} Progress
 */

/**
 * @typedef {object} Follow
 * @property {AbortSignal} [signal] ends the generation before the next forward pass of a network
 * @property {(progress: Progress) => unknown} [onProgress] after each forward pass; it is awaited
 * @property {(state: RunState, layout: Layout) => unknown} [onStep] after each step; it is awaited
 */

/** @typedef {{ run: Run, state: RunState, sound: Sound }} Generated */

/**
 * @param {Model} model
 * @param {Partial<Settings>} settings with a prompt
 * @param {Follow} [follow]
 * @returns {Promise<Generated>}
 */
export async function generate(model, settings, { signal, onProgress, onStep } = {}) {
  const run = await Run.of(model, settings);
  const { steps } = run.settings;
  let step = 0;
  const state = await run.finish({
    signal,
    onWindows: (done, all) => onProgress?.({ stage: "steps", step, steps, done, all }),
    onStep: (after, layout) => {
      step = after.step;
      return onStep?.(after, layout);
    },
  });
  const follow =
    (/** @type {"decoder" | "vocoder"} */ stage) => (/** @type {number} */ done, /** @type {number} */ all) =>
      onProgress?.({ stage, step, steps, done, all });
  const watch = { signal, onDecoded: follow("decoder"), onVocoded: follow("vocoder") };
  const sound = await decodeSound(model, state.x, run.samples, run.edge.ring, watch);
  return { run, state, sound };
}
