// Cutting of a latent into windows, and stitching of their predictions, see `spotnb.sampling.windows`.

/** @import { Layout, Tile } from "../../widgets/static/shared/layout.js" */

import { pad } from "../../widgets/static/shared/layout.js";
import { Latent } from "./latent.js";
import { modulo } from "./numbers.js";
import { shares } from "./shares.js";

/**
 * The frame of the latent that a window shows at a place: itself, its mirror image past an end, or around a ring.
 * @param {number} place
 * @param {Layout} layout
 */
export function frameAt(place, { frames, edge }) {
  const last = frames - 1;
  return edge.ring ? modulo(place, frames) : last - Math.abs(last - Math.abs(place));
}

/** @param {number} start @param {number} stop */
export const range = (start, stop) => Array.from({ length: stop - start }, (_, k) => start + k);

/**
 * The windows of a latent that is padded on both sides as the layout has it, or of a ring.
 * @param {Latent} padded
 * @param {Layout} layout
 */
export function gather(padded, layout) {
  const [left] = pad(layout);
  return layout.tiles.map(({ window: [start, stop] }) => {
    if (start + left >= 0 && stop + left <= padded.frames) return padded.slice(start + left, stop + left);
    return padded.pick(range(start, stop).map((place) => frameAt(place, layout))); // around the ring
  });
}

/**
 * The tiles that go through the network together: up to `size` of equal width, in order.
 * @param {Layout} layout
 * @param {number} size
 */
export function batches({ tiles }, size) {
  /** @type {Map<number, number[]>} */
  const groups = new Map();
  for (const [k, { window }] of tiles.entries()) {
    const width = window[1] - window[0];
    groups.set(width, [...(groups.get(width) ?? []), k]);
  }
  return [...groups.values()].flatMap((group) =>
    range(0, Math.ceil(group.length / size)).map((k) => group.slice(k * size, (k + 1) * size)),
  );
}

/**
 * The prediction for the full latent, from those for all windows. Where segments overlap, predictions are averaged, or
 * cross-faded in a layout of that kind.
 * @param {Latent[]} predictions
 * @param {Layout} layout
 */
export function scatter(predictions, layout) {
  const { frames, tiles, method } = layout;
  if (method.faded) return crossFaded(predictions, layout);
  const whole = new Latent(predictions[0], frames);
  const averaged = method.windows === "overlapping" && tiles.length > 1;
  const coverage = new Float32Array(frames);
  for (const [k, prediction] of predictions.entries()) {
    for (const [to, from, count] of piecesOf(tiles[k], frames)) {
      if (averaged) whole.add(to, prediction, from, count);
      else whole.paste(to, prediction, from, count);
      for (let frame = to; frame < to + count; frame += 1) coverage[frame] += 1;
    }
  }
  return averaged ? whole.map((k) => whole.data[k] / coverage[Math.floor(k / whole.bins) % frames]) : whole;
}

/**
 * @param {Latent[]} predictions
 * @param {Layout} layout
 */
function crossFaded(predictions, layout) {
  const whole = new Latent(predictions[0], layout.frames);
  for (const [k, share] of shares(layout).entries()) {
    const { frames, bins } = predictions[k];
    const offset = layout.tiles[k].segment[0] - layout.tiles[k].window[0];
    const shared = predictions[k].map(
      (n) => predictions[k].data[n] * Math.fround(share[(Math.floor(n / bins) % frames) - offset]),
    );
    for (const [to, from, count] of piecesOf(layout.tiles[k], layout.frames)) whole.add(to, shared, from, count);
  }
  return whole;
}

/**
 * Where the segment of a tile lies in the latent and in the window: in two pieces if it goes around a ring.
 * @param {Tile} tile
 * @param {number} frames
 * @returns {[to: number, from: number, count: number][]}
 */
function piecesOf({ window, segment: [start, stop] }, frames) {
  const inside = Math.min(stop, frames);
  const offset = start - window[0];
  if (stop === inside) return [[start, offset, stop - start]];
  return [
    [start, offset, inside - start],
    [0, offset + inside - start, stop - inside],
  ];
}
