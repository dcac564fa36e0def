// The state of ReflectionExplorer: its traits within their limits, and what happens to the frames.
import { clamp } from "../shared/numbers.js";
import { isExact, lost, ORDERS, stagesOf, twice } from "./stages.js";

/** @import { Order, Stage, Stages } from "./stages.js" */

/**
 * `numbers` are the values as text if there are few of them; otherwise the frames are shown as a picture.
 * @typedef {{ frames: number, framesPerSecond: number, bins: number, numbers: string[] | null }} Scene
 */

/** @typedef {{ order: Order, pad: number, shift: number, stage: number }} State `stage` counts in both orders alike */

export const LAST = ORDERS.naive.length - 1;

/**
 * @param {Scene} scene
 * @param {(trait: string) => any} get
 * @returns {State}
 */
export function readState({ frames }, get) {
  const order = get("order") === "right" ? "right" : "naive";
  const stage = ORDERS[order].indexOf(get("stage"));
  return {
    order,
    pad: clamp(get("pad"), 0, frames - 1),
    shift: clamp(get("shift"), 0, frames),
    stage: stage < 0 ? LAST : stage,
  };
}

/**
 * The stages of both orders.
 * @param {Scene} scene
 * @param {State} state
 * @returns {Record<Order, Stages>}
 */
export function bothOrders({ frames }, { pad, shift }) {
  return { naive: stagesOf(frames, pad, shift, "naive"), right: stagesOf(frames, pad, shift, "right") };
}

/** @param {{ order: Order, stage: number }} state */
export function stageName({ order, stage }) {
  return ORDERS[order][stage];
}

/**
 * @param {{ order: Order, stage: number }} state
 * @param {Stages} stages
 */
export function stageShown(state, stages) {
  return stages[stageName(state)];
}

/**
 * What happened to the original frames.
 * @param {Stage} stage
 * @param {number} frames
 */
export function fateOf(stage, frames) {
  return { lost: lost(stage, frames), twice: twice(stage, frames), exact: isExact(stage, frames) };
}
