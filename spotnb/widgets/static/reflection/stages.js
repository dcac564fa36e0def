// The stages of "pad, roll, crop". This mirrors spotnb/widgets/reflection.py; both are tested against the same fixture,
// tests/widgets/reflections.json.

/** @typedef {"original" | "padded" | "shifted" | "cropped" | "undone"} StageName */
/** @typedef {"naive" | "right"} Order */

/**
 * `source` is the original frame, `copied` tells whether it comes from the padding, and `from` is its place in the
 * previous stage.
 * @typedef {{ source: number, copied: boolean, from: number }} Cell
 */

/**
 * `first` is the place of the first cell, `before` the previous stage, and `cut` the cells that were cropped (for the
 * picture).
 * @typedef {{ first: number, cells: Cell[], before: StageName, cut?: Cell[] }} Stage
 */

/** @typedef {Record<StageName, Stage>} Stages */

/** @type {Record<Order, StageName[]>} */
export const ORDERS = {
  naive: ["original", "padded", "shifted", "cropped", "undone"],
  right: ["original", "padded", "shifted", "undone", "cropped"],
};

/**
 * @param {number} frames
 * @param {number} pad
 * @param {number} shift
 * @param {Order} order
 * @returns {Stages}
 */
export function stagesOf(frames, pad, shift, order) {
  const original = originalOf(frames);
  const padded = stageOf(-pad, frames + 2 * pad, "original", (k) => {
    const source = mirrored(k - pad, frames);
    return { source, copied: k < pad || k >= pad + frames, from: source };
  });
  const shifted = rolled(padded, shift, "padded");
  const common = { original, padded, shifted };
  if (order === "naive") {
    const kept = cropped(shifted, pad, "shifted");
    return { ...common, cropped: kept, undone: rolled(kept, -shift, "cropped") };
  }
  const undone = rolled(shifted, -shift, "shifted");
  return { ...common, undone, cropped: cropped(undone, pad, "undone") };
}

/**
 * The sound rolled as a ring, without padding. It is not a stage of either order.
 * @param {number} frames
 * @param {number} shift
 */
export function circularOf(frames, shift) {
  return rolled(originalOf(frames), shift, "original");
}

/**
 * The original frames that are missing. A mirror image does not count as the frame.
 * @param {Stage} stage
 * @param {number} frames
 */
export function lost({ cells }, frames) {
  const there = new Set(cells.filter(({ copied }) => !copied).map(({ source }) => source));
  return Array.from({ length: frames }, (_, k) => k).filter((k) => !there.has(k));
}

/**
 * The frames that occur more than once, including mirror images.
 * @param {Stage} stage
 * @param {number} frames
 */
export function twice({ cells }, frames) {
  const counts = new Uint32Array(frames);
  for (const { source } of cells) counts[source] += 1;
  return Array.from({ length: frames }, (_, k) => k).filter((k) => counts[k] > 1);
}

/** @param {Stage} stage @param {number} frames */
export function isExact({ cells }, frames) {
  return cells.length === frames && cells.every(({ source, copied }, k) => source === k && !copied);
}

/** @param {number} frames */
function originalOf(frames) {
  return stageOf(0, frames, "original", (k) => ({ source: k, copied: false, from: k }));
}

/**
 * @param {number} first
 * @param {number} length
 * @param {StageName} before
 * @param {(k: number) => Cell} cell
 * @returns {Stage}
 */
function stageOf(first, length, before, cell) {
  return { first, cells: Array.from({ length }, (_, k) => cell(k)), before };
}

/** @param {number} place @param {number} frames */
function mirrored(place, frames) {
  if (place < 0) return -place;
  return place < frames ? place : 2 * (frames - 1) - place;
}

/** @param {Stage} stage @param {number} shift @param {StageName} before */
function rolled({ first, cells }, shift, before) {
  const size = cells.length;
  return stageOf(first, size, before, (k) => {
    const old = (((k - shift) % size) + size) % size;
    return { ...cells[old], from: first + old };
  });
}

/** @param {Stage} stage @param {number} pad @param {StageName} before @returns {Stage} */
function cropped({ first, cells }, pad, before) {
  const placed = cells.map((cell, k) => ({ ...cell, from: first + k }));
  const end = placed.length - pad;
  return { first: 0, cells: placed.slice(pad, end), cut: [...placed.slice(0, pad), ...placed.slice(end)], before };
}
