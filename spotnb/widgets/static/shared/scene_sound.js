// The sound of a scene: a player that is ready once the browser has decoded the sound.
import { bufferOf } from "./numbers.js";
import { createViewPlayer } from "./player.js";

/** @import { View } from "./view.js" */

/**
 * @param {View} view
 * @param {{ sound: DataView }} scene
 */
export function createSceneSound(view, scene) {
  let ready = false;
  let trouble = "";
  const player = createViewPlayer(view, { onPlace: view.repaint });
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
    player,
    isReady: () => ready,
    trouble: () => trouble,
    toggle() {
      if (ready) player.toggle();
    },
  };
}
