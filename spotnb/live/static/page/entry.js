// The script of the page: it shows the model in an element.

/** @import { Scene } from "./live.js" */

import { SavedModel } from "../../../widgets/static/page/model.js";
import { render } from "./live.js";

/**
 * @param {HTMLElement} el
 * @param {Scene} scene
 */
export function showLive(el, scene) {
  render({ model: new SavedModel({ _scene: scene, _common: "live" }), el });
}
