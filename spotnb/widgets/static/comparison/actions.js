// What the user can change in RunComparison.
import { clamp } from "../shared/numbers.js";
import { beforeSeam, CLOSEST, magnified } from "./state.js";

/** @import { Place } from "../shared/pointers.js" */
/** @import { View } from "../shared/view.js" */
/** @import { Row, Scene } from "./rows.js" */
/** @import { Range, State } from "./state.js" */
/** @import { createTransport } from "./transport.js" */

/** @typedef {{ row: number, place: Place } | null} Hover */

/**
 * State that is not in the traits: the part of time that is shown, and the place of the pointer.
 * @typedef {{ range: Range, hover: Hover }} Local
 */

/** @typedef {ReturnType<typeof createActions>} Actions */

/**
 * @param {View} view
 * @param {Scene} scene
 * @param {object} parts
 * @param {Row[]} parts.rows
 * @param {() => State} parts.read
 * @param {Local} parts.local
 * @param {ReturnType<typeof createTransport>} parts.transport
 * @param {() => HTMLElement[]} parts.canvases of the rows
 * @param {() => void} parts.changed is called when the range has changed
 */
export function createActions(view, scene, { rows, read, local, transport, canvases, changed }) {
  const perSecond = scene.framesPerSecond;
  return {
    toggle: transport.toggle,
    seek: transport.seek,
    seekBy: transport.seekBy,
    match: () => view.set({ matched: !read().matched }),
    hover(/** @type {Hover} */ hover) {
      local.hover = hover;
      view.repaint();
    },
    /** Selects the run that is heard. If a picture has the focus, the focus moves to that of the run. */
    choose(/** @type {number} */ k) {
      const wanted = clamp(k, 0, rows.length - 1);
      const focused = canvases().some((canvas) => canvas === document.activeElement);
      view.set({ selected: wanted });
      if (focused) canvases()[wanted].focus({ preventScroll: true });
    },
    zoom(/** @type {number} */ by, around = transport.place * perSecond) {
      local.range = magnified(local.range, by, around, scene.duration * perSecond, CLOSEST * perSecond);
      changed();
    },
    /** Moves forward (1) or backward (-1) to a place just before a seam. */
    toSeam(/** @type {number} */ direction) {
      const { seams } = rows[read().selected];
      const spot = beforeSeam(seams.length ? seams : scene.grid, transport.place, direction, perSecond);
      if (spot !== undefined) transport.seek(spot);
    },
  };
}
