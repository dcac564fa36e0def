// The model alive in a page or a widget: a form, the steps of a run while it is computed here, and the sound.

/** @import { Given, View } from "../../../widgets/static/shared/view.js" */
/** @import { Description } from "../model.js" */
/** @import { Settings } from "../settings.js" */
/** @import { Finished } from "./comparison_scene.js" */
/** @import { Controls } from "./controls.js" */
/** @import { Follow } from "./engine.js" */
/** @import { Form } from "./form.js" */
/** @import { Held, Listing } from "./files.js" */
/** @import { Plan } from "./plan.js" */
/** @import { Preview } from "./preview.js" */
/** @import { Stage } from "./stage.js" */
/** @import { Way } from "./ways.js" */

import { h } from "../../../widgets/static/shared/dom.js";
import { openView } from "../../../widgets/static/shared/view.js";
import { lackOf } from "./abilities.js";
import { createControls } from "./controls.js";
import { Engine } from "./engine.js";
import { createForm } from "./form.js";
import { OpenModel } from "./open_model.js";
import { createOpener } from "./opener.js";
import { planRun } from "./plan.js";
import { createResult } from "./result.js";
import { filesFor, isServed } from "./runtimes.js";
import { doingWords, leftWords, loadingWords, madeWords, megabytes, tryingWords } from "./sentences.js";
import { createStage } from "./stage.js";
import { PLAIN, waysToTry } from "./ways.js";

/**
 * @typedef {object} Scene
 * @property {Description} description
 * @property {Preview} preview
 * @property {Listing} listing
 * @property {string[]} examples prompts
 */

const OTHER = { tiles: "spot" }; // the method to compare with; fixed tiles by default
const EARLY = 0.04; // the share of the work before which the rest cannot be estimated

/** @param {Given} given */
export function render(given) {
  const view = openView(given, "live", "Make a sound");
  /** @type {Scene} */
  const scene = view.model.get("_scene");
  /** @type {Held | null} */
  const held = view.model.get("_files") ?? null;
  const { description, listing } = scene;
  const sizeOf = (/** @type {Way} */ way) => filesFor(listing, way.provider).reduce((sum, file) => sum + file.size, 0);
  const opener = createOpener(view, description, {
    open: (settings, file) => form.fill(settings, file),
    complain: (words) => controls.complain(words),
  });
  const form = createForm(view, description, scene.examples, opener);
  const stage = createStage(view, description.sample_rate / description.samples_per_frame);
  const result = createResult(view, scene);
  const controls = createControls(view, {
    make: () => make(form.values(), null),
    compare: () => result.last && make(otherOf(result.last.plan.settings), result.last),
    cancel: () => busy?.abort(new DOMException("cancelled", "AbortError")),
  });
  /** @type {AbortController | null} */
  let busy = null;
  const model = new OpenModel(
    (way, signal, quiet) => {
      const all = sizeOf(way);
      const show = (/** @type {number} */ loaded) => controls.progress(loadingWords(loaded, all), loaded / all);
      return Engine.open(scene, held, quiet ? () => {} : show, signal, way);
    },
    () => waysToTry(isServed(held)),
    listing.digest,
  );
  /** @type {Engine | null} */
  let last = null;

  /**
   * Makes a sound and shows it, next to another one if there is one.
   * @param {Partial<Settings>} values
   * @param {Finished | null} other
   */
  async function make(values, other) {
    if (busy) return;
    complain(form, controls, null);
    busy = new AbortController();
    const { signal } = busy;
    try {
      const plan = planRun(values, description);
      controls.begin();
      result.hide();
      const ready = await opened(signal);
      const finished = await run(ready, plan, { view, stage, controls, signal }).catch(async (error) => {
        if (!signal.aborted) await model.distrust();
        throw error;
      });
      result.show(other ? [other, finished] : [finished]);
      controls.end(madeWords(plan.settings.duration, finished.seconds), otherName(plan.settings.method));
    } catch (error) {
      result.show();
      controls.end(signal.aborted ? "Cancelled." : "", result.last ? otherName(result.last.plan.settings.method) : "");
      if (!signal.aborted) complain(form, controls, error);
    } finally {
      busy = null;
    }
  }

  /** @param {AbortSignal} signal */
  async function opened(signal) {
    const begun = performance.now();
    const engine = await model.engine(signal, (ways) => controls.progress(tryingWords(ways, listing.webgpu), 1));
    if (engine !== last) emit(view, "spotnb:opened", { seconds: (performance.now() - begun) / 1000, ...model.way });
    last = engine;
    return engine;
  }

  view.root.append(
    ...form.opening,
    form.folded,
    form.opened,
    controls.buttons,
    h("p", { class: "spotnb-help" }, firstWords(sizeOf(PLAIN), held !== null)),
    controls.status,
    result.element,
    stage.element,
  );
  view.listen(form.prompt, "keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    make(form.values(), null);
  });
  view.onEnd(() => {
    busy?.abort(new DOMException("closed", "AbortError"));
    model.close();
  });
  const lack = lackOf();
  if (lack) controls.refuse(lack);
  view.repaint();
  return view.end;
}

/**
 * Makes a sound, and shows its steps meanwhile.
 * @param {Engine} engine
 * @param {Plan} plan
 * @param {{ view: View, stage: Stage, controls: Controls, signal: AbortSignal }} parts
 */
async function run(engine, plan, { view, stage, controls, signal }) {
  const begun = performance.now();
  const elapsed = () => (performance.now() - begun) / 1000;
  /** @type {Follow} */
  const follow = {
    onProgress(progress) {
      const share = plan.fraction(progress);
      const left = share < EARLY ? "" : `, ${leftWords((elapsed() / share) * (1 - share))}`;
      controls.progress(`${doingWords(progress)}${left}`, share);
      if (progress.stage === "steps") stage.predict(progress.done);
    },
    onStep: (_, picture) => stage.step(picture),
  };
  stage.begin(plan);
  controls.progress("The text encoder reads the prompt", 0);
  try {
    const made = await engine.make(plan.settings, follow, signal);
    const finished = { name: plan.settings.method, plan, made, seconds: elapsed() };
    emit(view, "spotnb:made", { settings: plan.settings, seconds: finished.seconds, ...made });
    return finished;
  } finally {
    stage.end();
  }
}

/**
 * Says what went wrong, at the field that it is about, or takes back what was said.
 * @param {Form} form @param {Controls} controls @param {unknown} error or null
 */
function complain(form, controls, error) {
  const told = form.blame(error);
  controls.complain(error === null || told ? "" : error instanceof Error ? error.message : String(error));
}

/** @param {number} size in bytes @param {boolean} held whether the model came with the panel */
const firstWords = (size, held) =>
  `The first click ${held ? "opens" : "loads"} the model, ${megabytes(size)} MB. Everything is computed on this device, and nothing that you type leaves it.`;

/** @param {string} method */
const otherName = (method) => Reflect.get(OTHER, method) ?? "tiles";

/**
 * The same run with another method.
 * @param {Settings} settings
 */
const otherOf = (settings) => ({ ...settings, method: otherName(settings.method) });

/** @param {View} view @param {string} name @param {object} detail */
function emit(view, name, detail) {
  view.root.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
}

export default { render };
