// The controls of LatentInspector: quantity, channel, colors, tiles and zoom.
import { field, h, selectOf } from "../shared/dom.js";
import { guardControls, pressable } from "../shared/keys.js";
import { NAMES } from "./sentences.js";

/** @import { View } from "../shared/view.js" */
/** @import { State } from "./state.js" */

/**
 * @param {View} view
 * @param {number} channels
 * @param {{ zoom: (factor: number) => void, showAll: () => void, channel: (channel: number | null) => void }} act
 */
export function createControls(view, channels, act) {
  const quantity = selectOf(Object.keys(NAMES), NAMES);
  const numbers = Array.from({ length: channels }, (_, k) => String(k));
  const channel = selectOf(["all", ...numbers], { all: "All" });
  const range = selectOf(["run", "step"], { run: "Whole run", step: "This step" });
  const tiles = h("input", { type: "checkbox" });
  const zoomOut = pressable(view, { "aria-label": "Zoom out" }, "−", () => act.zoom(2));
  const zoomIn = pressable(view, { "aria-label": "Zoom in" }, "+", () => act.zoom(0.5));
  const zoomAll = pressable(view, { title: "Show the whole length" }, "Whole", act.showAll);
  const segmented = { class: "spotnb-segmented", role: "group", "aria-label": "Zoom" };
  const fields = [
    field("Show", quantity),
    field("Channel", channel),
    field("Colors", range),
    field("Tiles", tiles),
    h("div", segmented, zoomOut, zoomIn, zoomAll),
  ];
  guardControls(view, quantity, channel, range, tiles);
  view.listen(quantity, "change", () => view.set({ quantity: quantity.value }));
  view.listen(channel, "change", () => act.channel(channel.value === "all" ? null : Number(channel.value)));
  view.listen(range, "change", () => view.set({ colour_range: range.value }));
  view.listen(tiles, "change", () => view.set({ tiles: tiles.checked }));
  return {
    element: h("div", { class: "spotnb-row" }, ...fields),
    show(/** @type {State} */ state, /** @type {boolean} */ all) {
      quantity.value = state.quantity;
      channel.value = state.channel === null ? "all" : String(state.channel);
      range.value = state.whole ? "run" : "step";
      tiles.checked = state.tiles;
      zoomAll.disabled = all;
      zoomOut.disabled = all;
    },
  };
}
