// The state of Overview: its traits within their limits, and the data of its stages.
import { clamp } from "../shared/numbers.js";

/** @typedef {"noise" | "steps" | "latent" | "mel" | "sound"} Stage */

/** @type {Stage[]} */
export const STAGES = ["noise", "steps", "latent", "mel", "sound"];

/** @typedef {[number, number, number, number]} Borders of a tile: window and segment */

/**
 * `seams` are those at which the step cuts. There are none if it is `blended`: its tiles cross-fade.
 * @typedef {{ step: number, shift: number, tiles: Borders[], blended: boolean, seams: number[] }} Step
 */

/**
 * Planes of the latents, one byte a value. Every `factor`-th frame was sent, and the planes of the steps in `sent`.
 * @typedef {object} Planes
 * @property {number} factor
 * @property {number} columns
 * @property {number[]} sent
 * @property {DataView} noise
 * @property {DataView} latents
 * @property {DataView} estimates
 */

/**
 * What `spotnb/widgets/overview_run.py` sends. `limit` is the value at the ends of the color scale of the latents, and
 * `total` the number of steps of the run, of which `steps` were recorded.
 * @typedef {object} Scene
 * @property {string} prompt
 * @property {string} method
 * @property {number} seed
 * @property {number} frames
 * @property {number} framesPerSecond
 * @property {number} rows
 * @property {number} channels
 * @property {number} bins
 * @property {number} channel
 * @property {boolean} ring
 * @property {number} limit
 * @property {number} total
 * @property {Step[]} steps
 * @property {Planes} planes
 * @property {number} seconds
 * @property {number} melSeconds
 * @property {[number, number]} melRange
 * @property {DataView} mel
 * @property {number} peak
 * @property {DataView} envelope
 * @property {DataView} sound
 */

/** @typedef {{ stage: Stage, step: number }} State */

/**
 * @param {Scene} scene
 * @param {(trait: string) => any} get
 * @returns {State}
 */
export function readState(scene, get) {
  const stage = STAGES.find((each) => each === get("stage")) ?? "steps";
  return { stage, step: clamp(get("step"), 0, scene.steps.length - 1) };
}

/**
 * The stage that is `by` further, without going past the ends.
 * @param {Stage} stage
 * @param {number} by
 */
export function stageAfter(stage, by) {
  return STAGES[clamp(STAGES.indexOf(stage) + by, 0, STAGES.length - 1)];
}

/** Whether a stage has a step of its own. @param {Stage} stage */
export const hasSteps = (stage) => stage === "steps" || stage === "latent";

/** Whether a stage is played. @param {Stage} stage */
export const isHeard = (stage) => stage === "mel" || stage === "sound";

/**
 * The place in `sent` of the planes that are shown for a step, whose own may not have been sent.
 * @param {number[]} sent in ascending order
 * @param {number} step
 */
export function nearest(sent, step) {
  return Math.max(
    0,
    sent.findLastIndex((each) => each <= step),
  );
}

/**
 * Evenly spaced steps from the first to the last, as `spotnb.plots.overview.strips` has them.
 * @param {number} count
 * @param {number} [most]
 */
export function strips(count, most = 7) {
  const many = Math.min(most, count);
  if (many < 2) return [0];
  const all = Array.from({ length: many }, (_, k) => roundEven((k * (count - 1)) / (many - 1)));
  return [...new Set(all)];
}

/** Halves to the even neighbor, as Python rounds. @param {number} value */
function roundEven(value) {
  const low = Math.floor(value);
  if (value - low !== 0.5) return Math.round(value);
  return low % 2 === 0 ? low : low + 1;
}
