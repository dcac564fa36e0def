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
 * @property {(by: number) => void} zoom
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
 * @property {number} span that is shown, in latent frames
 */

/**
 * @param {View} view
 * @param {Scene} scene
 * @param {BarActions} act
 */
export function createBar(view, scene, act) {
  const whole = scene.duration * scene.framesPerSecond;
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
  const seam = press("To just before the next seam", "Next seam", act.toSeam);
  const trial = press("Blind test", "Blind test", act.test);
  const zoomed = h("span", { class: "spotnb-segmented" }, less, more);
  const spacer = h("span", { class: "spotnb-spacer" });
  return {
    element: h("div", { class: "spotnb-row" }, play, clock, seam, zoomed, spacer, matched, trial),
    showPlace(/** @type {number} */ seconds) {
      clock.textContent = `${seconds.toFixed(2)} / ${scene.duration.toFixed(2)} s`;
    },
    show(/** @type {BarState} */ state) {
      showAction(play, state.playing ? "Pause" : "Play", state.playing ? "pause" : "play");
      matched.setAttribute("aria-pressed", String(state.matched));
      matched.title = matchWords(scene, state.matched);
      trial.setAttribute("aria-expanded", String(state.testOpen));
      for (const each of [seam, zoomed, trial]) each.hidden = state.blind;
      seam.disabled = !state.hasSeams;
      less.disabled = state.span >= whole;
      more.disabled = state.span <= CLOSEST * scene.framesPerSecond;
    },
  };
}
