// The upper picture of TileShiftDebugger: the latent, the windows above it, the segments below it, and the seams.
import { drawBand, drawRising, numberBand } from "../shared/bands.js";
import { cuts, reach } from "../shared/layout.js";
import { inLanes, ownedPieces, windowPieces } from "../shared/pieces.js";
import { drawTimeAxis, rowLabel } from "../shared/plot.js";
import { haloed, hatch, line, pointer } from "../shared/strokes.js";
import { LANE, LATENT, margins, tileRows } from "./geometry.js";
import { drawLatent, drawMargin } from "./latent_painter.js";

/** @import { Colors } from "../shared/theme.js" */
/** @import { Layout } from "../shared/layout.js" */
/** @import { Plot } from "../shared/plot.js" */
/** @import { Context } from "../shared/strokes.js" */
/** @import { Pictures } from "./latent_painter.js" */
/** @import { Run, Shown } from "./state.js" */

/** @typedef {{ ctx: Context, plot: Plot, colors: Colors }} Brush */

const BAND = LANE - 3;

/**
 * @param {Brush} brush
 * @param {Run} run
 * @param {Shown} shown
 * @param {Pictures} pictures
 */
export function paintTiles(brush, run, shown, pictures) {
  const { ctx, plot, colors } = brush;
  const { layout, step, frame } = shown;
  const { frames, edge } = layout;
  const at = tileRows(run.lanes);
  const { top } = plot;
  const y = top + at.latent;
  plot.range = run.ends;
  const draw = () => drawLatent(brush, frames, y, pictures?.(step) ?? null);
  draw();
  for (const margin of margins(frames, reach(layout.tiles))) drawMargin(brush, margin, edge.ring, y, draw);
  drawWindows(brush, layout, top + at.seen);
  drawSegments(brush, layout, top + at.owned);
  drawCuts(brush, step > 0 ? run.cuts[step - 1] : [], cuts(layout), y);
  if (frame !== null) markFrame(brush, frame, top, top + at.axis);
  rowLabel(ctx, plot, colors.muted, "seen", top + at.seen + (run.lanes.seen * LANE) / 2 - 1);
  rowLabel(ctx, plot, colors.muted, plot.narrow || !pictures ? "latent" : "clean\nlatent", y + LATENT / 2);
  rowLabel(ctx, plot, colors.muted, "owned", top + at.owned + (run.lanes.owned * LANE) / 2 - 1);
  drawTimeAxis(ctx, plot, colors, top + at.axis, 0, frames);
}

/** @param {Brush} brush @param {Layout} layout @param {number} y */
function drawWindows({ ctx, plot, colors }, layout, y) {
  const { frames, tiles } = layout;
  const [x0, x1] = [plot.x(0), plot.x(frames)];
  for (const [k, start, stop, lane] of inLanes(windowPieces(layout))) {
    const row = y + lane * LANE;
    const [begin, finish] = tiles[k].segment;
    drawBand(ctx, plot, colors, [k, start, stop], row, BAND, true);
    drawBand(ctx, plot, colors, [k, begin, finish], row, BAND);
    if (start < 0) hatch(ctx, plot.x(start), row, x0 - plot.x(start), BAND, colors.ink, 5);
    if (stop > frames) hatch(ctx, x1, row, plot.x(stop) - x1 - 1, BAND, colors.ink, 5);
    numberBand(ctx, plot, colors, [k, begin, finish], row, BAND);
  }
}

/** @param {Brush} brush @param {Layout} layout @param {number} y */
function drawSegments({ ctx, plot, colors }, layout, y) {
  for (const [k, start, stop, lane, risen] of ownedPieces(layout)) {
    const row = y + lane * LANE;
    if (risen > start) {
      const color = k % 2 ? colors.tileLight : colors.tileDark;
      drawRising(ctx, plot, color, { start, risen, stop }, row, BAND);
    } else drawBand(ctx, plot, colors, [k, start, stop], row, BAND);
    numberBand(ctx, plot, colors, [k, start, stop], row, BAND);
  }
}

/**
 * The seams of the previous step, dotted, and those of this one.
 * @param {Brush} brush
 * @param {number[]} before
 * @param {number[]} now
 * @param {number} y
 */
function drawCuts({ ctx, plot, colors }, before, now, y) {
  ctx.strokeStyle = colors.ghost;
  ctx.lineWidth = 1.5;
  ctx.setLineDash([2, 4]);
  for (const seam of before) line(ctx, plot.x(seam), y, plot.x(seam), y + LATENT);
  ctx.setLineDash([]);
  for (const seam of now) {
    const x = plot.x(seam);
    ctx.strokeStyle = colors.halo;
    ctx.lineWidth = 4;
    line(ctx, x, y, x, y + LATENT);
    ctx.strokeStyle = colors.seam;
    ctx.lineWidth = 2;
    line(ctx, x, y - 4, x, y + LATENT + 4);
  }
}

/**
 * Marks the frame that is followed.
 * @param {Brush} brush
 * @param {number} frame
 * @param {number} top
 * @param {number} bottom
 */
export function markFrame({ ctx, plot, colors }, frame, top, bottom) {
  const x = plot.x(frame + 0.5);
  haloed(ctx, [colors.halo, 3.5], [colors.mark, 1.5], () => line(ctx, x, top, x, bottom));
  ctx.fillStyle = colors.mark;
  pointer(ctx, x, top + 3, 5, 8);
}
