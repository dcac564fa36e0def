// Color bars with the values at their ends.
import { contextOf } from "./colors.js";

/** @import { Colors } from "./theme.js" */
/** @import { Plot } from "./plot.js" */
/** @import { Context } from "./strokes.js" */

const WIDTH = 150;
const HEIGHT = 10;
const GAP = 5;
/** @type {Map<Uint32Array, HTMLCanvasElement>} */
const bars = new Map();

/**
 * An image with one pixel per shade, made once.
 * @param {Uint32Array} shades
 */
function imageOf(shades) {
  let bar = bars.get(shades);
  if (bar) return bar;
  bar = document.createElement("canvas");
  bar.width = shades.length - 1;
  bar.height = 1;
  const image = contextOf(bar).createImageData(bar.width, 1);
  new Uint32Array(image.data.buffer).set(shades.subarray(1)); // a signed map has as many shades on both sides of zero
  contextOf(bar).putImageData(image, 0, 0);
  bars.set(shades, bar);
  return bar;
}

/**
 * Draws a bar with the words at its ends, and returns where it begins on the left.
 * @param {{ ctx: Context, plot: Plot, colors: Colors }} brush
 * @param {Uint32Array} shades
 * @param {{ right: number, y: number, low: string, high: string }} place
 */
export function drawColorBar({ ctx, plot, colors }, shades, { right, y, low, high }) {
  const width = Math.min(WIDTH, (plot.right - plot.left) / 5);
  const end = right - ctx.measureText(high).width - GAP;
  const left = end - width;
  ctx.imageSmoothingEnabled = true;
  ctx.drawImage(imageOf(shades), left, y, width, HEIGHT);
  ctx.strokeStyle = colors.line;
  ctx.lineWidth = 1;
  ctx.strokeRect(left - 0.5, y - 0.5, width + 1, HEIGHT + 1);
  ctx.fillStyle = colors.muted;
  ctx.textBaseline = "middle";
  ctx.textAlign = "left";
  ctx.fillText(high, end + GAP, y + HEIGHT / 2 + 0.5);
  ctx.textAlign = "right";
  ctx.fillText(low, left - GAP, y + HEIGHT / 2 + 0.5);
  return left - GAP - ctx.measureText(low).width;
}
