// The marks that all pictures share: a seam, and the playhead. `spotnb.plots.drawing.mark_seams` draws the same seam.
import { disc, haloed, line, pointer } from "./strokes.js";

/** @import { Colors } from "./theme.js" */
/** @import { Context } from "./strokes.js" */

const [HALO, STROKE] = [3.5, 1.75];
const TICK = 9; // px, the longest line at an edge of a picture
const SHARE = 0.2; // of the height of a picture, where that is shorter

/** @typedef {readonly [top: number, bottom: number]} Box the edges of a picture */

/**
 * A seam: a triangle above, and a short line at the top and the bottom of each picture, which leaves the seam itself
 * visible.
 * @param {Context} ctx
 * @param {Colors} colors
 * @param {number} x
 * @param {readonly Box[]} boxes from top to bottom
 */
export function drawSeam(ctx, colors, x, boxes) {
  ctx.fillStyle = colors.seam;
  pointer(ctx, x, boxes[0][0] - 1, 4.5, 7);
  haloed(ctx, [colors.halo, HALO], [colors.seam, STROKE], () => {
    for (const [top, bottom] of boxes) {
      const tick = Math.min(TICK, SHARE * (bottom - top));
      line(ctx, x, top, x, top + tick);
      line(ctx, x, bottom - tick, x, bottom);
    }
  });
}

/**
 * The playhead. In the picture of the sound that is heard, it is heavier and has a handle.
 * @param {Context} ctx
 * @param {Colors} colors
 * @param {number} x
 * @param {Box} box
 * @param {boolean} heard
 */
export function drawPlayhead(ctx, colors, x, [top, bottom], heard) {
  haloed(ctx, [colors.halo, heard ? 4 : 3], [colors.mark, heard ? 2 : 1], () => line(ctx, x, top, x, bottom));
  if (!heard) return;
  ctx.fillStyle = colors.mark;
  disc(ctx, x, top, 4);
}
