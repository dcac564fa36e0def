// Elements. Text goes in as text nodes: nothing that a user wrote is ever read as HTML.
const SVG = "http://www.w3.org/2000/svg";

export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const PATHS = {
  play: "M4 2.5v11l9-5.5z",
  pause: "M4 2.5h3v11H4zm5 0h3v11H9z",
  undo: "M3 3v4.2h4.2L5.6 5.6A4 4 0 1 1 4.3 9.5l-1.4.5A5.5 5.5 0 1 0 4.5 4.5z",
};

export function icon(name) {
  const picture = svg("svg", { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true" });
  picture.append(svg("path", { d: PATHS[name], fill: "currentColor" }));
  return picture;
}

let count = 0;

export function uniqueId(prefix) {
  count += 1;
  return `spotnb-${prefix}-${count}`;
}

// A labelled control; `control` gets an id if it has none.
export function field(label, control, ...after) {
  control.id ||= uniqueId("field");
  return h("div", { class: "spotnb-field" }, h("label", { for: control.id }, label), control, ...after);
}

export function selectOf(choices, names = {}) {
  const options = choices.map((choice) => h("option", { value: choice }, names[choice] ?? choice));
  return h("select", {}, ...options);
}

export function range(min, max, value) {
  return h("input", { type: "range", min, max, step: 1, value });
}
