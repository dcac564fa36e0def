// A note that follows the pointer over a picture.
import { h } from "./dom.js";
import { clamp } from "./numbers.js";

/** @import { Plot } from "./plot.js" */
/** @import { Place } from "./pointers.js" */

/** @param {Plot} plot */
export function createHover(plot) {
  const note = h("div", { class: "spotnb-hover", hidden: true, "aria-hidden": "true" });
  plot.element.append(note);
  return {
    show(/** @type {Place} */ { x, y }, /** @type {string} */ words) {
      note.hidden = !words;
      if (!words) return;
      note.textContent = words;
      const half = note.offsetWidth / 2;
      note.style.left = `${clamp(x, half, Math.max(half, plot.width - half))}px`;
      note.style.top = `${y}px`;
    },
    hide() {
      note.hidden = true;
    },
  };
}
