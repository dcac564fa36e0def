// The form of the page: what to make. The settings beyond the first four are folded away.

/** @import { View } from "../../../widgets/static/shared/view.js" */
/** @import { Description } from "../model.js" */
/** @import { Settings } from "../settings.js" */

import { h, selectOf, uniqueId } from "../../../widgets/static/shared/dom.js";
import { guardControls, pressable } from "../../../widgets/static/shared/keys.js";
import { createTrouble } from "../../../widgets/static/shared/trouble.js";
import { LiveError } from "../errors.js";
import { readText } from "../text.js";
import { LONGEST } from "./plan.js";
import { openedWords, unreadWords } from "./sentences.js";

/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Control */

/**
 * @typedef {object} Field
 * @property {keyof Settings} name
 * @property {string} label
 * @property {string} help
 * @property {"area" | "text" | "number" | "choice"} kind
 * @property {string} [unit]
 * @property {[min: number, max: number, step: number | "any"]} [limits]
 * @property {readonly string[]} [choices]
 */

/**
 * What the page starts from, where that differs from the model's own defaults: with the blended finish, 12 steps of
 * DPM-Solver++ are as good as 25 of DDIM (docs/measured.md, Solvers).
 * @type {Partial<Settings>}
 */
const START = {
  duration: 10,
  seed: 0,
  solver: "dpm++",
  steps: 12,
  method: "spot",
  edge: "reflect",
  max_shift_ratio: 0.5,
};

/** @param {Description} description @returns {{ first: Field[], more: Field[] }} */
function fieldsOf({ methods, edges, time_multiple: multiple }) {
  return {
    first: [
      {
        name: "duration",
        label: "Length",
        unit: "seconds",
        help: `1 to ${LONGEST}`,
        kind: "number",
        limits: [1, LONGEST, "any"],
      },
      { name: "seed", label: "Seed", help: "another seed, another sound", kind: "number", limits: [0, 2 ** 53 - 1, 1] },
      {
        name: "method",
        label: "Method",
        help: "spot moves the cuts, tiles does not",
        kind: "choice",
        choices: Object.keys(methods),
      },
    ],
    more: [
      { name: "negative_prompt", label: "Negative prompt", help: "what it should not sound like", kind: "text" },
      { name: "steps", label: "Steps", help: "fewer are faster", kind: "number", limits: [1, 100, 1] },
      { name: "solver", label: "Solver", help: "how a step is taken", kind: "choice", choices: ["ddim", "dpm++"] },
      {
        name: "guidance_scale",
        label: "Guidance",
        help: "how closely it follows the prompt; 1 is none",
        kind: "number",
        limits: [0, 20, "any"],
      },
      {
        name: "tile_size_time",
        label: "Tile",
        unit: "frames of 40 ms",
        help: `a multiple of ${multiple}`,
        kind: "number",
        limits: [multiple, 384, multiple],
      },
      {
        name: "max_shift_ratio",
        label: "Shift ratio",
        unit: "of a tile",
        help: "how far the cuts move",
        kind: "number",
        limits: [0, 1, "any"],
      },
      {
        name: "edge",
        label: "Edge",
        help: "what a tile sees past the ends; circular makes a loop",
        kind: "choice",
        choices: Object.keys(edges),
      },
      {
        name: "finish_steps",
        label: "Finish",
        unit: "steps",
        help: "last steps in which tiles cross-fade",
        kind: "number",
        limits: [0, 100, 1],
      },
    ],
  };
}

/** @typedef {ReturnType<typeof createForm>} Form */

/**
 * @param {View} view
 * @param {Description} description
 * @param {string[]} examples
 * @param {HTMLElement[]} after what follows the folded settings
 */
export function createForm(view, description, examples, ...after) {
  const { first, more } = fieldsOf(description);
  const labels = Object.fromEntries([...first, ...more].map(({ name, label }) => [name, label]));
  /** @type {Partial<Settings>} */
  const start = { ...description.defaults, ...START, negative_prompt: "" };
  /** @type {Record<string, Control>} */
  const controls = {};
  /** @type {Record<string, HTMLElement>} */
  const rows = {};
  /** @type {Partial<Settings>} settings that came with a manifest and have no field */
  let kept = {};
  const row = (/** @type {Field} */ field) => {
    const made = createField(field);
    [controls[field.name], rows[field.name]] = [made.control, made.row];
    guardControls(view, made.control);
    return made.row;
  };
  const prompt = row({ name: "prompt", label: "Describe a sound", help: "", kind: "area" });
  const unread = h("p", { class: "spotnb-unknown", role: "status" });
  const readPrompt = () => showUnread(unread, controls.prompt.value, description);
  const enter = (/** @type {string} */ text) => {
    controls.prompt.value = text;
    readPrompt();
    excuse();
  };
  view.listen(controls.prompt, "input", readPrompt);
  const show = (/** @type {Partial<Settings>} */ settings) => {
    for (const { name } of [...first, ...more]) controls[name].value = String(settings[name] ?? "");
    enter(settings.prompt ?? examples[0]);
  };
  const opened = createOpened(view, () => {
    kept = {};
    show(start);
  });
  const chips = examples.map((text) => pressable(view, { class: "spotnb-chip" }, text, () => enter(text)));
  const summary = h("summary", {}, "More settings");
  guardControls(view, summary);
  const opening = [
    prompt,
    unread,
    h("div", { class: "spotnb-chips", role: "group", "aria-label": "Examples to start from" }, ...chips),
    h("div", { class: "spotnb-short-fields" }, ...first.map(row)),
  ];
  const fields = h("div", { class: "spotnb-short-fields" }, ...more.map(row));
  const trouble = createTrouble(rows, controls);
  const excuse = () => trouble.show("", "");
  for (const control of Object.values(controls)) view.listen(control, "input", excuse);
  show(start);
  return {
    prompt: controls.prompt,
    opening: [...opening, ...trouble.elements],
    folded: h("details", { class: "spotnb-fold" }, summary, fields, ...after),
    opened: opened.element,
    /** Fills the form with the settings of a run, and keeps those that have no field. */
    fill(/** @type {Settings} */ settings, /** @type {string} */ file) {
      const named = ["prompt", ...[...first, ...more].map(({ name }) => name)];
      kept = Object.fromEntries(Object.entries(settings).filter(([name]) => !named.includes(name)));
      show(settings);
      opened.show(openedWords(file, kept, description.defaults));
    },
    /** Shows what is wrong with a field, moves the focus there, and returns whether the error is about a field. */
    blame(/** @type {unknown} */ error) {
      excuse();
      if (!(error instanceof LiveError && error.setting in controls)) return false;
      const [name, message] = [error.setting, error.message];
      trouble.show(message.startsWith(name) ? `${labels[name]}${message.slice(name.length)}` : message, name);
      trouble.focus();
      return true;
    },
    /** What is in the form. A number that cannot be read stays a text, which the settings refuse by name. */
    values() {
      const typed = [...first, ...more].map(({ name, kind }) => [name, typedValue(controls[name].value, kind)]);
      const shown = { prompt: controls.prompt.value, ...Object.fromEntries(typed) };
      return /** @type {Partial<Settings>} */ ({ ...kept, ...shown });
    },
  };
}

/**
 * What was opened, with a button that takes it back.
 * @param {View} view
 * @param {() => void} reset
 */
function createOpened(view, reset) {
  const words = h("span", { role: "status" });
  const back = pressable(view, {}, "Back to the defaults", () => {
    element.hidden = true;
    reset();
  });
  const element = h("p", { class: "spotnb-row", hidden: true }, words, back);
  return {
    element,
    show(/** @type {string} */ text) {
      element.hidden = false;
      words.textContent = text;
    },
  };
}

/** @param {string} text @param {Field["kind"]} kind */
function typedValue(text, kind) {
  if (kind !== "number") return text;
  const number = Number(text);
  return text.trim() && Number.isFinite(number) ? number : text;
}

/** @param {Field} field */
function createField({ label, help, kind, unit, limits, choices = [] }) {
  const control = createControl(kind, choices, limits);
  control.id = uniqueId();
  const after = unit ? h("span", { class: "spotnb-unit" }, unit) : null;
  const entry = h("div", { class: "spotnb-entry" }, control, after);
  const about = help ? h("small", { class: "spotnb-help", id: `${control.id}-help` }, help) : null;
  if (about) control.setAttribute("aria-describedby", about.id);
  return { control, row: h("div", { class: "spotnb-ask" }, h("label", { for: control.id }, label), entry, about) };
}

/** @param {Field["kind"]} kind @param {readonly string[]} choices @param {Field["limits"]} limits @returns {Control} */
function createControl(kind, choices, limits) {
  if (kind === "area") return h("textarea", { rows: 2, spellcheck: "false" });
  if (kind === "choice") return selectOf(choices);
  if (kind === "text") return h("input", { type: "text", spellcheck: "false" });
  const [min, max, step] = limits ?? [];
  return h("input", { type: "number", min, max, step, inputmode: step === "any" ? "decimal" : "numeric" });
}

/** @param {HTMLElement} element @param {string} text @param {Description} description */
function showUnread(element, text, { tokenizer }) {
  const reading = readText(text, tokenizer);
  const words = reading.unknown.length ? reading.unknown : reading.cut;
  const sentence = unreadWords(reading);
  const marks = words.flatMap((word, k) => [k ? ", " : " ", h("mark", {}, word)]);
  element.replaceChildren(...(sentence ? [sentence, ...marks, "."] : []));
  element.hidden = !sentence;
}
