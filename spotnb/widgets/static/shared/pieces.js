// Segments and windows, distributed over lanes so that none covers another.

/** @import { Layout, Piece } from "./layout.js" */

/** @typedef {[number: number, start: number, stop: number, lane: number]} Placed */

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

/** @param {Placed[]} placed */
export function laneCount(placed) {
  return 1 + placed.reduce((most, [, , , lane]) => Math.max(most, lane), 0);
}
