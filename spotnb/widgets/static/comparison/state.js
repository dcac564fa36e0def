// The state of RunComparison: its traits within their limits, and the part of time that is shown.
import { clamp } from "../shared/numbers.js";

/** @import { Scene } from "./rows.js" */

export const CLOSEST = 1; // s across, at most magnification
const BEFORE = 1; // s before a seam

/** @typedef {[number, number]} Range in latent frames */
/** @typedef {{ selected: number, matched: boolean, playing: boolean }} State */

/**
 * @param {Scene} scene
 * @param {(trait: string) => any} get
 * @returns {State}
 */
export function readState({ rows }, get) {
  return { selected: clamp(get("selected"), 0, rows.length - 1), matched: get("matched"), playing: get("playing") };
}

/**
 * A range magnified by a factor. The frame `around` stays in its place.
 * @param {Range} range
 * @param {number} by
 * @param {number} around
 * @param {number} whole the number of all frames
 * @param {number} closest the frames at most magnification
 * @returns {Range}
 */
export function magnified([start, stop], by, around, whole, closest) {
  const span = clamp((stop - start) / by, Math.min(closest, whole), whole);
  const share = clamp((around - start) / (stop - start), 0, 1);
  const first = clamp(around - share * span, 0, whole - span);
  return [first, first + span];
}

/**
 * The next page if the sound has left the range, otherwise the same range.
 * @param {Range} range
 * @param {number} place
 * @param {number} whole
 * @returns {Range}
 */
export function paged(range, place, whole) {
  const span = range[1] - range[0];
  if (span >= whole || (place >= range[0] && place <= range[1])) return range;
  const first = clamp(place - 0.1 * span, 0, whole - span);
  return [first, first + span];
}

/**
 * The next place just before a seam, in seconds, forward or backward from `now`.
 * @param {number[]} frames of the seams
 * @param {number} now in seconds
 * @param {number} direction 1 or -1
 * @param {number} perSecond
 */
export function beforeSeam(frames, now, direction, perSecond) {
  const spots = frames.map((frame) => Math.max(0, frame / perSecond - BEFORE));
  return direction > 0 ? spots.find((at) => at > now + 0.02) : spots.findLast((at) => at < now - 0.02);
}
