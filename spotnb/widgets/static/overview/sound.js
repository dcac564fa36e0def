// The player of Overview: a button, and the place in the sound.
import { h, showAction } from "../shared/dom.js";
import { pressable } from "../shared/keys.js";
import { clamp } from "../shared/numbers.js";
import { createSceneSound } from "../shared/scene_sound.js";

/** @import { View } from "../shared/view.js" */
/** @import { Scene } from "./state.js" */

/**
 * @param {View} view
 * @param {Scene} scene
 */
export function createSound(view, scene) {
  const { player, isReady, toggle, trouble } = createSceneSound(view, scene);
  const button = pressable(view, { class: "spotnb-round", disabled: true }, "", toggle);
  const words = h("span", { class: "spotnb-value" });
  return {
    element: h("div", { class: "spotnb-row" }, button, words),
    player,
    toggle,
    /** @param {number} seconds */
    seek(seconds) {
      if (isReady()) player.seek(clamp(seconds, 0, scene.seconds));
    },
    show() {
      button.disabled = !isReady();
      if (player.playing) showAction(button, "Pause the sound", "pause");
      else showAction(button, "Play the sound", "speaker");
      words.textContent = trouble() || `${player.place.toFixed(1)} / ${scene.seconds.toFixed(1)} s`;
    },
  };
}
