// The share of each tile in the frames that it owns together with others, see `spotnb.tiling.shares`.

/** @import { Interval, Layout } from "../../widgets/static/shared/layout.js" */

/**
 * The shares of each tile in the frames of its segment, where tiles cross-fade. At every frame they sum to one.
 * @param {Layout} layout
 * @returns {Float64Array[]}
 */
export function shares({ tiles, frames, edge }) {
  const parts = tiles.map(({ segment }) => distances(segment, frames, edge.ring));
  const total = new Float64Array(frames);
  for (const [k, part] of parts.entries()) {
    const [start] = tiles[k].segment;
    for (const [place, distance] of part.entries()) total[(start + place) % frames] += distance;
  }
  return parts.map((part, k) =>
    part.map((distance, place) => distance / total[(tiles[k].segment[0] + place) % frames]),
  );
}

/**
 * How far the center of each frame is from the nearest border of its segment. At an end of the latent nothing gives
 * way, so an end is farther away than any border.
 * @param {Interval} segment
 * @param {number} frames
 * @param {boolean} ring
 */
function distances([start, stop], frames, ring) {
  const left = start || ring ? start : -frames;
  const right = stop !== frames || ring ? stop : 2 * frames;
  return Float64Array.from({ length: stop - start }, (_, k) => {
    const center = start + k + 0.5;
    return Math.min(center - left, right - center);
  });
}
