// ReflectionExplorer: what padding, rolling and cropping do to a sound, with one row per stage.

import { numberCells, pictureCells } from "./reflection/cell_painter.js";
import { createControls } from "./reflection/controls.js";
import { rowAt, totalHeight } from "./reflection/geometry.js";
import { createMotion } from "./reflection/motion.js";
import { paintStages } from "./reflection/painter.js";
import { KEYS, story } from "./reflection/sentences.js";
import { ORDERS, stagesOf } from "./reflection/stages.js";
import { readState, stageName } from "./reflection/state.js";
import { diverging, imageOf } from "./shared/colors.js";
import { h } from "./shared/dom.js";
import { bindKeys, keysHelp } from "./shared/keys.js";
import { bytesOf, clamp } from "./shared/numbers.js";
import { createPlot } from "./shared/plot.js";
import { followPointer } from "./shared/pointers.js";
import { createSteps } from "./shared/steps.js";
import { openView } from "./shared/view.js";

/** @import { Given, View } from "./shared/view.js" */
/** @import { Plot } from "./shared/plot.js" */
/** @import { Steps } from "./shared/steps.js" */
/** @import { Scene, State } from "./reflection/state.js" */

/** @param {Given} given */
function render(given) {
  const view = openView(given, "reflection", "Pad, roll, crop: what is lost");
  /** @type {Scene} */
  const scene = view.model.get("_scene");
  const read = () => readState(scene, (trait) => view.model.get(trait));
  const restage = () => {
    const { pad, shift, order } = read();
    return stagesOf(scene.frames, pad, shift, order);
  };
  let stages = restage();
  let last = read().stage;
  const act = createActions(view, scene, read);
  const controls = createControls(view, scene, read(), act);
  view.root.append(controls.element);
  const steps = createStages(view, read);
  const motion = createMotion(view);
  const drawGroup = createCells(view, scene);
  const plot = createPlot(view, {
    perSecond: scene.framesPerSecond,
    label:
      "The stages, one below the other. Left and right for the stage, plus and minus for the shift, up and down for the padding.",
    height: () => totalHeight(scene),
    margin: ({ narrow }) => ({ left: narrow ? 54 : 76 }),
    paint(ctx) {
      const progress = motion.progress();
      paintStages({ ctx, plot, colors: view.colors, drawGroup }, scene, read(), stages, progress);
      motion.goOn(progress);
    },
  });
  const words = h("p", { class: "spotnb-note" });
  view.root.append(plot.element, steps.element, words, keysHelp(view, KEYS));
  bindPicture(view, scene, { plot, steps, act, read });

  view.watch(["stage"], () => {
    const { stage } = read();
    if (stage === last + 1) motion.start();
    else motion.stop();
    last = stage;
    view.repaint();
  });
  view.watch(["order"], () => {
    stages = restage();
    last = read().stage;
    motion.stop();
    view.repaint();
  });
  view.watch(["pad", "shift"], () => {
    stages = restage();
    view.repaint();
  });
  view.onPaint(() => {
    const state = read();
    steps.show();
    controls.show(state);
    words.textContent = story(scene, state, stages);
    view.say(`${stageName(state)}: ${words.textContent}`);
  });
  view.repaint();
  return view.end;
}

/**
 * @param {View} view
 * @param {Scene} scene
 * @param {() => State} read
 */
function createActions(view, { frames }, read) {
  return {
    order: (/** @type {string} */ order) => view.set({ order }),
    shift(/** @type {number} */ value) {
      const wanted = clamp(Math.round(value), 0, frames);
      if (wanted !== read().shift) view.set({ shift: wanted });
    },
    pad(/** @type {number} */ value) {
      const wanted = clamp(Math.round(value), 0, frames - 1);
      if (wanted !== read().pad) view.set({ pad: wanted });
    },
  };
}

/** @param {View} view @param {() => State} read */
function createStages(view, read) {
  const nameOf = (/** @type {number} */ index) => ORDERS[read().order][index];
  return createSteps(view, {
    label: "Stage",
    count: ORDERS.naive.length,
    rate: 0.9,
    get: () => read().stage,
    go: (index) => view.set({ stage: nameOf(index) }),
    name: nameOf,
    value: nameOf,
  });
}

/** @param {View} view @param {Scene} scene */
function createCells(view, { frames, bins, numbers }) {
  if (numbers) return numberCells(numbers);
  return pictureCells(imageOf(bytesOf(view.model.get("_pixels")), frames, bins, diverging));
}

/**
 * @param {View} view
 * @param {Scene} scene
 * @param {{ plot: Plot, steps: Steps, act: ReturnType<typeof createActions>,
 *   read: () => State }} parts
 */
function bindPicture(view, scene, { plot, steps, act, read }) {
  const coarse = scene.numbers ? 2 : Math.max(2, Math.round(scene.frames / 32));
  bindKeys(
    view,
    plot.canvas,
    {
      ...steps.keys,
      ArrowLeft: () => steps.move(-1),
      ArrowRight: () => steps.move(1),
      "+": (_, factor) => act.shift(read().shift + factor),
      "-": (_, factor) => act.shift(read().shift - factor),
      ArrowUp: (_, factor) => act.pad(read().pad + factor),
      ArrowDown: (_, factor) => act.pad(read().pad - factor),
    },
    coarse,
  );
  steps.scrubWith(plot);
  plot.canvas.style.cursor = "grab";
  followPointer(view, plot, {
    press: () => read().shift,
    drag: (dx, start) => act.shift(start + plot.frameAt(plot.left + dx) - plot.frameAt(plot.left)),
    click: ({ y }) => steps.go(rowAt(scene, y - plot.top)),
  });
}

export default { render };
