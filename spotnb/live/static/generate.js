// A prompt becomes sound: the run, its decoding, and how far they are.

/** @import { Layout } from "../../widgets/static/shared/layout.js" */
/** @import { Sound } from "./decode.js" */
/** @import { Model } from "./model.js" */
/** @import { RunState } from "./run.js" */
/** @import { Settings } from "./settings.js" */
/** @import { Mode } from "./trace.js" */

import { decodeSound } from "./decode.js";
import { Run } from "./run.js";
import { Trace } from "./trace.js";

/**
 * How far a generation is: `done` of `all` windows of a step, latent frames or mel frames.
 * @typedef {{ stage: "steps" | "decoder" | "vocoder", step: number, steps: number, done: number, all: number }} Progress
 */

/**
 * @typedef {object} Follow
 * @property {AbortSignal} [signal] ends the generation before the next forward pass of a network
 * @property {(progress: Progress) => unknown} [onProgress] after each forward pass; it is awaited
 * @property {(state: RunState, layout: Layout) => unknown} [onStep] after each step; it is awaited
 * @property {Mode | null} [record] what a trace of the run keeps; there is none by default
 */

/** @typedef {{ run: Run, state: RunState, sound: Sound, trace: Trace | null }} Generated */

/**
 * @param {Model} model
 * @param {Partial<Settings>} settings with a prompt
 * @param {Follow} [follow]
 * @returns {Promise<Generated>}
 */
export async function generate(model, settings, { signal, onProgress, onStep, record = null } = {}) {
  const run = await Run.of(model, settings);
  const trace = record === null ? null : new Trace(run, record);
  const { steps } = run.settings;
  let step = 0;
  const state = await run.finish({
    signal,
    onWindows: (done, all) => onProgress?.({ stage: "steps", step, steps, done, all }),
    onStep: (after, layout, taken) => {
      step = after.step;
      trace?.add(after, layout, taken);
      return onStep?.(after, layout);
    },
  });
  const follow =
    (/** @type {"decoder" | "vocoder"} */ stage) => (/** @type {number} */ done, /** @type {number} */ all) =>
      onProgress?.({ stage, step, steps, done, all });
  const watch = { signal, onDecoded: follow("decoder"), onVocoded: follow("vocoder") };
  const sound = await decodeSound(model, state.x, run.samples, run.edge.ring, watch);
  return { run, state, sound, trace };
}
