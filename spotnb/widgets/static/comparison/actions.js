// What the user can change in RunComparison.
import { clamp } from "../shared/numbers.js";
import { around, beforeSeam, CLOSEST, loopAround, magnified, nearestSeam, nextSeam } from "./state.js";

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
  const whole = scene.duration * perSecond;
  const seams = () => {
    const own = rows[read().selected].seams;
    return own.length ? own : scene.grid;
  };
  const show = (/** @type {Range} */ range) => {
    local.range = range;
    changed();
  };
  /** Shows a seam in the middle, and plays two seconds around it again and again. */
  const repeat = (/** @type {number} */ seam) => {
    const loop = loopAround(seam, perSecond, scene.duration);
    show(around([0, whole], seam, whole, perSecond));
    view.set({ loop, position: loop[0], playing: true });
  };
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
    zoom(/** @type {number} */ by, place = transport.place * perSecond) {
      show(magnified(local.range, by, place, whole, CLOSEST * perSecond));
    },
    showAll: () => show([0, whole]),
    /** Moves forward (1) or backward (-1) to a seam, which is then in the middle. A loop moves with it. */
    toSeam(/** @type {number} */ direction) {
      const { loop } = read();
      const seam = nextSeam(seams(), loop ? loop[0] : transport.place, direction, perSecond);
      if (seam === undefined) return;
      if (loop) return repeat(seam);
      show(around(local.range, seam, whole, perSecond));
      transport.seek(beforeSeam(seam, perSecond));
    },
    /** Repeats the seam that is nearest, or stops repeating. */
    loop() {
      if (read().loop) {
        view.set({ loop: null });
        return changed();
      }
      const seam = nearestSeam(seams(), transport.place, perSecond);
      if (seam !== undefined) repeat(seam);
    },
  };
}
