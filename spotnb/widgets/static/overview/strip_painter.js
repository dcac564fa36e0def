// The small pictures of the five stages.
import { contextOf } from "../shared/colors.js";
import { line } from "../shared/strokes.js";
import { strips } from "./state.js";
import { drawWave } from "./wave_painter.js";

/** @import { Colors } from "../shared/theme.js" */
/** @import { Context } from "../shared/strokes.js" */
/** @import { Pictures } from "./pictures.js" */
/** @import { Scene, Stage } from "./state.js" */

const SEAM = "#b4442c"; // in both themes, because it lies on pale pictures

/**
 * Paints the small picture of a stage over its whole canvas, if its size or the theme has changed.
 * @param {HTMLCanvasElement} canvas
 * @param {Colors} colors
 * @param {Scene} scene
 * @param {Pictures} pictures
 * @param {Stage} stage
 */
export function paintStrip(canvas, colors, scene, pictures, stage) {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const key = [width, height, ratio, colors.wave].join();
  if (!width || canvas.dataset.painted === key) return;
  canvas.dataset.painted = key;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const ctx = contextOf(canvas);
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.imageSmoothingEnabled = stage === "mel";
  if (stage === "steps") paintSteps(ctx, scene, pictures, width, height);
  else if (stage === "sound") drawWave(ctx, colors.wave, pictures.envelope, [0, width], [0, height], scene.peak);
  else ctx.drawImage(pictureOf(scene, pictures, stage), 0, 0, width, height);
}

/** @param {Scene} scene @param {Pictures} pictures @param {Stage} stage */
function pictureOf({ steps }, pictures, stage) {
  if (stage === "mel") return pictures.mel;
  return stage === "noise" ? pictures.noise : pictures.estimate(steps.length - 1);
}

/**
 * Some of the steps from top to bottom, each with its cuts.
 * @param {Context} ctx
 * @param {Scene} scene
 * @param {Pictures} pictures
 * @param {number} width
 * @param {number} height
 */
function paintSteps(ctx, { steps, frames }, pictures, width, height) {
  const chosen = strips(steps.length);
  const tall = height / chosen.length;
  chosen.forEach((step, row) => {
    const top = row * tall;
    ctx.drawImage(pictures.before(step), 0, top, width, tall - 1.5);
    for (const seam of steps[step].seams) {
      const x = (seam / frames) * width;
      for (const [color, wide] of /** @type {const} */ ([
        ["#ffffff", 4],
        [SEAM, 2],
      ])) {
        ctx.strokeStyle = color;
        ctx.lineWidth = wide;
        line(ctx, x, top, x, top + tall);
      }
    }
  });
}
