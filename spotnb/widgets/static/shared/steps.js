// Play button, slider and readout for the steps of a run. What plays is common to all views of the widget.
import { shareAmongViews } from "./common.js";
import { field, h, range, showAction } from "./dom.js";
import { guardControls } from "./keys.js";
import { clamp } from "./numbers.js";
import { followWheel } from "./pointers.js";

/** @import { View } from "./view.js" */
/** @import { Plot } from "./plot.js" */
/** @import { KeyHandler } from "./keys.js" */

/**
 * `label` and `value` replace the words for steps where something else is played.
 * @typedef {object} StepsOptions
 * @property {number} count of the steps; a getter where a run still grows
 * @property {() => number} get the step shown
 * @property {(step: number) => void} go shows another one
 * @property {(step: number) => string} name as it is called
 * @property {number} [rate] steps a second while it plays
 * @property {string} [label]
 * @property {(step: number) => string} [value] what stands beside the slider
 */

/** @typedef {ReturnType<typeof createSteps>} Steps */

/**
 * @param {View} view
 * @param {StepsOptions} options
 */
export function createSteps(view, options) {
  const final = () => Math.max(0, options.count - 1);
  const button = h("button", { type: "button", class: "spotnb-button spotnb-square" });
  const slider = range(0, final(), options.get());
  const output = h("span", { class: "spotnb-value" });
  const label = options.label ?? "Step";
  const show = (/** @type {boolean} */ playing) =>
    showStep(options, { button, slider, output, label }, final(), playing);
  const go = (/** @type {number} */ step) => {
    const wanted = clamp(Math.round(step), 0, final());
    if (wanted !== options.get()) options.go(wanted);
  };
  const move = (/** @type {number} */ by) => go(options.get() + by);
  const { value: clock, views } = shareAmongViews(view, `play ${label}`, createClock, (held) => held.stop());
  const shown = () => {
    for (const each of views) each.repaint();
  };
  const stop = () => {
    clock.stop();
    shown();
  };
  const toggle = () => {
    if (clock.runs || final() < 1) return stop();
    if (options.get() >= final()) go(0);
    clock.start(view, 1000 / (options.rate ?? 5), () => {
      move(1);
      if (options.get() >= final()) stop();
    });
    shown();
  };

  guardControls(view, slider, button);
  view.listen(slider, "input", () => go(Number(slider.value)));
  view.listen(button, "click", toggle);
  view.onEnd(() => {
    if (clock.of === view) stop();
  });
  return {
    element: h("div", { class: "spotnb-row spotnb-steps" }, button, field(label, slider, output)),
    go,
    move,
    toggle,
    show: () => show(clock.runs),
    /** For the keys of a canvas. @type {Record<string, KeyHandler>} */
    keys: {
      ArrowLeft: (_, factor) => move(-factor),
      ArrowRight: (_, factor) => move(factor),
      Home: () => go(0),
      End: () => go(final()),
      " ": toggle,
    },
    /** @param {Plot} plot */
    scrubWith: (plot) => followWheel(view, plot, move),
  };
}

/** One timer, and the view that started it. */
function createClock() {
  let timer = 0;
  const clock = {
    /** @type {View | null} */
    of: null,
    get runs() {
      return timer !== 0;
    },
    start(/** @type {View} */ view, /** @type {number} */ milliseconds, /** @type {() => void} */ tick) {
      clock.stop();
      clock.of = view;
      timer = window.setInterval(tick, milliseconds);
    },
    stop() {
      clearInterval(timer);
      timer = 0;
      clock.of = null;
    },
  };
  return clock;
}

/**
 * @param {StepsOptions} options
 * @param {{ button: HTMLButtonElement, slider: HTMLInputElement, output: HTMLElement, label: string }} parts
 * @param {number} final
 * @param {boolean} playing
 */
function showStep(options, { button, slider, output, label }, final, playing) {
  const step = clamp(options.get(), 0, final);
  const value = options.value?.(step);
  slider.max = String(final);
  slider.value = String(step);
  slider.setAttribute("aria-valuetext", value ?? `step ${options.name(step)} of ${options.count}`);
  output.textContent = value ?? `${options.name(step)} / ${options.name(final)}`;
  showAction(button, playing ? "Pause" : `Play the ${label.toLowerCase()}s`, playing ? "pause" : "steps");
}
