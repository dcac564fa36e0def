// Makes elements. Text becomes text nodes, so nothing that a user wrote is ever read as HTML.
const SVG = "http://www.w3.org/2000/svg";

/** @typedef {string | number | boolean | null | undefined} Attribute `true` is an empty one, `false` and null none */
/** @typedef {string | Node | null | undefined} Child */
/** @typedef {HTMLInputElement | HTMLSelectElement} Control */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, Attribute>} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/**
 * @template {Element} E
 * @param {E} element
 * @param {Record<string, Attribute>} attributes
 * @param {Child[]} children
 */
function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** `play` starts a sound; `steps` goes through the steps of a run. */
const PATHS = {
  play: "M4 2.5v11l9-5.5z",
  steps: "M1 4h2.5v8H1zm4 0h2.5v8H5zm4-1.5v11L15.5 8z",
  pause: "M4 2.5h3v11H4zm5 0h3v11H9z",
  speaker: "M2 6v4h3l4 3.5v-11L5 6zm9-1.5v1.6a2.2 2.2 0 0 1 0 3.8v1.6a3.9 3.9 0 0 0 0-7z",
};

/** @param {keyof typeof PATHS} name */
export function icon(name) {
  return drawing({ viewBox: "0 0 16 16", width: 14, height: 14 }, [{ d: PATHS[name], fill: "currentColor" }]);
}

/**
 * A drawing beside words, which screen readers skip.
 * @param {Record<string, Attribute>} size
 * @param {readonly Record<string, Attribute>[]} paths
 */
export function drawing(size, paths) {
  const shapes = paths.map((path) => fill(document.createElementNS(SVG, "path"), path, []));
  return fill(document.createElementNS(SVG, "svg"), { ...size, "aria-hidden": "true" }, shapes);
}

/**
 * Shows what a button that has only an icon does at the moment.
 * @param {HTMLButtonElement} button
 * @param {string} action
 * @param {keyof typeof PATHS} picture
 */
export function showAction(button, action, picture) {
  if (button.getAttribute("aria-label") === action) return;
  button.setAttribute("aria-label", action);
  button.title = action;
  button.replaceChildren(icon(picture));
}

// Each widget of a notebook has a copy of this module, and their ids must differ.
const copy = Math.random().toString(36).slice(2);
let count = 0;

/** An id that no other element of the page has. */
export function uniqueId() {
  count += 1;
  return `spotnb-${copy}-${count}`;
}

/**
 * A control with a label. The control gets an id if it has none.
 * @param {string} label
 * @param {Control} control
 * @param {...Child} after
 */
export function field(label, control, ...after) {
  if (!control.id) control.id = uniqueId();
  return h("div", { class: "spotnb-field" }, h("label", { for: control.id }, label), control, ...after);
}

/**
 * @param {readonly string[]} choices
 * @param {Record<string, string>} [names] what is shown of a choice, where that differs
 */
export function selectOf(choices, names = {}) {
  const options = choices.map((choice) => h("option", { value: choice }, names[choice] ?? choice));
  return h("select", {}, ...options);
}

/**
 * @param {number} min
 * @param {number} max
 * @param {number} value
 */
export function range(min, max, value) {
  return h("input", { type: "range", min, max, step: 1, value });
}

/** @typedef {readonly [before: string, value: string, after?: string, hover?: string]} Fact */

/**
 * Facts as elements, with their values in bold.
 * @param {Fact[]} facts
 */
export function factSpans(facts) {
  return facts.map(([before, value, after, title]) => h("span", { title }, before, h("b", {}, value), after));
}
