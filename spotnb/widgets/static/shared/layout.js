// Where tiles, shifts, seams and padding are. This mirrors `plan` in Python; both are tested against the same fixture,
// tests/widgets/layouts.json. Intervals are [start, stop] in latent frames, with stop excluded.

/** @typedef {[number, number]} Interval */
/** @typedef {{ window: Interval, segment: Interval }} Tile */
/** @typedef {[number: number, start: number, stop: number]} Piece a numbered part of the time axis */

/**
 * An edge policy from the scene (see `spotnb/widgets/scenes.py`): whether it is a ring, the grain of its cuts, and
 * which of `TILINGS` makes its tiles.
 * @typedef {{ name: string, ring: boolean, grain: number, tiles: keyof typeof TILINGS }} Edge
 */

/**
 * A method from the scene: the kind of its windows, and whether their grid is fixed. `finishing` sets `faded`: tiles
 * overlap and cross-fade.
 * @typedef {{ name: string, windows: "tiles" | "overlapping" | "one", fixed: boolean, faded?: boolean }} Method
 */

/** @typedef {{ frames: number, width: number, overlap: number, edge: Edge, method: Method }} Options */

/**
 * @typedef {object} Layout
 * @property {number} frames
 * @property {Method} method
 * @property {Edge} edge
 * @property {number} shift
 * @property {Tile[]} tiles
 * @property {boolean} fallback
 */

const TILINGS = {
  grid: (/** @type {Options} */ { frames, width }, /** @type {number} */ shift) => grid(frames, width, shift, false),
  anchored: (/** @type {Options} */ { frames, width }, /** @type {number} */ shift) => grid(frames, width, shift, true),
  merged,
  turned,
};

/** @param {number} a @param {number} n */
const mod = (a, n) => ((a % n) + n) % n;
/** @param {number} a @param {number} b */
const floorDiv = (a, b) => Math.floor(a / b);

/** @param {Options} options */
const isOneWindow = ({ frames, width, method }) => method.windows === "one" || frames <= width;

/**
 * Whether the grid moves at all. A single window can only turn on a ring, and a fixed grid never moves.
 * @param {Options} options
 */
export function moves(options) {
  const { edge, method } = options;
  if (method.fixed) return false;
  return isOneWindow(options) ? edge.ring : method.windows === "tiles";
}

/**
 * The shift that is used, given the one that the schedule drew or the user set.
 * @param {Options} options
 * @param {number} drawn
 */
export function usedShift(options, drawn) {
  const { grain } = options.edge;
  return moves(options) ? floorDiv(drawn, grain) * grain : 0;
}

/**
 * @param {Options} options
 * @param {number} drawn as of `usedShift`
 * @returns {Layout}
 */
export function plan(options, drawn) {
  const { frames, edge, method } = options;
  const shift = usedShift(options, drawn);
  const one = isOneWindow(options);
  const tiles = one ? whole(frames, edge.ring ? shift % frames : 0) : several(options, shift);
  return { frames, method, edge, shift, tiles, fallback: one && method.windows !== "one" && !edge.ring };
}

/**
 * The options of a step in which the tiles of a moving grid overlap by that many frames and cross-fade, as in the last steps
 * of a run.
 * @param {Options} options
 * @param {number} overlap
 * @returns {Options}
 */
export function finishing(options, overlap) {
  const { method } = options;
  if (method.fixed || method.windows !== "tiles" || isOneWindow(options)) return options;
  return { ...options, overlap, method: { ...method, windows: "overlapping", faded: true } };
}

/**
 * The layout of a grid that never moves: where all its seams fall in every step.
 * @param {Options} options
 */
export function planFixed(options) {
  return plan({ ...options, method: { ...options.method, windows: "tiles", fixed: true } }, 0);
}

/** @param {{ frames: number, edge: { ring: boolean }, tiles: Tile[] }} layout */
export function seams({ frames, edge, tiles }) {
  const borders = new Set(tiles.flatMap(({ segment }) => segment));
  const kept = edge.ring ? new Set([...borders].map((at) => mod(at, frames))) : borders;
  if (!edge.ring) for (const end of [0, frames]) kept.delete(end);
  return [...kept].sort((a, b) => a - b);
}

/**
 * Whether tiles overlap and cross-fade.
 * @param {{ frames: number, tiles: Tile[], method: { faded?: boolean } }} layout
 */
export function blended({ frames, tiles, method }) {
  return Boolean(method.faded) && tiles.reduce((sum, { segment }) => sum + segment[1] - segment[0], 0) > frames;
}

/**
 * The seams at which the prediction changes from one tile to another. Where tiles cross-fade, only those are left that
 * no tile reaches across.
 * @param {{ frames: number, edge: { ring: boolean }, tiles: Tile[], method: { faded?: boolean } }} layout
 */
export function cuts(layout) {
  const all = seams(layout);
  if (!blended(layout)) return all;
  const { frames, tiles } = layout;
  const across = (/** @type {number} */ at) =>
    tiles.some(({ segment: [start, stop] }) => [at, at + frames].some((place) => start < place && place < stop));
  return all.filter((at) => !across(at));
}

/** @param {Layout} layout */
export function pad({ frames, edge, tiles }) {
  if (edge.ring) return [0, 0];
  const [first, last] = reach(tiles);
  return [-first, last - frames];
}

/**
 * The interval from the first to the last frame that any window sees.
 * @param {Tile[]} tiles
 * @returns {Interval}
 */
export function reach(tiles) {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { window } of tiles) {
    first = Math.min(first, window[0]);
    last = Math.max(last, window[1]);
  }
  return [first, last];
}

/**
 * The number of frames that the network processes in one step: the cost of the step.
 * @param {Layout} layout
 */
export function networkFrames({ tiles }) {
  return tiles.reduce((sum, { window }) => sum + window[1] - window[0], 0);
}

/**
 * The numbers of the tiles that own a frame. There is one, unless windows overlap.
 * @param {Layout} layout
 * @param {number} frame
 */
export function owners({ frames, tiles }, frame) {
  const inside = (/** @type {Interval} */ [start, stop], /** @type {number} */ at) => at >= start && at < stop;
  return tiles.flatMap(({ segment }, k) => (inside(segment, frame) || inside(segment, frame + frames) ? [k] : []));
}

/** @param {number} frames @param {number} start @returns {Tile[]} */
function whole(frames, start) {
  return [alike([start, start + frames])];
}

/** @param {Interval} interval @returns {Tile} */
function alike([start, stop]) {
  return { window: [start, stop], segment: [start, stop] };
}

/** @param {Options} options @param {number} shift */
function several(options, shift) {
  return options.method.windows === "overlapping" ? overlapping(options) : TILINGS[options.edge.tiles](options, shift);
}

/** @param {number} frames @param {number} width @param {number} shift @param {boolean} anchored */
function grid(frames, width, shift, anchored) {
  /** @type {Tile[]} */
  const tiles = [];
  for (let cell = -mod(-shift, width); cell < frames; cell += width) {
    const start = anchored ? Math.min(Math.max(cell, 0), frames - width) : cell;
    tiles.push({ window: [start, start + width], segment: [Math.max(cell, 0), Math.min(cell + width, frames)] });
  }
  return tiles;
}

/** @param {Options} options @param {number} shift */
function merged({ frames, width, edge: { grain } }, shift) {
  const first = 2 * shift >= width ? shift : shift + width;
  const last = floorDiv(2 * frames - width, 2);
  /** @type {number[]} */
  const cuts = [];
  for (let cut = first; cut <= last; cut += width) cuts.push(cut);
  const only = floorDiv(last, grain) * grain;
  if (!cuts.length && only) cuts.push(only);
  const borders = [0, ...cuts, frames];
  return borders.slice(1).map((stop, k) => alike([borders[k], stop]));
}

/** @param {Options} options @param {number} shift */
function turned({ frames, width }, shift) {
  const count = Math.ceil(frames / width);
  /** @type {Tile[]} */
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

/** @param {Options} options */
function overlapping({ frames, width, overlap, edge }) {
  const stride = width - overlap;
  /** @type {number[]} */
  const starts = [];
  if (edge.ring) {
    const count = Math.ceil(frames / stride);
    for (let k = 0; k < count; k += 1) starts.push(floorDiv(k * frames, count));
  } else {
    for (let start = 0; start < frames - width; start += stride) starts.push(start);
    starts.push(frames - width);
  }
  return starts.map((start) => alike([start, start + width]));
}
