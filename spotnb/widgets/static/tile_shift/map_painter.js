// The lower picture of TileShiftDebugger: the tiles of all steps, and how often each place was a seam.
import { drawRising } from "../shared/bands.js";
import { owners, reach } from "../shared/layout.js";
import { clamp } from "../shared/numbers.js";
import { laneCount, ownedPieces } from "../shared/pieces.js";
import { drawTimeAxis, layerOf } from "../shared/plot.js";
import { disc, haloed, hatchAll, label, line } from "../shared/strokes.js";
import { seconds } from "../shared/time.js";
import { barSize, barsOf, countTicks, HISTOGRAM, mapRows, namedSteps } from "./geometry.js";
import { touches } from "./state.js";
import { drawEnds, markFrame } from "./tiles_painter.js";

/** @import { Brush } from "./tiles_painter.js" */
/** @import { Run, Scene, Shown } from "./state.js" */

/**
 * The histogram of a run, with bars of `size` frames. Its top is the number of steps.
 * @typedef {{ size: number, bars: ReturnType<typeof barsOf> }} Histogram
 */

export const MARKED = 4; // px, the least height of a row in which the place that is followed is marked

/** @param {Scene} scene */
export function createMapPainter(scene) {
  const steps = scene.drawn.length;
  const at = mapRows(steps);
  const canvas = document.createElement("canvas");
  /** @type {Run | null} */
  let drawn = null;
  let key = "";
  /** @type {Histogram & { of: Run | null }} */
  let histogram = { of: null, size: 0, bars: [] };

  function histogramOf(/** @type {Brush} */ { plot }, /** @type {Run} */ run) {
    const size = barSize(scene.width, plot.x(1) - plot.x(0));
    if (histogram.of !== run || size !== histogram.size) {
      histogram = { of: run, size, bars: barsOf(run.cuts, scene.frames, size) };
    }
    return histogram;
  }

  /** All steps, kept as a picture until method, edge, theme or size changes. */
  function picture(/** @type {Brush} */ { plot, colors }, /** @type {Run} */ run) {
    const now = `${plot.width} ${plot.ratio} ${colors.ink} ${colors.tileDark}`;
    if (drawn !== run || key !== now) drawSteps({ ctx: layerOf(plot, canvas, at.height), plot, colors }, run, at.row);
    [drawn, key] = [run, now];
    return canvas;
  }

  return (/** @type {Brush} */ brush, /** @type {Run} */ run, /** @type {Shown} */ { step, frame }) => {
    const { ctx, plot, colors } = brush;
    const base = plot.top + at.base;
    plot.range = run.scale.range;
    ctx.drawImage(picture(brush, run), 0, plot.top, plot.width, at.height);
    drawEnds(brush, scene.frames, plot.top, plot.top + at.height);
    frameStep(brush, plot.top + step * at.row, at.row);
    nameSteps(brush, scene.names, step, at);
    drawHistogram(brush, run, steps, base, histogramOf(brush, run));
    nameCounts(brush, steps, plot.top + at.caption, base, histogram);
    drawTimeAxis(ctx, plot, colors, base, 0, scene.frames);
    if (frame === null) return;
    markFrame(brush, frame, plot.top, plot.top + at.height, [base - HISTOGRAM, base]);
    if (at.row >= MARKED) followFrame(brush, run, frame, at.row);
  };
}

/** @param {Brush} brush @param {Run} run @param {number} row */
function drawSteps({ ctx, plot, colors }, run, row) {
  const gap = row >= 5 ? 1 : 0;
  const { frames, width, edge } = run.options;
  const thick = Math.min(2.5, Math.max(1, (plot.x(width) - plot.x(0)) / 12));
  /** @type {[number, number, number, number][]} */
  const padding = [];
  run.layouts.forEach((layout, step) => {
    const y = step * row;
    const placed = ownedPieces(layout);
    const lane = (row - gap) / laneCount(placed);
    for (const [k, start, stop, n, risen] of placed) {
      const color = k % 2 ? colors.tileLight : colors.tileDark;
      drawRising(ctx, plot, color, { start, risen, stop }, y + n * lane, lane);
    }
    if (!edge.ring) {
      const [first, end] = reach(layout.tiles);
      padding.push([plot.x(first), y, plot.x(0) - plot.x(first), row - gap]);
      padding.push([plot.x(frames), y, plot.x(end) - plot.x(frames), row - gap]);
    }
    for (const seam of run.cuts[step]) {
      ctx.fillStyle = colors.halo;
      ctx.fillRect(plot.x(seam) - thick / 2 - 0.75, y, thick + 1.5, row - gap);
      ctx.fillStyle = colors.seam;
      ctx.fillRect(plot.x(seam) - thick / 2, y, thick, row - gap);
    }
  });
  const seen = padding.filter(([, , wide]) => wide > 0);
  ctx.fillStyle = colors.panel;
  for (const box of seen) ctx.fillRect(...box);
  hatchAll(ctx, seen, colors.ghost, 5);
}

/** @param {Brush} brush @param {number} y @param {number} row */
function frameStep({ ctx, plot, colors }, y, row) {
  const [left, width] = [plot.left - 1, plot.right - plot.left + 2];
  haloed(ctx, [colors.halo, 4], [colors.mark, 2], () => ctx.strokeRect(left, y - 2, width, Math.max(row, 2) + 3));
}

/**
 * @param {Brush} brush
 * @param {number[]} names
 * @param {number} step
 * @param {{ row: number, height: number }} at
 */
function nameSteps({ ctx, plot, colors }, names, step, { row, height }) {
  const { top } = plot;
  ctx.fillStyle = colors.muted;
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  for (const k of namedSteps(names.length, row)) {
    if (Math.abs(k - step) * row >= 12) ctx.fillText(String(names[k]), plot.left - 8, top + (k + 0.5) * row);
  }
  ctx.fillStyle = colors.ink;
  const word = plot.narrow ? String(names[step]) : `step ${names[step]}`;
  ctx.fillText(word, plot.left - 8, clamp(top + step * row + row / 2, top + 5, top + height));
}

/**
 * @param {Brush} brush
 * @param {Run} run
 * @param {number} steps
 * @param {number} base
 * @param {Histogram} histogram
 */
function drawHistogram({ ctx, plot, colors }, run, steps, base, { size, bars }) {
  const { frames } = run.options;
  const [left, right] = [plot.x(0), plot.x(frames)];
  const height = (/** @type {number} */ count) => (count / steps) * HISTOGRAM;
  ctx.strokeStyle = colors.line;
  ctx.lineWidth = 1;
  for (const count of countTicks(steps, HISTOGRAM))
    line(ctx, left - 3, base - height(count), right, base - height(count));
  ctx.fillStyle = colors.tileDark;
  for (const { from, steps: count } of bars) {
    const [a, b] = [Math.max(left, plot.x(from)), Math.min(right, plot.x(from + size))];
    ctx.fillRect(a, base - height(count), Math.max(0.75, b - a - (b - a > 3 ? 1 : 0)), height(count));
  }
  const seams = run.cuts.reduce((sum, each) => sum + each.length, 0);
  const even = base - height(Math.min(steps, (seams * size) / frames));
  ctx.strokeStyle = colors.ink;
  ctx.lineWidth = 1.2;
  ctx.setLineDash([2, 3]);
  if (seams) line(ctx, left, even, right, even);
  // The seams that a fixed grid would have, in every step.
  ctx.strokeStyle = colors.seam;
  ctx.fillStyle = colors.seam;
  ctx.setLineDash([3, 3]);
  const crowded = run.grid.length * 12 > right - left;
  for (const seam of run.grid) {
    const x = plot.x(seam);
    line(ctx, x, base, x, base - height(steps));
    if (!crowded) disc(ctx, x, base - height(steps), 3);
  }
  ctx.setLineDash([]);
}

/**
 * The axis of the histogram: its numbers beside the start of the sound, and what they count above.
 * @param {Brush} brush
 * @param {number} steps
 * @param {number} caption
 * @param {number} base
 * @param {Histogram} histogram
 */
function nameCounts({ ctx, plot, colors }, steps, caption, base, { size }) {
  const x = plot.x(0);
  ctx.fillStyle = colors.muted;
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  for (const count of countTicks(steps, HISTOGRAM)) ctx.fillText(`${count}`, x - 6, base - (count / steps) * HISTOGRAM);
  ctx.textAlign = "left";
  ctx.fillText(`steps with a seam, per ${seconds(size, plot.perSecond)} s`, x, caption);
}

/**
 * Marks the frame that is followed in every step: a diamond at a seam, otherwise a disc; beside it, the tile that owns
 * the frame.
 * @param {Brush} brush
 * @param {Run} run
 * @param {number} frame
 * @param {number} row
 */
function followFrame({ ctx, plot, colors }, run, frame, row) {
  const x = plot.x(frame + 0.5);
  const size = Math.min(3.5, row / 2 - 0.5);
  run.layouts.forEach((layout, k) => {
    const y = plot.top + (k + 0.5) * row;
    const cut = touches(run, k, frame);
    ctx.fillStyle = cut ? colors.seam : colors.halo;
    ctx.strokeStyle = colors.mark;
    ctx.lineWidth = 1.25;
    if (cut) diamond(ctx, x, y, size + 1.5);
    else disc(ctx, x, y, size);
    ctx.stroke();
    if (row >= 9) label(ctx, colors, owners(layout, frame).join(" "), x + 14, y);
  });
}

/** @param {Brush["ctx"]} ctx @param {number} x @param {number} y @param {number} size */
function diamond(ctx, x, y, size) {
  ctx.beginPath();
  ctx.moveTo(x, y - size);
  ctx.lineTo(x + size, y);
  ctx.lineTo(x, y + size);
  ctx.lineTo(x - size, y);
  ctx.closePath();
  ctx.fill();
}
