// The stages of "pad, roll, crop", as spotnb/widgets/reflection.py has them; both are held to one fixture,
// tests/widgets/reflections.json. A stage is { first, cells }, a cell { source, copied, from }: which frame it is,
// whether the padding made it, and where it stood in the stage before.
export const ORDERS = {
  naive: ["original", "circular", "padded", "shifted", "cropped", "undone"],
  right: ["original", "circular", "padded", "shifted", "undone", "cropped"],
};

export function stagesOf(frames, pad, shift, order) {
  const original = {
    first: 0,
    cells: Array.from({ length: frames }, (_, k) => ({ source: k, copied: false, from: k })),
    before: "original",
  };
  const cells = Array.from({ length: frames + 2 * pad }, (_, k) => {
    const source = mirrored(k - pad, frames);
    return { source, copied: k < pad || k >= pad + frames, from: source };
  });
  const padded = { first: -pad, cells, before: "original" };
  const shifted = rolled(padded, shift, "padded");
  const found = { original, circular: rolled(original, shift, "original"), padded, shifted };
  if (order === "naive") {
    found.cropped = cropped(shifted, pad, "shifted");
    found.undone = rolled(found.cropped, -shift, "cropped");
  } else {
    found.undone = rolled(shifted, -shift, "shifted");
    found.cropped = cropped(found.undone, pad, "undone");
  }
  return found;
}

// Frames of the original that are not there; a mirror image of one does not count.
export function lost({ cells }, frames) {
  const there = new Set(cells.filter(({ copied }) => !copied).map(({ source }) => source));
  return Array.from({ length: frames }, (_, k) => k).filter((k) => !there.has(k));
}

// Frames that are there more than once, be it as a mirror image.
export function twice({ cells }, frames) {
  const counts = new Uint32Array(frames);
  for (const { source } of cells) counts[source] += 1;
  return Array.from({ length: frames }, (_, k) => k).filter((k) => counts[k] > 1);
}

export function isExact({ cells }, frames) {
  return cells.length === frames && cells.every(({ source, copied }, k) => source === k && !copied);
}

function mirrored(place, frames) {
  if (place < 0) return -place;
  return place < frames ? place : 2 * (frames - 1) - place;
}

function rolled({ first, cells }, shift, before) {
  const size = cells.length;
  const moved = cells.map((_, k) => {
    const old = (((k - shift) % size) + size) % size;
    return { ...cells[old], from: first + old };
  });
  return { first, cells: moved, before };
}

// `cut` are the cells that were cropped, for the picture.
function cropped({ first, cells }, pad, before) {
  const placed = cells.map((cell, k) => ({ ...cell, from: first + k }));
  const end = placed.length - pad;
  return { first: 0, cells: placed.slice(pad, end), cut: [...placed.slice(0, pad), ...placed.slice(end)], before };
}
