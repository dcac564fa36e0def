// Overview: the picture of the whole. Five stages from noise to sound, each of which can be opened.
import { placesOf, stepAt } from "./overview/geometry.js";
import { paintStage } from "./overview/painter.js";
import { createPictures } from "./overview/pictures.js";
import { facts, KEYS, runFacts, stepName, story, TITLES } from "./overview/sentences.js";
import { createSound } from "./overview/sound.js";
import { hasSteps, isHeard, readState } from "./overview/state.js";
import { createTabs } from "./overview/tabs.js";
import { factSpans, h } from "./shared/dom.js";
import { bindKeys, keysHelp } from "./shared/keys.js";
import { createPlot } from "./shared/plot.js";
import { followPointer } from "./shared/pointers.js";
import { createSteps } from "./shared/steps.js";
import { openView } from "./shared/view.js";

/** @import { Given, View } from "./shared/view.js" */
/** @import { Plot } from "./shared/plot.js" */
/** @import { Steps } from "./shared/steps.js" */
/** @import { Scene, State } from "./overview/state.js" */

/** @typedef {ReturnType<typeof createSound>} Sound */

/** @param {Given} given */
function render(given) {
  const view = openView(given, "overview", "From noise to sound");
  /** @type {Scene} */
  const scene = view.model.get("_scene");
  const read = () => readState(scene, (trait) => view.model.get(trait));
  const pictures = createPictures(scene);
  const tabs = createTabs(view, scene, pictures, { get: () => read().stage, open: (stage) => view.set({ stage }) });
  const sound = createSound(view, scene);
  const steps = createSteps(view, {
    count: scene.steps.length,
    get: () => read().step,
    go: (step) => view.set({ step }),
    name: (step) => String(scene.steps[step].step),
  });
  const plot = createPlot(view, {
    perSecond: scene.framesPerSecond,
    label: "The open stage. Left and right for the steps, or to move in the sound; space to play.",
    height: () => placesOf(scene, read().stage).total + 14,
    margin: ({ narrow }) => ({ right: read().stage === "mel" && !narrow ? 66 : 14 }),
    paint: (ctx) => {
      const place = sound.player.place * scene.framesPerSecond;
      paintStage({ ctx, plot, colors: view.colors }, scene, pictures, read(), place);
    },
  });
  const words = h("p", { class: "spotnb-note" });
  const factRow = h("div", { class: "spotnb-facts" });
  const panel = h("div", { id: tabs.panel, role: "tabpanel", "aria-label": "The open stage" });
  panel.append(words, plot.element, steps.element, sound.element, factRow);
  const about = h("p", { class: "spotnb-note spotnb-muted" }, runFacts(scene));
  view.root.append(about, tabs.element, panel, keysHelp(view, KEYS));
  bindPicture(view, scene, { plot, steps, sound, read });

  view.watch(["stage", "step"], view.repaint);
  view.onPaint(() => {
    const state = read();
    tabs.show();
    steps.show();
    sound.show();
    steps.element.hidden = !hasSteps(state.stage);
    sound.element.hidden = !isHeard(state.stage);
    words.textContent = story(scene, state);
    factRow.replaceChildren(...factSpans(facts(scene, state)));
    plot.canvas.style.cursor = state.stage === "noise" || state.stage === "latent" ? "" : "pointer";
    const [title] = TITLES[state.stage];
    const where = hasSteps(state.stage) ? `, ${stepName(scene, state.step).toLowerCase()}` : "";
    if (!sound.player.playing) view.say(`${title}${where}. ${words.textContent}`);
  });
  view.repaint();
  return view.end;
}

/**
 * @param {View} view
 * @param {Scene} scene
 * @param {{ plot: Plot, steps: Steps, sound: Sound, read: () => State }} parts
 */
function bindPicture(view, scene, { plot, steps, sound, read }) {
  const heard = () => isHeard(read().stage);
  const stepped = () => hasSteps(read().stage);
  const move = (/** @type {number} */ by) => {
    if (heard()) sound.seek(sound.player.place + by);
    else if (stepped()) steps.move(by);
  };
  const jump = (/** @type {number} */ seconds, /** @type {number} */ step) => {
    if (heard()) sound.seek(seconds);
    else if (stepped()) steps.go(step);
  };
  bindKeys(view, plot.canvas, {
    ArrowLeft: (_, factor) => move(-factor),
    ArrowRight: (_, factor) => move(factor),
    Home: () => jump(0, 0),
    End: () => jump(scene.seconds, scene.steps.length - 1),
    " ": () => {
      if (heard()) sound.toggle();
      else if (stepped()) steps.toggle();
    },
  });
  followPointer(view, plot, {
    scrub({ x, y }) {
      const step = stepAt(scene, read().stage, y - plot.top);
      if (step !== null) steps.go(step);
      else if (heard()) sound.seek(plot.frameAt(x) / scene.framesPerSecond);
    },
  });
}

export default { render };
