// A waveform as the minima and maxima of its columns.

/** @import { Context } from "../shared/strokes.js" */

/**
 * Draws all of a waveform between two places across and two heights, `peak` at full height.
 * @param {Context} ctx
 * @param {string} color
 * @param {Int8Array} envelope minimum and maximum of each column, -127 to 127
 * @param {readonly [number, number]} across
 * @param {readonly [number, number]} heights
 * @param {number} peak
 */
export function drawWave(ctx, color, envelope, [left, right], [top, bottom], peak) {
  const count = envelope.length / 2;
  const middle = (top + bottom) / 2;
  const scale = ((bottom - top) / 2 - 1) / (127 * Math.max(peak, 1e-6));
  const step = (right - left) / count;
  ctx.fillStyle = color;
  for (let k = 0; k < count; k += 1) {
    const [low, high] = [envelope[2 * k] * scale, envelope[2 * k + 1] * scale];
    ctx.fillRect(left + k * step, middle - high, Math.max(step, 0.5), Math.max(0.75, high - low));
  }
}
