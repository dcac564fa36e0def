// The sentences next to the sound of a run.
import { withMinus } from "../shared/numbers.js";
import { judged } from "../shared/seam_score.js";

/** @import { Fact } from "../shared/dom.js" */

/**
 * The mel spectrogram has `melFrames` frames, `melRate` in a second, and may be longer than `seconds`. `score` was
 * measured at every `tile`th latent frame, and the seams are latent frames.
 * @typedef {object} Scene
 * @property {string} prompt
 * @property {string} method
 * @property {number} seed
 * @property {DataView} sound
 * @property {number} framesPerSecond
 * @property {number} melFrames
 * @property {number} melRate
 * @property {number} seconds
 * @property {DataView} mel
 * @property {number} columns
 * @property {number} bands
 * @property {DataView} envelope
 * @property {number[]} seams
 * @property {boolean} blended whether the tiles of the last step cross-fade, so that there are no seams
 * @property {number} tile
 * @property {{ score: number, p: number } | null} score
 * @property {number | null} peak
 * @property {number | null} lufs
 */

/**
 * What was run, whatever the form says by now.
 * @param {Pick<Scene, "method" | "seed">} scene
 */
export function heading({ method, seed }) {
  return `${method}, seed ${seed}`;
}

/**
 * @param {Scene} scene
 * @returns {Fact[]}
 */
export function facts({ score, tile, peak, lufs, seams, blended }) {
  /** @type {Fact[]} */
  const parts = [];
  if (score) {
    const where = `1 is as much change as elsewhere; measured at every ${tile}th latent frame`;
    parts.push(["seam score ", score.score.toFixed(2), judged(score.score, score.p), where]);
  }
  if (peak !== null) parts.push(["peak ", withMinus(`${peak.toFixed(1)} dB`)]);
  if (lufs !== null) parts.push(["loudness ", withMinus(`${lufs.toFixed(1)} LUFS`)]);
  const fades = blended && !seams.length;
  parts.push(["seams of the last step ", fades ? "none, its tiles cross-fade" : String(seams.length)]);
  return parts;
}

/** @param {Scene} scene */
export function description(scene) {
  const parts = facts(scene).map(([name, value]) => name + value);
  return `${scene.prompt}, ${heading(scene)}. The sound is ${scene.seconds.toFixed(1)} seconds long: ${parts.join(", ")}.`;
}
