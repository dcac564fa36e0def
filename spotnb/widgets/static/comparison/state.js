// The state of RunComparison: its traits within their limits, and the part of time that is shown.
import { clamp } from "../shared/numbers.js";

/** @import { Scene } from "./rows.js" */

export const CLOSEST = 1; // s across, at most magnification
const AROUND = 1; // s on each side of a seam, where the sound begins or repeats
const NEAR = 4; // s across, when a seam is shown from afar
const NARROWEST = 2.4; // s across, when a seam is shown

/** @typedef {[number, number]} Range in latent frames */
/** @typedef {[start: number, stop: number]} Loop in seconds */
/** @typedef {{ selected: number, matched: boolean, playing: boolean, loop: Loop | null }} State */

/**
 * @param {Scene} scene
 * @param {(trait: string) => any} get
 * @returns {State}
 */
export function readState({ rows }, get) {
  const [matched, playing, loop] = [get("matched"), get("playing"), get("loop") ?? null];
  return { selected: clamp(get("selected"), 0, rows.length - 1), matched, playing, loop };
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
 * The next seam in frames, forward or backward. The one whose approach begins at `now` is the present one.
 * @param {number[]} frames of the seams
 * @param {number} now in seconds
 * @param {number} direction 1 or -1
 * @param {number} perSecond
 */
export function nextSeam(frames, now, direction, perSecond) {
  const approach = (/** @type {number} */ frame) => beforeSeam(frame, perSecond);
  if (direction > 0) return frames.find((frame) => approach(frame) > now + 0.02);
  return frames.findLast((frame) => approach(frame) < now - 0.02);
}

/**
 * The place in seconds from which a seam is approached.
 * @param {number} frame
 * @param {number} perSecond
 */
export function beforeSeam(frame, perSecond) {
  return Math.max(0, frame / perSecond - AROUND);
}

/**
 * The seam that is nearest to a place in seconds.
 * @param {number[]} frames
 * @param {number} now
 * @param {number} perSecond
 * @returns {number | undefined}
 */
export function nearestSeam(frames, now, perSecond) {
  const distance = (/** @type {number} */ frame) => Math.abs(frame - now * perSecond);
  return [...frames].sort((a, b) => distance(a) - distance(b)).at(0);
}

/**
 * Two seconds around a seam, in seconds.
 * @param {number} frame
 * @param {number} perSecond
 * @param {number} duration
 * @returns {Loop}
 */
export function loopAround(frame, perSecond, duration) {
  const rounded = (/** @type {number} */ at) => Math.round(at * 1e4) / 1e4;
  const stop = Math.min(frame / perSecond + AROUND, duration);
  return [rounded(beforeSeam(frame, perSecond)), Math.min(rounded(stop), duration)];
}

/**
 * A range with the seam in its middle: as long as the present one, four seconds if that shows everything, and shorter
 * near the ends.
 * @param {Range} range
 * @param {number} frame
 * @param {number} whole
 * @param {number} perSecond
 * @returns {Range}
 */
export function around([start, stop], frame, whole, perSecond) {
  const wanted = stop - start >= whole ? NEAR * perSecond : Math.max(stop - start, NARROWEST * perSecond);
  const room = 2 * Math.min(frame, whole - frame);
  const span = Math.min(whole, Math.max(Math.min(wanted, room), CLOSEST * perSecond));
  const first = clamp(frame - span / 2, 0, whole - span);
  return [first, first + span];
}
