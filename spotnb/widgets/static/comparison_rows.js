// The picture of one run: waveform above log-mel, with its seams in both.
import { imageOf, magma } from "./shared/colours.js";
import { FRAMES_PER_SECOND, drawTimeAxis, line, rowLabel } from "./shared/plot.js";
import { bytesOf, clamp } from "./shared/view.js";

const BANDS = 64;
const COARSER = 4;
const TICKS = [250, 1000, 4000]; // Hz
export const WAVE = 58; // px
export const MEL = 84;
export const GAP = 11;
const TOP = 1000; // Hz, up to which Slaney's mel scale is linear

// Where a frequency lies among the bands, as `spotnb.sound.mel.mel_bin`, and back.
const melOf = (hz) => (hz < TOP ? (hz * 3) / 200 : 15 + (27 * Math.log(hz / TOP)) / Math.log(6.4));
export const binOf = (hz) => (melOf(hz) / melOf(8000)) * (BANDS + 1) - 1;
export function hzOf(bin) {
  const mel = ((bin + 1) / (BANDS + 1)) * melOf(8000);
  return mel < 15 ? (mel * 200) / 3 : TOP * 6.4 ** ((mel - 15) / 27);
}

export function prepareRow(row, scene) {
  const mel = bytesOf(row.mel);
  const bytes = bytesOf(row.envelope);
  const finest = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const levels = [{ ends: finest, samples: row.columnSamples }];
  while (levels.at(-1).ends.length > 4096) levels.push(coarser(levels.at(-1)));
  const frames = mel.length / BANDS;
  const perFrame = 1 / scene.melSeconds / FRAMES_PER_SECOND; // mel frames in a latent frame
  return {
    ...row,
    peak: Math.max(...levels.at(-1).ends.map(Math.abs)) / 127,
    perSample: FRAMES_PER_SECOND / scene.rate,
    end: (row.samples / scene.rate) * FRAMES_PER_SECOND,
    image: imageOf(mel, frames, BANDS, magma),
    melEnd: frames / perFrame,
    // The natural logarithm of the magnitude there.
    melAt: (frame, bin) => {
      const value = mel[clamp(Math.floor(frame * perFrame), 0, frames - 1) * BANDS + clamp(Math.round(bin), 0, BANDS - 1)];
      return scene.melRange[0] + (value / 255) * (scene.melRange[1] - scene.melRange[0]);
    },
    // Least and greatest between two latent frames, -1 to 1.
    between: (first, last) => between(levels, row.samples, first * (scene.rate / FRAMES_PER_SECOND), last * (scene.rate / FRAMES_PER_SECOND)),
  };
}

function coarser({ ends, samples }) {
  const count = Math.ceil(ends.length / 2 / COARSER);
  const found = new Int8Array(2 * count);
  for (let k = 0; k < count; k += 1) {
    let [low, high] = [127, -127];
    for (let j = k * COARSER; j < Math.min((k + 1) * COARSER, ends.length / 2); j += 1) {
      low = Math.min(low, ends[2 * j]);
      high = Math.max(high, ends[2 * j + 1]);
    }
    found[2 * k] = low;
    found[2 * k + 1] = high;
  }
  return { ends: found, samples: samples * COARSER };
}

function between(levels, total, first, last) {
  if (last <= 0 || first >= total) return null;
  const level = levels.findLast(({ samples }) => samples <= Math.max(last - first, 1)) ?? levels[0];
  const count = level.ends.length / 2;
  const stop = clamp(Math.ceil(last / level.samples), 1, count);
  let [low, high] = [127, -127];
  for (let k = clamp(Math.floor(first / level.samples), 0, stop - 1); k < stop; k += 1) {
    low = Math.min(low, level.ends[2 * k]);
    high = Math.max(high, level.ends[2 * k + 1]);
  }
  return [low / 127, high / 127];
}

// All of a row that does not move. `factor` is what it is played with; `grid` where it was scored.
// A full wave stands for `limit`, the same in all rows.
export function drawRow(ctx, plot, colours, row, { factor, limit, grid, axis }) {
  const { top, left, right } = plot;
  const [stop, melTop] = [top + WAVE, top + WAVE + GAP];
  const middle = top + WAVE / 2;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, 0, right - left, plot.height);
  ctx.clip();

  ctx.strokeStyle = colours.line;
  ctx.lineWidth = 1;
  line(ctx, left, middle + 0.5, plot.x(row.end), middle + 0.5);
  drawWave(ctx, plot, row, colours.wave, middle, ((WAVE / 2 - 1) * factor) / limit);

  ctx.imageSmoothingEnabled = plot.x(1) - plot.x(0) < 8;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, melTop, plot.x(row.end) - left, MEL);
  ctx.clip();
  ctx.drawImage(row.image, plot.x(0), melTop, plot.x(row.melEnd) - plot.x(0), MEL);
  ctx.restore();

  for (const frame of grid) {
    if (frame > row.end) continue;
    ctx.strokeStyle = colours.muted;
    ctx.lineWidth = 1.2;
    ctx.beginPath();
    ctx.arc(plot.x(frame), stop + GAP / 2, 2.4, 0, 2 * Math.PI);
    ctx.stroke();
  }
  for (const frame of row.seams) drawSeam(ctx, colours, plot.x(frame), top, stop, melTop);
  ctx.restore();

  rowLabel(ctx, plot, colours, `${plot.narrow ? "wave" : "waveform"}\n±${limit}`, middle);
  for (const hz of TICKS) {
    const y = bandY(melTop, binOf(hz));
    ctx.strokeStyle = colours.ghost;
    ctx.lineWidth = 1;
    line(ctx, left - 4, y, left, y);
    rowLabel(ctx, plot, colours, hz < 1000 ? `${hz}` : `${hz / 1000}k`, y);
  }
  if (!plot.narrow) {
    ctx.textAlign = "left";
    ctx.fillText("Hz", 8, melTop + MEL / 2);
  }
  if (axis) drawTimeAxis(ctx, plot, colours, melTop + MEL + 4, plot.range[0], plot.range[1]);
}

// The height at which a band's middle is drawn, and the band at a height.
export const bandY = (melTop, bin) => melTop + MEL * (1 - (bin + 0.5) / BANDS);
export const bandAt = (melTop, y) => (1 - (y - melTop) / MEL) * BANDS - 0.5;

function drawWave(ctx, plot, row, colour, middle, height) {
  const step = 1 / plot.ratio;
  const first = Math.max(plot.left, plot.x(0));
  const last = Math.min(plot.right, plot.x(row.end));
  ctx.fillStyle = colour;
  for (let x = first; x < last; x += step) {
    const ends = row.between(plot.frameAt(x), plot.frameAt(x + step));
    if (!ends) continue;
    const [low, high] = ends;
    ctx.fillRect(x, middle - high * height, step, Math.max(step, (high - low) * height));
  }
}

// A triangle above, a dashed line through the wave, and short lines at the edges of the mel: the seam stays in view.
function drawSeam(ctx, colours, x, top, stop, melTop) {
  ctx.fillStyle = colours.seam;
  ctx.beginPath();
  ctx.moveTo(x - 4.5, top - 8);
  ctx.lineTo(x + 4.5, top - 8);
  ctx.lineTo(x, top - 1);
  ctx.fill();
  ctx.strokeStyle = colours.seam;
  ctx.lineWidth = 1;
  ctx.setLineDash([3, 3]);
  line(ctx, x, top, x, stop);
  ctx.setLineDash([]);
  for (const [colour, width] of [["#ffffff", 3], ["#000000", 1.2]]) {
    ctx.strokeStyle = colour;
    ctx.lineWidth = width;
    line(ctx, x, melTop, x, melTop + 9);
    line(ctx, x, melTop + MEL - 9, x, melTop + MEL);
  }
}

// Where the sound is; the run that is heard has the heavy one, with a handle.
export function drawPlayhead(ctx, plot, colours, frame, heard, top, bottom) {
  const x = Math.round(plot.x(frame) * plot.ratio) / plot.ratio + (heard ? 0 : 0.5 / plot.ratio); // on whole pixels
  if (x < plot.left - 1 || x > plot.right + 1) return;
  ctx.strokeStyle = colours.halo;
  ctx.lineWidth = heard ? 4 : 3;
  line(ctx, x, top, x, bottom);
  ctx.strokeStyle = colours.mark;
  ctx.lineWidth = heard ? 2 : 1;
  line(ctx, x, top, x, bottom);
  if (!heard) return;
  ctx.fillStyle = colours.mark;
  ctx.beginPath();
  ctx.arc(x, top, 4, 0, 2 * Math.PI);
  ctx.fill();
}
