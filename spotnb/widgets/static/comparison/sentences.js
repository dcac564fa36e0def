// The sentences of RunComparison.
import { clamp, withMinus } from "../shared/numbers.js";
import { bandAt, GAP, rowPlaces } from "./geometry.js";
import { BANDS, hzOf } from "./mel_scale.js";
import { factorOf } from "./rows.js";

/** @import { Row, Scene } from "./rows.js" */
/** @import { State } from "./state.js" */

const DB = 20 / Math.LN10; // of a natural logarithm
const HALF = 0.05; // s on each side

export const KEYS =
  "In a picture: space to play, left and right to move by 0.5 s (with shift 5 s), Home and End, 1 to 4 or up and down for the run that is heard, ] and [ for a place just before a seam, + and − to magnify, m to match levels. Click or drag to move.";

/** @param {number} value */
export function decibels(value) {
  return `${withMinus(value.toFixed(1))} dB`;
}

/** @param {number} hz */
function frequency(hz) {
  return hz < 1000 ? `${Math.round(hz)} Hz` : `${(hz / 1000).toFixed(1)} kHz`;
}

/** @param {number} p */
function chance(p) {
  return p < 0.001 ? "< 0.001" : `= ${p.toPrecision(2)}`;
}

/**
 * The seams and the score of a run, as [before, value, after].
 * @param {Row} row
 */
export function rowFacts({ seams, seamsKnown, score }) {
  /** @type {[string, string, string][]} */
  const facts = [];
  if (seamsKnown) facts.push(["", String(seams.length), seams.length === 1 ? " seam" : " seams"]);
  if (score) facts.push(["seam score ", score[0].toFixed(2), ` (p ${chance(score[1])})`]);
  return facts;
}

/**
 * The loudness of a run.
 * @param {Row} row
 * @param {boolean} matched
 */
export function levelWords({ levels: { lufs, rms_db }, gain }, matched) {
  const loud = lufs ?? rms_db;
  if (loud === null) return "silence";
  const shift = matched && Math.abs(gain) >= 0.05 ? `, played ${decibels(gain)}` : "";
  return `${withMinus(loud.toFixed(1))} ${lufs === null ? "dBFS RMS" : "LUFS"}${shift}`;
}

/** @param {Row[]} rows */
export function legend(rows) {
  const seams = rows.some((row) => row.seams.length) ? "▼ a seam of this run. " : "";
  if (!rows.some((row) => row.score)) return seams || "No seams were given, so nothing is scored.";
  return `${seams}○ where all are scored: 1 means that nothing more changes there than elsewhere.`;
}

/**
 * The peaks of all runs near a place.
 * @param {Row[]} rows
 * @param {number} seconds
 * @param {boolean} matched
 */
export function peaksAt(rows, seconds, matched) {
  const peaks = rows.map((row, k) => {
    const ends = row.between((seconds - HALF) * row.perSecond, (seconds + HALF) * row.perSecond);
    const peak = ends ? Math.max(-ends[0], ends[1]) * factorOf(row, matched) : 0;
    return `${k + 1} peak ${peak > 0 ? decibels(20 * Math.log10(peak)) : "silent"}`;
  });
  return `At ${seconds.toFixed(2)} s: ${peaks.join(" · ")}`;
}

/**
 * The value at the pointer: an amplitude, or the magnitude of a band.
 * @param {Row} row
 * @param {number} index
 * @param {{ frame: number, y: number, top: number, pixel: number }} at `pixel` is the frames in one
 * @param {boolean} matched
 */
export function reading(row, index, { frame, y, top, pixel }, matched) {
  const at = clamp(frame, 0, row.end);
  const where = `${index + 1} at ${(at / row.perSecond).toFixed(2)} s`;
  const { mel } = rowPlaces(top);
  if (y < mel - GAP / 2) {
    const ends = row.between(at, at + pixel);
    if (!ends) return where;
    const [low, high] = ends.map((end) => withMinus((end * factorOf(row, matched)).toFixed(2)));
    return `${where}: amplitude ${low} to ${high}`;
  }
  const bin = clamp(Math.round(bandAt(mel, y)), 0, BANDS - 1);
  return `${where}: ${frequency(hzOf(bin))} (band ${bin}), ${decibels(DB * row.melAt(at, bin))}`;
}

/**
 * @param {Scene} scene
 * @param {State} state
 * @param {number} place in seconds
 */
export function status({ rows, duration }, { selected, matched, playing }, place) {
  const doing = playing ? "playing" : `paused at ${place.toFixed(1)} of ${duration.toFixed(1)} s`;
  return `${selected + 1}, ${rows[selected].name}, ${doing}${matched ? ", levels matched" : ""}.`;
}

/**
 * The tooltip of the button that matches levels.
 * @param {Scene} scene
 * @param {boolean} matched
 */
export function matchWords({ measure }, matched) {
  return matched ? `All as loud as the softest, by ${measure}` : "Not normalized: each as loud as it is";
}
