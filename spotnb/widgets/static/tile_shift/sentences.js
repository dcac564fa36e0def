// The sentences of TileShiftDebugger.
import { cuts, networkFrames, owners } from "../shared/layout.js";
import { runsOf } from "../shared/numbers.js";
import { seconds } from "../shared/time.js";
import { touches } from "./state.js";

/** @import { KeyMeaning } from "../shared/keys.js" */
/** @import { Run, Scene, Shown } from "./state.js" */

const RANGES_TOLD = 8;
const SEAMS_TOLD = 12;

/** @type {KeyMeaning[]} */
export const KEYS = [
  ["← →", "the steps; in the lower picture the frame (with shift by a second)"],
  ["Home, End", "the first and the last step"],
  ["Space", "play the steps"],
  ["+ −", "move the grid by a frame (with shift by 8)"],
  ["↑ ↓", "the steps, in the lower picture"],
  ["Escape", "the shift as drawn; in the lower picture no frame"],
  ["Wheel", "scrub, where a picture is in focus"],
];

/**
 * Tiles and cost as [before, value, after].
 * @param {Scene} scene
 * @param {Run} run
 * @param {Shown} shown
 * @returns {[string, string, string][]}
 */
export function facts({ frames, drawn }, run, { layout }) {
  const count = layout.tiles.length;
  const cost = networkFrames(layout);
  const widths = layout.tiles.map(({ window: [start, stop] }) => stop - start);
  const [least, most] = [Math.min(...widths), Math.max(...widths)];
  return [
    ["", `${count}`, `${count === 1 ? " tile" : " tiles"}${layout.method.faded ? ", cross-faded" : ""}`],
    ["windows of ", least === most ? `${least}` : `${least} to ${most}`, " frames"],
    ["network runs over ", `${cost}`, ` frames for ${frames} (${(cost / frames).toFixed(2)}×)`],
    ["all steps ", `${(run.cost / frames / drawn.length).toFixed(2)}×`, ""],
  ];
}

/**
 * The shift, as it is shown beside its slider and as a screen reader says it.
 * @param {Shown} shown
 */
export function shiftWords({ layout, movable, byHand }) {
  return {
    shown: movable ? `${layout.shift}${byHand ? " by hand" : ""}` : "stays",
    spoken: `${layout.shift} frames${byHand ? ", set by hand" : ""}`,
  };
}

/**
 * The picture in words, without the frame that is followed.
 * @param {Scene} scene
 * @param {Shown} shown
 */
export function description({ frames, names, framesPerSecond }, { step, layout, byHand }) {
  const { method, edge, shift, tiles } = layout;
  const at = cuts(layout).map((seam) => seconds(seam, framesPerSecond));
  const what = `Step ${names[step]}, ${method.name}, edge ${edge.name}, shift ${shift}${byHand ? " by hand" : ""}`;
  const where = `${tiles.length} tiles${method.faded ? " that cross-fade, no seams" : `, seams at ${list(at)} seconds`}`;
  const past = layout.fallback ? " The latent fits one tile." : "";
  return `${what}: ${where}; network frames ${networkFrames(layout)} for ${frames}.${past}`;
}

/**
 * Which tiles owned a frame, as briefly as possible.
 * @param {Scene} scene
 * @param {Run} run
 * @param {number} frame
 */
export function story({ names, framesPerSecond }, run, frame) {
  /** @type {Map<string, number[]>} */
  const byTile = new Map();
  /** @type {number[]} */
  const cut = [];
  run.layouts.forEach((layout, k) => {
    const who = owners(layout, frame).join(" and ");
    byTile.set(who, [...(byTile.get(who) ?? []), k]);
    if (touches(run, k, frame)) cut.push(k);
  });
  const parts = [...byTile].map(
    ([who, when]) => `${who.includes("and") ? "tiles" : "tile"} ${who} in ${spans(names, when)}`,
  );
  const at = cut.length ? `at a seam in ${spans(names, cut)}` : "never at a seam";
  return `Frame ${frame} (${seconds(frame, framesPerSecond, 2)} s) was owned by ${parts.join("; ")}; ${at}.`;
}

/**
 * Some of the steps, by name.
 * @param {number[]} names of all steps
 * @param {number[]} when
 */
export function spans(names, when) {
  if (when.length === names.length) return names.length === 1 ? "the one step" : "every step";
  const ranges = runsOf(when);
  if (ranges.length > RANGES_TOLD) return `${when.length} of ${names.length} steps`;
  const words = ranges.map(([first, last]) => (first === last ? `${names[first]}` : `${names[first]}–${names[last]}`));
  return `${when.length === 1 ? "step" : "steps"} ${words.join(", ")}`;
}

/** @param {string[]} words */
export function list(words) {
  if (!words.length) return "no";
  if (words.length <= SEAMS_TOLD) return words.join(", ");
  return `${words.slice(0, SEAMS_TOLD).join(", ")} and ${words.length - SEAMS_TOLD} more`;
}
