// The sentences of a kept run.

/**
 * `last` is the last step that is done, or null; `final` is the last step of the run. `score` is a seam score and p.
 * @typedef {object} Scene
 * @property {string} name
 * @property {number} number
 * @property {string} prompt
 * @property {string} method
 * @property {number} seed
 * @property {number | null} last
 * @property {number} final
 * @property {number} seconds
 * @property {DataView | null} sound
 * @property {DataView} envelope
 * @property {[number, number] | null} score
 * @property {DataView} latent
 * @property {number} columns
 */

/** @param {Scene} scene */
export function about({ method, seed, seconds, score, sound, last, final }) {
  const parts = [method, `seed ${seed}`, `${Number(seconds.toFixed(1))} s`];
  if (score) parts.push(`seam score ${score[0].toFixed(2)}`);
  if (!sound) parts.push(last === null ? "not begun" : `set aside after step ${last} / ${final}`);
  return parts.join(" · ");
}
