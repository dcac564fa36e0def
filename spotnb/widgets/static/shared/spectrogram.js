// A mel spectrogram as all pictures have it: the same colors, bands labeled in Hz, and a color bar in dB.

import { drawColorBar } from "./color_bar.js";
import { magma } from "./colors.js";
import { BANDS, binOf } from "./mel_scale.js";
import { rowLabel } from "./plot.js";
import { clipped, line } from "./strokes.js";

/** @import { Colors } from "./theme.js" */
/** @import { Plot } from "./plot.js" */
/** @import { Context } from "./strokes.js" */

/** @typedef {{ ctx: Context, plot: Plot, colors: Colors }} Brush */
/** @typedef {readonly [low: number, high: number]} Logarithms natural ones of magnitudes */

export const HZ = [250, 1000, 4000];
export const DB = 20 / Math.LN10; // of a natural logarithm

/**
 * The height at which a band's middle is drawn.
 * @param {number} top
 * @param {number} height of all bands
 * @param {number} bin
 */
export function bandY(top, height, bin) {
  return top + height * (1 - (bin + 0.5) / BANDS);
}

/**
 * The band at a height.
 * @param {number} top
 * @param {number} height of all bands
 * @param {number} y
 */
export function bandAt(top, height, y) {
  return (1 - (y - top) / height) * BANDS - 0.5;
}

/** @param {number} hz */
export function frequency(hz) {
  return hz < 1000 ? `${Math.round(hz)} Hz` : `${(hz / 1000).toFixed(1)} kHz`;
}

/**
 * Draws an image whose columns end at the frame `end`, as far as the sound reaches.
 * @param {Brush} brush
 * @param {CanvasImageSource} image
 * @param {number} end
 * @param {number} sound where it ends, in latent frames
 * @param {number} top
 * @param {number} height
 */
export function drawSpectrogram({ ctx, plot }, image, end, sound, top, height) {
  const stop = Math.min(plot.right, plot.x(sound));
  ctx.imageSmoothingEnabled = plot.x(1) - plot.x(0) < 8; // near by, the columns are told apart
  clipped(ctx, plot.left, top, stop - plot.left, height, () => {
    ctx.drawImage(image, plot.x(0), top, plot.x(end) - plot.x(0), height);
  });
}

/** @param {Brush} brush @param {number} top @param {number} height */
export function drawFrequencies({ ctx, plot, colors }, top, height) {
  for (const hz of HZ) {
    const y = bandY(top, height, binOf(hz));
    ctx.strokeStyle = colors.ghost;
    ctx.lineWidth = 1;
    line(ctx, plot.left - 4, y, plot.left, y);
    rowLabel(ctx, plot, colors.muted, hz < 1000 ? `${hz}` : `${hz / 1000}k`, y);
  }
  if (plot.narrow) return;
  ctx.textAlign = "left";
  ctx.fillText("Hz", 8, top + height / 2);
}

/**
 * The color bar of spectrograms, whose right end is at `right`.
 * @param {Brush} brush
 * @param {number} right
 * @param {number} y
 * @param {Logarithms} range
 */
export function drawDecibels(brush, right, y, range) {
  const [low, high] = range.map((end) => String(Math.round(DB * end)).replace("-", "−"));
  return drawColorBar(brush, magma, { right, y, low, high: `${high} dB` });
}
