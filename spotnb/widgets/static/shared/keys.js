// Keyboard input. JupyterLab and Notebook 7 use arrow keys and letters for their own shortcuts unless the focused
// element itself opts out; an attribute on a parent is not enough.
import { h } from "./dom.js";

/** @import { View } from "./view.js" */

/** @typedef {(event: KeyboardEvent, factor: number) => void} KeyHandler */

/**
 * @template {HTMLElement} E
 * @param {E} element
 */
export function ownKeys(element) {
  element.setAttribute("data-lm-suppress-shortcuts", "true");
  return element;
}

/**
 * Each handler gets the event and a factor: 1, or `coarse` while shift is held. Handled keys go no further.
 * @param {View} view
 * @param {HTMLElement} element
 * @param {Record<string, KeyHandler>} handlers by key name: "ArrowLeft", "Home", " ", "+", "-", "Escape" ...
 * @param {number} [coarse]
 */
export function bindKeys(view, element, handlers, coarse = 8) {
  ownKeys(element);
  if (element.tabIndex < 0) element.tabIndex = 0;
  view.listen(element, "keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const handler = handlers[keyOf(event)];
    if (!handler) return;
    event.preventDefault();
    event.stopPropagation();
    handler(event, event.shiftKey ? coarse : 1);
  });
}

// The keys with plus and minus on them count with and without shift.
function keyOf(/** @type {KeyboardEvent} */ { key }) {
  if (key === "=") return "+";
  return key === "_" ? "-" : key;
}

/**
 * The browser's own controls handle their keys themselves, so the notebook must not see them.
 * @param {View} view
 * @param {...HTMLElement} controls
 */
export function guardControls(view, ...controls) {
  for (const control of controls) {
    ownKeys(control);
    view.listen(control, "keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Escape" && event.key !== "Tab") event.stopPropagation();
    });
  }
}

/**
 * A button and its action.
 * @param {View} view
 * @param {Record<string, string | boolean>} attributes
 * @param {string | Node} content
 * @param {() => void} act
 */
export function pressable(view, attributes, content, act) {
  const { class: kind = "", ...others } = attributes;
  const name = `spotnb-button ${kind}`.trim();
  const button = h("button", { type: "button", class: name, ...others }, content);
  guardControls(view, button);
  view.listen(button, "click", act);
  return button;
}

/** @typedef {readonly [keys: string, does: string]} KeyMeaning keys, or what else is done in the picture, and what that does */

/**
 * The list of keys at the bottom of a widget, collapsed at first.
 * @param {View} view
 * @param {readonly KeyMeaning[]} meanings
 */
export function keysHelp(view, meanings) {
  const summary = h("summary", {}, "Keys and pointer, in the picture");
  guardControls(view, summary);
  const rows = meanings.map(([keys, does]) => h("div", {}, h("dt", {}, keys), h("dd", {}, does)));
  return h("details", { class: "spotnb-keys" }, summary, h("dl", {}, ...rows));
}
