// The bar above the runs of RunComparison: play, clock, seams, magnification, levels, blind test.
import { h, icon, showAction } from "../shared/dom.js";
import { pressable } from "../shared/keys.js";
import { matchWords } from "./sentences.js";
import { CLOSEST } from "./state.js";

/** @import { View } from "../shared/view.js" */
/** @import { Scene } from "./rows.js" */

/**
 * @typedef {object} BarActions
 * @property {() => void} toggle
 * @property {() => void} toSeam
 * @property {() => void} loop
 * @property {(by: number) => void} zoom
 * @property {() => void} showAll
 * @property {() => void} match
 * @property {() => void} test
 */

/**
 * @typedef {object} BarState
 * @property {boolean} playing
 * @property {boolean} matched
 * @property {boolean} blind whether a blind test runs
 * @property {boolean} testOpen
 * @property {boolean} hasSeams
 * @property {[number, number] | null} loop
 * @property {number} span that is shown, in latent frames
 */

/**
 * @param {View} view
 * @param {Scene} scene
 * @param {BarActions} act
 */
export function createBar(view, scene, act) {
  const whole = scene.duration * scene.framesPerSecond;
  const alone = scene.rows.length < 2; // a sound that a page made, before there is another one
  const press = (
    /** @type {string} */ label,
    /** @type {string | Node} */ content,
    /** @type {() => void} */ does,
    kind = "",
  ) => pressable(view, { class: kind, "aria-label": label, title: label }, content, does);
  const play = press("Play", icon("play"), act.toggle, "spotnb-round");
  const clock = h("span", { class: "spotnb-clock" });
  const matched = press("Match levels", "Match levels", act.match);
  const less = press("Show more time", "−", () => act.zoom(0.5));
  const more = press("Magnify time", "+", () => act.zoom(2));
  const all = press("Show the whole length", "Whole", act.showAll);
  const seam = press("Next seam", "Next seam", act.toSeam);
  seam.title = "Move to just before the next seam, and show it in the middle";
  const loop = press("Loop seam", "Loop seam", act.loop);
  loop.title = "Play the 2 s around the nearest seam again and again";
  const trial = press("Blind test", "Blind test", act.test);
  const zoomed = h("span", { class: "spotnb-segmented" }, less, more, all);
  const spacer = h("span", { class: "spotnb-spacer" });
  return {
    element: h("div", { class: "spotnb-row" }, play, clock, seam, loop, zoomed, spacer, matched, trial),
    showPlace(/** @type {number} */ seconds) {
      clock.textContent = `${seconds.toFixed(2)} / ${scene.duration.toFixed(2)} s`;
    },
    show(/** @type {BarState} */ state) {
      showAction(play, state.playing ? "Pause" : "Play", state.playing ? "pause" : "play");
      matched.setAttribute("aria-pressed", String(state.matched));
      matched.title = matchWords(scene, state.matched);
      trial.setAttribute("aria-expanded", String(state.testOpen));
      loop.setAttribute("aria-pressed", String(state.loop !== null));
      for (const each of [seam, loop, zoomed]) each.hidden = state.blind;
      trial.hidden = state.blind || alone;
      matched.hidden = alone;
      seam.disabled = !state.hasSeams;
      loop.disabled = !state.hasSeams && state.loop === null;
      all.disabled = state.span >= whole;
      less.disabled = state.span >= whole;
      more.disabled = state.span <= CLOSEST * scene.framesPerSecond;
    },
  };
}
