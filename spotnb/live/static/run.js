// The algorithm of a run, from noise to a clean latent, see `spotnb.sampling.run`: a run and its states never change,
// and a step is a function from one state to the next. It has one sound and one prompt, and no known sound.

/** @import { Layout, Options } from "../../widgets/static/shared/layout.js" */
/** @import { Model, Texts } from "./model.js" */
/** @import { Settings } from "./settings.js" */

import { finishing, plan } from "../../widgets/static/shared/layout.js";
import { runFrames, runSamples } from "./clock.js";
import { embedTexts, predictWindows } from "./denoiser.js";
import { LiveError } from "./errors.js";
import { isGuided } from "./guidance.js";
import { Latent } from "./latent.js";
import { draw } from "./noise.js";
import { padded } from "./padding.js";
import { makeSettings } from "./settings.js";
import { drawShift } from "./shifts.js";
import { makeSolver } from "./solvers.js";
import { readText } from "./text.js";
import { batches, gather, scatter } from "./windows.js";

/**
 * @typedef {object} RunState
 * @property {number} step the next one
 * @property {Latent} x the noisy latent before that step
 * @property {Latent | null} x0 the clean estimate of the step before
 * @property {unknown} solverState
 * @property {boolean | null} guided whether guidance was active at the step before
 */

/**
 * What follows a run. Both callbacks are awaited, so that a worker may answer messages meanwhile.
 * @typedef {object} Watch
 * @property {AbortSignal} [signal] ends the run before the next forward pass
 * @property {(done: number, all: number) => unknown} [onWindows] after each forward pass, windows of the step
 * @property {(state: RunState, layout: Layout, taken: Taken) => unknown} [onStep] after each step
 */

/** @typedef {{ noise: Latent, seconds: number }} Taken the noise prediction of a step, and how long the step took */

export class Run {
  /**
   * @param {Model} model
   * @param {Settings} settings
   * @param {Texts} texts
   */
  constructor(model, settings, texts) {
    const { description } = model;
    this.model = model;
    this.settings = settings;
    this.texts = texts;
    this.solver = makeSolver(settings.solver, description.alphas_cumprod, settings.steps, settings.eta);
    this.guidance = { scale: settings.guidance_scale, interval: settings.guidance_interval };
    this.edge = description.edges[settings.edge];
    this.frames = runFrames(description, settings.duration, this.edge.ring);
    this.samples = runSamples(description, settings.duration, this.frames, this.edge.ring);
    this.size = { channels: description.channels, bins: description.latent_bins };
    this.#checkWidths(description.time_multiple);
  }

  /**
   * Embeds the texts of a run and returns it.
   * @param {Model} model
   * @param {Partial<Settings>} given
   */
  static async of(model, given) {
    const settings = makeSettings(given, model.description);
    const { prompt, negative_prompt } = settings;
    if (!prompt.trim()) throw new LiveError("the prompt is empty: expected words that describe a sound; write some");
    for (const [name, text] of [
      ["the prompt", prompt],
      ["negative_prompt", negative_prompt],
    ]) {
      if (!readText(text, model.description.tokenizer).empty) continue;
      const came = `${name} is ${JSON.stringify(text).slice(0, 40)}, of which the model reads nothing`;
      throw new LiveError(`${came}: expected words that it knows, such as "calm piano"; describe the sound in English`);
    }
    return new Run(model, settings, await embedTexts(model, prompt, negative_prompt));
  }

  /**
   * The layout of a step.
   * @param {number} step
   */
  layout(step) {
    const { tile_size_time: width, max_shift_ratio, shift_seed, shift_schedule, steps } = this.settings;
    const shifting = { largest: Math.floor(width * max_shift_ratio), seed: shift_seed, schedule: shift_schedule };
    return plan(this.#options(step), drawShift(shifting, step, steps));
  }

  /**
   * The options of the layout of a step. In the last steps of a run, the tiles of `spot` may overlap.
   * @param {number} step
   * @returns {Options}
   */
  #options(step) {
    const { tile_size_time: width, min_overlap, method, steps, finish_steps, finish_overlap } = this.settings;
    const { methods } = this.model.description;
    const overlap = min_overlap ?? Math.floor(width / 2);
    const options = { frames: this.frames, width, overlap, edge: this.edge, method: methods[method] };
    return step < steps - finish_steps ? options : finishing(options, finish_overlap ?? Math.floor(width / 4));
  }

  /**
   * The state before the first step: noise, with the typical latent of the prompt if the model has one.
   * @returns {RunState}
   */
  start() {
    const [noise, typical] = [this.#noise(0, "start"), this.#typical()];
    const x = typical ? this.solver.addNoise(typical, noise, 0) : noise;
    return { step: 0, x, x0: null, solverState: null, guided: null };
  }

  /** The typical latent of the prompt, alike in all frames, or null if the model has none. */
  #typical() {
    const { typical } = this.texts;
    if (!typical) return null;
    const { bins } = this.size;
    const row = this.frames * bins;
    return new Latent(this.size, this.frames).map((k) => typical[Math.floor(k / row) * bins + (k % bins)]);
  }

  /**
   * The guided noise of the full latent.
   * @param {RunState} state
   * @param {Layout} layout
   * @param {Watch} [watch]
   */
  async predict(state, layout, { signal, onWindows } = {}) {
    const { solver, settings, model, texts, guidance } = this;
    const { step, x, x0 } = state;
    const seeded = (/** @type {number} */ size, /** @type {number} */ at, /** @type {"pad"} */ purpose) =>
      draw(size, settings.seed, at, purpose);
    const clean = x0 ?? this.#typical();
    const windows = gather(padded({ x, clean, layout, step, solver, draw: seeded }), layout);
    /** @type {Latent[]} */
    const predictions = [];
    let done = 0;
    for (const batch of batches(layout, settings.tile_batch)) {
      signal?.throwIfAborted();
      const starts = batch.map((tile) => layout.tiles[tile].window[0]);
      const some = batch.map((tile) => windows[tile]);
      const timestep = solver.timesteps[step];
      const outputs = await predictWindows({ model, texts, guidance, windows: some, starts, timestep });
      for (const [k, tile] of batch.entries()) predictions[tile] = outputs[k];
      done += batch.length;
      await onWindows?.(done, windows.length);
    }
    return scatter(predictions, layout);
  }

  /**
   * Takes one step. A solver with a memory starts over where guidance is switched on or off.
   * @param {RunState} state
   * @param {Latent} eps the noise prediction for the full latent
   * @returns {RunState}
   */
  advance(state, eps) {
    const { step, x } = state;
    const now = isGuided(this.guidance, this.solver.timesteps[step]);
    const memory = state.guided === null || state.guided === now ? state.solverState : null;
    const noise = (/** @type {number} */ at, /** @type {"start" | "eta"} */ purpose) => this.#noise(at, purpose);
    const update = this.solver.step(step, x, eps, noise, memory);
    return { step: step + 1, x: update.x, x0: update.x0, solverState: update.state, guided: now };
  }

  /**
   * Takes all remaining steps.
   * @param {Watch} [watch]
   * @param {RunState} [from]
   */
  async finish(watch = {}, from = this.start()) {
    let state = from;
    while (state.step < this.settings.steps) {
      const begun = performance.now();
      const layout = this.layout(state.step);
      const noise = await this.predict(state, layout, watch);
      state = this.advance(state, noise);
      await watch.onStep?.(state, layout, { noise, seconds: (performance.now() - begun) / 1000 });
    }
    return state;
  }

  /** @param {number} step @param {"start" | "eta"} purpose */
  #noise(step, purpose) {
    const { channels, bins } = this.size;
    return new Latent(this.size, this.frames, draw(channels * this.frames * bins, this.settings.seed, step, purpose));
  }

  /** @param {number} multiple */
  #checkWidths(multiple) {
    for (const { window } of this.layout(0).tiles) {
      const width = window[1] - window[0];
      if (width % multiple === 0) continue;
      const came = `a loop of ${this.settings.duration} s is one window of ${width} latent frames`;
      throw new LiveError(`${came}: expected a multiple of ${multiple}; choose a length that is one, or smaller tiles`);
    }
  }
}
