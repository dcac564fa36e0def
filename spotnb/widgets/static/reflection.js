// ReflectionExplorer: what padding, rolling and cropping do to a sound, in two orders, with one row per stage. Apart from
// both is the sound that is rolled without padding.

import { numberCells, pictureCells } from "./reflection/cell_painter.js";
import { createControls } from "./reflection/controls.js";
import { areaOf, columnsOf, rowHeight, stageAt, TOP, totalHeight } from "./reflection/geometry.js";
import { createMotion } from "./reflection/motion.js";
import { paintCircular, paintOrder } from "./reflection/painter.js";
import { APART, circularWords, KEYS, stageLabel, story } from "./reflection/sentences.js";
import { circularOf, ORDERS } from "./reflection/stages.js";
import { bothOrders, LAST, readState, stageName } from "./reflection/state.js";
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
/** @import { DrawGroup } from "./reflection/cell_painter.js" */
/** @import { Order } from "./reflection/stages.js" */
/** @import { Scene, State } from "./reflection/state.js" */

/** @typedef {ReturnType<typeof createActions>} Actions */

/** @param {Given} given */
function render(given) {
  const view = openView(given, "reflection", "Pad, roll, crop: what is lost");
  /** @type {Scene} */
  const scene = view.model.get("_scene");
  const read = () => readState(scene, (trait) => view.model.get(trait));
  let orders = bothOrders(scene, read());
  let last = read().stage;
  const act = createActions(view, scene, read);
  const controls = createControls(view, scene, read(), act);
  const steps = createStages(view, read, act);
  const motion = createMotion(view);
  const drawGroup = createCells(view, scene);
  const plot = createPlot(view, {
    perSecond: scene.framesPerSecond,
    label:
      "The stages of both orders, one below the other. Left and right for the stage, plus and minus for the shift, up and down for the padding.",
    height: ({ width }) => totalHeight(scene, width),
    paint(ctx) {
      const progress = motion.progress();
      const state = read();
      for (const column of columnsOf(scene, state.pad, plot.width)) {
        const content = { stages: orders[column.order], progress };
        paintOrder({ ctx, colors: view.colors, drawGroup }, scene, state, column, content);
      }
      motion.goOn(progress);
    },
  });
  const words = h("p", { class: "spotnb-note" });
  const apart = createCircular(view, scene, read, drawGroup);
  view.root.append(controls.element, plot.element, steps.element, words, apart.element, keysHelp(view, KEYS));
  bindPicture(view, scene, { plot, steps, act, read });

  view.watch(["stage"], () => {
    const { stage } = read();
    if (stage === last + 1) motion.start();
    else motion.stop();
    last = stage;
    view.repaint();
  });
  view.watch(["order"], () => {
    last = read().stage;
    motion.stop();
    view.repaint();
  });
  view.watch(["pad", "shift"], () => {
    orders = bothOrders(scene, read());
    view.repaint();
  });
  view.onPaint(() => {
    const state = read();
    steps.show();
    controls.show(state);
    apart.show();
    words.textContent = story(scene, state, orders[state.order]);
    view.say(`${state.order}, ${stageName(state)}: ${words.textContent}`);
  });
  view.repaint();
  return view.end;
}

/**
 * Setting the padding or the shift also shows all stages, because it changes them.
 * @param {View} view
 * @param {Scene} scene
 * @param {() => State} read
 */
function createActions(view, { frames }, read) {
  const filled = () => ({ stage: stageName({ ...read(), stage: LAST }) });
  return {
    // The stage first: it is not one step further, and should not move there.
    order: (/** @type {Order} */ order) => view.set({ stage: stageName({ ...read(), order }), order }),
    stage: (/** @type {number} */ stage) => view.set({ stage: stageName({ ...read(), stage }) }),
    shift(/** @type {number} */ value) {
      const wanted = clamp(Math.round(value), 0, frames);
      if (wanted !== read().shift) view.set({ shift: wanted, ...filled() });
    },
    pad(/** @type {number} */ value) {
      const wanted = clamp(Math.round(value), 0, frames - 1);
      if (wanted !== read().pad) view.set({ pad: wanted, ...filled() });
    },
  };
}

/** @param {View} view @param {() => State} read @param {Actions} act */
function createStages(view, read, act) {
  const nameOf = (/** @type {number} */ stage) => stageLabel(stageName({ ...read(), stage }));
  return createSteps(view, {
    label: "Stage",
    count: ORDERS.naive.length,
    rate: 0.9,
    get: () => read().stage,
    go: act.stage,
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
 * The sound as a ring, in a place of its own. Its picture has the scale of the columns.
 * @param {View} view
 * @param {Scene} scene
 * @param {() => State} read
 * @param {DrawGroup} drawGroup
 */
function createCircular(view, scene, read, drawGroup) {
  const plot = createPlot(view, {
    perSecond: scene.framesPerSecond,
    label: "The sound, rolled as a ring",
    height: () => TOP + rowHeight(scene) + 20,
    paint(ctx) {
      const state = read();
      const area = areaOf(scene, state.pad, { left: 0, right: plot.width, top: TOP });
      paintCircular({ ctx, colors: view.colors, drawGroup }, scene, state, area, circularOf(scene.frames, state.shift));
    },
  });
  plot.canvas.setAttribute("role", "img");
  const words = h("p", { class: "spotnb-note" });
  const name = h("b", {}, APART);
  return {
    element: h("div", { class: "spotnb-apart", role: "group", "aria-label": APART }, name, plot.element, words),
    show() {
      words.textContent = circularWords(scene, read());
    },
  };
}

/**
 * @param {View} view
 * @param {Scene} scene
 * @param {{ plot: Plot, steps: Steps, act: Actions, read: () => State }} parts
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
    drag(dx, start) {
      const [{ x }] = columnsOf(scene, read().pad, plot.width);
      act.shift(start + dx / (x(1) - x(0)));
    },
    click(place) {
      const { order, row } = stageAt(scene, plot.width, place);
      if (order !== read().order) act.order(order);
      steps.go(row);
    },
  });
}

export default { render };
