// The picture of a step phase by phase: windows above, and one row for each tensor, all on one time axis.
import { drawBand, numberBand } from "../shared/bands.js";
import { diverging, imageOf } from "../shared/colors.js";
import { bytesOf } from "../shared/numbers.js";
import { inLanes } from "../shared/pieces.js";
import { drawTimeAxis } from "../shared/plot.js";
import { haloed, hatch, line } from "../shared/strokes.js";
import { scaleOf } from "./sentences.js";

/** @import { Colors } from "../shared/theme.js" */
/** @import { Plot } from "../shared/plot.js" */
/** @import { Context } from "../shared/strokes.js" */
/** @import { Row, Scene } from "./sentences.js" */
/** @import { Piece } from "../shared/layout.js" */

/** @typedef {{ ctx: Context, plot: Plot, colors: Colors }} Brush */

const [LANE, ROW, LABEL, AXIS] = [17, 40, 16, 30];
const DIM = 0.25;

/** @param {Scene} scene */
function windowsOf({ tiles }) {
  return inLanes(tiles.map(([start, stop], k) => /** @type {Piece} */ ([k, start, stop])));
}

/** @param {Scene} scene */
export function heightOf(scene) {
  const lanes = 1 + Math.max(...windowsOf(scene).map(([, , , lane]) => lane));
  return LABEL + lanes * LANE + scene.rows.length * (LABEL + ROW) + AXIS + 16;
}

/** @param {Brush} brush @param {Scene} scene */
export function paintPhase(brush, scene) {
  const { ctx, plot, colors } = brush;
  const windows = windowsOf(scene);
  const [first, last] = [
    Math.min(0, ...windows.map(([, start]) => start)),
    Math.max(...windows.map(([, , stop]) => stop)),
  ];
  plot.range = [Math.min(first, 0), Math.max(last, scene.frames)];
  let y = plot.top;
  title(brush, "windows: lit once they are predicted", "", y);
  y += LABEL;
  for (const [k, start, stop, lane] of windows) {
    const lit = k < scene.done;
    ctx.globalAlpha = lit ? 1 : DIM;
    drawBand(ctx, plot, colors, [k, start, stop], y + lane * LANE, LANE - 3, !lit);
    if (lit) numberBand(ctx, plot, colors, [k, start, stop], y + lane * LANE, LANE - 3);
    ctx.globalAlpha = 1;
    if (k === scene.done - 1 && scene.stage === "predict") outline(brush, start, stop, y + lane * LANE - 1);
  }
  y += LANE * (1 + Math.max(...windows.map(([, , , lane]) => lane)));
  for (const row of scene.rows) {
    title(brush, row.name, scaleOf(row), y);
    drawRow(brush, scene, row, y + LABEL);
    y += LABEL + ROW;
  }
  drawTimeAxis(ctx, plot, colors, y + 4, 0, scene.frames);
}

/** @param {Brush} brush @param {string} name @param {string} scale @param {number} y */
function title({ ctx, plot, colors }, name, scale, y) {
  ctx.textBaseline = "middle";
  ctx.fillStyle = colors.ink;
  ctx.textAlign = "left";
  ctx.fillText(name, plot.left, y + LABEL / 2);
  ctx.fillStyle = colors.muted;
  ctx.textAlign = "right";
  ctx.fillText(scale, plot.right, y + LABEL / 2);
}

/** @param {Brush} brush @param {number} start @param {number} stop @param {number} y */
function outline({ ctx, plot, colors }, start, stop, y) {
  haloed(ctx, [colors.halo, 4], [colors.mark, 2], () =>
    ctx.strokeRect(plot.x(start), y, plot.x(stop) - plot.x(start), LANE - 1),
  );
}

/** @param {Brush} brush @param {Scene} scene @param {Row} row @param {number} y */
function drawRow({ ctx, plot, colors }, scene, row, y) {
  const [left, right] = [plot.x(row.start), plot.x(row.stop)];
  ctx.fillStyle = colors.panel;
  ctx.fillRect(left, y, right - left, ROW);
  ctx.imageSmoothingEnabled = false;
  ctx.drawImage(pictureOf(row), left, y, right - left, ROW);
  if (row.key === "padded") {
    const [before, after] = [plot.x(0), plot.x(scene.frames)];
    hatch(ctx, left, y, before - left, ROW, colors.mark, 6);
    hatch(ctx, after, y, right - after, ROW, colors.mark, 6);
    for (const x of [before, after])
      haloed(ctx, [colors.halo, 4], [colors.mark, 1.5], () => line(ctx, x, y, x, y + ROW));
  }
  for (const seam of row.key === "stitched" || row.key === "padded" ? scene.seams : []) {
    const x = plot.x(seam);
    haloed(ctx, [colors.halo, 4], [colors.seam, 2], () => line(ctx, x, y - 3, x, y + ROW + 3));
  }
}

/** The row as an image, transparent where there is nothing yet. @param {Row} row */
function pictureOf({ data, columns, bins }) {
  return imageOf(bytesOf(data), columns, bins, CLEAR);
}

const CLEAR = diverging.slice();
CLEAR[0] = 0;
