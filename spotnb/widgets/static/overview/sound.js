// The player of Overview: a button, and the place in the sound.
import { h, showAction } from "../shared/dom.js";
import { pressable } from "../shared/keys.js";
import { bufferOf, clamp } from "../shared/numbers.js";
import { createViewPlayer } from "../shared/player.js";

/** @import { View } from "../shared/view.js" */
/** @import { Scene } from "./state.js" */

/**
 * @param {View} view
 * @param {Scene} scene
 */
export function createSound(view, scene) {
  let ready = false;
  let trouble = "";
  const player = createViewPlayer(view, { onPlace: view.repaint });
  const toggle = () => {
    if (ready) player.toggle();
  };
  const button = pressable(view, { class: "spotnb-round", disabled: true }, "", toggle);
  const words = h("span", { class: "spotnb-value" });
  player.load([bufferOf(scene.sound)]).then(
    () => {
      ready = true;
      view.repaint();
    },
    () => {
      trouble = "This browser cannot decode the sound.";
      view.repaint();
    },
  );
  return {
    element: h("div", { class: "spotnb-row" }, button, words),
    player,
    toggle,
    /** @param {number} seconds */
    seek(seconds) {
      if (ready) player.seek(clamp(seconds, 0, scene.seconds));
    },
    show() {
      button.disabled = !ready;
      if (player.playing) showAction(button, "Pause the sound", "pause");
      else showAction(button, "Play the sound", "speaker");
      words.textContent = trouble || `${player.place.toFixed(1)} / ${scene.seconds.toFixed(1)} s`;
    },
  };
}
