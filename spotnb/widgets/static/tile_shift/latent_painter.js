// The latent behind the tiles: a picture of the clean estimate, or a skyline where there is no trace.
import { diverging, imageOf } from "../shared/colors.js";
import { secondTicks } from "../shared/plot.js";
import { clipped, hatch, label, line } from "../shared/strokes.js";
import { seconds } from "../shared/time.js";
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
  ctx.moveTo(left, y + LATENT - 14);
  for (let x = left; x <= right; x += 2) {
    ctx.lineTo(x, y + LATENT - 14 - skyline(plot.frameAt(x)) * (LATENT - 38));
  }
  ctx.lineTo(right, y + LATENT - 14);
  ctx.fill();
  ctx.strokeStyle = colors.ghost;
  ctx.fillStyle = colors.muted;
  ctx.textAlign = "left";
  ctx.textBaseline = "alphabetic";
  for (const frame of secondTicks(plot, 1, frames - 1, 40)) {
    const x = plot.x(frame);
    line(ctx, x, y + LATENT - 10, x, y + LATENT);
    ctx.fillText(seconds(frame, plot.perSecond), x + 3, y + LATENT - 3);
  }
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
  if (!ring) {
    ctx.strokeStyle = colors.ink;
    ctx.lineWidth = 1.5;
    ctx.setLineDash([3, 3]);
    line(ctx, mirror, y - 5, mirror, y + LATENT + 5);
    ctx.setLineDash([]);
  }
  const word = ring ? "other end" : "mirrored";
  if (right - left > ctx.measureText(word).width + 12) label(ctx, colors, word, (left + right) / 2, y + 10);
}
