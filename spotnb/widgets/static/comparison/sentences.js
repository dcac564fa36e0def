// The sentences of RunComparison.
import { BANDS, hzOf } from "../shared/mel_scale.js";
import { clamp, withMinus } from "../shared/numbers.js";
import { judged } from "../shared/seam_score.js";
import { bandAt, DB, frequency } from "../shared/spectrogram.js";
import { GAP, MEL, rowPlaces } from "./geometry.js";
import { factorOf } from "./rows.js";

/** @import { KeyMeaning } from "../shared/keys.js" */
/** @import { Row, Scene } from "./rows.js" */
/** @import { State } from "./state.js" */

const HALF = 0.05; // s on each side

/** @type {KeyMeaning[]} */
export const KEYS = [
  ["Space", "play or pause"],
  ["← →", "move by 0.5 s (with shift by 5 s)"],
  ["Home, End", "the start and the end"],
  ["1 to 4, ↑ ↓", "the run that is heard"],
  ["] [", "the next seam, the one before"],
  ["L", "play the 2 s around a seam again and again"],
  ["+ −", "magnify time"],
  ["Escape", "the whole length"],
  ["M", "match levels"],
  ["Click, drag", "move the sound there"],
  ["Wheel", "magnify, where a picture is in focus"],
];

/** @param {number} value */
export function decibels(value) {
  return `${withMinus(value.toFixed(1))} dB`;
}

/**
 * The seams and the score of a run, as [before, value, after].
 * @param {Row} row
 */
export function rowFacts({ seams, seamsKnown, blended, score }) {
  /** @type {[string, string, string][]} */
  const facts = [];
  if (blended && !seams.length) facts.push(["", "no seams", ": the last step cross-fades"]);
  else if (seamsKnown) facts.push(["", String(seams.length), seams.length === 1 ? " seam" : " seams"]);
  if (score) facts.push(["seam score ", score[0].toFixed(2), judged(...score)]);
  return facts;
}

/**
 * How the sound of a row came about, or nothing if that is not known.
 * @param {Pick<Row, "about">} row
 */
export function aboutWords({ about: { prompt, method, seed } }) {
  return prompt === undefined ? "" : `“${prompt}”, method ${method}, seed ${seed}`;
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

/**
 * The signs and the score, as terms and their meanings.
 * @param {Row[]} rows
 * @returns {[term: string, meaning: string][]}
 */
export function legend(rows) {
  /** @type {[string, string][]} */
  const seams = rows.some((row) => row.seams.length)
    ? [["▼", "a seam of this run: two tiles of its last step meet here"]]
    : [];
  if (!rows.some((row) => row.score))
    return seams.length ? seams : [["", "No seams were given, so nothing is scored."]];
  /** @type {[string, string][]} */
  const chances = rows.some((row) => row.score && row.score[1] !== null)
    ? [["p", "how often places picked at random would score as high. Below 0.05, the cuts stand out."]]
    : [];
  return [
    ...seams,
    ["○", "a place that is scored, the same in all runs"],
    [
      "seam score",
      "how much the sound changes at ○, divided by how much it changes anywhere else. 1: just as much as elsewhere, so nothing gives the cut away. 2: twice as much.",
    ],
    ...chances,
  ];
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
  const bin = clamp(Math.round(bandAt(mel, MEL, y)), 0, BANDS - 1);
  return `${where}: ${frequency(hzOf(bin))} (band ${bin}), ${decibels(DB * row.melAt(at, bin))}`;
}

/**
 * @param {Scene} scene
 * @param {State} state
 * @param {number} place in seconds
 */
export function status({ rows, duration }, { selected, matched, playing, loop }, place) {
  const again = loop ? ` ${loop[0].toFixed(1)} to ${loop[1].toFixed(1)} s again and again` : "";
  const doing = playing ? `playing${again}` : `paused at ${place.toFixed(1)} of ${duration.toFixed(1)} s`;
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
