// The sentences of ReflectionExplorer, one for each stage.
import { runsOf } from "../shared/numbers.js";
import { seconds } from "../shared/time.js";
import { fateOf, stageName, stageShown } from "./state.js";

/** @import { KeyMeaning } from "../shared/keys.js" */
/** @import { Stages } from "./stages.js" */
/** @import { Scene, State } from "./state.js" */

export const ORDER_NAMES = { naive: "naive: crop, then roll back", right: "right: roll back, then crop" };
/** @type {KeyMeaning[]} */
export const KEYS = [
  ["← →, Home, End", "the stage"],
  ["Space", "play the stages"],
  ["+ −", "the shift"],
  ["↑ ↓", "the padding"],
  ["Drag, click", "shift; the stage of a row"],
];

/**
 * Frames by their values, or by their places.
 * @param {Scene} scene
 * @param {number[]} which
 */
export function naming({ numbers, framesPerSecond }, which) {
  if (numbers) return which.map((k) => numbers[k]).join(", ");
  const time = (/** @type {number} */ frame) => seconds(frame, framesPerSecond);
  const spans = runsOf(which).map(([a, b]) => `${a} to ${b} (${time(a)} to ${time(b + 1)} s)`);
  return spans.join(", ");
}

/**
 * @param {Scene} scene
 * @param {ReturnType<typeof fateOf>} fate
 */
export function fateWords(scene, { lost, twice, exact }) {
  if (exact) return "Every frame is there once, in its place: exact.";
  const gone = lost.length ? `Lost: ${naming(scene, lost)}.` : "";
  const more = twice.length ? `There twice: ${naming(scene, twice)}.` : "";
  return [gone, more].filter(Boolean).join(" ");
}

/**
 * What the current stage did, and what happened to the frames.
 * @param {Scene} scene
 * @param {State} state
 * @param {Stages} stages
 */
export function story(scene, state, stages) {
  const { frames, numbers, framesPerSecond } = scene;
  const { pad, shift } = state;
  const naive = state.order === "naive";
  const fate = fateOf(stageShown(state, stages), frames);
  const outcome = fateWords(scene, fate);
  switch (stageName(state)) {
    case "original": {
      const size = numbers ? `${frames} frames` : `${frames} frames, ${seconds(frames, framesPerSecond)} s`;
      return `The sound: ${size}. Two ways to move the cuts: roll it as it is, or pad it first.`;
    }
    case "rolled": {
      if (shift % frames === 0) return "Rolled by nothing, or by a whole turn: all is where it was.";
      const [end, start] = numbers ? [numbers[frames - 1], numbers[0]] : ["the end", "the beginning"];
      return `Rolled by ${shift}: nothing is lost, but ${end} and ${start} are neighbors now, and a tile would smooth them into each other.`;
    }
    case "padded":
      if (!pad) return "Not padded at all.";
      return `Extended by its own mirror image, ${pad} ${pad === 1 ? "frame" : "frames"} at each end. The border frame is not repeated.`;
    case "shifted":
      return `The padded sound, rolled by ${shift}. The tiles lie somewhere else now, and all of it is still there.`;
    case "cropped":
      if (!naive) return `Cropped last, when the padding is back at the ends. ${outcome}`;
      return `Cropped to ${frames} frames while it is still rolled. ${outcome}`;
    default:
      if (!naive) return "Rolled back while the padding is still there: only the padding is too much.";
      return `Rolled back after the crop. ${outcome}${fate.lost.length ? " Nothing brings those back." : ""}`;
  }
}
