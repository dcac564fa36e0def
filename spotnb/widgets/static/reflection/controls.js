// The controls of ReflectionExplorer: order, padding and shift.
import { field, h, range } from "../shared/dom.js";
import { guardControls, pressable } from "../shared/keys.js";
import { ORDER_NAMES } from "./sentences.js";
import { ORDERS } from "./stages.js";

/** @import { View } from "../shared/view.js" */
/** @import { Order } from "./stages.js" */
/** @import { Scene, State } from "./state.js" */

/**
 * @param {View} view
 * @param {Scene} scene
 * @param {State} state
 * @param {{ order: (order: Order) => void, pad: (value: number) => void, shift: (value: number) => void }} act
 */
export function createControls(view, { frames }, state, act) {
  const orders = /** @type {Order[]} */ (Object.keys(ORDERS));
  const buttons = orders.map((order) => pressable(view, {}, ORDER_NAMES[order], () => act.order(order)));
  const pad = range(0, frames - 1, state.pad);
  const padValue = h("span", { class: "spotnb-value spotnb-short" });
  const shift = range(0, frames, state.shift);
  const shiftValue = h("span", { class: "spotnb-value spotnb-short" });
  const fields = [field("Padding", pad, padValue), field("Shift", shift, shiftValue)];
  for (const each of fields) each.classList.add("spotnb-grow");
  guardControls(view, pad, shift);
  view.listen(pad, "input", () => act.pad(Number(pad.value)));
  view.listen(shift, "input", () => act.shift(Number(shift.value)));
  const group = { class: "spotnb-orders", role: "group", "aria-label": "Order" };
  return {
    element: h("div", {}, h("div", { class: "spotnb-row" }, ...fields), h("div", group, ...buttons)),
    show(/** @type {State} */ now) {
      for (const [k, order] of orders.entries()) buttons[k].setAttribute("aria-pressed", String(order === now.order));
      pad.value = String(now.pad);
      padValue.textContent = String(now.pad);
      shift.value = String(now.shift);
      shiftValue.textContent = String(now.shift);
      for (const each of [pad, shift]) each.setAttribute("aria-valuetext", `${each.value} frames`);
    },
  };
}
