// The state of TileShiftDebugger: its traits within their limits, and the layouts of all steps.
import { cuts, finishing, moves, networkFrames, plan, planFixed, reach, seams, usedShift } from "../shared/layout.js";
import { clamp } from "../shared/numbers.js";

/** @import { Edge, Layout, Method, Options } from "../shared/layout.js" */
/** @import { Scale } from "./scale.js" */

/**
 * The latent behind the tiles: the clean estimates of a run, or the finished latent of an example.
 * @typedef {object} Backdrop
 * @property {number[]} steps that have a picture
 * @property {number} columns
 * @property {number} bins
 * @property {number | null} channel that is shown; null if the rows are all channels
 * @property {number} limit the value at the ends of the color scale
 * @property {string | null} example the prompt of the example
 */

/**
 * `drawn` are the shifts of the schedule; `names` are the names of the steps. From the step `first` on, the tiles
 * of a moving grid overlap by `overlap` frames.
 * @typedef {object} Scene
 * @property {number} frames
 * @property {number} framesPerSecond
 * @property {number} width
 * @property {number} overlap
 * @property {number[]} drawn
 * @property {number[]} names
 * @property {Record<string, Method>} methods
 * @property {Record<string, Edge>} edges
 * @property {{ first: number, overlap: number }} finish
 * @property {Backdrop | null} backdrop
 */

/** @typedef {{ step: number, shift: number, frame: number | null, method: string, edge: string }} State */

/**
 * The layouts of all steps, and what follows from them: the seams of each step (`cuts`), those of a fixed grid, and the
 * cost. All runs of a scene have the same scale.
 * @typedef {object} Run
 * @property {Options} options
 * @property {Layout[]} layouts
 * @property {number[][]} cuts
 * @property {number[]} grid
 * @property {Scale} scale
 * @property {number} cost
 */

/** @typedef {State & { layout: Layout, movable: boolean, byHand: boolean }} Shown */

/**
 * @param {Scene} scene
 * @param {(trait: string) => any} get
 * @returns {State}
 */
export function readState(scene, get) {
  const frame = get("selected_frame");
  return {
    step: clamp(get("step"), 0, scene.drawn.length - 1),
    shift: clamp(get("shift"), 0, scene.width),
    frame: frame === null ? null : clamp(frame, 0, scene.frames - 1),
    method: get("method"),
    edge: get("edge"),
  };
}

/**
 * @param {Scene} scene
 * @param {{ method: string, edge: string }} names
 * @returns {Options}
 */
export function optionsOf({ frames, width, overlap, methods, edges }, { method, edge }) {
  return { frames, width, overlap, method: methods[method], edge: edges[edge] };
}

/**
 * The options of one step, which may be one of the last ones, in which tiles overlap.
 * @param {Scene} scene
 * @param {{ method: string, edge: string, step: number }} state
 */
export function optionsAt(scene, state) {
  return atStep(scene, optionsOf(scene, state), state.step);
}

/** @param {Scene} scene @param {Options} options @param {number} step */
function atStep({ finish }, options, step) {
  return step < finish.first ? options : finishing(options, finish.overlap);
}

/**
 * Everything that depends on method and edge alone. The rest may change with every screen frame.
 * @param {Scene} scene
 * @param {Options} options
 * @param {Scale} scale
 * @returns {Run}
 */
export function planRun(scene, options, scale) {
  const layouts = scene.drawn.map((shift, step) => plan(atStep(scene, options, step), shift));
  return {
    options,
    layouts,
    cuts: layouts.map(cuts),
    grid: seams(planFixed(options)),
    scale,
    cost: layouts.reduce((sum, layout) => sum + networkFrames(layout), 0),
  };
}

/**
 * The state and the layout that is shown, at the current shift.
 * @param {Scene} scene
 * @param {Run} run
 * @param {State} state
 * @returns {Shown}
 */
export function shownOf(scene, run, state) {
  const options = atStep(scene, run.options, state.step);
  const layout = plan(options, state.shift);
  const movable = moves(options);
  const byHand = movable && layout.shift !== usedShift(options, scene.drawn[state.step]);
  return { ...state, layout, movable, byHand };
}

/**
 * The shift that results if the user sets `value`, or null if the grid is fixed.
 * @param {Options} options
 * @param {number} value
 */
export function wantedShift(options, value) {
  return moves(options) ? usedShift(options, clamp(Math.round(value), 0, options.width)) : null;
}

/**
 * Whether a frame is one of the two at a seam of a step.
 * @param {Run} run
 * @param {number} step
 * @param {number} frame
 */
export function touches({ options, cuts }, step, frame) {
  const after = options.edge.ring ? (frame + 1) % options.frames : frame + 1;
  return cuts[step].some((seam) => seam === frame || seam === after);
}

/**
 * Whether a window reaches past an end, where there is room to show it. A single window of a ring is drawn turned.
 * @param {Run} run
 * @param {Layout} layout
 */
export function reachesOut({ scale }, layout) {
  const [first, end] = reach(layout.tiles);
  return scale.range[1] > layout.frames && (first < 0 || end > layout.frames);
}
