// The picture of the open stage.

import { drawOwned } from "../shared/bands.js";
import { magma } from "../shared/colors.js";
import { BANDS, binOf } from "../shared/mel_scale.js";
import { ownedPieces } from "../shared/pieces.js";
import { drawTimeAxis, rowLabel } from "../shared/plot.js";
import { clipped, haloed, line, pointer } from "../shared/strokes.js";
import { BAND, mapRow, placesOf } from "./geometry.js";
import { decibels, decibelTicks } from "./sentences.js";
import { drawWave } from "./wave_painter.js";

/** @import { Interval } from "../shared/layout.js" */
/** @import { Colors } from "../shared/theme.js" */
/** @import { Plot } from "../shared/plot.js" */
/** @import { Context } from "../shared/strokes.js" */
/** @import { Pictures } from "./pictures.js" */
/** @import { Scene, State, Step } from "./state.js" */

/** @typedef {{ ctx: Context, plot: Plot, colors: Colors }} Brush */
/** @typedef {ReturnType<typeof placesOf>} Places */

const HERTZ = [125, 500, 1000, 2000, 4000];

/**
 * @param {Brush} brush
 * @param {Scene} scene
 * @param {Pictures} pictures
 * @param {State} state
 * @param {number} place of the playhead, in latent frames
 */
export function paintStage(brush, scene, pictures, { stage, step }, place) {
  const { ctx, plot, colors } = brush;
  const at = placesOf(scene, stage);
  const length = scene.seconds * scene.framesPerSecond;
  const end = stage === "mel" || stage === "sound" ? length : scene.frames;
  plot.range = [0, end];
  if (stage === "mel") {
    drawPicture(brush, pictures.mel, at, length);
    drawHertz(brush, at);
    if (!plot.narrow) drawDecibels(brush, at, scene.melRange);
  } else if (stage === "sound") {
    drawSound(brush, scene, pictures, at);
  } else {
    const seen = stage === "latent" ? pictures.estimate(step) : pictures.before(stage === "noise" ? 0 : step);
    drawPicture(brush, seen, at, scene.planes.columns * scene.planes.factor);
    const rows = scene.bins === 1 ? "channels" : plot.narrow ? "bins" : "latent bins";
    rowLabel(ctx, plot, colors.muted, rows.replace(" ", "\n"), plot.top + at.main + at.height / 2);
  }
  if (stage === "steps") drawSteps(brush, scene, step, at);
  if (stage === "mel" || stage === "sound") drawPlayhead(brush, place, at);
  drawTimeAxis(ctx, plot, colors, plot.top + at.axis, 0, end);
}

/** @param {Brush} brush @param {HTMLCanvasElement} picture @param {Places} at @param {number} length in frames */
function drawPicture({ ctx, plot }, picture, { main, height }, length) {
  const top = plot.top + main;
  clipped(ctx, plot.left, top, plot.right - plot.left, height, () => {
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(picture, plot.left, top, plot.x(length) - plot.left, height);
  });
}

/**
 * The tiles of one step, its cuts, and the cuts of all steps below.
 * @param {Brush} brush
 * @param {Scene} scene
 * @param {number} chosen
 * @param {Places} at
 */
function drawSteps(brush, scene, chosen, { main, height, map }) {
  const { ctx, plot, colors } = brush;
  const now = scene.steps[chosen];
  const layout = { frames: scene.frames, tiles: tilesOf(now), method: { faded: now.blended } };
  for (const owned of ownedPieces(layout)) drawOwned(ctx, plot, colors, owned, plot.top, BAND);
  rowLabel(ctx, plot, colors.muted, "tiles", plot.top + BAND / 2);
  const top = plot.top + main;
  for (const seam of now.seams) {
    const x = plot.x(seam);
    haloed(ctx, [colors.halo, 4], [colors.seam, 2], () => line(ctx, x, top - 3, x, top + height));
  }
  const first = plot.top + (map ?? 0);
  const tall = mapRow(scene.steps.length);
  ctx.fillStyle = colors.panel;
  ctx.fillRect(plot.left, first, plot.right - plot.left, tall * scene.steps.length);
  for (const [row, { seams }] of scene.steps.entries()) {
    drawCuts(brush, seams, first + row * tall, tall, row === chosen);
  }
  rowLabel(
    ctx,
    plot,
    colors.muted,
    plot.narrow ? "cuts" : "cuts of\nall steps",
    first + (tall * scene.steps.length) / 2,
  );
}

/** @param {Brush} brush @param {number[]} seams @param {number} y @param {number} tall @param {boolean} chosen */
function drawCuts({ ctx, plot, colors }, seams, y, tall, chosen) {
  if (chosen) {
    ctx.strokeStyle = colors.ink;
    ctx.lineWidth = 1;
    ctx.strokeRect(plot.left - 0.5, y - 0.5, plot.right - plot.left + 1, tall + 1);
  }
  ctx.fillStyle = chosen ? colors.seam : colors.ghost;
  for (const seam of seams) ctx.fillRect(plot.x(seam) - 1.25, y, 2.5, Math.max(1, tall - 0.5));
}

/** @param {Step} step */
function tilesOf({ tiles }) {
  return tiles.map(([start, stop, from, to]) => ({
    window: /** @type {Interval} */ ([start, stop]),
    segment: /** @type {Interval} */ ([from, to]),
  }));
}

/** @param {Brush} brush @param {Places} at */
function drawHertz({ ctx, plot, colors }, { main, height }) {
  for (const hertz of HERTZ) {
    const y = plot.top + main + height - ((binOf(hertz) + 0.5) / BANDS) * height;
    ctx.strokeStyle = colors.ghost;
    ctx.lineWidth = 1;
    line(ctx, plot.left - 4, y, plot.left, y);
    const words = hertz < 1000 ? `${hertz}` : `${hertz / 1000}k`;
    rowLabel(ctx, plot, colors.muted, hertz === 4000 && !plot.narrow ? `${words} Hz` : words, y);
  }
}

/** The color scale at the right. @param {Brush} brush @param {Places} at @param {[number, number]} range */
function drawDecibels({ ctx, plot, colors }, { main, height }, range) {
  const [left, top] = [plot.right + 10, plot.top + main];
  for (let k = 0; k < height; k += 1) {
    const word = magma[Math.round(255 * (1 - k / height))];
    ctx.fillStyle = `rgb(${word & 255},${(word >> 8) & 255},${(word >> 16) & 255})`;
    ctx.fillRect(left, top + k, 10, 1.5);
  }
  const [low, high] = range.map(decibels);
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  ctx.fillStyle = colors.muted;
  const ticks = decibelTicks(range);
  ticks.forEach((tick, index) => {
    const y = top + height * (1 - (tick - low) / (high - low));
    const words = `${tick}`.replace("-", "−");
    ctx.fillText(index === ticks.length - 1 ? `${words} dB` : words, left + 15, Math.min(y, top + height - 5));
  });
}

/** @param {Brush} brush @param {Scene} scene @param {Pictures} pictures @param {Places} at */
function drawSound({ ctx, plot, colors }, scene, { envelope }, { main, height }) {
  const [top, bottom] = [plot.top + main, plot.top + main + height];
  ctx.fillStyle = colors.panel;
  ctx.fillRect(plot.left, top, plot.right - plot.left, height);
  drawWave(ctx, colors.wave, envelope, [plot.left, plot.right], [top, bottom], scene.peak);
  ctx.fillStyle = colors.seam;
  for (const seam of scene.steps[scene.steps.length - 1].seams) {
    if (seam < plot.range[1]) pointer(ctx, plot.x(seam), top - 1, 5, 8);
  }
  rowLabel(ctx, plot, colors.muted, plot.narrow ? "wave" : "waveform", (top + bottom) / 2);
}

/** @param {Brush} brush @param {number} frame @param {Places} at */
function drawPlayhead({ ctx, plot, colors }, frame, { main, height }) {
  const x = plot.x(frame);
  const [top, bottom] = [plot.top + main, plot.top + main + height];
  haloed(ctx, [colors.halo, 4], [colors.mark, 2], () => line(ctx, x, top, x, bottom));
}
