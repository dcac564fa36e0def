// The latent behind the tiles: that of a run, that of the example, or a sketch where neither fits.
import { diverging, imageOf } from "../shared/colors.js";
import { clipped, hatch } from "../shared/strokes.js";
import { LATENT, skyline } from "./geometry.js";

/** @import { Brush } from "./tiles_painter.js" */
/** @import { Backdrop } from "./state.js" */

/** @typedef {ReturnType<typeof createBackdrop> | null} Pictures */

/**
 * Returns the picture of a step, or of the last earlier step that has one.
 * @param {Backdrop} backdrop
 * @param {Uint8Array} pixels
 */
export function createBackdrop({ steps, columns, bins }, pixels) {
  const canvas = document.createElement("canvas");
  const size = columns * bins;
  let pictured = -1;
  return (/** @type {number} */ step) => {
    const index = Math.max(
      0,
      steps.findLastIndex((kept) => kept <= step),
    );
    if (index !== pictured) {
      imageOf(pixels.subarray(index * size, (index + 1) * size), columns, bins, diverging, canvas);
      pictured = index;
    }
    return canvas;
  };
}

/**
 * Draws frames 0 to T. To mirror or move them, set up the context before.
 * @param {Brush} brush
 * @param {number} frames
 * @param {number} y
 * @param {HTMLCanvasElement | null} picture
 */
export function drawLatent({ ctx, plot, colors }, frames, y, picture) {
  const [left, right] = [plot.x(0), plot.x(frames)];
  if (picture) {
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(picture, left, y, right - left, LATENT);
    return;
  }
  ctx.fillStyle = colors.panel;
  ctx.fillRect(left, y, right - left, LATENT);
  ctx.fillStyle = colors.line;
  ctx.beginPath();
  ctx.moveTo(left, y + LATENT);
  for (let x = left; x <= right; x += 2) ctx.lineTo(x, y + LATENT - skyline(plot.frameAt(x)) * (LATENT - 24));
  ctx.lineTo(right, y + LATENT);
  ctx.fill();
}

/**
 * Draws what windows see beyond an end: the other end of a ring, or a mirror image.
 * @param {Brush} brush
 * @param {{ from: number, to: number, axis: number, turn: number }} margin
 * @param {boolean} ring
 * @param {number} y
 * @param {() => void} draw the latent
 */
export function drawMargin({ ctx, plot, colors }, { from, to, axis, turn }, ring, y, draw) {
  const [left, right] = [plot.x(from), plot.x(to)];
  const mirror = plot.x(axis);
  clipped(ctx, left, y, right - left, LATENT, () => {
    ctx.globalAlpha = 0.6;
    if (ring) {
      ctx.translate(plot.x(turn) - plot.x(0), 0);
    } else {
      ctx.translate(2 * mirror, 0);
      ctx.scale(-1, 1);
    }
    draw();
  });
  hatch(ctx, left, y, right - left, LATENT, colors.ghost, 8);
}
