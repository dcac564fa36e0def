// What the user can change in LatentInspector, and the keys and pointers of its picture.
import { bindKeys } from "../shared/keys.js";
import { clamp } from "../shared/numbers.js";
import { followPointer } from "../shared/pointers.js";
import { inView, panned, zoomed } from "./geometry.js";
import { channelAfter } from "./state.js";

/** @import { KeyHandler } from "../shared/keys.js" */
/** @import { Plot } from "../shared/plot.js" */
/** @import { Place } from "../shared/pointers.js" */
/** @import { Steps } from "../shared/steps.js" */
/** @import { View } from "../shared/view.js" */
/** @import { Band, Range } from "./geometry.js" */
/** @import { Cell } from "./quantities.js" */
/** @import { createSound } from "./sound.js" */
/** @import { State } from "./state.js" */
/** @import { Scene } from "./store.js" */

/**
 * State that is not in the traits: the part of time that is shown, and the cell or the band below the pointer.
 * @typedef {{ range: Range, hover: Cell | null, band: Band | null }} Local
 */

/** @typedef {ReturnType<typeof createActions>} Actions */

/**
 * @param {View} view
 * @param {Scene} scene
 * @param {() => State} read
 * @param {Local} local
 */
export function createActions(view, scene, read, local) {
  const { frames, bins } = scene;
  const show = (/** @type {Range} */ range) => {
    local.range = range;
    view.repaint();
  };
  const select = (/** @type {number} */ frame) => {
    const wanted = clamp(Math.round(frame), 0, frames - 1);
    view.set({ selected_frame: wanted });
    local.range = inView(local.range, wanted, frames);
  };
  return {
    show,
    showAll: () => show([0, frames]),
    /** Zooms around the selected frame, or around the middle. */
    zoom(/** @type {number} */ factor) {
      const [start, stop] = local.range;
      show(zoomed(local.range, factor, read().frame ?? (start + stop) / 2, frames));
    },
    moveFrame(/** @type {number} */ by) {
      const { frame } = read();
      select(frame === null ? local.range[0] : frame + by);
    },
    moveBin: (/** @type {number} */ by) => view.set({ selected_bin: clamp(read().bin + by, 0, bins - 1) }),
    channel: (/** @type {number | null} */ channel) => view.set({ channel }),
    moveChannel: (/** @type {number} */ by) => view.set({ channel: channelAfter(scene, read(), by) }),
    letGo: () => view.set({ selected_frame: null }),
    hover(/** @type {Cell | null} */ cell, /** @type {Band | null} */ band) {
      local.hover = cell;
      local.band = band;
      view.repaint();
    },
    read: (/** @type {Cell} */ { frame, bin }) => view.set({ selected_frame: frame, selected_bin: bin }),
  };
}

/**
 * @param {View} view
 * @param {Plot} plot
 * @param {Actions} act
 * @param {Steps} steps
 * @param {() => void} listen
 */
export function bindPictureKeys(view, plot, act, steps, listen) {
  const frameBy = (/** @type {number} */ by) => () => act.moveFrame(by);
  const second = Math.round(plot.perSecond);
  /** @type {Record<string, KeyHandler>} */
  const keys = {
    ...steps.keys,
    ArrowUp: () => act.moveChannel(-1),
    ArrowDown: () => act.moveChannel(1),
    ",": frameBy(-1),
    ".": frameBy(1),
    "<": frameBy(-second),
    ">": frameBy(second),
    ";": frameBy(-second),
    ":": frameBy(second),
    PageUp: () => act.moveBin(1),
    PageDown: () => act.moveBin(-1),
    "+": () => act.zoom(0.5),
    "-": () => act.zoom(2),
    p: listen,
    P: listen,
    Escape() {
      act.letGo();
      act.showAll();
    },
  };
  bindKeys(view, plot.canvas, keys);
  steps.scrubWith(plot);
}

/**
 * @param {View} view
 * @param {Plot} plot
 * @param {object} parts
 * @param {Actions} parts.act
 * @param {Local} parts.local
 * @param {number} parts.frames
 * @param {(place: Place) => Cell | null} parts.cellAt
 * @param {(place: Place) => Band | null} parts.bandBelow
 * @param {() => State} parts.read
 * @param {ReturnType<typeof createSound>} parts.sound
 */
export function bindPicturePointer(view, plot, { act, local, frames, cellAt, bandBelow, read, sound }) {
  followPointer(view, plot, {
    press: () => local.range,
    drag: (dx, start) => act.show(panned(start, dx / (plot.right - plot.left), frames)),
    over(place, { dragged }) {
      const [cell, band] = [cellAt(place), bandBelow(place)];
      const still = cell || band ? "crosshair" : "";
      plot.canvas.style.cursor = dragged ? "grabbing" : still;
      act.hover(cell, band);
    },
    leave: () => act.hover(null, null),
    click(place) {
      const cell = cellAt(place);
      const frame = cell?.frame ?? bandBelow(place)?.frame;
      if (frame === undefined) return;
      if (cell) act.read(cell);
      if (sound.isReady()) sound.player.seek(frame / plot.perSecond);
    },
  });
  view.listen(plot.canvas, "dblclick", (/** @type {MouseEvent} */ event) => {
    const cell = cellAt(plot.at(event));
    if (cell) act.channel(read().channel === null ? cell.channel : null);
  });
}
