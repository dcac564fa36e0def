// The settings of a run under the names of `SpotSampler`, their defaults and their checks.

/** @import { Description } from "./model.js" */

import { LiveError } from "./errors.js";

/**
 * @typedef {object} Settings
 * @property {string} prompt
 * @property {string} negative_prompt
 * @property {number} duration in seconds
 * @property {number} steps
 * @property {number} seed
 * @property {number} guidance_scale
 * @property {[number, number] | null} guidance_interval
 * @property {string} method
 * @property {string} edge
 * @property {number} tile_size_time
 * @property {number | null} min_overlap
 * @property {number} max_shift_ratio
 * @property {number} shift_seed
 * @property {"random" | "alternate" | "fibonacci" | "sorted"} shift_schedule
 * @property {"ddim" | "dpm++"} solver
 * @property {number} eta
 * @property {number} finish_steps the number of steps at the end in which the tiles of `spot` overlap
 * @property {number | null} finish_overlap their overlap in latent frames, null for a quarter of a tile
 * @property {number} tile_batch windows per forward pass
 */

const DEFAULTS = {
  negative_prompt: "",
  duration: 10,
  seed: 0,
  method: "spot",
  edge: "reflect",
  min_overlap: null,
  max_shift_ratio: 0.5,
  shift_seed: 0,
  shift_schedule: "random",
  finish_steps: 0,
  finish_overlap: null,
  tile_batch: 2,
};
const SOLVERS = ["ddim", "dpm++"];
const SCHEDULES = ["random", "alternate", "fibonacci", "sorted"];
const LONGEST = 600; // seconds: what a page can hold in memory
const MOST = 1000; // steps, and the timesteps of training

/**
 * All settings of a run, checked.
 * @param {Partial<Settings>} given
 * @param {Description} description with the defaults that suit the model
 * @returns {Settings}
 */
export function makeSettings(given, description) {
  const settings = /** @type {Settings} */ ({ ...DEFAULTS, ...description.defaults, ...given });
  for (const name of /** @type {const} */ (["prompt", "negative_prompt"])) {
    if (typeof settings[name] !== "string") throw wrong(name, settings[name], "a text", "describe the sound");
  }
  const frame = description.samples_per_frame / description.sample_rate;
  const multiple = description.time_multiple;
  number(settings, "duration", frame, LONGEST, "give seconds");
  number(settings, "guidance_scale", 0, 100, "1 means no guidance");
  number(settings, "max_shift_ratio", 0, 1, "it is a fraction of a tile");
  number(settings, "eta", 0, 1, "0 adds no noise");
  whole(settings, "steps", 1, MOST);
  whole(settings, "seed", 0, Number.MAX_SAFE_INTEGER);
  whole(settings, "shift_seed", 0, Number.MAX_SAFE_INTEGER);
  whole(settings, "tile_batch", 1, 64);
  whole(settings, "tile_size_time", 1, 10_000);
  if (settings.tile_size_time % multiple) {
    throw wrong("tile_size_time", settings.tile_size_time, `a multiple of ${multiple}`, "the network needs it");
  }
  if (settings.min_overlap !== null) whole(settings, "min_overlap", 0, settings.tile_size_time - 1);
  whole(settings, "finish_steps", 0, MOST);
  if (settings.finish_overlap !== null) whole(settings, "finish_overlap", 0, settings.tile_size_time - 1);
  choice(settings, "method", Object.keys(description.methods));
  choice(settings, "edge", Object.keys(description.edges));
  choice(settings, "solver", SOLVERS);
  choice(settings, "shift_schedule", SCHEDULES);
  if (settings.eta && settings.solver !== "ddim") throw wrong("eta", settings.eta, "0 for dpm++", "or choose ddim");
  checkInterval(settings.guidance_interval);
  return settings;
}

/** @param {unknown} interval */
function checkInterval(interval) {
  if (interval === null) return;
  const [low, high] = Array.isArray(interval) && interval.length === 2 ? interval : [Number.NaN, Number.NaN];
  if (Number.isInteger(low) && Number.isInteger(high) && low >= 0 && low <= high && high <= MOST) return;
  throw wrong("guidance_interval", interval, `two timesteps from 0 to ${MOST}, or null`, "the lower one comes first");
}

/**
 * @param {string} name @param {unknown} value @param {string} expected @param {string} hint
 */
function wrong(name, value, expected, hint) {
  const shown = (JSON.stringify(value) ?? String(value)).slice(0, 40);
  return new LiveError(`${name} is ${shown}: expected ${expected}; ${hint}`, name);
}

/**
 * @param {Settings} settings @param {keyof Settings} name @param {number} low @param {number} high @param {string} hint
 */
function number(settings, name, low, high, hint) {
  const value = settings[name];
  if (typeof value === "number" && value >= low && value <= high) return;
  throw wrong(name, value, `a number from ${low} to ${high}`, hint);
}

/** @param {Settings} settings @param {keyof Settings} name @param {number} low @param {number} high */
function whole(settings, name, low, high) {
  const value = settings[name];
  if (Number.isInteger(value) && Number(value) >= low && Number(value) <= high) return;
  throw wrong(name, value, `a whole number from ${low} to ${high}`, "choose one");
}

/** @param {Settings} settings @param {keyof Settings} name @param {string[]} choices */
function choice(settings, name, choices) {
  const value = settings[name];
  if (typeof value === "string" && choices.includes(value)) return;
  throw wrong(name, value, `one of ${choices.join(", ")}`, "choose one of these");
}
