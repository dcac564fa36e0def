// The cells of ReflectionExplorer: numbers in boxes, or columns of a picture.
import { readableOn, viridis } from "../shared/colors.js";
import { font } from "../shared/plot.js";
import { hatch } from "../shared/strokes.js";

/** @import { Context } from "../shared/strokes.js" */
/** @import { Area, Group } from "./geometry.js" */

/**
 * Draws a group of cells at frame `at` and height `y`. Cells that come from the padding are hatched.
 * @typedef {(ctx: Context, area: Area, group: Group, at: number, y: number, height: number) => void} DrawGroup
 */

/** @param {number} source @param {number} frames */
function shadeOf(source, frames) {
  const word = viridis[Math.round(255 * (0.25 + (0.6 * source) / Math.max(1, frames - 1)))];
  const [r, g, b] = [word & 255, (word >> 8) & 255, (word >> 16) & 255];
  return { fill: `rgb(${r},${g},${b})`, dark: readableOn(r, g, b) === "#ffffff" };
}

/**
 * @param {string[]} numbers
 * @returns {DrawGroup}
 */
export function numberCells(numbers) {
  return (ctx, area, { sources: [source], copied }, at, y, height) => {
    const [left, width] = [area.x(at), area.x(at + 1) - area.x(at)];
    const { fill, dark } = shadeOf(source, numbers.length);
    ctx.fillStyle = fill;
    ctx.fillRect(left + 1, y, Math.max(0.5, width - 2), height);
    if (copied) hatch(ctx, left + 1, y, width - 2, height, dark ? "#ffffffa0" : "#00000090", 7);
    const text = numbers[source];
    ctx.font = font(width > 30 ? 14 : 11, "600");
    // A cropped cell fades until its number could not be read.
    if (ctx.globalAlpha > 0.5 && ctx.measureText(text).width < width) {
      const [x, middle] = [left + width / 2, y + height / 2 + 1];
      ctx.textAlign = "center";
      ctx.textBaseline = "middle";
      if (copied) {
        ctx.lineWidth = 5;
        ctx.lineJoin = "round";
        ctx.strokeStyle = fill;
        ctx.strokeText(text, x, middle);
      }
      ctx.fillStyle = dark ? "#ffffff" : "#000000";
      ctx.fillText(text, x, middle);
    }
    ctx.font = font(11);
  };
}

/**
 * @param {HTMLCanvasElement} picture one column a frame
 * @returns {DrawGroup}
 */
export function pictureCells(picture) {
  return (ctx, area, { sources, step, copied }, at, y, height) => {
    const count = sources.length;
    const [left, width] = [area.x(at), area.x(at + count) - area.x(at)];
    const backwards = count > 1 && step < 0;
    ctx.save();
    ctx.imageSmoothingEnabled = false;
    ctx.translate(backwards ? left + width : left, y);
    if (backwards) ctx.scale(-1, 1);
    const source = backwards ? sources[count - 1] : sources[0];
    ctx.drawImage(picture, source, 0, count, picture.height, 0, 0, width, height);
    ctx.restore();
    if (copied) hatch(ctx, left, y, width, height, "#000000a0", 6);
  };
}
