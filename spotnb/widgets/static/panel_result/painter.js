// The picture of the sound: waveform above mel spectrogram, the seams in both, and the playhead.
import { binOf } from "../shared/mel_scale.js";
import { drawTimeAxis, rowLabel } from "../shared/plot.js";
import { clipped, haloed, line } from "../shared/strokes.js";
import { fullScale, GAP, MEL, places, WAVE } from "./geometry.js";

/** @import { Colors } from "../shared/theme.js" */
/** @import { Plot } from "../shared/plot.js" */
/** @import { Context } from "../shared/strokes.js" */

/** @typedef {{ ctx: Context, plot: Plot, colors: Colors }} Brush */
/** @typedef {{ picture: HTMLCanvasElement, envelope: Int8Array, bands: number, frames: number, seams: number[] }} Sound */

const TICKS = [250, 1000, 4000]; // Hz

/**
 * @param {Brush} brush
 * @param {Sound} sound whose mel spectrogram is `frames` latent frames long
 * @param {number} length of the sound in latent frames
 * @param {number} place likewise, where it plays
 */
export function paintSound(brush, { picture, envelope, bands, frames, seams }, length, place) {
  const { ctx, plot, colors } = brush;
  plot.range = [0, length];
  const [left, right] = [plot.x(0), plot.x(length)];
  const at = places(plot.top);
  const limit = fullScale(envelope);
  drawWave(brush, envelope, limit, left, right);
  clipped(ctx, left, at.mel, right - left, MEL, () => {
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(picture, left, at.mel, plot.x(frames) - left, MEL);
  });
  for (const seam of seams) if (seam <= length) drawSeam(brush, plot.x(seam), at);
  const x = plot.x(place);
  haloed(ctx, [colors.halo, 4], [colors.mark, 2], () => line(ctx, x, at.top, x, at.bottom));
  rowLabel(ctx, plot, colors.muted, `sound\n±${limit}`, at.middle);
  for (const hz of TICKS) {
    const y = at.mel + MEL * (1 - (binOf(hz) + 0.5) / bands);
    rowLabel(ctx, plot, colors.muted, `${hz < 1000 ? hz : `${hz / 1000}k`}${hz === 4000 ? " Hz" : ""}`, y);
  }
  drawTimeAxis(ctx, plot, colors, at.bottom + 2, 0, length);
}

/** @param {Brush} brush @param {Int8Array} envelope @param {number} limit @param {number} left @param {number} right */
function drawWave({ ctx, plot, colors }, envelope, limit, left, right) {
  const { top, middle } = places(plot.top);
  ctx.fillStyle = colors.panel;
  ctx.fillRect(left, top, right - left, WAVE);
  ctx.strokeStyle = colors.line;
  ctx.lineWidth = 1;
  line(ctx, left, middle, right, middle);
  ctx.fillStyle = colors.wave;
  const count = envelope.length / 2;
  const step = (right - left) / count;
  for (let k = 0; k < count; k += 1) {
    const [low, high] = [envelope[2 * k] / 127 / limit, envelope[2 * k + 1] / 127 / limit];
    const height = Math.max(1, ((high - low) * WAVE) / 2);
    ctx.fillRect(left + k * step, middle - (high * WAVE) / 2, Math.max(step, 0.6), height);
  }
}

/** @param {Brush} brush @param {number} x @param {ReturnType<typeof places>} at */
function drawSeam({ ctx, colors }, x, { top, mel, bottom }) {
  haloed(ctx, [colors.halo, 3.5], [colors.seam, 1.75], () => {
    line(ctx, x, top - 4, x, top + 8);
    line(ctx, x, mel - GAP, x, mel + 8);
    line(ctx, x, bottom - 8, x, bottom);
  });
}
