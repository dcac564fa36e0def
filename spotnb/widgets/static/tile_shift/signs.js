// What the two pictures of TileShiftDebugger show at the moment, and the words for it. The static picture
// (spotnb/widgets/tile_shift_picture.py) has the same words.
import { blended, cuts } from "../shared/layout.js";
import { withMinus } from "../shared/numbers.js";
import { reachesOut } from "./state.js";

/** @import { Key } from "../shared/legend.js" */
/** @import { Layout } from "../shared/layout.js" */
/** @import { Run, Scene, Shown } from "./state.js" */

export const WORDS = {
  tiles: "tiles",
  seen: "seen, not kept",
  seam: "seam of this step",
  before: "seam of the step before",
  end: "ends of the sound",
  closing: "where the loop closes",
  padding: "padding",
  around: "the other end",
  fade: "cross-fade: the height is the share",
  followed: "the place that you follow",
  row: "seam",
  chosen: "chosen step",
  pin: "where a fixed grid always cuts",
  even: "if spread evenly",
  inside: "the place is in a tile",
  cut: "the place is at a seam",
  sketch: "a sketch, not a real latent",
};

/**
 * The legend of the upper picture.
 * @param {Scene} scene
 * @param {Run} run
 * @param {Shown} shown
 * @returns {Key[]}
 */
export function stepKeys(scene, run, { layout, step, frame }) {
  const { ring } = layout.edge;
  const now = cuts(layout);
  const left = step > 0 && run.cuts[step - 1].some((seam) => !now.includes(seam));
  return [
    ["tiles", WORDS.tiles],
    ...only(seesMore(layout), "seen", WORDS.seen),
    ...only(blended(layout), "fade", WORDS.fade),
    ...only(now.length, "seam", WORDS.seam),
    ...only(left, "before", WORDS.before),
    ["end", ring ? WORDS.closing : WORDS.end],
    ...only(reachesOut(run, layout), "padding", ring ? WORDS.around : WORDS.padding),
    ...only(frame !== null, "followed", WORDS.followed),
    latentKey(scene),
  ];
}

/**
 * The legend of the lower picture. `marked` says whether the place that is followed is marked in each row.
 * @param {Run} run
 * @param {Shown} shown
 * @param {boolean} marked
 * @returns {Key[]}
 */
export function runKeys(run, { frame }, marked) {
  const count = run.cuts.reduce((sum, each) => sum + each.length, 0);
  const follows = marked && frame !== null;
  return [
    ["chosen", WORDS.chosen],
    ...only(count, "row", WORDS.row),
    ...only(run.layouts.some(blended), "fade", WORDS.fade),
    ...only(follows, "inside", WORDS.inside),
    ...only(follows, "cut", WORDS.cut),
    ...only(count, "bars", `${count} ${count === 1 ? "seam" : "seams"} of this run`),
    ...only(run.grid.length, "pin", WORDS.pin),
    ...only(count, "even", WORDS.even),
  ];
}

/**
 * @param {unknown} shown
 * @param {Key[0]} sign
 * @param {string} words
 * @returns {Key[]}
 */
function only(shown, sign, words) {
  return shown ? [[sign, words]] : [];
}

/**
 * Whether a window shows frames of the sound that its tile does not own.
 * @param {Layout} layout
 */
function seesMore({ frames, edge, tiles }) {
  const [low, high] = edge.ring ? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] : [0, frames];
  return tiles.some(
    ({ window, segment }) => Math.max(window[0], low) < segment[0] || Math.min(window[1], high) > segment[1],
  );
}

/**
 * What is behind the tiles, and its values.
 * @param {Scene} scene
 * @returns {Key}
 */
export function latentKey({ backdrop }) {
  if (!backdrop) return ["sketch", WORDS.sketch];
  const { example, channel, limit } = backdrop;
  const what = example === null ? "clean latent" : `latent of an example, “${example}”`;
  const which = channel === null ? "all channels" : `channel ${channel}`;
  return ["colors", `${what}, ${which}: ${withMinus((-limit).toFixed(1))} to ${limit.toFixed(1)}`];
}
