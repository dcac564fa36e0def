// The picture of ReflectionExplorer: the stages one below the other, and what happened to the original frames.
import { clamp, runsOf } from "../shared/numbers.js";
import { font, rowLabel } from "../shared/plot.js";
import { line } from "../shared/strokes.js";
import { groupsOf, rowHeight, rowTop } from "./geometry.js";
import { ORDERS } from "./stages.js";
import { fateOf, stageShown } from "./state.js";

/** @import { Colors } from "../shared/theme.js" */
/** @import { Plot } from "../shared/plot.js" */
/** @import { Context } from "../shared/strokes.js" */
/** @import { DrawGroup } from "./cell_painter.js" */
/** @import { Stage, Stages } from "./stages.js" */
/** @import { Scene, State } from "./state.js" */

/** @typedef {{ ctx: Context, plot: Plot, colors: Colors, drawGroup: DrawGroup }} Brush */

/**
 * `progress` tells how far the cells of the current stage have moved from the previous one, from 0 to 1.
 * @param {Brush} brush
 * @param {Scene} scene
 * @param {State} state
 * @param {Stages} stages
 * @param {number} progress
 */
export function paintStages(brush, scene, state, stages, progress) {
  const { ctx, plot, colors } = brush;
  const { frames } = scene;
  const names = ORDERS[state.order];
  const height = rowHeight(scene);
  const small = plot.narrow ? 10 : 11;
  plot.range = [-state.pad - 0.15, frames + state.pad + 0.15];
  drawEnds(brush, frames, plot.top + rowTop(scene, names.length - 1) + height + 4);
  names.forEach((name, index) => {
    const y = plot.top + rowTop(scene, index);
    const stage = stages[name];
    const current = index === state.stage;
    if (index > state.stage) {
      drawOutline(brush, stage, y, height);
    } else {
      const part = current ? progress : 1;
      const from = part < 1 ? plot.top + rowTop(scene, names.indexOf(stage.before)) : y;
      drawStage(brush, scene, stage, { from, y, height, part });
    }
    ctx.font = font(small, current ? "700" : "");
    rowLabel(ctx, plot, current ? colors.ink : colors.muted, name, y + height / 2);
    ctx.font = font(small);
  });
  markFates(brush, scene, stageShown(state, stages), plot.top + height + 3);
}

/**
 * Marks the place of the original sound.
 * @param {Brush} brush
 * @param {number} frames
 * @param {number} bottom
 */
function drawEnds({ ctx, plot, colors }, frames, bottom) {
  ctx.strokeStyle = colors.ghost;
  ctx.lineWidth = 1;
  ctx.setLineDash([3, 3]);
  for (const border of [0, frames]) {
    const x = Math.round(plot.x(border)) + 0.5;
    line(ctx, x, plot.top - 4, x, bottom);
  }
  ctx.setLineDash([]);
}

/** @param {Brush} brush @param {Stage} stage @param {number} y @param {number} height */
function drawOutline({ ctx, plot, colors }, { first, cells }, y, height) {
  const [left, right] = [plot.x(first), plot.x(first + cells.length)];
  ctx.strokeStyle = colors.line;
  ctx.strokeRect(left + 0.5, y + 0.5, right - left - 1, height - 1);
}

/**
 * Draws a stage at a `part` of its way from the previous one. Cropped cells fade.
 * @param {Brush} brush
 * @param {Scene} scene
 * @param {Stage} stage
 * @param {{ from: number, y: number, height: number, part: number }} place
 */
function drawStage({ ctx, plot, colors, drawGroup }, scene, stage, { from, y, height, part }) {
  const single = scene.numbers !== null;
  const now = from + (y - from) * part;
  const cut = stage.cut ?? [];
  ctx.globalAlpha = part < 1 ? 1 - 0.8 * part : 0.2;
  for (const group of groupsOf(cut, 0, single)) drawGroup(ctx, plot, group, group.from, now, height);
  ctx.globalAlpha = 1;
  for (const group of groupsOf(stage.cells, stage.first, single)) {
    drawGroup(ctx, plot, group, group.from + (group.to - group.from) * part, now, height);
  }
  if (!cut.length) return;
  ctx.strokeStyle = colors.seam;
  ctx.lineWidth = 2;
  for (const border of [0, scene.frames]) line(ctx, plot.x(border), y - 5, plot.x(border), y + height + 5);
}

/**
 * Marks below the original which frames the current stage lacks, and which it has more than once.
 * @param {Brush} brush
 * @param {Scene} scene
 * @param {Stage} stage
 * @param {number} y
 */
function markFates(brush, { frames, numbers }, stage, y) {
  const { ctx, colors } = brush;
  const { lost, twice } = fateOf(stage, frames);
  ctx.font = font(numbers ? 12 : 11, "700");
  ctx.textAlign = "center";
  ctx.textBaseline = "top";
  ctx.fillStyle = colors.seam;
  if (numbers) signCells(brush, lost, "×", () => y + 2);
  else signRuns(brush, lost, "lost", y);
  ctx.fillStyle = colors.ink;
  if (numbers) signCells(brush, twice, "2×", (k) => y + 2 + (lost.includes(k) ? 9 : 0));
  else signRuns(brush, twice, "twice", y);
  ctx.font = font(11);
}

/** @param {Brush} brush @param {number[]} which @param {string} sign @param {(k: number) => number} place */
function signCells({ ctx, plot }, which, sign, place) {
  for (const k of which) ctx.fillText(sign, plot.x(k + 0.5), place(k));
}

/** @param {Brush} brush @param {number[]} which @param {string} word @param {number} y */
function signRuns({ ctx, plot }, which, word, y) {
  for (const [first, last] of runsOf(which)) {
    const [left, right] = [plot.x(first), plot.x(last + 1)];
    ctx.fillRect(left, y, Math.max(1, right - left - 1), 2.5);
    ctx.fillText(word, clamp((left + right) / 2, plot.left + 12, plot.right - 14), y + 5);
  }
}
