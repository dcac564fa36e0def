// Tiles as numbered bands, alternately dark and light. They are pale where a tile sees frames that it does not own.

/** @import { Colors } from "./theme.js" */
/** @import { Owned } from "./pieces.js" */
/** @import { Plot } from "./plot.js" */
/** @import { Context } from "./strokes.js" */

const NUMBERED = 15; // a band narrower than this many pixels has no room for its number
const PALE = 0.35;

/**
 * Draws one band at height `y`.
 * @param {Context} ctx
 * @param {Plot} plot
 * @param {Colors} colors
 * @param {readonly [number, number, number]} band its number, start and stop
 * @param {number} y
 * @param {number} height
 * @param {boolean} [pale]
 */
export function drawBand(ctx, plot, colors, [number, start, stop], y, height, pale = false) {
  const [left, right] = [plot.x(start), plot.x(stop)];
  ctx.globalAlpha = pale ? PALE : 1;
  ctx.fillStyle = number % 2 === 0 ? colors.tileDark : colors.tileLight;
  ctx.fillRect(left, y, Math.max(0.5, right - left - (right - left > 4 ? 1 : 0)), height);
  ctx.globalAlpha = 1;
}

/**
 * Draws a band that rises from its start to its full height at frame `risen`.
 * @param {Context} ctx
 * @param {Plot} plot
 * @param {string} color
 * @param {{ start: number, risen: number, stop: number }} band
 * @param {number} y
 * @param {number} height
 */
export function drawRising(ctx, plot, color, { start, risen, stop }, y, height) {
  ctx.fillStyle = color;
  ctx.beginPath();
  ctx.moveTo(plot.x(start), y + height);
  ctx.lineTo(plot.x(risen), y);
  ctx.lineTo(plot.x(stop), y);
  ctx.lineTo(plot.x(stop), y + height);
  ctx.fill();
}

/**
 * Draws a segment at height `y`, with a slope where it cross-fades with the one before.
 * @param {Context} ctx
 * @param {Plot} plot
 * @param {Colors} colors
 * @param {Owned} owned
 * @param {number} y
 * @param {number} height
 * @param {boolean} [pale]
 */
export function drawSegment(ctx, plot, colors, [number, start, stop, , risen], y, height, pale = false) {
  if (risen > start) {
    ctx.globalAlpha = pale ? PALE : 1;
    const color = number % 2 === 0 ? colors.tileDark : colors.tileLight;
    drawRising(ctx, plot, color, { start, risen, stop }, y, height);
    ctx.globalAlpha = 1;
  } else drawBand(ctx, plot, colors, [number, start, stop], y, height, pale);
}

/**
 * Draws a segment as `drawSegment` does, with its number.
 * @param {Context} ctx
 * @param {Plot} plot
 * @param {Colors} colors
 * @param {Owned} owned
 * @param {number} y
 * @param {number} height
 */
export function drawOwned(ctx, plot, colors, owned, y, height) {
  const [number, start, stop] = owned;
  drawSegment(ctx, plot, colors, owned, y, height);
  numberBand(ctx, plot, colors, [number, start, stop], y, height);
}

/**
 * @param {Context} ctx
 * @param {Plot} plot
 * @param {Colors} colors
 * @param {readonly [number, number, number]} band
 * @param {number} y
 * @param {number} height
 */
export function numberBand(ctx, plot, colors, [number, start, stop], y, height) {
  const [left, right] = [Math.max(plot.x(start), plot.left), Math.min(plot.x(stop), plot.right)];
  if (right - left < NUMBERED) return;
  ctx.fillStyle = number % 2 === 0 ? colors.onDark : colors.onLight;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillText(String(number), (left + right) / 2, y + height / 2 + 0.5);
}
