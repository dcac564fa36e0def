// Where things are in the picture of ReflectionExplorer: one column for each order, with one row per stage. And which
// cells move together.
import { clamp } from "../shared/numbers.js";
import { ORDERS } from "./stages.js";

/** @import { Cell, Order } from "./stages.js" */
/** @import { Scene } from "./state.js" */

export const TOP = 10; // px above everything
const HEADING = 24; // px for the name of an order
const GAP = 14; // px between rows
const MARKS = 20; // px below the original, for what became of its frames
const BOTTOM = 8;
const MARGIN = 6; // px right of the cells
const BETWEEN = 22; // px between two columns, in either direction
const ROWS = ORDERS.naive.length;
const BESIDE = 560; // px: columns of a narrower picture are one below the other
const LABELS = 62; // px for the names of the stages

/**
 * A part of the picture with its own horizontal scale. `top` is where its heading starts.
 * @typedef {{ left: number, right: number, top: number, narrow: boolean, x: (frame: number) => number }} Area
 */

/** @typedef {Area & { order: Order, beside: boolean }} Column `beside` the other one */

/** @param {Scene} scene */
export function rowHeight({ numbers, bins }) {
  return numbers ? 28 : clamp(bins * 2, 26, 40);
}

/**
 * The top of a row, from the top of its column.
 * @param {Scene} scene
 * @param {number} index
 */
export function rowTop(scene, index) {
  return HEADING + index * (rowHeight(scene) + GAP) + (index > 0 ? MARKS : 0);
}

/** @param {Scene} scene */
function columnHeight(scene) {
  return rowTop(scene, ROWS) - GAP + BOTTOM;
}

/** @param {number} width of the picture */
export function areBeside(width) {
  return width >= BESIDE;
}

/** @param {Scene} scene @param {number} width */
export function totalHeight(scene, width) {
  const height = columnHeight(scene);
  return TOP + (areBeside(width) ? height : 2 * height + BETWEEN);
}

/**
 * An area that shows the sound and its padding.
 * @param {Scene} scene
 * @param {number} pad
 * @param {{ left: number, right: number, top: number }} place including the names of the stages
 * @returns {Area}
 */
export function areaOf({ frames }, pad, { left: outer, right: end, top }) {
  const [left, right] = [outer + LABELS, end - MARGIN];
  const scale = (right - left) / (frames + 2 * pad + 0.3);
  return { left, right, top, narrow: end - outer < 420, x: (frame) => left + (frame + pad + 0.15) * scale };
}

/**
 * The columns of the two orders: beside each other, or one below the other.
 * @param {Scene} scene
 * @param {number} pad
 * @param {number} width
 * @returns {Column[]}
 */
export function columnsOf(scene, pad, width) {
  const half = (width - BETWEEN) / 2;
  return /** @type {Order[]} */ (Object.keys(ORDERS)).map((order, k) => {
    const beside = areBeside(width);
    const place = beside
      ? { left: k * (half + BETWEEN), right: k * (half + BETWEEN) + half, top: TOP }
      : { left: 0, right: width, top: TOP + k * (columnHeight(scene) + BETWEEN) };
    return { order, beside, ...areaOf(scene, pad, place) };
  });
}

/**
 * The order and the row at a place in the picture.
 * @param {Scene} scene
 * @param {number} width
 * @param {{ x: number, y: number }} place
 * @returns {{ order: Order, row: number }}
 */
export function stageAt(scene, width, { x, y }) {
  const [first, second] = columnsOf(scene, 0, width);
  const inSecond = areBeside(width) ? x >= (width + BETWEEN) / 2 : y >= second.top - BETWEEN / 2;
  const { order, top } = inSecond ? second : first;
  let row = 0;
  while (row < ROWS - 1 && y - top >= rowTop(scene, row + 1) - GAP / 2) row += 1;
  return { order, row };
}

/**
 * The box of a column with its heading.
 * @param {Scene} scene
 * @param {Column} column
 */
export function boxOf(scene, { left, right, top }) {
  return { x: left - LABELS, y: top - 4, width: right - left + LABELS + MARGIN, height: columnHeight(scene) };
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
