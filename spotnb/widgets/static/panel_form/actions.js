// The buttons that drive a run.
import { h } from "../shared/dom.js";
import { pressable } from "../shared/keys.js";

/** @import { View } from "../shared/view.js" */

const ROWS = [
  ["run", "pause"],
  ["step", "phase", "fork", "reset"],
  ["wav", "trace"],
];

/**
 * @param {View} view
 * @param {Record<string, [string, string]>} words
 * @param {(name: string) => void} press
 */
export function createActions(view, words, press) {
  /** @type {Record<string, HTMLButtonElement>} */
  const buttons = {};
  for (const [name, [word, title]] of Object.entries(words)) {
    const kind = name === "run" ? "spotnb-primary" : "";
    buttons[name] = pressable(view, { class: kind, title, disabled: true, hidden: true }, word, () => press(name));
  }
  const rows = ROWS.map((row) => h("div", { class: "spotnb-row" }, ...row.map((name) => buttons[name])));
  return {
    element: h("div", { class: "spotnb-panel-bar", role: "group", "aria-label": "The run" }, ...rows),
    /**
     * Enables buttons before it disables others, so that the focus can move. A button appears once it has an effect.
     */
    show(/** @type {Record<string, boolean>} */ enabled) {
      const names = Object.keys(buttons).sort((a, b) => Number(enabled[b]) - Number(enabled[a]));
      for (const name of names) {
        const button = buttons[name];
        if (button.disabled === enabled[name]) button.disabled = !enabled[name];
        if (enabled[name]) button.hidden = false;
      }
    },
  };
}
