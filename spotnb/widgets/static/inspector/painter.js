// The picture of LatentInspector: channels as rows, tiles above them, and marks in them.
import { drawOwned } from "../shared/bands.js";
import { drawColorBar } from "../shared/color_bar.js";
import { diverging } from "../shared/colors.js";
import { cuts } from "../shared/layout.js";
import { drawPlayhead, drawSeam } from "../shared/marks.js";
import { laneCount, ownedPieces } from "../shared/pieces.js";
import { drawTimeAxis } from "../shared/plot.js";
import { drawDecibels, drawFrequencies, drawSpectrogram } from "../shared/spectrogram.js";
import { clipped, haloed, line } from "../shared/strokes.js";
import { BAD } from "./codes.js";
import { LANE, labeledRows, MEL } from "./geometry.js";

/** @import { Colors } from "../shared/theme.js" */
/** @import { Plot } from "../shared/plot.js" */
/** @import { Context } from "../shared/strokes.js" */
/** @import { Places } from "./geometry.js" */
/** @import { Box } from "../shared/marks.js" */
/** @import { Picture } from "./pictures.js" */
/** @import { Cell } from "./quantities.js" */
/** @import { Heard } from "./spectra.js" */
/** @import { RecordLayout } from "./state.js" */

/** @typedef {{ ctx: Context, plot: Plot, colors: Colors, at: Places }} Brush */

/**
 * Everything that is painted: the channels, their pictures, the value at the ends of the color scale, the spectrogram
 * or why there is none, the tiles (if they are drawn), the selected frame, the cell whose value is read, and the frame
 * that is heard.
 * @typedef {object} Painting
 * @property {number[]} shown
 * @property {number} bins
 * @property {Picture[]} pictures
 * @property {number | null} limit
 * @property {Heard | null} heard
 * @property {RecordLayout | null} layout
 * @property {number | null} frame
 * @property {Cell | null} cell
 * @property {number | null} playhead
 */

const TELL_APART = 4; // px: bins of at least this height are crossed out one by one
const BAND = LANE - 3;

/** @param {Brush} brush @param {Painting} painting */
export function paintInspector(brush, painting) {
  const { shown, bins, pictures, limit, heard, layout, frame, cell, playhead } = painting;
  for (const picture of pictures) drawPicture(brush, picture, bins, shown.length);
  drawFrames(brush, shown, bins);
  if (heard) drawHeard(brush, heard);
  drawScales(brush, limit, heard);
  if (layout) drawTiles(brush, layout, boxesOf(brush, shown.length, bins));
  for (const picture of pictures) if (picture.marks.length) markBad(brush, picture, bins);
  if (frame !== null) drawCursor(brush, frame + 0.5);
  if (cell) drawCell(brush, shown.indexOf(cell.channel), cell, bins);
  if (playhead !== null) drawSound(brush, playhead);
}

/** @param {RecordLayout} layout */
export function lanesOf(layout) {
  return laneCount(ownedPieces(layout));
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

/**
 * The edges of all pictures that the seams of a step go through.
 * @param {Brush} brush
 * @param {number} rows
 * @param {number} bins
 * @returns {Box[]}
 */
function boxesOf({ plot: { top }, at }, rows, bins) {
  const count = bins > 1 ? rows : 1;
  const tall = bins > 1 ? at.height : at.end - at.first;
  /** @type {Box[]} */
  const boxes = Array.from({ length: count }, (_, k) => {
    const y = top + at.first + k * at.pitch;
    return [y, y + tall];
  });
  return at.mel === null ? boxes : [...boxes, [top + at.mel, top + at.bottom]];
}

/** @param {Brush} brush @param {RecordLayout} layout @param {Box[]} boxes */
function drawTiles({ ctx, plot, colors, at }, layout, boxes) {
  const [left, width] = across(plot);
  clipped(ctx, left, 0, width, plot.top + at.bottom, () => {
    for (const owned of ownedPieces(layout)) drawOwned(ctx, plot, colors, owned, plot.top + owned[3] * LANE, BAND);
    for (const seam of cuts(layout)) drawSeam(ctx, colors, plot.x(seam), boxes);
  });
}

/** @param {Brush} brush @param {Heard} heard */
function drawHeard(brush, { spectrum, words, caption }) {
  const { ctx, plot, colors, at } = brush;
  const [left, width] = across(plot);
  const top = plot.top + /** @type {number} */ (at.mel);
  ctx.fillStyle = colors.panel;
  ctx.fillRect(left, top, width, MEL);
  if (spectrum) drawSpectrogram(brush, spectrum.canvas, spectrum.end, spectrum.end, top, MEL);
  ctx.strokeStyle = colors.line;
  ctx.lineWidth = 1;
  ctx.strokeRect(left - 0.5, top - 0.5, width + 1, MEL + 1);
  drawFrequencies(brush, top, MEL);
  ctx.textBaseline = "middle";
  ctx.fillStyle = colors.muted;
  ctx.textAlign = "left";
  ctx.fillText(caption, left, top - 9);
  ctx.textAlign = "center";
  if (!spectrum) ctx.fillText(words, left + width / 2, top + MEL / 2, width);
}

/** @param {Brush} brush @param {number | null} limit @param {Heard | null} heard */
function drawScales(brush, limit, heard) {
  const { plot, at } = brush;
  const y = plot.top + at.scale + 6;
  let right = plot.right;
  if (limit !== null) {
    const text = limit.toPrecision(2);
    right = drawColorBar(brush, diverging, { right, y, low: `−${text}`, high: text }) - 24;
  }
  if (heard) drawDecibels(brush, right, y, heard.range);
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
 * A dashed line at the frame that is read.
 * @param {Brush} brush
 * @param {number} frame
 */
function drawCursor({ ctx, plot, colors, at }, frame) {
  const x = plot.x(frame);
  if (x < plot.left - 1 || x > plot.right + 1) return;
  const [top, bottom] = [plot.top + at.first - 4, plot.top + at.bottom];
  ctx.strokeStyle = colors.halo;
  ctx.lineWidth = 4;
  line(ctx, x, top, x, bottom);
  ctx.strokeStyle = colors.mark;
  ctx.lineWidth = 1.25;
  ctx.setLineDash([4, 3]);
  line(ctx, x, top, x, bottom);
  ctx.setLineDash([]);
}

/** @param {Brush} brush @param {number} frame */
function drawSound({ ctx, plot, colors, at }, frame) {
  const x = plot.x(frame);
  if (x < plot.left - 1 || x > plot.right + 1) return;
  drawPlayhead(ctx, colors, x, [plot.top + at.first - 2, plot.top + at.bottom], true);
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
  const [boxes, tall] = bins > 1 ? [channels.length, at.height] : [1, at.end - at.first];
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
