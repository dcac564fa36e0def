// The sentences of the page.

/** @import { Progress } from "../generate.js" */
/** @import { Settings } from "../settings.js" */
/** @import { Reading } from "../text.js" */
/** @import { Listed } from "./files.js" */
/** @import { Way } from "./ways.js" */

import { PLAIN, wayWords } from "./ways.js";

/** @param {number} bytes */
export const megabytes = (bytes) => (bytes / 1e6).toFixed(0);

/** @param {number} loaded @param {number} all bytes */
export function loadingWords(loaded, all) {
  if (loaded >= all) return "Opening the model …";
  return `Loading the model: ${megabytes(loaded)} of ${megabytes(all)} MB`;
}

/**
 * @param {Way[]} ways
 * @param {Listed[]} webgpu files that the graphics card needs
 */
export function tryingWords(ways, webgpu) {
  const more = megabytes(webgpu.reduce((sum, { size }) => sum + size, 0));
  const names = [PLAIN, ...ways].map((way) =>
    way.provider === "webgpu" ? `${wayWords(way)} (${more} MB to load)` : wayWords(way),
  );
  const last = names.pop();
  return `Measuring, this one time, what computes fastest here: ${names.join(", ")} or ${last} …`;
}

/**
 * What is being done.
 * @param {Progress} progress
 */
export function doingWords({ stage, step, steps }) {
  if (stage === "decoder") return "The decoder turns the latent into a spectrogram";
  if (stage === "vocoder") return "The vocoder turns the spectrogram into sound";
  return `Step ${step + 1} of ${steps}: the network predicts the noise of each tile`;
}

/** @param {number} seconds */
export function leftWords(seconds) {
  if (seconds < 1) return "less than a second left";
  return `about ${Math.round(seconds)} s left`;
}

/** @param {number} seconds of sound @param {number} spent seconds */
export function madeWords(seconds, spent) {
  return `${seconds} s of sound, made in this page in ${spent.toFixed(1)} s.`;
}

/**
 * What the model does not read of a prompt, as a sentence before the words, or "".
 * @param {Reading} reading
 */
export function unreadWords({ unknown, cut }) {
  if (unknown.length === 1) return "The model does not know this word and ignores it:";
  if (unknown.length) return "The model ignores words it does not know:";
  return cut.length ? "The prompt is too long, and the model does not read its end:" : "";
}

/** What a run has where nothing is said, for the settings that have no field. */
const USUAL = { eta: 0, shift_seed: 0, shift_schedule: "random" };

/**
 * What was opened, with the settings that the form does not show.
 * @param {string} file
 * @param {Partial<Settings>} kept those settings
 * @param {Partial<Settings>} defaults of the model
 */
export function openedWords(file, kept, defaults) {
  const usual = { ...USUAL, ...defaults, tile_batch: kept.tile_batch };
  const special = Object.entries(kept).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(Reflect.get(usual, name) ?? null),
  );
  const valueWords = (/** @type {unknown} */ value) => (value === null ? "none" : String(value).replace(",", " to "));
  const others = special.map(([name, value]) => `${name.replaceAll("_", " ")} ${valueWords(value)}`);
  const beyond = others.length ? ` It has no field for these, which are kept: ${others.join(", ")}.` : "";
  return `The form has the settings of ${file}.${beyond}`;
}

/**
 * @param {number} step that is shown
 * @param {number} steps
 * @param {{ cuts: number, tiles: number, fixed: boolean }} layout
 */
export function stepWords(step, steps, { cuts, tiles, fixed }) {
  const where = `Step ${step + 1} of ${steps}`;
  if (tiles === 1) return `${where}: one window holds the whole sound.`;
  if (!cuts) return `${where}: the tiles cross-fade.`;
  const count = `${tiles} tiles, ${cuts} ${cuts === 1 ? "cut" : "cuts"}`;
  return `${where}: ${count}. ${fixed ? "Every step cuts here." : "Each step cuts elsewhere."}`;
}
