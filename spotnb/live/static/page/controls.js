// The buttons of the page, what is being done, and what went wrong.

/** @import { View } from "../../../widgets/static/shared/view.js" */

import { h } from "../../../widgets/static/shared/dom.js";
import { pressable } from "../../../widgets/static/shared/keys.js";

/** @typedef {{ make: () => void, compare: () => void, cancel: () => void }} Actions */

/** @typedef {ReturnType<typeof createControls>} Controls */

/**
 * @param {View} view
 * @param {Actions} actions
 */
export function createControls(view, actions) {
  const make = pressable(view, { class: "spotnb-primary" }, "Make sound", actions.make);
  const cancel = pressable(view, { hidden: true }, "Cancel", actions.cancel);
  const compare = pressable(view, { hidden: true }, "", actions.compare);
  const doing = h("p", { class: "spotnb-panel-doing" });
  const bar = h("progress", { max: 1, value: 0, "aria-label": "Progress", hidden: true });
  const trouble = h("p", { class: "spotnb-trouble", role: "alert", hidden: true });
  /** Shows buttons before it hides others, so that the focus can move. */
  const show = (/** @type {boolean} */ running) => {
    const [come, go] = running ? [cancel, make] : [make, cancel];
    come.hidden = false;
    if (document.activeElement === go || (running && document.activeElement === compare)) come.focus();
    go.hidden = true;
  };
  return {
    buttons: h("div", { class: "spotnb-panel-bar" }, h("div", { class: "spotnb-row" }, make, cancel, compare)),
    status: h("div", { class: "spotnb-panel-status" }, doing, bar, trouble),
    begin() {
      show(true);
      compare.hidden = true;
      bar.hidden = false;
      view.say("Started.");
    },
    progress(/** @type {string} */ words, /** @type {number} */ share) {
      doing.textContent = words;
      bar.value = share;
    },
    /** The work has ended, and can be done again with another method. */
    end(/** @type {string} */ words, /** @type {string} */ other) {
      show(false);
      bar.hidden = true;
      doing.textContent = words;
      view.say(words);
      compare.hidden = !other;
      compare.textContent = other === "tiles" ? "Now with fixed tiles" : `Now with ${other}`;
      compare.title = "Make the same sound with another method, from the same initial noise, and compare both";
    },
    complain(/** @type {string} */ words) {
      trouble.textContent = words;
      trouble.hidden = !words;
    },
    /** The browser cannot run the model. */
    refuse(/** @type {string} */ words) {
      make.disabled = true;
      this.complain(words);
    },
  };
}
