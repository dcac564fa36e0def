// The fields of the form: labels, controls, help and units, and their values.
import { h, selectOf, uniqueId } from "../shared/dom.js";
import { guardControls } from "../shared/keys.js";
import { typedValue } from "./values.js";

/** @import { View } from "../shared/view.js" */
/** @import { Control, Field, Values } from "./values.js" */

/** @typedef {import("./values.js").Field} Field */

const SETTLE = 250; // ms without typing before the kernel hears of it

/** @param {View} view @param {Field[]} fields */
export function createFields(view, fields) {
  /** @type {Values} */
  let typed = {}; // since the last press of a button
  let timer = 0;
  /** @type {Record<string, Control>} */
  const controls = {};
  /** @type {Record<string, HTMLElement>} */
  const rows = {};
  /** @type {Record<string, HTMLElement>} */
  const notes = {};
  const flush = () => {
    clearTimeout(timer);
    timer = 0;
    view.set({ values: { ...view.model.get("values"), ...typed } });
  };
  const change = (/** @type {Field} */ field, /** @type {boolean} */ now) => {
    typed = { ...typed, [field.name]: typedValue(field, controls[field.name].value) };
    clearTimeout(timer);
    if (now) flush();
    else timer = window.setTimeout(flush, SETTLE);
  };
  for (const field of fields) {
    const { control, row, note } = createField(field);
    [controls[field.name], rows[field.name], notes[field.name]] = [control, row, note];
    guardControls(view, control);
    view.listen(control, "input", () => change(field, field.kind === "choice"));
    view.listen(control, "change", () => change(field, true));
  }
  view.onEnd(() => clearTimeout(timer));
  return {
    controls,
    rows,
    /** Returns what was typed since the last call: a button must not overtake it on its way to the kernel. */
    take() {
      flush();
      const taken = typed;
      typed = {};
      return taken;
    },
    /** Enters a text, as if it was typed. */
    enter(/** @type {string} */ name, /** @type {string} */ text) {
      controls[name].value = text;
      typed = { ...typed, [name]: text };
      flush();
    },
    /** Shows what the kernel holds, unless something is being typed. */
    show() {
      const [told, wrong] = [view.model.get("notes"), view.model.get("trouble").field];
      for (const { name } of fields) notes[name].textContent = name === wrong ? "" : (told[name] ?? "");
      if (timer) return;
      const values = view.model.get("values");
      typed = Object.fromEntries(Object.entries(typed).filter(([name, value]) => values[name] === value));
      for (const field of fields) showValue(view, field, controls[field.name], values[field.name]);
    },
  };
}

/** @param {Field} field */
function createField(field) {
  const control = createControl(field);
  control.id = uniqueId();
  const help = h("small", { class: "spotnb-help", id: `${control.id}-help` }, field.help);
  control.setAttribute("aria-describedby", help.id);
  const unit = field.unit ? h("span", { class: "spotnb-unit" }, field.unit) : null;
  const note = h("span", { class: "spotnb-unit" });
  const entry = h("div", { class: "spotnb-entry" }, control, unit, note);
  const label = h("label", { for: control.id }, field.label);
  return { control, note, row: h("div", { class: `spotnb-ask spotnb-ask-${field.kind}` }, label, entry, help) };
}

/** @param {Field} field @returns {Control} */
function createControl(field) {
  if (field.kind === "area") return h("textarea", { rows: 2, spellcheck: "false" });
  if (field.kind === "choice") return selectOf(field.choices);
  if (field.kind === "text") return h("input", { type: "text", spellcheck: "false" });
  return h("input", { type: "number", step: field.step, inputmode: field.kind === "whole" ? "numeric" : "decimal" });
}

/** @param {View} view @param {Field} field @param {Control} control @param {unknown} value */
function showValue(view, field, control, value) {
  if (control instanceof HTMLSelectElement) {
    const choices = view.model.get("choices")[field.name] ?? field.choices;
    if (choices.length !== control.options.length) control.replaceChildren(...selectOf(choices).children);
  }
  if (typedValue(field, control.value) !== value) control.value = value === null ? "" : String(value);
}
