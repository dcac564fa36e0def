// The finished sounds: a comparison of one or two, and links to save each of them and its trace.

/** @import { View } from "../../../widgets/static/shared/view.js" */
/** @import { Finished } from "./comparison_scene.js" */
/** @import { Scene } from "./live.js" */

import { render } from "../../../widgets/static/comparison.js";
import { SavedModel } from "../../../widgets/static/page/model.js";
import { h } from "../../../widgets/static/shared/dom.js";
import { guardControls } from "../../../widgets/static/shared/keys.js";
import { sceneOf } from "./comparison_scene.js";

const CLOSED = { position: 0, selected: 0, playing: false, loop: null, matched: false };
const TRACE =
  "A trace is every step of a run in one file: spotnb.Trace.load opens it in Python, and spotnb.replay repeats it.";
let count = 0;

/**
 * @param {View} view
 * @param {Scene} scene
 */
export function createResult(view, { description, preview }) {
  const place = h("div", {});
  const links = h("p", { class: "spotnb-row" });
  const about = h("p", { class: "spotnb-help" }, TRACE);
  const element = h("div", { hidden: true }, h("h2", {}, "The sound"), place, links, about);
  /** @type {Finished[]} */
  let sounds = [];
  let end = () => {};
  /** @type {SavedModel | null} */
  let model = null;
  /** @type {string[]} */
  let addresses = [];
  const clear = () => {
    end();
    for (const address of addresses) URL.revokeObjectURL(address);
    addresses = [];
  };
  view.onEnd(clear);
  return {
    element,
    get last() {
      return sounds.at(-1);
    },
    /** While another sound is made. */
    hide() {
      element.hidden = true;
      model?.set("playing", false);
    },
    /** Shows the sounds again, or others. */
    show(/** @type {Finished[]} */ finished = sounds) {
      element.hidden = !finished.length;
      if (finished === sounds) return;
      clear();
      sounds = finished;
      count += 1;
      const state = { ...CLOSED, selected: finished.length - 1, offline: true, _common: `live-${count}` };
      model = new SavedModel({ ...state, _scene: sceneOf(finished, description, preview.range) });
      end = render({ model, el: place });
      const link = (/** @type {Blob} */ file, /** @type {string} */ name, /** @type {string} */ words) => {
        const address = URL.createObjectURL(file);
        addresses.push(address);
        const anchor = h("a", { class: "spotnb-button", href: address, download: name }, words);
        guardControls(view, anchor);
        return anchor;
      };
      const saved = finished.flatMap(({ name, plan, made }) => {
        const stem = fileStem(plan.settings.prompt, name);
        const sound = new Blob([made.packed.wave], { type: "audio/wav" });
        const wave = link(sound, `${stem}.wav`, `Save ${name} as WAV`);
        return made.trace ? [wave, link(made.trace, `${stem}.npz`, `Download the trace of ${name}`)] : [wave];
      });
      links.replaceChildren(...saved);
    },
  };
}

/** @param {string} prompt @param {string} method */
function fileStem(prompt, method) {
  const words = prompt.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return [...words.slice(0, 6), method].join("-");
}
