// Segments and windows, distributed over lanes so that none covers another.

import { blended } from "./layout.js";

/** @import { Layout, Piece } from "./layout.js" */

/** @typedef {[number: number, start: number, stop: number, lane: number]} Placed */
/** @typedef {[...placed: Placed, risen: number]} Owned a segment that rises from its start to `risen` */

/**
 * The segments from left to right. A segment that wraps around a ring gives two pieces.
 * @param {Pick<Layout, "frames" | "tiles">} layout
 */
export function segmentPieces({ frames, tiles }) {
  /** @type {Piece[]} */
  const pieces = [];
  tiles.forEach(({ segment: [start, stop] }, k) => {
    pieces.push([k, start, Math.min(stop, frames)]);
    if (stop > frames) pieces.push([k, 0, stop - frames]);
  });
  return pieces.sort((a, b) => a[1] - b[1] || a[2] - b[2]);
}

/**
 * @param {Pick<Layout, "tiles">} layout
 * @returns {Piece[]}
 */
export function windowPieces({ tiles }) {
  return tiles.map(({ window: [start, stop] }, k) => [k, start, stop]);
}

/**
 * The pieces, in order of their starts, each with the first lane in which it does not overlap an earlier one.
 * @param {Piece[]} pieces
 * @returns {Placed[]}
 */
export function inLanes(pieces) {
  /** @type {number[]} */
  const ends = [];
  return pieces.map(([number, start, stop]) => {
    const free = ends.findIndex((end) => end <= start);
    const lane = free < 0 ? ends.length : free;
    ends[lane] = stop;
    return [number, start, stop, lane];
  });
}

/**
 * The segments in their lanes. Segments that cross-fade share one lane: each rises while the one before it falls.
 * @param {Pick<Layout, "frames" | "tiles"> & { method: { faded?: boolean } }} layout
 * @returns {Owned[]}
 */
export function ownedPieces(layout) {
  const pieces = segmentPieces(layout);
  if (!blended(layout)) return inLanes(pieces).map(([k, start, stop, lane]) => [k, start, stop, lane, start]);
  return pieces.map(([k, start, stop], i) => {
    const before = i ? pieces[i - 1][2] : start;
    return [k, start, stop, 0, Math.min(stop, Math.max(start, before))];
  });
}

/** @param {(Placed | Owned)[]} placed */
export function laneCount(placed) {
  return 1 + placed.reduce((most, [, , , lane]) => Math.max(most, lane), 0);
}
