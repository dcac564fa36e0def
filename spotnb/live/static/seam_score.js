// How much more a log-mel changes at its seams than elsewhere, see `spotnb.sound.measure.seam_score`.

import { modulo } from "./numbers.js";

const QUIET = 1e-3;
const MOST = 2000; // placements for a p-value: for longer sounds, numpy draws some of them

/** @typedef {{ score: number, perSeam: number[], pValue: number | null }} SeamScore no p-value for a long sound */

/**
 * The score of seams in a log-mel, or null if there are none, or no sound is left for comparison.
 * @param {Float32Array} mel `[frames, bands]`
 * @param {number} bands
 * @param {number[]} seams latent frames
 * @param {number} rows mel frames per latent frame
 * @returns {SeamScore | null}
 */
export function seamScore(mel, bands, seams, rows) {
  const flux = fluxOf(mel, bands);
  const places = seams.map((seam) => seam * rows - 1); // flux k is the step from frame k to k + 1
  if (!places.length || places.some((place) => place < 0 || place >= flux.length)) return null;
  const near = new Set(places.flatMap((place) => Array.from({ length: 2 * rows + 1 }, (_, k) => place - rows + k)));
  const elsewhere = [...flux.keys()].filter((k) => k >= rows && k < flux.length - rows && !near.has(k));
  if (!elsewhere.length) return null;
  const usual = mean(elsewhere.map((k) => flux[k]));
  const perSeam = places.map((place) => flux[place] / usual);
  return { score: mean(perSeam), perSeam, pValue: pValueOf(flux, places, rows) };
}

/**
 * The mean change from frame to frame.
 * @param {Float32Array} mel @param {number} bands
 */
function fluxOf(mel, bands) {
  const flux = new Float64Array(Math.max(0, mel.length / bands - 1));
  for (let frame = 0; frame < flux.length; frame += 1) {
    let sum = 0;
    for (let place = frame * bands; place < (frame + 1) * bands; place += 1)
      sum += Math.abs(mel[place + bands] - mel[place]);
    flux[frame] = sum / bands + QUIET;
  }
  return flux;
}

/**
 * How often the mean flux of shifted seams reaches that of the seams themselves.
 * @param {Float64Array} flux @param {number[]} places @param {number} margin
 */
function pValueOf(flux, places, margin) {
  const count = flux.length - 2 * margin - 1;
  if (count > MOST) return null;
  const at = (/** @type {number} */ shift) => mean(places.map((place) => flux[modulo(place + shift, flux.length)]));
  const own = at(0) * (1 - 1e-12);
  let reached = 1;
  for (let shift = margin + 1; shift < flux.length - margin; shift += 1) if (at(shift) >= own) reached += 1;
  return reached / (Math.max(0, count) + 1);
}

/** @param {number[]} values */
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
