// The picture of one run: waveform above log-mel spectrogram, the seams in both, and the playhead.
import { imageOf, magma } from "../shared/colors.js";
import { drawPlayhead, drawSeam } from "../shared/marks.js";
import { BANDS } from "../shared/mel_scale.js";
import { drawTimeAxis, layerOf, rowLabel } from "../shared/plot.js";
import { drawDecibels, drawFrequencies, drawSpectrogram } from "../shared/spectrogram.js";
import { clipped, line } from "../shared/strokes.js";
import { AXIS, GAP, MEL, rowPlaces, WAVE } from "./geometry.js";

/** @import { Box } from "../shared/marks.js" */
/** @import { Colors } from "../shared/theme.js" */
/** @import { Plot } from "../shared/plot.js" */
/** @import { Context } from "../shared/strokes.js" */
/** @import { Row } from "./rows.js" */
/** @import { Range } from "./state.js" */

/** @typedef {{ ctx: Context, plot: Plot, colors: Colors }} Brush */

/**
 * The part of a picture that does not move: the factor by which the run is played, the full scale of the waveform, the
 * frames at which all runs are scored, the part that is repeated, in frames, and whether there is a time axis.
 * @typedef {{ factor: number, limit: number, grid: number[], loop: Range | null, axis: boolean }} Still
 */

/** @typedef {{ place: number, heard: boolean, hover: number | null }} Moving in latent frames, and in pixels */

/** @param {Row} row */
export function createRowPainter(row) {
  const image = imageOf(row.mel.bytes, row.mel.columns, BANDS, magma);
  const canvas = document.createElement("canvas");
  let key = "";

  return {
    paint(/** @type {Brush} */ brush, /** @type {Still} */ still, /** @type {Moving} */ { place, heard, hover }) {
      const { ctx, plot, colors } = brush;
      const size = [plot.width, plot.height, plot.ratio, colors.wave, colors.ink];
      const now = [...size, ...plot.range, still.factor, still.limit, still.loop].join();
      if (key !== now) {
        const into = layerOf(plot, canvas);
        into.font = ctx.font;
        drawStill({ ctx: into, plot, colors }, row, image, still);
        key = now;
      }
      ctx.drawImage(canvas, 0, 0, plot.width, plot.height);
      const { top, bottom } = rowPlaces(plot.top);
      if (hover !== null && hover >= plot.left && hover <= plot.right) {
        ctx.strokeStyle = colors.ghost;
        ctx.lineWidth = 1;
        ctx.setLineDash([1, 3]);
        line(ctx, hover, top, hover, bottom);
        ctx.setLineDash([]);
      }
      drawPlace(brush, place, heard, top, bottom);
    },
    /** Frees the pixels at once. */
    close() {
      canvas.width = 0;
      image.width = 0;
    },
  };
}

/** @param {Brush} brush @param {Row} row @param {HTMLCanvasElement} image @param {Still} still */
function drawStill(brush, row, image, { factor, limit, grid, loop, axis }) {
  const { ctx, plot, colors } = brush;
  const { left, right } = plot;
  const at = rowPlaces(plot.top);
  clipped(ctx, left, 0, right - left, plot.height, () => {
    if (loop) drawLoop(brush, loop, at);
    ctx.strokeStyle = colors.line;
    ctx.lineWidth = 1;
    line(ctx, left, at.middle + 0.5, plot.x(row.end), at.middle + 0.5);
    drawWave(brush, row, at.middle, ((WAVE / 2 - 1) * factor) / limit);
    drawSpectrogram(brush, image, row.mel.end, row.end, at.mel, MEL);
    drawGrid(brush, grid, row.end, at.stop);
    /** @type {Box[]} */
    const boxes = [
      [at.top, at.stop],
      [at.mel, at.bottom],
    ];
    for (const frame of row.seams) drawSeam(ctx, colors, plot.x(frame), boxes);
  });
  rowLabel(ctx, plot, colors.muted, `${plot.narrow ? "wave" : "waveform"}\n±${limit}`, at.middle);
  drawFrequencies(brush, at.mel, MEL);
  if (!axis) return;
  drawTimeAxis(ctx, plot, colors, at.bottom + 4, plot.range[0], plot.range[1]);
  drawDecibels(brush, right, at.bottom + 4 + AXIS + 4, row.mel.range);
}

/** @param {Brush} brush @param {Row} row @param {number} middle @param {number} height of a full wave */
function drawWave({ ctx, plot, colors }, row, middle, height) {
  const step = 1 / plot.ratio;
  const first = Math.max(plot.left, plot.x(0));
  const last = Math.min(plot.right, plot.x(row.end));
  ctx.fillStyle = colors.wave;
  for (let x = first; x < last; x += step) {
    const ends = row.between(plot.frameAt(x), plot.frameAt(x + step));
    if (!ends) continue;
    const [low, high] = ends;
    ctx.fillRect(x, middle - high * height, step, Math.max(step, (high - low) * height));
  }
}

/** @param {Brush} brush @param {number[]} grid @param {number} end @param {number} y */
function drawGrid({ ctx, plot, colors }, grid, end, y) {
  for (const frame of grid) {
    if (frame > end) continue;
    ctx.strokeStyle = colors.muted;
    ctx.lineWidth = 1.2;
    ctx.beginPath();
    ctx.arc(plot.x(frame), y + GAP / 2, 2.4, 0, 2 * Math.PI);
    ctx.stroke();
  }
}

/**
 * The part that is repeated: a ground behind the waveform, and a bar along its ends.
 * @param {Brush} brush
 * @param {Range} loop
 * @param {ReturnType<typeof rowPlaces>} at
 */
function drawLoop({ ctx, plot, colors }, [start, stop], { top, stop: bottom }) {
  const [x, width] = [plot.x(start), plot.x(stop) - plot.x(start)];
  ctx.fillStyle = colors.panel;
  ctx.fillRect(x, top, width, bottom - top);
  ctx.fillStyle = colors.wave;
  ctx.fillRect(x, bottom - 3, width, 3);
}

/**
 * @param {Brush} brush
 * @param {number} frame
 * @param {boolean} heard
 * @param {number} top
 * @param {number} bottom
 */
function drawPlace({ ctx, plot, colors }, frame, heard, top, bottom) {
  const x = Math.round(plot.x(frame) * plot.ratio) / plot.ratio + (heard ? 0 : 0.5 / plot.ratio); // on whole pixels
  if (x < plot.left - 1 || x > plot.right + 1) return;
  drawPlayhead(ctx, colors, x, [top, bottom], heard);
}

/**
 * The bare time line of the blind test.
 * @param {Brush} brush
 * @param {Range} whole
 * @param {number} place
 */
export function paintBare(brush, whole, place) {
  const { ctx, plot, colors } = brush;
  plot.range = whole;
  ctx.fillStyle = colors.panel;
  ctx.fillRect(plot.left, plot.top, plot.right - plot.left, 16);
  drawTimeAxis(ctx, plot, colors, plot.top + 20, ...whole);
  drawPlace(brush, place, true, plot.top, plot.top + 16);
}
