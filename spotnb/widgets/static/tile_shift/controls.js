// The controls of TileShiftDebugger: method, edge and shift.
import { field, h, range, selectOf } from "../shared/dom.js";
import { guardControls, pressable } from "../shared/keys.js";
import { shiftWords } from "./sentences.js";

/** @import { View } from "../shared/view.js" */
/** @import { Scene, Shown } from "./state.js" */

/**
 * @param {View} view
 * @param {Scene} scene
 * @param {{ choose: (changes: Record<string, string>) => void, shift: (value: number) => void, undo: () => void }} act
 */
export function createControls(view, scene, act) {
  const method = selectOf(Object.keys(scene.methods));
  const edge = selectOf(Object.keys(scene.edges));
  const shift = range(0, scene.width, 0);
  const shiftValue = h("span", { class: "spotnb-value" });
  const title = "Back to the shift that the run has at this step";
  const undo = pressable(view, { title }, "Reset shift", act.undo);
  const shiftField = field("Shift", shift, shiftValue);
  shiftField.classList.add("spotnb-grow");
  const shifting = h("div", { class: "spotnb-row spotnb-line spotnb-grow" }, shiftField, undo);
  guardControls(view, method, edge, shift);
  view.listen(method, "change", () => act.choose({ method: method.value }));
  view.listen(edge, "change", () => act.choose({ edge: edge.value }));
  view.listen(shift, "input", () => act.shift(Number(shift.value)));
  return {
    element: h("div", { class: "spotnb-row" }, field("Method", method), field("Edge", edge), shifting),
    show(/** @type {Shown} */ shown) {
      const words = shiftWords(scene, shown);
      shiftValue.textContent = words.shown;
      shiftField.title = words.frames;
      shift.value = String(shown.layout.shift);
      shift.disabled = !shown.movable;
      shift.setAttribute("aria-valuetext", words.spoken);
      undo.disabled = !shown.byHand;
      method.value = shown.method;
      edge.value = shown.edge;
    },
  };
}
