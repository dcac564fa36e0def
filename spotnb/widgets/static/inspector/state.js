// The state of LatentInspector: its traits within their limits, and the layout of a record.
import { clamp } from "../shared/numbers.js";

/** @import { Tile } from "../shared/layout.js" */
/** @import { Cell } from "./quantities.js" */
/** @import { Quantity, Scene, Store } from "./store.js" */

/**
 * `shown` are the channels that are shown; `channel` is the only one, or null. `frame` is the selected frame, or null.
 * `whole` tells whether all steps share one color scale.
 * @typedef {object} State
 * @property {number} step
 * @property {Quantity} quantity
 * @property {number | null} channel
 * @property {number[]} shown
 * @property {number | null} frame
 * @property {number} bin
 * @property {boolean} whole
 * @property {boolean} tiles
 */

/** @typedef {{ frames: number, edge: { ring: boolean }, tiles: Tile[], method: { faded: boolean } }} RecordLayout */

/**
 * @param {Scene} scene
 * @param {number} count of records
 * @param {(trait: string) => any} get
 * @returns {State}
 */
export function readState({ channels, bins }, count, get) {
  const channel = get("channel");
  return {
    step: clamp(get("step"), 0, Math.max(0, count - 1)),
    quantity: get("quantity"),
    channel,
    shown: channel === null ? Array.from({ length: channels }, (_, k) => k) : [clamp(channel, 0, channels - 1)],
    frame: get("selected_frame"),
    bin: clamp(get("selected_bin"), 0, bins - 1),
    whole: get("colour_range") === "run",
    tiles: get("tiles"),
  };
}

/**
 * The cell that is selected, or null.
 * @param {Scene} scene
 * @param {State} state
 * @returns {Cell | null}
 */
export function selectedCell({ frames }, { frame, bin, shown }) {
  return frame === null ? null : { frame: clamp(frame, 0, frames - 1), bin, channel: shown[0] };
}

/**
 * The channel that an arrow key leads to. All channels come first, then each of them.
 * @param {Scene} scene
 * @param {State} state
 * @param {number} by
 */
export function channelAfter({ channels }, { channel }, by) {
  const place = (channel ?? -1) + by;
  return place < 0 ? null : Math.min(place, channels - 1);
}

/**
 * The name of a record: its step in the run.
 * @param {Store} store
 * @param {number} index
 */
export function nameOf({ parts }, index) {
  return String(parts[index]?.facts.step ?? index);
}

/**
 * @param {Store} store
 * @param {number} index
 * @returns {RecordLayout}
 */
export function layoutOf({ scene, parts }, index) {
  const tiles = parts[index].facts.tiles.map(([a, b, c, d]) => {
    /** @type {Tile} */
    const tile = { window: [a, b], segment: [c, d] };
    return tile;
  });
  const method = { faded: parts[index].facts.blended };
  return { frames: scene.frames, edge: { ring: scene.ring }, tiles, method };
}
