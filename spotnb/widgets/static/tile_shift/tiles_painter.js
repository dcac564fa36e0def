// The upper picture of TileShiftDebugger: the latent, the windows above it, the segments below it, and the seams.
import { drawBand, drawSegment, numberBand } from "../shared/bands.js";
import { cuts, reach } from "../shared/layout.js";
import { drawSeam } from "../shared/marks.js";
import { inLanes, laneCount, ownedPieces, segmentPieces, windowPieces } from "../shared/pieces.js";
import { drawTimeAxis, rowLabel } from "../shared/plot.js";
import { haloed, hatch, line, pointer, verticals } from "../shared/strokes.js";
import { GAP, LATENT, laneHeight, margins, tileRows } from "./geometry.js";
import { drawLatent, drawMargin } from "./latent_painter.js";
import { reachesOut } from "./state.js";

/** @import { Colors } from "../shared/theme.js" */
/** @import { Layout } from "../shared/layout.js" */
/** @import { Plot } from "../shared/plot.js" */
/** @import { Context } from "../shared/strokes.js" */
/** @import { Pictures } from "./latent_painter.js" */
/** @import { Backdrop, Run, Shown } from "./state.js" */

/** @import { Box } from "../shared/marks.js" */
/** @import { Placed } from "../shared/pieces.js" */

/** @typedef {{ ctx: Context, plot: Plot, colors: Colors }} Brush */

const READABLE = 10; // px, the height of a number

/**
 * @param {Brush} brush
 * @param {Run} run
 * @param {Shown} shown
 * @param {Pictures} pictures
 * @param {Backdrop | null} backdrop
 */
export function paintTiles(brush, run, shown, pictures, backdrop) {
  const { ctx, plot, colors } = brush;
  const { layout, step, frame } = shown;
  const { frames, edge } = layout;
  const { lanes, range } = run.scale;
  const at = tileRows(lanes);
  const { top } = plot;
  const y = top + at.latent;
  plot.range = range;
  const draw = () => drawLatent(brush, frames, y, pictures?.(step) ?? null);
  draw();
  const out = reachesOut(run, layout);
  if (out) for (const margin of margins(frames, reach(layout.tiles))) drawMargin(brush, margin, edge.ring, y, draw);
  const windows = inLanes(out || !edge.ring ? windowPieces(layout) : segmentPieces(layout));
  const highest = drawWindows(brush, layout, windows, y - GAP, lanes.seen);
  const lowest = drawSegments(brush, layout, top + at.owned, lanes.owned);
  drawEnds(brush, frames, top, top + at.axis);
  drawCuts(brush, step > 0 ? run.cuts[step - 1] : [], cuts(layout), [y, y + LATENT]);
  if (frame !== null) markFrame(brush, frame, top, top + at.axis);
  const names = plot.narrow ? ["sees", "keeps"] : ["what a\ntile sees", "what it\nkeeps"];
  rowLabel(ctx, plot, colors.muted, names[0], (highest + y - GAP) / 2);
  rowLabel(ctx, plot, colors.muted, latentLabel(backdrop, plot.narrow), y + LATENT / 2);
  rowLabel(ctx, plot, colors.muted, names[1], (top + at.owned + lowest) / 2);
  drawTimeAxis(ctx, plot, colors, top + at.axis, 0, frames);
}

/** @param {Backdrop | null} backdrop @param {boolean} narrow */
function latentLabel(backdrop, narrow) {
  if (!backdrop) return "sketch";
  return narrow ? "latent" : `${backdrop.example === null ? "clean" : "example"}\nlatent`;
}

/**
 * The windows, in lanes upward from `bottom`. Returns where they end.
 * @param {Brush} brush
 * @param {Layout} layout
 * @param {Placed[]} placed
 * @param {number} bottom
 * @param {number} reserved lanes
 */
function drawWindows({ ctx, plot, colors }, layout, placed, bottom, reserved) {
  const { frames, tiles } = layout;
  const [x0, x1] = [plot.x(0), plot.x(frames)];
  const lane = laneHeight(laneCount(placed), reserved);
  for (const [k, start, stop, n] of placed) {
    const row = bottom - (n + 1) * lane;
    const band = bandIn(lane);
    const [begin, finish] = tiles[k].segment;
    const own = /** @type {const} */ ([k, Math.max(start, begin), Math.min(stop, finish)]);
    const piece = own[1] < own[2] ? own : /** @type {const} */ ([k, start, stop]); // of a ring, turned
    drawBand(ctx, plot, colors, [k, start, stop], row, band, true);
    drawBand(ctx, plot, colors, piece, row, band);
    if (start < 0) hatch(ctx, plot.x(start), row, x0 - plot.x(start), band, colors.ink, 5);
    if (stop > frames) hatch(ctx, x1, row, plot.x(stop) - x1 - 1, band, colors.ink, 5);
    if (band >= READABLE) numberBand(ctx, plot, colors, piece, row, band);
  }
  return bottom - laneCount(placed) * lane;
}

/**
 * The segments, in lanes downward from `top`, and the seams at their borders. Returns where they end.
 * @param {Brush} brush
 * @param {Layout} layout
 * @param {number} top
 * @param {number} reserved lanes
 */
function drawSegments({ ctx, plot, colors }, layout, top, reserved) {
  const placed = ownedPieces(layout);
  const lane = laneHeight(laneCount(placed), reserved);
  const band = bandIn(lane);
  const seams = new Set(cuts(layout).flatMap((seam) => (seam ? [seam] : [0, layout.frames])));
  for (const owned of placed) {
    const [k, start, stop, n] = owned;
    const row = top + n * lane;
    drawSegment(ctx, plot, colors, owned, row, band);
    if (band >= READABLE) numberBand(ctx, plot, colors, [k, start, stop], row, band);
  }
  const borders = placed.flatMap(([, start, stop, n]) => [start, stop].map((at) => /** @type {const} */ ([at, n])));
  const marks = borders
    .filter(([at]) => seams.has(at))
    .map(([at, n]) => /** @type {const} */ ([plot.x(at), top + n * lane - 1, top + n * lane + band + 1]));
  haloed(ctx, [colors.halo, 4], [colors.seam, 2], () => verticals(ctx, marks));
  return top + laneCount(placed) * lane - (lane - band);
}

/** The height of a band in its lane. @param {number} lane */
function bandIn(lane) {
  return lane - Math.min(3, lane / 5);
}

/**
 * The ends of the sound, which a ring has where it closes.
 * @param {Brush} brush
 * @param {number} frames
 * @param {number} top
 * @param {number} bottom
 */
export function drawEnds({ ctx, plot, colors }, frames, top, bottom) {
  const edges = [plot.x(0), plot.x(frames)];
  haloed(ctx, [colors.halo, 3], [colors.ink, 1.25], () => {
    for (const x of edges) line(ctx, x, top, x, bottom);
  });
}

/**
 * The seams of the previous step, dotted, and those of this one.
 * @param {Brush} brush
 * @param {number[]} before
 * @param {number[]} now
 * @param {Box} latent
 */
function drawCuts({ ctx, plot, colors }, before, now, latent) {
  const [top, bottom] = latent;
  const left = before
    .filter((seam) => !now.includes(seam))
    .map((seam) => /** @type {const} */ ([plot.x(seam), top, bottom]));
  ctx.globalAlpha = 0.8;
  haloed(ctx, [colors.halo, 2.5], [colors.ghost, 1.75], () => {
    verticals(ctx, left);
    ctx.setLineDash([3, 3]); // of the stroke, not of its halo
  });
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
  for (const seam of now) drawSeam(ctx, colors, plot.x(seam), [latent]);
}

/**
 * Marks the frame that is followed, in another picture below as well.
 * @param {Brush} brush
 * @param {number} frame
 * @param {number} top
 * @param {number} bottom
 * @param {Box} [below]
 */
export function markFrame({ ctx, plot, colors }, frame, top, bottom, below) {
  const x = plot.x(frame + 0.5);
  haloed(ctx, [colors.halo, 3.5], [colors.mark, 1.5], () => {
    line(ctx, x, top, x, bottom);
    if (below) line(ctx, x, below[0], x, below[1]);
  });
  ctx.fillStyle = colors.mark;
  pointer(ctx, x, top + 3, 5, 8);
}
