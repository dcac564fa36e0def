// The sentences of TileShiftDebugger. Times are in seconds; latent frames are shown where the pointer rests.
import { blended, cuts, networkFrames, owners } from "../shared/layout.js";
import { runsOf, withMinus } from "../shared/numbers.js";
import { seconds } from "../shared/time.js";
import { touches } from "./state.js";

/** @import { Fact } from "../shared/dom.js" */
/** @import { KeyMeaning } from "../shared/keys.js" */
/** @import { Layout } from "../shared/layout.js" */
/** @import { Run, Scene, Shown } from "./state.js" */

const RANGES_TOLD = 8;
const SEAMS_TOLD = 12;

/** @type {KeyMeaning[]} */
export const KEYS = [
  ["Drag", "move the grid, in the upper picture"],
  ["Click", "follow a place through the steps"],
  ["Wheel", "go through the steps, where a picture is in focus"],
  ["← →", "go through the steps; in the lower picture move the place (with the Shift key by a second)"],
  ["↑ ↓", "go through the steps, in the lower picture"],
  ["Home, End", "the first and the last step; in the lower picture the first and the last place"],
  ["Space", "play the steps"],
  ["+ −", "move the grid a little (with the Shift key more)"],
  ["Escape", "reset the shift; in the lower picture follow no place"],
];

/** What the lower picture shows. */
export const ALL_STEPS = "All steps, one row each, from top to bottom. Below them, how often each place was a seam.";

/**
 * What the upper picture shows.
 * @param {Scene} scene
 * @param {Shown} shown
 */
export function oneStep({ names }, { step, layout }) {
  const { windows } = layout.method;
  const one = layout.tiles.length === 1;
  const rule = blended(layout)
    ? "where tiles overlap, one prediction fades into the next."
    : windows === "overlapping" && !layout.method.faded
      ? "where tiles overlap, the predictions are averaged."
      : "of what a tile sees, it keeps its own part.";
  const how = one ? "one tile covers all of the sound." : `the network predicts each tile by itself; ${rule}`;
  return `Step ${names[step]}: ${how}`;
}

/**
 * Tiles and cost as [before, value, after, latent frames].
 * @param {Scene} scene
 * @param {Run} run
 * @param {Shown} shown
 * @returns {Fact[]}
 */
export function facts({ frames, drawn, framesPerSecond }, run, { layout }) {
  const count = layout.tiles.length;
  const cost = networkFrames(layout);
  const widths = layout.tiles.map(({ window: [start, stop] }) => stop - start);
  const [least, most] = [Math.min(...widths), Math.max(...widths)];
  const time = (/** @type {number} */ frame) => seconds(frame, framesPerSecond);
  const span = (/** @type {(frame: number) => string | number} */ of) =>
    least === most ? `${of(most)}` : `${of(least)} to ${of(most)}`;
  return [
    ["", `${count}`, `${count === 1 ? " tile" : " tiles"}${blended(layout) ? ", cross-faded" : ""}`],
    [count === 1 ? "it sees " : "each sees ", `${span(time)} s`, "", `${span((frame) => frame)} latent frames`],
    [
      "the network computes ",
      `${time(cost)} s`,
      ` for ${time(frames)} s of sound (${(cost / frames).toFixed(2)}×)`,
      `${cost} latent frames for ${frames}`,
    ],
    ["average over all steps: ", `${(run.cost / frames / drawn.length).toFixed(2)}×`, " the sound"],
  ];
}

/**
 * The shift: beside its slider, as a screen reader says it, and in latent frames.
 * @param {Scene} scene
 * @param {Shown} shown
 */
export function shiftWords({ framesPerSecond }, { layout, movable, byHand }) {
  const time = seconds(layout.shift, framesPerSecond);
  return {
    shown: movable ? `${time} s${byHand ? ", by hand" : ""}` : "none",
    spoken: movable ? `${time} seconds${byHand ? ", set by hand" : ""}` : "none",
    frames: movable ? `${layout.shift} latent frames` : "",
  };
}

/**
 * A place, and what is there in a step, for the note that follows the pointer.
 * @param {Scene} scene
 * @param {Layout | null} layout
 * @param {number} frame
 */
export function placeWords({ frames, framesPerSecond }, layout, frame) {
  const time = withMinus(seconds(frame, framesPerSecond, 2));
  const who = layout && frame >= 0 && frame < frames ? `: ${tiles(owners(layout, frame))}` : "";
  return `${time} s (latent frame ${withMinus(`${frame}`)})${who}`;
}

/** @param {number[]} numbers */
function tiles(numbers) {
  return `${numbers.length === 1 ? "tile" : "tiles"} ${numbers.join(" and ")}`;
}

/**
 * The picture in words, without the frame that is followed.
 * @param {Scene} scene
 * @param {Shown} shown
 */
export function description({ frames, names, framesPerSecond }, { step, layout, byHand }) {
  const { method, edge, shift, tiles: all } = layout;
  const time = (/** @type {number} */ frame) => seconds(frame, framesPerSecond);
  const moved = `shift ${time(shift)} seconds${byHand ? " by hand" : ""}`;
  const what = `Step ${names[step]}, ${method.name}, edge ${edge.name}, ${moved}`;
  const now = cuts(layout);
  const fade = blended(layout) ? " that cross-fade" : "";
  const where = `${all.length} tiles${fade}, ${fade && !now.length ? "no seams" : `seams at ${list(now.map(time))} seconds`}`;
  const cost = `the network computes ${time(networkFrames(layout))} seconds for ${time(frames)}`;
  return `${what}: ${where}; ${cost}.${layout.fallback ? " The sound fits one tile." : ""}`;
}

/**
 * Which tiles owned a place, as briefly as possible.
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
    const who = tiles(owners(layout, frame));
    byTile.set(who, [...(byTile.get(who) ?? []), k]);
    if (touches(run, k, frame)) cut.push(k);
  });
  const parts = [...byTile].map(([who, when]) => `${who} in ${spans(names, when)}`);
  const at = cut.length ? `at a seam in ${spans(names, cut)}` : "never at a seam";
  return `The place at ${seconds(frame, framesPerSecond, 2)} s belongs to ${parts.join("; ")}; it is ${at}.`;
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
