// The settings of a run from its manifest, which Python or JavaScript wrote, see `spotnb.sampling.from_manifest`.

/** @import { Description } from "./model.js" */
/** @import { Settings } from "./settings.js" */

import { runFrames } from "./clock.js";
import { LiveError } from "./errors.js";
import { TILING } from "./manifest.js";
import { makeSettings } from "./settings.js";

/** Without these a run cannot be repeated. */
const REQUIRED = ["model", "frames", "config", "prompt", "duration", "steps", "method", "seed", "solver"];
/** What a setting is if a manifest does not state it, for those whose value in Python is not that in JavaScript. */
const UNSTATED = { guidance_scale: 3, guidance_interval: null, eta: 0, finish_steps: 0, tile_size_time: 256 };
const STATED = /** @type {const} */ ([
  "prompt",
  "negative_prompt",
  "duration",
  "steps",
  "seed",
  "guidance_scale",
  "guidance_interval",
  "method",
  "solver",
  "eta",
  "finish_steps",
  "finish_overlap",
]);
const SOUNDS = ["init_audio", "continue_from"];
const PYTHON = "make it in Python, with spotnb.sampler_from";
const LARGEST = 10_000_000; // characters

/**
 * The settings of a run, checked. Windows per forward pass are not taken over: they change the last bits at most, and
 * suit the machine.
 * @param {unknown} manifest the text of a `.json` file that `spotnb generate` wrote, or what JSON.parse made of it
 * @param {Description} description
 * @returns {Settings}
 */
export function settingsFrom(manifest, description) {
  const given = typeof manifest === "string" ? parsed(manifest) : manifest;
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw refused("the file", given, "the manifest of a run, as spotnb generate writes it", "open its .json file");
  }
  const run = /** @type {Record<string, any>} */ (given);
  for (const name of REQUIRED) {
    if (run[name] !== undefined && run[name] !== null) continue;
    throw refused(`${name} of the manifest`, run[name], "that of a run", "open the .json file of spotnb generate");
  }
  for (const name of ["model", "config"]) {
    if (typeof run[name] === "object") continue;
    throw refused(`${name} of the manifest`, run[name], "an object with named fields", "the file was changed");
  }
  checkModel(run.model, description);
  checkKind(run);
  const stated = (/** @type {Record<string, any>} */ from, /** @type {readonly string[]} */ names) =>
    Object.fromEntries(names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]]));
  const settings = makeSettings({ ...UNSTATED, ...stated(run, STATED), ...stated(run.config, TILING) }, description);
  const frames = runFrames(description, settings.duration, description.edges[settings.edge].ring);
  if (run.frames !== frames) {
    throw refused("the length of the manifest's latent", run.frames, `${frames} frames, for its duration`, PYTHON);
  }
  return settings;
}

/** @param {string} text */
function parsed(text) {
  try {
    if (text.length <= LARGEST) return JSON.parse(text);
  } catch {} // told below
  throw refused("the file", text, "the manifest of a run, as spotnb generate writes it", "open its .json file");
}

/**
 * @param {Record<string, any>} recorded
 * @param {Description} description
 */
function checkModel(recorded, { name, manifest }) {
  if (recorded.name !== name) {
    throw refused("the model of the run", recorded.name, `${JSON.stringify(name)}, the one that is here`, PYTHON);
  }
  const [theirs, ours] = [recorded.weights_sha256, manifest?.weights_sha256];
  if (theirs === undefined || ours === undefined || theirs === ours) return;
  const shown = (/** @type {unknown} */ digest) => String(digest).slice(0, 12);
  throw refused("the digest of the run's weights", shown(theirs), `${shown(ours)}, of the model that is here`, PYTHON);
}

/**
 * Refuses what a run in JavaScript cannot be.
 * @param {Record<string, any>} run
 */
function checkKind(run) {
  if (typeof run.prompt === "object") throw refused("the prompt", run.prompt, "one text, not a timeline", PYTHON);
  for (const name of SOUNDS) {
    if (run[name] ?? null) throw refused(name, run[name], "none, for a run that starts from noise", PYTHON);
  }
  if (run.forked ?? null) {
    throw refused("forked", run.forked, "a run with the same settings from its first step on", "change it in Python");
  }
  const candidates = run.n_candidates ?? 1;
  if (candidates !== 1) {
    throw refused("n_candidates", candidates, "1", "candidate i has the seed of the run plus i; set the seed by hand");
  }
}

/** @param {string} what @param {unknown} came @param {string} expected @param {string} hint */
function refused(what, came, expected, hint) {
  const shown = came === undefined ? "missing" : (JSON.stringify(came) ?? String(came)).slice(0, 40);
  return new LiveError(`${what} is ${shown}: expected ${expected}; ${hint}`);
}
