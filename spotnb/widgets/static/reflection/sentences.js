// The sentences of ReflectionExplorer, one for each stage.
import { runsOf } from "../shared/numbers.js";
import { seconds } from "../shared/time.js";
import { fateOf, LAST, stageName, stageShown } from "./state.js";

/** @import { KeyMeaning } from "../shared/keys.js" */
/** @import { Order, StageName, Stages } from "./stages.js" */
/** @import { Scene, State } from "./state.js" */

/** @type {Record<Order, string>} */
export const ORDER_NAMES = { naive: "Naive: crop, then roll back", right: "Correct: roll back, then crop" };
/** What the picture calls a stage whose name is another. @type {Partial<Record<StageName, string>>} */
const CALLED = { shifted: "rolled", undone: "rolled back" };

export const APART = "Apart from both: circular";
/** @type {KeyMeaning[]} */
export const KEYS = [
  ["← →, Home, End", "the stage"],
  ["Space", "play the stages"],
  ["+ −", "the shift"],
  ["↑ ↓", "the padding"],
  ["Drag, click", "shift; the order and stage of a row"],
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
 * What became of the frames, once the stages of an order differ from those of the other. Below the buttons, a column
 * needs no name.
 * @param {Scene} scene
 * @param {{ order: Order, stage: number }} state
 * @param {Stages} stages
 * @param {boolean} beside
 */
export function heading({ frames }, state, stages, beside) {
  const name = beside ? "" : ORDER_NAMES[state.order].split(":")[0];
  if (state.stage < LAST - 1) return name;
  const { lost, exact } = fateOf(stageShown(state, stages), frames);
  const left = lost.length ? `${lost.length} of ${frames} frames lost` : "nothing lost";
  return [name, exact ? "exact" : left].filter(Boolean).join(": ");
}

/**
 * What the picture calls a stage.
 * @param {StageName} name
 */
export function stageLabel(name) {
  return CALLED[name] ?? name;
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
      return `The sound: ${size}. To move the cuts, it is padded and rolled. Later it is cropped and rolled back, in one order or the other.`;
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

/**
 * What happens to a sound that is rolled as a ring.
 * @param {Scene} scene
 * @param {State} state
 */
export function circularWords({ frames, numbers }, { shift }) {
  if (shift % frames === 0) return "Rolled by nothing, or by a full turn: every frame is where it was.";
  const [end, start] = numbers ? [numbers[frames - 1], numbers[0]] : ["the end", "the beginning"];
  return `Rolled by ${shift} without padding, the sound is a ring. Nothing is lost and nothing has to be cropped, but ${end} and ${start} are neighbors now, and a tile across that place would smooth them into each other. That is right for a loop, and for nothing else.`;
}
