// The picture of LatentInspector: channels as rows, tiles above them, what is marked in them.
import { drawBand, numberBand } from "./shared/bands.js";
import { diverging } from "./shared/colours.js";
import { inLanes, laneCount, seams, segmentPieces } from "./shared/layout.js";
import { drawTimeAxis, line } from "./shared/plot.js";
import { BAD } from "./inspector_data.js";

export const LANE = 17;
const GAP = 3;
const AXIS = 24;
const SCALE = 22;
const ALL_HEIGHT = 46; // of a channel among several
const ONE_HEIGHT = 208;
const SCALE_WIDTH = 180;
const TELL_APART = 4; // px: bins at least so high are crossed out one by one

// Where things stand in the picture. `rows` channels under `lanes` of tiles.
export function arrange(rows, lanes, narrow) {
  const height = rows === 1 ? ONE_HEIGHT : narrow ? ALL_HEIGHT - 10 : ALL_HEIGHT;
  const first = lanes ? lanes * LANE + 5 : 0;
  const axis = first + rows * (height + GAP) + 2;
  return { first, height, pitch: height + GAP, axis, scale: axis + AXIS, total: axis + AXIS + SCALE };
}

export function lanesOf(layout) {
  return laneCount(inLanes(segmentPieces(layout)));
}

function clipped(ctx, plot, top, height, draw) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(plot.left, top, plot.right - plot.left, height);
  ctx.clip();
  draw();
  ctx.restore();
}

export function drawPicture(ctx, plot, at, picture, bins, rows) {
  const top = plot.top + at.first;
  const [x, width] = [plot.x(picture.start), plot.x(picture.start + picture.canvas.width * picture.factor) - plot.x(picture.start)];
  clipped(ctx, plot, top, rows * at.pitch, () => {
    ctx.imageSmoothingEnabled = false;
    for (let row = 0; row < rows; row += 1) {
      ctx.drawImage(picture.canvas, 0, row * bins, picture.canvas.width, bins, x, top + row * at.pitch, width, at.height);
    }
  });
}

export function drawTiles(ctx, plot, colours, at, layout) {
  clipped(ctx, plot, 0, plot.top + at.first, () => {
    for (const [k, start, stop, lane] of inLanes(segmentPieces(layout))) {
      const y = plot.top + lane * LANE;
      drawBand(ctx, plot, colours, k, start, stop, y, LANE - 3);
      numberBand(ctx, plot, colours, k, start, stop, y, LANE - 3);
    }
  });
  const bottom = plot.top + at.axis - 2;
  clipped(ctx, plot, plot.top + at.first - 5, bottom + 5, () => {
    for (const seam of seams(layout)) {
      for (const [colour, thickness] of [[colours.halo, 3.5], [colours.seam, 1.75]]) {
        ctx.strokeStyle = colour;
        ctx.lineWidth = thickness;
        line(ctx, plot.x(seam), plot.top + at.first - 4, plot.x(seam), bottom);
      }
    }
  });
}

// Values that are none: crossed out where there is room, and a sign at the top of the row.
export function markBad(ctx, plot, colours, at, picture, bins) {
  const signs = { nan: "×", plus: "▲", minus: "▼" };
  const seen = new Set();
  const width = plot.x(picture.factor) - plot.x(0);
  const height = at.height / bins;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  for (const [row, column, kind, bin] of picture.marks) {
    const x = plot.x(picture.start + (column + 0.5) * picture.factor);
    if (x < plot.left || x > plot.right) continue;
    const y = plot.top + at.first + row * at.pitch;
    if (width >= TELL_APART && height >= TELL_APART) {
      const [left, top] = [x - width / 2, y + (bins - 1 - bin) * height];
      ctx.strokeStyle = "#000";
      ctx.lineWidth = 1;
      line(ctx, left, top, left + width, top + height);
      line(ctx, left, top + height, left + width, top);
    }
    const key = `${row} ${kind} ${Math.round(x / 9)}`;
    if (seen.has(key)) continue;
    seen.add(key);
    ctx.lineWidth = 3;
    ctx.strokeStyle = "#000";
    ctx.strokeText(signs[kind], x, y + 7);
    ctx.fillStyle = kind === "minus" ? "#ffffff" : BAD[kind];
    ctx.fillText(signs[kind], x, y + 7);
  }
}

// A line down the picture: the frame that is read, or what is heard.
export function drawCursor(ctx, plot, colours, at, frame, kind) {
  const x = plot.x(frame);
  if (x < plot.left - 1 || x > plot.right + 1) return;
  const [top, bottom] = [plot.top + at.first - 4, plot.top + at.axis - 2];
  for (const [colour, thickness] of [[colours.halo, 4], [colours.mark, kind === "heard" ? 2.25 : 1.25]]) {
    ctx.strokeStyle = colour;
    ctx.lineWidth = thickness;
    if (kind === "read" && thickness < 2) ctx.setLineDash([4, 3]);
    line(ctx, x, top, x, bottom);
    ctx.setLineDash([]);
  }
  if (kind !== "heard") return;
  ctx.fillStyle = colours.mark;
  ctx.beginPath();
  ctx.moveTo(x - 5, bottom + 7);
  ctx.lineTo(x + 5, bottom + 7);
  ctx.lineTo(x, bottom - 1);
  ctx.fill();
}

export function drawCell(ctx, plot, colours, at, row, frame, bin, bins) {
  const height = at.height / bins;
  const [x, width] = [plot.x(frame), Math.max(4, plot.x(frame + 1) - plot.x(frame))];
  const y = plot.top + at.first + row * at.pitch + (bins - 1 - bin) * height;
  if (x + width < plot.left || x > plot.right) return;
  for (const [colour, thickness] of [[colours.halo, 3], [colours.mark, 1.25]]) {
    ctx.strokeStyle = colour;
    ctx.lineWidth = thickness;
    ctx.strokeRect(x - 0.5, y - 0.5, width + 1, height + 1);
  }
}

export function drawFrame(ctx, plot, colours, at, channels) {
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  channels.forEach((channel, row) => {
    const y = plot.top + at.first + row * at.pitch;
    ctx.strokeStyle = colours.line;
    ctx.lineWidth = 1;
    ctx.strokeRect(plot.left - 0.5, y - 0.5, plot.right - plot.left + 1, at.height + 1);
    ctx.fillStyle = colours.muted;
    const word = channels.length > 1 || plot.narrow ? `${channel}` : `channel ${channel}`;
    ctx.fillText(word, plot.left - 8, y + at.height / 2);
  });
  if (channels.length > 1 && !plot.narrow) {
    ctx.save();
    ctx.translate(plot.left - 34, plot.top + at.first + (channels.length * at.pitch) / 2);
    ctx.rotate(-Math.PI / 2);
    ctx.textAlign = "center";
    ctx.fillText("channel", 0, 0);
    ctx.restore();
  }
  drawTimeAxis(ctx, plot, colours, plot.top + at.axis, Math.max(0, plot.range[0]), plot.range[1]);
}

// What the colours mean: a bar from -limit to limit.
const bar = document.createElement("canvas");
export function drawScale(ctx, plot, colours, at, limit) {
  if (!bar.width || bar.height !== 1 || bar.width !== 255) {
    bar.width = 255;
    bar.height = 1;
    const image = bar.getContext("2d").createImageData(255, 1);
    new Uint32Array(image.data.buffer).set(diverging.subarray(1));
    bar.getContext("2d").putImageData(image, 0, 0);
  }
  const width = Math.min(SCALE_WIDTH, (plot.right - plot.left) / 2);
  const y = plot.top + at.scale + 6;
  const text = limit.toPrecision(2);
  const left = plot.right - width - ctx.measureText(text).width - 6;
  ctx.imageSmoothingEnabled = true;
  ctx.drawImage(bar, left, y, width, 10);
  ctx.strokeStyle = colours.line;
  ctx.lineWidth = 1;
  ctx.strokeRect(left - 0.5, y - 0.5, width + 1, 11);
  ctx.fillStyle = colours.muted;
  ctx.textBaseline = "middle";
  ctx.textAlign = "right";
  ctx.fillText(`−${text}`, left - 5, y + 5.5);
  ctx.textAlign = "left";
  ctx.fillText(text, left + width + 5, y + 5.5);
}
