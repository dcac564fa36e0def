// The form of SamplerPanel: prompt, seconds, seed and the buttons; everything else is folded away in groups.
import { createActions } from "./panel_form/actions.js";
import { createFields } from "./panel_form/fields.js";
import { KEYS, unknownWords } from "./panel_form/sentences.js";
import { h } from "./shared/dom.js";
import { guardControls, keysHelp, pressable } from "./shared/keys.js";
import { createTrouble } from "./shared/trouble.js";
import { openView } from "./shared/view.js";

/** @import { Given, View } from "./shared/view.js" */
/** @import { Field } from "./panel_form/fields.js" */

/**
 * `actions` are a word and an explanation for each button.
 * @typedef {object} Scene
 * @property {Field[]} fields
 * @property {string[]} groups
 * @property {string[]} examples
 * @property {Record<string, [string, string]>} actions
 */

/** @param {Given} given */
function render(given) {
  const view = openView(given, "panel-form", "What to make");
  /** @type {Scene} */
  const scene = view.model.get("_scene");
  const fields = createFields(view, scene.fields);
  const trouble = createTrouble(fields.rows, fields.controls);
  let [pressed, answered] = [false, view.model.get("trouble").refused];
  const press = (/** @type {string} */ name) => {
    view.model.send({ press: name, values: fields.take() });
    pressed = true;
  };
  const actions = createActions(view, scene.actions, press);
  const unknown = h("p", { class: "spotnb-unknown", role: "status" });
  const [open, ...folded] = scene.groups;
  const first = scene.fields.filter(({ group }) => group === open).map(({ name }) => fields.rows[name]);
  view.root.append(
    first[0],
    unknown,
    chips(view, scene.examples, (text) => fields.enter("prompt", text)),
    h("div", { class: "spotnb-short-fields" }, ...first.slice(1)),
    ...trouble.elements,
    actions.element,
    ...folded.map((group) => fold(view, group, scene, fields.rows)),
    keysHelp(view, KEYS),
  );
  const prompt = fields.controls.prompt;
  view.listen(prompt, "keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    if (view.model.get("enabled").run) press("run");
  });
  view.watch(["values", "choices", "notes", "enabled", "unknown", "trouble"], view.repaint);
  view.onPaint(() => {
    fields.show();
    actions.show(view.model.get("enabled"));
    showUnknown(unknown, view.model.get("unknown"));
    const { text, field, refused } = view.model.get("trouble");
    trouble.show(text, field);
    const inside = document.activeElement === document.body || view.root.contains(document.activeElement);
    if (refused !== answered && pressed && inside) trouble.focus();
    if (refused !== answered) [answered, pressed] = [refused, false];
  });
  view.repaint();
  return view.end;
}

/**
 * Buttons that put an example into the prompt.
 * @param {View} view
 * @param {string[]} examples
 * @param {(text: string) => void} enter
 */
function chips(view, examples, enter) {
  const buttons = examples.map((text) => pressable(view, { class: "spotnb-chip" }, text, () => enter(text)));
  return h("div", { class: "spotnb-chips", role: "group", "aria-label": "Examples to start from" }, ...buttons);
}

/**
 * @param {View} view
 * @param {string} group
 * @param {Scene} scene
 * @param {Record<string, HTMLElement>} rows
 */
function fold(view, group, scene, rows) {
  const summary = h("summary", {}, group);
  guardControls(view, summary);
  const inside = scene.fields.filter((field) => field.group === group).map(({ name }) => rows[name]);
  return h("details", { class: "spotnb-fold" }, summary, ...inside);
}

/** @param {HTMLElement} element @param {string[]} words */
function showUnknown(element, words) {
  const text = words.join("\n");
  if (element.dataset.words === text) return;
  element.dataset.words = text;
  element.hidden = !words.length;
  const marks = words.flatMap((word, k) => [k ? ", " : " ", h("mark", {}, word)]);
  element.replaceChildren(...(words.length ? [unknownWords(words.length), ...marks, "."] : []));
}

export default { render };
