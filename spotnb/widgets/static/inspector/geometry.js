// Where things are in the picture of LatentInspector, and which part of time it shows.
import { BANDS } from "../shared/mel_scale.js";
import { clamp } from "../shared/numbers.js";
import { bandAt } from "../shared/spectrogram.js";

/** @import { Plot } from "../shared/plot.js" */
/** @import { Place } from "../shared/pointers.js" */
/** @import { Cell } from "./quantities.js" */

export const LANE = 17;
const GAP = 3;
const AXIS = 24;
const SCALE = 22;
const LABEL = 12;
const ALL_HEIGHT = 34; // of a channel among several
const ONE_HEIGHT = 208;
const LINES_HEIGHT = 400; // of all channels of one bin, which are one line each
const CAPTION = 20;
export const MEL = 104; // of the spectrogram
const [THINNEST, THICKEST] = [4, 24]; // of such a line
const CLOSEST = 10; // frames across at most zoom

/** @typedef {[number, number]} Range in frames */
/** @typedef {ReturnType<typeof arrange>} Places */
/** @typedef {{ frame: number, band: number }} Band of the spectrogram, at a latent frame */

/**
 * Places of `rows` channels below `lanes` of tiles, in CSS pixels from the top of the picture. Channels of a single bin
 * lie close together, as the lines of one picture. Below is the spectrogram, where there is one: `mel` is its top.
 * @param {number} rows
 * @param {number} lanes
 * @param {boolean} narrow
 * @param {number} bins
 * @param {boolean} heard
 */
export function arrange(rows, lanes, narrow, bins, heard) {
  const height = heightOf(rows, narrow, bins);
  const pitch = height + (bins === 1 ? 0 : GAP);
  const first = lanes ? lanes * LANE + 9 : 9;
  const end = first + rows * pitch - (bins === 1 ? 0 : GAP);
  const mel = heard ? end + CAPTION : null;
  const bottom = mel === null ? end : mel + MEL;
  const axis = bottom + 4;
  return { first, height, pitch, end, mel, bottom, axis, scale: axis + AXIS, total: axis + AXIS + SCALE };
}

/** @param {number} rows @param {boolean} narrow @param {number} bins */
function heightOf(rows, narrow, bins) {
  if (bins === 1 && rows > 1) return clamp(Math.floor(LINES_HEIGHT / rows), THINNEST, THICKEST);
  if (rows === 1 && bins > 1) return ONE_HEIGHT;
  return narrow ? ALL_HEIGHT - 6 : ALL_HEIGHT;
}

/**
 * The rows that get a label, given the distance between rows.
 * @param {number} rows
 * @param {number} pitch
 */
export function labeledRows(rows, pitch) {
  const every = [1, 2, 4, 8, 16, 32].find((each) => each * pitch >= LABEL) ?? 64;
  return Array.from({ length: Math.ceil(rows / every) }, (_, k) => k * every);
}

/**
 * The cell at a place of the picture, or null.
 * @param {Pick<Plot, "top" | "left" | "right" | "frameAt">} plot
 * @param {Places} at
 * @param {Place} place
 * @param {{ frames: number, bins: number, shown: number[] }} size
 * @returns {Cell | null}
 */
export function cellAt(plot, at, { x, y }, { frames, bins, shown }) {
  const down = y - plot.top - at.first;
  const row = Math.floor(down / at.pitch);
  const inside = (down - row * at.pitch) / at.height;
  const frame = Math.floor(plot.frameAt(x));
  if (row < 0 || row >= shown.length || inside >= 1 || x < plot.left || x > plot.right) return null;
  if (frame < 0 || frame >= frames) return null;
  return { frame, bin: clamp(Math.floor((1 - inside) * bins), 0, bins - 1), channel: shown[row] };
}

/**
 * The frame and the band at a place in the spectrogram, or null.
 * @param {Pick<Plot, "top" | "left" | "right" | "frameAt">} plot
 * @param {Places} at
 * @param {Place} place
 * @param {number} frames
 * @returns {Band | null}
 */
export function bandBelow(plot, at, { x, y }, frames) {
  if (at.mel === null || x < plot.left || x > plot.right) return null;
  const down = y - plot.top - at.mel;
  const frame = Math.floor(plot.frameAt(x));
  if (down < 0 || down >= MEL || frame < 0 || frame >= frames) return null;
  return { frame, band: clamp(Math.round(bandAt(0, MEL, down)), 0, BANDS - 1) };
}

/**
 * A range `factor` times as long. The frame `around` stays in its place.
 * @param {Range} range
 * @param {number} factor
 * @param {number} around
 * @param {number} frames
 * @returns {Range}
 */
export function zoomed([start, stop], factor, around, frames) {
  const length = clamp((stop - start) * factor, Math.min(CLOSEST, frames), frames);
  const first = clamp(around - ((around - start) / (stop - start)) * length, 0, frames - length);
  return [first, first + length];
}

/**
 * A range moved by a share of its length, as if the picture were dragged to the right.
 * @param {Range} range
 * @param {number} share
 * @param {number} frames
 * @returns {Range}
 */
export function panned([start, stop], share, frames) {
  const length = stop - start;
  const first = clamp(start - share * length, 0, frames - length);
  return [first, first + length];
}

/**
 * The same range if it contains the frame; otherwise one with the frame in the middle.
 * @param {Range} range
 * @param {number} frame
 * @param {number} frames
 * @returns {Range}
 */
export function inView([start, stop], frame, frames) {
  if (frame >= start && frame < stop) return [start, stop];
  const length = stop - start;
  const first = clamp(frame - length / 2, 0, frames - length);
  return [first, first + length];
}
