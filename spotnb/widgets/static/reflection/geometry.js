// Where things are in the picture of ReflectionExplorer, and which cells move together.
import { clamp } from "../shared/numbers.js";
import { ORDERS } from "./stages.js";

/** @import { Cell } from "./stages.js" */
/** @import { Scene } from "./state.js" */

export const GAP = 16; // px between rows
const MARKS = 20; // px below the original, for what became of its frames
const ROWS = ORDERS.naive.length;

/** @param {Scene} scene */
export function rowHeight({ numbers, bins }) {
  return numbers ? 30 : clamp(bins * 2, 26, 40);
}

/** @param {Scene} scene @param {number} index */
export function rowTop(scene, index) {
  return index * (rowHeight(scene) + GAP) + (index > 0 ? MARKS : 0);
}

/** @param {Scene} scene */
export function totalHeight(scene) {
  return rowTop(scene, ROWS) - GAP + 18;
}

/**
 * The row at a height below the top.
 * @param {Scene} scene
 * @param {number} y
 */
export function rowAt(scene, y) {
  let row = 0;
  while (row < ROWS - 1 && y >= rowTop(scene, row + 1) - GAP / 2) row += 1;
  return row;
}

/**
 * Cells that are adjacent in the original, in the previous stage and in this one. `step` is -1 if they run backward.
 * @typedef {{ sources: number[], step: number, copied: boolean, from: number, to: number }} Group
 */

/**
 * Puts cells that stay together into groups. `first` is the place of the first cell. With `single`, each cell is its
 * own group.
 * @param {Cell[]} cells
 * @param {number} first
 * @param {boolean} single
 */
export function groupsOf(cells, first, single) {
  /** @type {Group[]} */
  const groups = [];
  cells.forEach(({ source, copied, from }, k) => {
    const last = groups.at(-1);
    const to = first + k;
    const step = last ? source - last.sources[last.sources.length - 1] : 0;
    if (last && !single && last.copied === copied && continues(last, step, from - to)) {
      last.sources.push(source);
      last.step = step;
    } else {
      groups.push({ sources: [source], step: 1, copied, from, to });
    }
  });
  return groups;
}

/** @param {Group} group @param {number} step @param {number} moved */
function continues(group, step, moved) {
  const onwards = Math.abs(step) === 1 && (group.sources.length < 2 || step === group.step);
  return onwards && Math.abs(moved - (group.from - group.to)) < 1e-9;
}

/**
 * A movement that starts and ends gently.
 * @param {number} t from 0 to 1
 */
export function ease(t) {
  return t < 0.5 ? 4 * t ** 3 : 1 - (2 - 2 * t) ** 3 / 2;
}
