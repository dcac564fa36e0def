// The picture of LatentInspector: channels as rows, tiles above them, and marks in them.
import { drawBand, numberBand } from "../shared/bands.js";
import { seams } from "../shared/layout.js";
import { inLanes, laneCount, segmentPieces } from "../shared/pieces.js";
import { drawTimeAxis } from "../shared/plot.js";
import { clipped, haloed, line, pointer } from "../shared/strokes.js";
import { BAD } from "./codes.js";
import { LANE, labeledRows } from "./geometry.js";
import { drawScale } from "./scale_painter.js";

/** @import { Colors } from "../shared/theme.js" */
/** @import { Plot } from "../shared/plot.js" */
/** @import { Context } from "../shared/strokes.js" */
/** @import { Places } from "./geometry.js" */
/** @import { Picture } from "./pictures.js" */
/** @import { Cell } from "./quantities.js" */
/** @import { RecordLayout } from "./state.js" */

/** @typedef {{ ctx: Context, plot: Plot, colors: Colors, at: Places }} Brush */

/**
 * Everything that is painted: the channels, their pictures, the value at the ends of the color scale, the tiles (if
 * they are drawn), the selected frame, the cell whose value is read, and the frame that is heard.
 * @typedef {object} Painting
 * @property {number[]} shown
 * @property {number} bins
 * @property {Picture[]} pictures
 * @property {number | null} limit
 * @property {RecordLayout | null} layout
 * @property {number | null} frame
 * @property {Cell | null} cell
 * @property {number | null} heard
 */

const TELL_APART = 4; // px: bins of at least this height are crossed out one by one
const BAND = LANE - 3;

/** @param {Brush} brush @param {Painting} painting */
export function paintInspector(brush, { shown, bins, pictures, limit, layout, frame, cell, heard }) {
  for (const picture of pictures) drawPicture(brush, picture, bins, shown.length);
  if (limit !== null) drawScale(brush, limit);
  drawFrames(brush, shown, bins);
  if (layout) drawTiles(brush, layout);
  for (const picture of pictures) if (picture.marks.length) markBad(brush, picture, bins);
  if (frame !== null) drawCursor(brush, frame + 0.5, false);
  if (cell) drawCell(brush, shown.indexOf(cell.channel), cell, bins);
  if (heard !== null) drawCursor(brush, heard, true);
}

/** @param {RecordLayout} layout */
export function lanesOf(layout) {
  return laneCount(inLanes(segmentPieces(layout)));
}

/** @param {Plot} plot @returns {[number, number]} left and width */
function across({ left, right }) {
  return [left, right - left];
}

/** @param {Brush} brush @param {Picture} picture @param {number} bins @param {number} rows */
function drawPicture({ ctx, plot, at }, { canvas, start, factor }, bins, rows) {
  const top = plot.top + at.first;
  const [left, width] = across(plot);
  const x = plot.x(start);
  const wide = plot.x(start + canvas.width * factor) - x;
  clipped(ctx, left, top, width, rows * at.pitch, () => {
    ctx.imageSmoothingEnabled = false;
    for (let row = 0; row < rows; row += 1) {
      ctx.drawImage(canvas, 0, row * bins, canvas.width, bins, x, top + row * at.pitch, wide, at.height);
    }
  });
}

/** @param {Brush} brush @param {RecordLayout} layout */
function drawTiles({ ctx, plot, colors, at }, layout) {
  const [left, width] = across(plot);
  const top = plot.top + at.first;
  const bottom = plot.top + at.axis - 2;
  clipped(ctx, left, 0, width, top, () => {
    for (const [k, start, stop, lane] of inLanes(segmentPieces(layout))) {
      const y = plot.top + lane * LANE;
      drawBand(ctx, plot, colors, [k, start, stop], y, BAND);
      numberBand(ctx, plot, colors, [k, start, stop], y, BAND);
    }
  });
  clipped(ctx, left, top - 5, width, bottom + 5, () => {
    for (const seam of seams(layout)) {
      const x = plot.x(seam);
      haloed(ctx, [colors.halo, 3.5], [colors.seam, 1.75], () => line(ctx, x, top - 4, x, bottom));
    }
  });
}

const SIGNS = { nan: "×", plus: "▲", minus: "▼" };

/**
 * Marks values that are not finite: crossed out if there is room, and with a sign at the top of the row.
 * @param {Brush} brush
 * @param {Picture} picture
 * @param {number} bins
 */
function markBad({ ctx, plot, at }, { marks, start, factor }, bins) {
  const seen = new Set();
  const width = plot.x(factor) - plot.x(0);
  const height = at.height / bins;
  const room = width >= TELL_APART && height >= TELL_APART;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  for (const [row, column, kind, bin] of marks) {
    const x = plot.x(start + (column + 0.5) * factor);
    if (x < plot.left || x > plot.right) continue;
    const y = plot.top + at.first + row * at.pitch;
    if (room) cross(ctx, x - width / 2, y + (bins - 1 - bin) * height, width, height);
    const key = `${row} ${kind} ${Math.round(x / 9)}`;
    if (seen.has(key)) continue;
    seen.add(key);
    ctx.lineWidth = 3;
    ctx.strokeStyle = "#000";
    ctx.strokeText(SIGNS[kind], x, y + 7);
    ctx.fillStyle = kind === "minus" ? "#ffffff" : BAD[kind];
    ctx.fillText(SIGNS[kind], x, y + 7);
  }
}

/** @param {Context} ctx @param {number} left @param {number} top @param {number} width @param {number} height */
function cross(ctx, left, top, width, height) {
  ctx.strokeStyle = "#000";
  ctx.lineWidth = 1;
  line(ctx, left, top, left + width, top + height);
  line(ctx, left, top + height, left + width, top);
}

/**
 * A vertical line at the frame that is heard or read.
 * @param {Brush} brush
 * @param {number} frame
 * @param {boolean} heard
 */
function drawCursor({ ctx, plot, colors, at }, frame, heard) {
  const x = plot.x(frame);
  if (x < plot.left - 1 || x > plot.right + 1) return;
  const [top, bottom] = [plot.top + at.first - 4, plot.top + at.axis - 2];
  ctx.strokeStyle = colors.halo;
  ctx.lineWidth = 4;
  line(ctx, x, top, x, bottom);
  ctx.strokeStyle = colors.mark;
  ctx.lineWidth = heard ? 2.25 : 1.25;
  if (!heard) ctx.setLineDash([4, 3]);
  line(ctx, x, top, x, bottom);
  ctx.setLineDash([]);
  if (!heard) return;
  ctx.fillStyle = colors.mark;
  pointer(ctx, x, bottom - 1, 5, -8);
}

/** @param {Brush} brush @param {number} row @param {Cell} cell @param {number} bins */
function drawCell({ ctx, plot, colors, at }, row, { frame, bin }, bins) {
  const height = at.height / bins;
  const [x, width] = [plot.x(frame), Math.max(4, plot.x(frame + 1) - plot.x(frame))];
  const y = plot.top + at.first + row * at.pitch + (bins - 1 - bin) * height;
  if (x + width < plot.left || x > plot.right) return;
  haloed(ctx, [colors.halo, 3], [colors.mark, 1.25], () => ctx.strokeRect(x - 0.5, y - 0.5, width + 1, height + 1));
}

/** @param {Brush} brush @param {number[]} channels @param {number} bins */
function drawFrames({ ctx, plot, colors, at }, channels, bins) {
  const several = channels.length > 1;
  const [left, width] = across(plot);
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  ctx.strokeStyle = colors.line;
  ctx.lineWidth = 1;
  const [boxes, tall] = bins > 1 ? [channels.length, at.height] : [1, channels.length * at.pitch];
  for (let box = 0; box < boxes; box += 1) {
    ctx.strokeRect(left - 0.5, plot.top + at.first + box * at.pitch - 0.5, width + 1, tall + 1);
  }
  ctx.fillStyle = colors.muted;
  for (const row of labeledRows(channels.length, at.pitch)) {
    const word = several || plot.narrow ? `${channels[row]}` : `channel ${channels[row]}`;
    ctx.fillText(word, left - 8, plot.top + at.first + row * at.pitch + at.height / 2);
  }
  if (several && !plot.narrow) {
    ctx.save();
    ctx.translate(left - 34, plot.top + at.first + (channels.length * at.pitch) / 2);
    ctx.rotate(-Math.PI / 2);
    ctx.textAlign = "center";
    ctx.fillText("channel", 0, 0);
    ctx.restore();
  }
  drawTimeAxis(ctx, plot, colors, plot.top + at.axis, Math.max(0, plot.range[0]), plot.range[1]);
}
