// The color bar, from -limit to limit.
import { contextOf, diverging } from "../shared/colors.js";

/** @import { Brush } from "./painter.js" */

const WIDTH = 180;
/** @type {HTMLCanvasElement | null} */
let bar = null;

/** An image with one pixel per shade, made once. */
function shades() {
  if (bar) return bar;
  bar = document.createElement("canvas");
  bar.width = 255;
  bar.height = 1;
  const image = contextOf(bar).createImageData(255, 1);
  new Uint32Array(image.data.buffer).set(diverging.subarray(1));
  contextOf(bar).putImageData(image, 0, 0);
  return bar;
}

/** @param {Brush} brush @param {number} limit */
export function drawScale({ ctx, plot, colors, at }, limit) {
  const width = Math.min(WIDTH, (plot.right - plot.left) / 2);
  const y = plot.top + at.scale + 6;
  const text = limit.toPrecision(2);
  const left = plot.right - width - ctx.measureText(text).width - 6;
  ctx.imageSmoothingEnabled = true;
  ctx.drawImage(shades(), left, y, width, 10);
  ctx.strokeStyle = colors.line;
  ctx.lineWidth = 1;
  ctx.strokeRect(left - 0.5, y - 0.5, width + 1, 11);
  ctx.fillStyle = colors.muted;
  ctx.textBaseline = "middle";
  ctx.textAlign = "right";
  ctx.fillText(`−${text}`, left - 5, y + 5.5);
  ctx.textAlign = "left";
  ctx.fillText(text, left + width + 5, y + 5.5);
}
