// The picture of ReflectionExplorer: for each order its stages, one below the other, and what happened to the original
// frames.
import { clamp, runsOf } from "../shared/numbers.js";
import { font, rowLabel } from "../shared/plot.js";
import { haloed, line } from "../shared/strokes.js";
import { boxOf, groupsOf, rowHeight, rowTop } from "./geometry.js";
import { heading, stageLabel } from "./sentences.js";
import { ORDERS } from "./stages.js";
import { fateOf, stageShown } from "./state.js";

/** @import { Colors } from "../shared/theme.js" */
/** @import { Context } from "../shared/strokes.js" */
/** @import { DrawGroup } from "./cell_painter.js" */
/** @import { Area, Column } from "./geometry.js" */
/** @import { Stage, Stages } from "./stages.js" */
/** @import { Scene, State } from "./state.js" */

/** @typedef {{ ctx: Context, colors: Colors, drawGroup: DrawGroup }} Brush */

/**
 * Draws one order. `progress` tells how far the cells of the current stage have moved from the previous one, 0 to 1.
 * @param {Brush} brush
 * @param {Scene} scene
 * @param {State} state
 * @param {Column} column
 * @param {{ stages: Stages, progress: number }} content
 */
export function paintOrder(brush, scene, state, column, { stages, progress }) {
  const { ctx, colors } = brush;
  const { order, top } = column;
  const names = ORDERS[order];
  const height = rowHeight(scene);
  const small = column.narrow ? 10 : 11;
  const chosen = order === state.order;
  if (chosen) drawBox(brush, boxOf(scene, column));
  drawEnds(brush, scene, column, top + rowTop(scene, names.length - 1) + height + 4);
  names.forEach((name, index) => {
    const y = top + rowTop(scene, index);
    const stage = stages[name];
    const current = index === state.stage;
    if (index > state.stage) {
      drawOutline(brush, column, stage, y, height);
    } else {
      const part = current ? progress : 1;
      const from = part < 1 ? top + rowTop(scene, names.indexOf(stage.before)) : y;
      drawStage(brush, scene, column, stage, { from, y, height, part });
    }
    ctx.font = font(small, current ? "700" : "");
    rowLabel(ctx, column, current ? colors.ink : colors.muted, stageLabel(name).replace(" ", "\n"), y + height / 2);
  });
  const shown = { ...state, order };
  markFates(brush, scene, column, stageShown(shown, stages), top + rowTop(scene, 0) + height + 3);
  ctx.font = font(column.narrow ? 11 : 12, "700");
  ctx.fillStyle = colors.ink;
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  ctx.fillText(heading(scene, shown, stages, column.beside), boxOf(scene, column).x + 8, top + 9);
}

/**
 * Draws the sound that was rolled as a ring, and marks where its end meets its start.
 * @param {Brush} brush
 * @param {Scene} scene
 * @param {State} state
 * @param {Area} area
 * @param {Stage} stage
 */
export function paintCircular(brush, scene, { shift }, area, stage) {
  const { ctx, colors } = brush;
  const height = rowHeight(scene);
  const y = area.top;
  drawStage(brush, scene, area, stage, { from: y, y, height, part: 1 });
  ctx.font = font(area.narrow ? 10 : 11);
  rowLabel(ctx, area, colors.muted, "rolled", y + height / 2);
  if (shift % scene.frames === 0) return;
  const x = area.x(shift);
  haloed(ctx, [colors.halo, 5], [colors.ink, 2], () => line(ctx, x, y - 4, x, y + height + 4));
  ctx.fillStyle = colors.ink;
  ctx.textAlign = "center";
  ctx.textBaseline = "top";
  ctx.fillText("end | start", clamp(x, area.left + 28, area.right - 28), y + height + 6);
}

/** @param {Brush} brush @param {{ x: number, y: number, width: number, height: number }} box */
function drawBox({ ctx, colors }, { x, y, width, height }) {
  ctx.fillStyle = colors.panel;
  ctx.beginPath();
  ctx.roundRect(x, y, width, height, 6);
  ctx.fill();
}

/**
 * Marks the place of the original sound.
 * @param {Brush} brush
 * @param {Scene} scene
 * @param {Column} column
 * @param {number} bottom
 */
function drawEnds({ ctx, colors }, scene, column, bottom) {
  ctx.strokeStyle = colors.ghost;
  ctx.lineWidth = 1;
  ctx.setLineDash([3, 3]);
  for (const border of [0, scene.frames]) {
    const x = Math.round(column.x(border)) + 0.5;
    line(ctx, x, column.top + rowTop(scene, 0) - 4, x, bottom);
  }
  ctx.setLineDash([]);
}

/** @param {Brush} brush @param {Area} area @param {Stage} stage @param {number} y @param {number} height */
function drawOutline({ ctx, colors }, area, { first, cells }, y, height) {
  const [left, right] = [area.x(first), area.x(first + cells.length)];
  ctx.strokeStyle = colors.line;
  ctx.lineWidth = 1;
  ctx.strokeRect(left + 0.5, y + 0.5, right - left - 1, height - 1);
}

/**
 * Draws a stage at a `part` of its way from the previous one. Cropped cells fade.
 * @param {Brush} brush
 * @param {Scene} scene
 * @param {Area} area
 * @param {Stage} stage
 * @param {{ from: number, y: number, height: number, part: number }} place
 */
function drawStage({ ctx, colors, drawGroup }, scene, area, stage, { from, y, height, part }) {
  const single = scene.numbers !== null;
  const now = from + (y - from) * part;
  const cut = stage.cut ?? [];
  ctx.globalAlpha = part < 1 ? 1 - 0.8 * part : 0.2;
  for (const group of groupsOf(cut, 0, single)) drawGroup(ctx, area, group, group.from, now, height);
  ctx.globalAlpha = 1;
  for (const group of groupsOf(stage.cells, stage.first, single)) {
    drawGroup(ctx, area, group, group.from + (group.to - group.from) * part, now, height);
  }
  if (!cut.length) return;
  ctx.strokeStyle = colors.seam;
  ctx.lineWidth = 2;
  for (const border of [0, scene.frames]) line(ctx, area.x(border), y - 5, area.x(border), y + height + 5);
}

/**
 * Marks below the original which frames the current stage lacks, and which it has more than once.
 * @param {Brush} brush
 * @param {Scene} scene
 * @param {Area} area
 * @param {Stage} stage
 * @param {number} y
 */
function markFates({ ctx, colors }, { frames, numbers }, area, stage, y) {
  const { lost, twice } = fateOf(stage, frames);
  ctx.font = font(area.x(1) - area.x(0) > 24 ? 12 : 10, "700");
  ctx.textAlign = "center";
  ctx.textBaseline = "top";
  ctx.fillStyle = colors.seam;
  if (numbers) signCells(ctx, area, lost, "×", () => y + 2);
  else signRuns(ctx, area, lost, "lost", y);
  ctx.fillStyle = colors.ink;
  if (numbers) signCells(ctx, area, twice, "2×", (k) => y + 2 + (lost.includes(k) ? 9 : 0));
  else signRuns(ctx, area, twice, "twice", y);
}

/** @param {Context} ctx @param {Area} area @param {number[]} which @param {string} sign @param {(k: number) => number} place */
function signCells(ctx, area, which, sign, place) {
  for (const k of which) ctx.fillText(sign, area.x(k + 0.5), place(k));
}

/** @param {Context} ctx @param {Area} area @param {number[]} which @param {string} word @param {number} y */
function signRuns(ctx, area, which, word, y) {
  for (const [first, last] of runsOf(which)) {
    const [left, right] = [area.x(first), area.x(last + 1)];
    ctx.fillRect(left, y, Math.max(1, right - left - 1), 2.5);
    ctx.fillText(word, clamp((left + right) / 2, area.left + 12, area.right - 14), y + 5);
  }
}
