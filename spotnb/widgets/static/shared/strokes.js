// Drawing routines that several pictures share.

/** @import { Colors } from "./theme.js" */

/** @typedef {CanvasRenderingContext2D} Context */

/**
 * @param {Context} ctx
 * @param {number} x0
 * @param {number} y0
 * @param {number} x1
 * @param {number} y1
 */
export function line(ctx, x0, y0, x1, y1) {
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
}

/**
 * Vertical lines `[x, top, bottom]`, in one go.
 * @param {Context} ctx
 * @param {readonly (readonly [number, number, number])[]} places
 */
export function verticals(ctx, places) {
  ctx.beginPath();
  for (const [x, top, bottom] of places) {
    ctx.moveTo(x, top);
    ctx.lineTo(x, bottom);
  }
  ctx.stroke();
}

/**
 * Draws the same twice, first wider and in the background color, so that it is visible on top of anything.
 * @param {Context} ctx
 * @param {readonly [string, number]} halo color and width
 * @param {readonly [string, number]} stroke
 * @param {() => void} draw
 */
export function haloed(ctx, halo, stroke, draw) {
  for (const [color, width] of [halo, stroke]) {
    ctx.strokeStyle = color;
    ctx.lineWidth = width;
    draw();
  }
}

/**
 * @param {Context} ctx
 * @param {number} x
 * @param {number} y
 * @param {number} radius
 */
export function disc(ctx, x, y, radius) {
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fill();
}

/**
 * A triangle that points at (x, y). Its base is `height` above, or below if that is negative.
 * @param {Context} ctx
 * @param {number} x
 * @param {number} y
 * @param {number} half of its base
 * @param {number} height
 */
export function pointer(ctx, x, y, half, height) {
  ctx.beginPath();
  ctx.moveTo(x - half, y - height);
  ctx.lineTo(x + half, y - height);
  ctx.lineTo(x, y);
  ctx.fill();
}

/**
 * Text that can be read over a picture.
 * @param {Context} ctx
 * @param {Colors} colors
 * @param {string} text
 * @param {number} x
 * @param {number} y
 */
export function label(ctx, colors, text, x, y) {
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.lineWidth = 4;
  ctx.lineJoin = "round";
  ctx.strokeStyle = colors.surface;
  ctx.strokeText(text, x, y);
  ctx.fillStyle = colors.ink;
  ctx.fillText(text, x, y);
}

/**
 * Restricts drawing to a rectangle.
 * @param {Context} ctx
 * @param {number} x
 * @param {number} y
 * @param {number} width
 * @param {number} height
 * @param {() => void} draw
 */
export function clipped(ctx, x, y, width, height, draw) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(x, y, width, height);
  ctx.clip();
  draw();
  ctx.restore();
}

/**
 * Diagonal lines over a rectangle, so that color is not the only sign.
 * @param {Context} ctx
 * @param {number} x
 * @param {number} y
 * @param {number} width
 * @param {number} height
 * @param {string} color
 * @param {number} [apart]
 */
export function hatch(ctx, x, y, width, height, color, apart = 6) {
  if (width > 0 && height > 0)
    clipped(ctx, x, y, width, height, () => diagonals(ctx, x, y, width, height, color, apart));
}

/**
 * Diagonal lines over many rectangles `[x, y, width, height]`, in one go.
 * @param {Context} ctx
 * @param {readonly (readonly [number, number, number, number])[]} boxes
 * @param {string} color
 * @param {number} [apart]
 */
export function hatchAll(ctx, boxes, color, apart = 6) {
  if (!boxes.length) return;
  const left = Math.min(...boxes.map(([x]) => x));
  const top = Math.min(...boxes.map(([, y]) => y));
  const right = Math.max(...boxes.map(([x, , width]) => x + width));
  const bottom = Math.max(...boxes.map(([, y, , height]) => y + height));
  ctx.save();
  ctx.beginPath();
  for (const box of boxes) ctx.rect(...box);
  ctx.clip();
  diagonals(ctx, left, top, right - left, bottom - top, color, apart);
  ctx.restore();
}

/**
 * @param {Context} ctx
 * @param {number} x
 * @param {number} y
 * @param {number} width
 * @param {number} height
 * @param {string} color
 * @param {number} apart
 */
function diagonals(ctx, x, y, width, height, color, apart) {
  ctx.strokeStyle = color;
  ctx.lineWidth = 1;
  ctx.beginPath();
  const first = Math.floor((x - height) / apart) * apart; // fixed to the canvas, so that adjacent lines meet
  for (let at = first; at < x + width; at += apart) {
    ctx.moveTo(at, y + height);
    ctx.lineTo(at + height, y);
  }
  ctx.stroke();
}
