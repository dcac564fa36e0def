// Keys, wheel and pointers for the pictures of RunComparison.
import { bindKeys } from "../shared/keys.js";
import { clamp } from "../shared/numbers.js";
import { followPointer, followWheel } from "../shared/pointers.js";

/** @import { KeyHandler } from "../shared/keys.js" */
/** @import { Plot } from "../shared/plot.js" */
/** @import { View } from "../shared/view.js" */
/** @import { Actions } from "./actions.js" */

const STEP = 0.5; // s, of an arrow key
const COARSE = 10;

/**
 * @param {Actions} act
 * @returns {Record<string, KeyHandler>}
 */
function movingKeys(act) {
  return {
    " ": act.toggle,
    ArrowLeft: (_, by) => act.seekBy(-STEP * by),
    ArrowRight: (_, by) => act.seekBy(STEP * by),
    Home: () => act.seek(0),
    End: () => act.seek(Number.POSITIVE_INFINITY),
    m: act.match,
  };
}

/** @param {Plot} plot @param {Actions} act */
function seeking(plot, act) {
  return (/** @type {{ x: number }} */ { x }) =>
    act.seek(plot.frameAt(clamp(x, plot.left, plot.right)) / plot.perSecond);
}

/**
 * @param {View} view
 * @param {Plot} plot
 * @param {{ index: number, count: number, selected: () => number, act: Actions }} row
 */
export function bindRow(view, plot, { index, count, selected, act }) {
  const digits = Array.from({ length: count }, (_, k) => [String(k + 1), () => act.choose(k)]);
  const keys = {
    ...movingKeys(act),
    ...Object.fromEntries(digits),
    ArrowUp: () => act.choose(selected() - 1),
    ArrowDown: () => act.choose(selected() + 1),
    "+": () => act.zoom(2),
    "-": () => act.zoom(0.5),
    "]": () => act.toSeam(1),
    "[": () => act.toSeam(-1),
    l: act.loop,
    Escape: act.showAll,
  };
  bindKeys(view, plot.canvas, keys, COARSE);
  followPointer(view, plot, {
    scrub: seeking(plot, act),
    over: (place) => act.hover({ row: index, place }),
    leave: () => act.hover(null),
  });
  followWheel(view, plot, (direction, { x }) => act.zoom(direction < 0 ? 1.25 : 0.8, plot.frameAt(x)));
}

/**
 * @param {View} view
 * @param {Plot} plot
 * @param {Actions} act
 * @param {(k: number) => void} listenTo A, B or X
 */
export function bindBare(view, plot, act, listenTo) {
  const [a, b, x] = [0, 1, 2].map((k) => () => listenTo(k));
  bindKeys(view, plot.canvas, { ...movingKeys(act), a, b, x, 1: a, 2: b, 3: x }, COARSE);
  followPointer(view, plot, { scrub: seeking(plot, act) });
}
