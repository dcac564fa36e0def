// The controls of ReflectionExplorer: order, padding and shift.
import { field, h, range, selectOf } from "../shared/dom.js";
import { guardControls } from "../shared/keys.js";
import { ORDER_NAMES } from "./sentences.js";
import { ORDERS } from "./stages.js";

/** @import { View } from "../shared/view.js" */
/** @import { Scene, State } from "./state.js" */

/**
 * @param {View} view
 * @param {Scene} scene
 * @param {State} state
 * @param {{ order: (order: string) => void, pad: (value: number) => void, shift: (value: number) => void }} act
 */
export function createControls(view, { frames }, state, act) {
  const order = selectOf(Object.keys(ORDERS), ORDER_NAMES);
  const pad = range(0, frames - 1, state.pad);
  const padValue = h("span", { class: "spotnb-value spotnb-short" });
  const shift = range(0, frames, state.shift);
  const shiftValue = h("span", { class: "spotnb-value spotnb-short" });
  const fields = [field("Padding", pad, padValue), field("Shift", shift, shiftValue)];
  for (const each of fields) each.classList.add("spotnb-grow");
  guardControls(view, order, pad, shift);
  view.listen(order, "change", () => act.order(order.value));
  view.listen(pad, "input", () => act.pad(Number(pad.value)));
  view.listen(shift, "input", () => act.shift(Number(shift.value)));
  return {
    element: h("div", { class: "spotnb-row" }, field("Order", order), ...fields),
    show(/** @type {State} */ now) {
      order.value = now.order;
      pad.value = String(now.pad);
      padValue.textContent = String(now.pad);
      shift.value = String(now.shift);
      shiftValue.textContent = String(now.shift);
      for (const each of [pad, shift]) each.setAttribute("aria-valuetext", `${each.value} frames`);
    },
  };
}
