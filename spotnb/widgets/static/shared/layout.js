// Where tiles, shifts, seams and padding fall: `spotnb/layout.py`, word for word. Both are held to one fixture,
// tests/widgets/layouts.json. Intervals are [start, stop], stop excluded, in latent frames.
const mod = (a, n) => ((a % n) + n) % n;
const floorDiv = (a, b) => Math.floor(a / b);
const ceilDiv = (a, b) => Math.ceil(a / b);

// Whether the grid moves at all; a lone window can only turn on a ring, and a fixed grid stays fixed.
export function moves({ frames, width, edge, method }) {
  const oneWindow = method === "full" || frames <= width;
  const ring = edge === "circular";
  return (method === "spot" && (ring || !oneWindow)) || (ring && oneWindow && method !== "tiles");
}

// The shift that is used, from what the schedule drew or a hand set.
export function usedShift(options, drawn) {
  if (!moves(options)) return 0;
  const { edge, multiple = 8 } = options;
  return edge === "merge" ? floorDiv(drawn, multiple) * multiple : drawn;
}

// options: frames, width (W), overlap, edge, method, multiple (of the model's time). `drawn` as of `usedShift`.
export function plan(options, drawn) {
  const { frames, width, overlap, edge, method, multiple = 8 } = options;
  const ring = edge === "circular";
  const oneWindow = method === "full" || frames <= width;
  const shift = usedShift(options, drawn);
  let tiles;
  if (oneWindow) {
    const start = ring ? shift % frames : 0;
    tiles = [{ window: [start, start + frames], segment: [start, start + frames] }];
  } else if (method === "multidiffusion") {
    tiles = overlapping(frames, width, width - overlap, ring);
  } else if (ring) {
    tiles = turned(frames, width, shift);
  } else if (edge === "merge") {
    tiles = merged(frames, width, shift, multiple);
  } else {
    tiles = grid(frames, width, shift, edge === "anchor");
  }
  return { frames, method, edge, width, shift, tiles, fallback: oneWindow && method !== "full" && !ring };
}

export function seams({ frames, edge, tiles }) {
  const borders = new Set(tiles.flatMap(({ segment }) => segment));
  const kept = edge === "circular" ? new Set([...borders].map((at) => mod(at, frames))) : borders;
  if (edge !== "circular") for (const end of [0, frames]) kept.delete(end);
  return [...kept].sort((a, b) => a - b);
}

export function pad({ frames, edge, tiles }) {
  if (edge === "circular") return [0, 0];
  const [first, last] = reach(tiles);
  return [-first, last - frames];
}

// From the first frame that any window sees to the last.
export function reach(tiles) {
  let [first, last] = [Infinity, -Infinity];
  for (const { window } of tiles) {
    first = Math.min(first, window[0]);
    last = Math.max(last, window[1]);
  }
  return [first, last];
}

// Frames the network is run over in one step: what the step costs.
export function networkFrames({ tiles }) {
  return tiles.reduce((sum, { window }) => sum + window[1] - window[0], 0);
}

// Numbers of the tiles that own a frame: one, but for overlapping windows.
export function owners({ frames, tiles }, frame) {
  const inside = ([start, stop], at) => at >= start && at < stop;
  return tiles.flatMap(({ segment }, k) => (inside(segment, frame) || inside(segment, frame + frames) ? [k] : []));
}

// [number, start, stop] of each segment from left to right, one around a ring in two parts.
export function segmentPieces({ frames, tiles }) {
  const pieces = [];
  tiles.forEach(({ segment: [start, stop] }, k) => {
    pieces.push([k, start, Math.min(stop, frames)]);
    if (stop > frames) pieces.push([k, 0, stop - frames]);
  });
  return pieces.sort((a, b) => a[1] - b[1] || a[2] - b[2]);
}

// Pieces, in order of their starts, each with the first lane in which it overlaps no earlier one.
export function inLanes(pieces) {
  const ends = [];
  return pieces.map(([number, start, stop]) => {
    const free = ends.findIndex((end) => end <= start);
    const lane = free < 0 ? ends.length : free;
    ends[lane] = stop;
    return [number, start, stop, lane];
  });
}

export function laneCount(placed) {
  return 1 + placed.reduce((most, [, , , lane]) => Math.max(most, lane), 0);
}

function grid(frames, width, shift, anchored) {
  const tiles = [];
  for (let cell = -mod(-shift, width); cell < frames; cell += width) {
    const start = anchored ? Math.min(Math.max(cell, 0), frames - width) : cell;
    tiles.push({ window: [start, start + width], segment: [Math.max(cell, 0), Math.min(cell + width, frames)] });
  }
  return tiles;
}

function merged(frames, width, shift, multiple) {
  const first = 2 * shift >= width ? shift : shift + width;
  const last = floorDiv(2 * frames - width, 2);
  const cuts = [];
  for (let cut = first; cut <= last; cut += width) cuts.push(cut);
  const only = floorDiv(last, multiple) * multiple;
  if (!cuts.length && only) cuts.push(only);
  const borders = [0, ...cuts, frames];
  return borders.slice(1).map((stop, k) => ({ window: [borders[k], stop], segment: [borders[k], stop] }));
}

function turned(frames, width, shift) {
  const count = ceilDiv(frames, width);
  const tiles = [];
  for (let k = 0; k < count; k += 1) {
    const begin = floorDiv(k * frames, count);
    const length = floorDiv((k + 1) * frames, count) - begin;
    const start = (begin + shift) % frames;
    const seen = start - floorDiv(width - length, 2);
    tiles.push({ window: [seen, seen + width], segment: [start, start + length] });
  }
  return tiles.sort((a, b) => a.segment[0] - b.segment[0] || a.segment[1] - b.segment[1]);
}

function overlapping(frames, width, stride, ring) {
  const starts = [];
  if (ring) {
    const count = ceilDiv(frames, stride);
    for (let k = 0; k < count; k += 1) starts.push(floorDiv(k * frames, count));
  } else {
    for (let start = 0; start < frames - width; start += stride) starts.push(start);
    starts.push(frames - width);
  }
  return starts.map((start) => ({ window: [start, start + width], segment: [start, start + width] }));
}
