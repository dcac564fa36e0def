// Sinusoids with continuous phase, see `spotnb.models.tones`: anchors, phases and their spectrum, in float64.

/** @import { Spectrum } from "./fourier.js" */

import { modulo } from "./numbers.js";

const LEAST_CHANGE = 1e-3;
const QUIET_POWER = 1e-2;
const [PRIME, FACTOR, APART] = [65521, 40503, 1021];

/**
 * The frames where a log-mel changes more than at any other frame within `spacing` frames.
 * @param {Float32Array} mel `[frames, bands]`
 * @param {number} bands
 * @param {number} spacing
 */
export function anchorFrames(mel, bands, spacing) {
  const frames = mel.length / bands;
  const change = new Float64Array(frames);
  for (let frame = 1; frame < frames; frame += 1) {
    let sum = 0;
    for (let place = frame * bands; place < (frame + 1) * bands; place += 1)
      sum += Math.abs(mel[place] - mel[place - bands]);
    change[frame] = sum / bands;
  }
  const anchors = [];
  for (let frame = 0; frame < frames; frame += 1) {
    const here = change[frame];
    const before = change.subarray(Math.max(0, frame - spacing), frame);
    const after = change.subarray(frame + 1, frame + 1 + spacing);
    const most = (/** @type {Float64Array} */ some) => some.reduce((top, value) => Math.max(top, value), 0);
    if (here > LEAST_CHANGE && here > most(before) && here >= most(after)) anchors.push(frame);
  }
  return anchors;
}

/**
 * For every frame, the frames where its phase starts and where it must arrive, or -1 if it is not corrected.
 * @param {number[]} anchors
 * @param {number} frames
 */
export function stretches(anchors, frames) {
  const start = new Int32Array(frames);
  const end = new Int32Array(frames).fill(-1);
  let next = 0; // of the anchors after the frame
  for (let frame = 0; frame < frames; frame += 1) {
    while (next < anchors.length && anchors[next] <= frame) next += 1;
    const last = frames - 1;
    start[frame] = next ? anchors[next - 1] : Math.min(anchors[next] ?? last, last);
    if (next && next < anchors.length) end[frame] = anchors[next];
  }
  return { start, end };
}

/**
 * Numbers that look random, `[frames, count]`: see `jitter_of` in Python.
 * @param {Float32Array} mel `[frames, bands]`
 * @param {number} bands
 * @param {number[]} anchors
 * @param {number} count of sinusoids
 */
export function jitterOf(mel, bands, anchors, count) {
  const frames = mel.length / bands;
  const factors = Array.from({ length: count }, (_, tone) => ((tone + 1) ** 2 * FACTOR) % PRIME);
  const jitter = new Float64Array(frames * count);
  let next = 0; // of the anchors after the frame
  for (let frame = 0; frame < frames; frame += 1) {
    while (next < anchors.length && anchors[next] <= frame) next += 1;
    const anchor = anchors[Math.max(0, next - 1)] ?? 0;
    const place = frame - anchor + APART * mostChanged(mel, bands, anchor);
    for (let tone = 0; tone < count; tone += 1) {
      const hashed = (factors[tone] * (place ** 2 % PRIME)) % PRIME;
      jitter[frame * count + tone] = Math.SQRT2 * Math.sin((2 * Math.PI * hashed) / PRIME);
    }
  }
  return jitter;
}

/** The band that changes most from the frame before. @param {Float32Array} mel @param {number} bands @param {number} frame */
function mostChanged(mel, bands, frame) {
  let [most, found] = [0, 0];
  if (frame)
    for (let band = 0; band < bands; band += 1) {
      // As Python subtracts: in single precision.
      const change = Math.abs(Math.fround(mel[frame * bands + band] - mel[(frame - 1) * bands + band]));
      if (change > most) [most, found] = [change, band];
    }
  return found;
}

/**
 * @typedef {object} Tones
 * @property {Float32Array} magnitude at the top of the main lobe, `[frames, count]`
 * @property {Float32Array} offset in bins above the centers of the sinusoids, `[frames, count]`
 * @property {Float32Array | Float64Array} moving the same, with jitter
 * @property {number} count of sinusoids; that of number j is centered on bin 2 j + 1
 * @property {number[]} anchors
 */

/**
 * Phases at the middle of each frame in turns, `[frames, count]`.
 * @param {Tones} tones
 * @param {number} hop
 * @param {number} window
 */
export function phases({ magnitude, moving, count, anchors }, hop, window) {
  const frames = magnitude.length / count;
  const { start, end } = stretches(anchors, frames);
  const phase = new Float64Array(magnitude.length);
  const [free, quietness] = [new Float64Array(frames), new Float64Array(frames)];
  for (let tone = 0; tone < count; tone += 1) {
    const center = (((2 * tone + 1) * hop) % window) / window; // turns per hop, without the whole turns
    const middle = (/** @type {(place: number) => number} */ value, /** @type {number} */ frame) =>
      frame ? (value(frame * count + tone) + value((frame - 1) * count + tone)) / 2 : 0;
    let [turns, quiet] = [0, 0];
    for (let frame = 0; frame < frames; frame += 1) {
      turns += center + middle((place) => moving[place], frame) * (hop / window);
      quiet += 1 / (middle((place) => magnitude[place] ** 2, frame) + QUIET_POWER);
      free[frame] = turns;
      quietness[frame] = quiet;
    }
    const initial = (tone ** 2 / (2 * count)) % 1; // Schroeder's, so that they do not all peak at once
    for (let frame = 0; frame < frames; frame += 1) {
      const [from, to] = [start[frame], end[frame]];
      let advanced = free[frame] - free[from];
      if (to >= 0) {
        const share = (quietness[frame] - quietness[from]) / Math.max(quietness[to] - quietness[from], 1e-9);
        const missed = free[to] - free[from];
        advanced -= share * (missed - Math.round(missed));
      }
      phase[frame * count + tone] = modulo(advanced + initial, 1);
    }
  }
  return phase;
}

/**
 * The spectrum of sinusoids, each as the main lobe of a Hann window, which is four bins wide.
 * @param {Tones} tones
 * @param {Float64Array} phase as of `phases`
 * @param {number} bins
 * @param {number} frames
 * @returns {Spectrum}
 */
export function spectrumOf({ magnitude, offset, count }, phase, bins, frames) {
  const [real, imaginary] = [new Float64Array(frames * bins), new Float64Array(frames * bins)];
  for (let frame = 0; frame < frames; frame += 1) {
    const row = frame * bins;
    for (let tone = 0; tone < count; tone += 1) {
      const place = frame * count + tone;
      const [size, away, angle] = [magnitude[place], offset[place], 2 * Math.PI * phase[place]];
      const [re, im] = [size * Math.cos(angle), size * Math.sin(angle)];
      const center = 2 * tone + 1;
      const put = (/** @type {number} */ bin, /** @type {number} */ lobe) => {
        if (bin < 0 || bin >= bins) return;
        // From the first sample of a frame to its middle, bin k advances by k half turns.
        const signed = bin % 2 ? -lobe : lobe;
        real[row + bin] += signed * re;
        imaginary[row + bin] += signed * im;
      };
      const [cosine, sine] = [Math.cos((Math.PI / 2) * away), Math.sin((Math.PI / 2) * away)];
      put(center, (1 + cosine) / 2);
      if (away > 0) put(center + 2, (1 - cosine) / 2);
      if (away < 0) put(center - 2, (1 - cosine) / 2);
      if (away < 1) put(center - 1, (1 - sine) / 2);
      if (away > -1) put(center + 1, (1 + sine) / 2);
      if (away > 1) put(center + 3, (1 - sine) / 2);
      if (away < -1) put(center - 3, (1 + sine) / 2);
    }
  }
  return { real, imaginary, frames };
}
