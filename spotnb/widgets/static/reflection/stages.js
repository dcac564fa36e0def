// The stages of "pad, roll, crop", as spotnb/widgets/reflection.py has them; both are held to one fixture,
// tests/widgets/reflections.json.

/** @typedef {"original" | "circular" | "padded" | "shifted" | "cropped" | "undone"} StageName */
/** @typedef {"naive" | "right"} Order */

/**
 * Which frame of the original it is, whether the padding made it, and where it stood in the stage before.
 * @typedef {{ source: number, copied: boolean, from: number }} Cell
 */

/**
 * `first` is where the first cell stands, `before` the stage that it comes from, and `cut` the cells that were cropped,
 * for the picture.
 * @typedef {{ first: number, cells: Cell[], before: StageName, cut?: Cell[] }} Stage
 */

/** @typedef {Record<StageName, Stage>} Stages */

/** @type {Record<Order, StageName[]>} */
export const ORDERS = {
  naive: ["original", "circular", "padded", "shifted", "cropped", "undone"],
  right: ["original", "circular", "padded", "shifted", "undone", "cropped"],
};

/**
 * @param {number} frames
 * @param {number} pad
 * @param {number} shift
 * @param {Order} order
 * @returns {Stages}
 */
export function stagesOf(frames, pad, shift, order) {
  const original = stageOf(0, frames, "original", (k) => ({ source: k, copied: false, from: k }));
  const padded = stageOf(-pad, frames + 2 * pad, "original", (k) => {
    const source = mirrored(k - pad, frames);
    return { source, copied: k < pad || k >= pad + frames, from: source };
  });
  const shifted = rolled(padded, shift, "padded");
  const common = { original, circular: rolled(original, shift, "original"), padded, shifted };
  if (order === "naive") {
    const kept = cropped(shifted, pad, "shifted");
    return { ...common, cropped: kept, undone: rolled(kept, -shift, "cropped") };
  }
  const undone = rolled(shifted, -shift, "shifted");
  return { ...common, undone, cropped: cropped(undone, pad, "undone") };
}

/**
 * Frames of the original that are not there; a mirror image of one does not count.
 * @param {Stage} stage
 * @param {number} frames
 */
export function lost({ cells }, frames) {
  const there = new Set(cells.filter(({ copied }) => !copied).map(({ source }) => source));
  return Array.from({ length: frames }, (_, k) => k).filter((k) => !there.has(k));
}

/**
 * Frames that are there more than once, be it as a mirror image.
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
