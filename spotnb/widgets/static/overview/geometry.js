// Where things are in the picture of an open stage, in CSS pixels.
import { clamp } from "../shared/numbers.js";

/** @import { Scene, Stage } from "./state.js" */

export const BAND = 17; // of the tiles above a latent
const AXIS = 26;
const GAP = 8;
const MEL = 168;
const WAVE = 132;

/** @param {Scene} scene */
export function latentHeight({ rows }) {
  return clamp(8 * rows, 96, 160);
}

/** The height of one row in the map of all steps. @param {number} count of the steps */
export function mapRow(count) {
  return clamp(120 / count, 2, 10);
}

/**
 * Heights below the top of the picture: of the tiles, of the main picture, of the map of the steps (`map`, if there is
 * one), and of the time axis.
 * @param {Scene} scene
 * @param {Stage} stage
 */
export function placesOf(scene, stage) {
  if (stage === "mel") return { main: 0, height: MEL, map: null, axis: MEL + 2, total: MEL + 2 + AXIS };
  if (stage === "sound") return { main: 8, height: WAVE, map: null, axis: WAVE + 10, total: WAVE + 10 + AXIS };
  const height = latentHeight(scene);
  if (stage !== "steps") return { main: 0, height, map: null, axis: height + 2, total: height + 2 + AXIS };
  const main = BAND + 4;
  const map = main + height + GAP;
  const axis = map + scene.steps.length * mapRow(scene.steps.length) + 2;
  return { main, height, map, axis, total: axis + AXIS };
}

/**
 * The step whose row of the map is at a height below the top of the picture, or null.
 * @param {Scene} scene
 * @param {Stage} stage
 * @param {number} y
 */
export function stepAt(scene, stage, y) {
  const { map } = placesOf(scene, stage);
  if (map === null || y < map) return null;
  const step = Math.floor((y - map) / mapRow(scene.steps.length));
  return step < scene.steps.length ? step : null;
}
