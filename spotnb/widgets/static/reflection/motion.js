// The movement of the cells from one stage to the next, unless the user prefers reduced motion.
import { clamp } from "../shared/numbers.js";
import { ease } from "./geometry.js";

/** @import { View } from "../shared/view.js" */

const MOVE = 650; // ms

/** @param {View} view */
export function createMotion(view) {
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  /** @type {number | null} */
  let since = null;
  return {
    start() {
      since = calm.matches ? null : performance.now();
    },
    stop() {
      since = null;
    },
    /** The progress of the movement, from 0 to 1. */
    progress: () => (since === null ? 1 : ease(clamp((performance.now() - since) / MOVE, 0, 1))),
    /** Requests the next paint while it moves. */
    goOn(/** @type {number} */ progress) {
      if (since === null) return;
      if (progress < 1) view.repaint();
      else since = null;
    },
  };
}
