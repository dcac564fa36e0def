// The scale of both pictures. No method, edge or shift changes it, so that they can be compared.
import { finishing, plan } from "../shared/layout.js";
import { inLanes, laneCount, ownedPieces, windowPieces } from "../shared/pieces.js";

/** @import { Interval, Layout } from "../shared/layout.js" */
/** @import { Scene } from "./state.js" */

/** @typedef {{ range: Interval, lanes: { seen: number, owned: number } }} Scale */

const MOST_LANES = 4; // more share the height of these
const TILES = 6; // as many have the lanes of any longer latent

/**
 * The part of time that is shown, wide enough for every window, and the lanes for every method.
 * @param {Scene} scene
 * @returns {Scale}
 */
export function scaleOf(scene) {
  const { frames, width } = scene;
  return { range: frames > width ? [-width, frames + width] : [0, frames], lanes: lanesOf(scene) };
}

/** @param {Scene} scene */
function lanesOf({ frames, width, overlap, methods, edges, finish }) {
  const lanes = { seen: 1, owned: 1 };
  const short = frames > TILES * width ? TILES * width + (frames % width) : frames;
  for (const method of Object.values(methods)) {
    for (const edge of Object.values(edges)) {
      const options = { frames: short, width, overlap, method, edge };
      for (const each of [options, finishing(options, finish.overlap)]) {
        for (const shift of [0, 1, width >> 1, width - 1]) widen(lanes, plan(each, shift));
      }
    }
  }
  return lanes;
}

/** @param {Scale["lanes"]} lanes @param {Layout} layout */
function widen(lanes, layout) {
  lanes.seen = Math.min(MOST_LANES, Math.max(lanes.seen, laneCount(inLanes(windowPieces(layout)))));
  lanes.owned = Math.min(MOST_LANES, Math.max(lanes.owned, laneCount(ownedPieces(layout))));
}
