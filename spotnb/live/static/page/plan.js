// What is known of a run before it: its settings, its layouts, and how much of the work each part is.

/** @import { Progress } from "../generate.js" */
/** @import { Description } from "../model.js" */
/** @import { Settings } from "../settings.js" */

import { blended, cuts } from "../../../widgets/static/shared/layout.js";
import { LiveError } from "../errors.js";
import { fixedGrid } from "../fixed_grid.js";
import { isGuided } from "../guidance.js";
import { Model } from "../model.js";
import { Run } from "../run.js";
import { makeSettings } from "../settings.js";
import { readText } from "../text.js";

export const LONGEST = 20; // seconds
/** The time of decoder and vocoder, in that of a step without guidance, as measured with tiles of 128 frames. */
const [DECODER, VOCODER] = [2, 2];

/** @typedef {ReturnType<typeof planRun>} Plan */

/**
 * @param {Partial<Settings>} given
 * @param {Description} description
 */
export function planRun(given, description) {
  const settings = makeSettings(given, description);
  const { prompt, duration } = settings;
  const read = readText(prompt, description.tokenizer);
  if (!prompt.trim() || read.empty) {
    const came = prompt.trim() ? "the model knows none of these words" : "the prompt is empty";
    throw new LiveError(`${came}: expected a description of a sound; write words such as “calm piano”`, "prompt");
  }
  if (duration > LONGEST) {
    const came = `duration is ${duration}`;
    throw new LiveError(`${came}: expected up to ${LONGEST} seconds; longer sounds are made in Python`, "duration");
  }
  const networks = { run: () => Promise.reject(new LiveError("a plan runs no network")) };
  const run = new Run(new Model(description, networks), settings, { embeds: [], beats: [] });
  const costs = run.solver.timesteps.map((timestep) => (isGuided(run.guidance, timestep) ? 2 : 1));
  const until = (/** @type {number} */ step) => costs.slice(0, step).reduce((sum, cost) => sum + cost, 0);
  const steps = until(costs.length);
  const last = run.layout(settings.steps - 1);
  return {
    settings,
    frames: run.frames,
    ring: run.edge.ring,
    layout: (/** @type {number} */ step) => run.layout(step),
    /** Where runs of all methods are compared, in latent frames. */
    grid: fixedGrid(run),
    /** The seams of the last step, in latent frames, and whether its tiles cross-fade instead. */
    seams: cuts(last),
    blended: blended(last),
    /** How much of the work is done, from 0 to 1. */
    fraction(/** @type {Progress} */ { stage, step, done, all }) {
      const part = done / all;
      if (stage === "steps") return (until(step) + costs[step] * part) / (steps + DECODER + VOCODER);
      const before = stage === "decoder" ? steps + DECODER * part : steps + DECODER + VOCODER * part;
      return before / (steps + DECODER + VOCODER);
    },
  };
}
