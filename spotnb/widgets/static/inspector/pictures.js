// Images of quantities: one channel below the other, one pixel per value.
import { diverging } from "../shared/colors.js";
import { badnessOf, LEVELS, NAN, PLUS, wordOf, wordsOf } from "./codes.js";
import { termsOf } from "./quantities.js";
import { Surface } from "./surface.js";

/** @import { Bad } from "./codes.js" */
/** @import { Term } from "./quantities.js" */
/** @import { Part, Quantity, Store } from "./store.js" */

/** @typedef {[row: number, column: number, kind: Bad, bin: number]} Mark a value that is not finite */

/**
 * @typedef {object} Picture
 * @property {HTMLCanvasElement} canvas
 * @property {Mark[]} marks
 * @property {number} start its first frame
 * @property {number} factor frames of a column
 * @property {boolean} derived
 */

/** @typedef {{ quantity: Quantity, channel: number | null, shown: number[] }} Choice */

/**
 * The images of a record: of the values that were sent at first, and of the detail that was requested. They are kept
 * until something else is shown.
 * @param {Store} store
 */
export function createPictures(store) {
  const surfaces = { base: new Surface(), fine: new Surface() };
  /** @type {{ key: string, base: Picture | null, fine: Picture | null }} */
  let drawn = { key: "", base: null, fine: null };
  return {
    get drawn() {
      return drawn;
    },
    forget() {
      drawn.key = "";
    },
    of(/** @type {number} */ index, /** @type {Choice} */ choice, /** @type {number} */ limit) {
      const { quantity, channel, shown } = choice;
      const detail = store.details.get(index);
      const finer = detail ? `${detail.start} ${detail.factor}` : "";
      const key = [store.edition, index, quantity, channel, limit, finer, store.parts.length > index].join(" ");
      if (drawn.key === key) return drawn;
      const near = store.near(index);
      const make = (/** @type {Part} */ part, /** @type {Part | null} */ before, /** @type {Surface} */ into) =>
        pictureOf(store, part, before, { quantity, shown, limit }, into);
      const base = make(store.parts[near], store.parts[near - 1], surfaces.base);
      drawn = { key, base, fine: detail ? make(detail, null, surfaces.fine) : null };
      return drawn;
    },
  };
}

/**
 * @param {Store} store
 * @param {Part} part
 * @param {Part | null} before
 * @param {{ quantity: Quantity, shown: number[], limit: number }} choice
 * @param {Surface} into
 * @returns {Picture | null}
 */
function pictureOf(store, part, before, { quantity, shown, limit }, into) {
  const sum = termsOf(part, quantity, before);
  if (!sum) return null;
  const { columns, start, factor } = part;
  const { bins } = store.scene;
  into.resize(columns, bins * shown.length);
  /** @type {Mark[]} */
  const marks = [];
  shown.forEach((channel, row) => {
    const place = { row, columns, bins, first: channel * columns * bins };
    const [one, other] = sum.terms.map((term) => planeOf(store, term, channel));
    if (other) paintSum(into.words, place, one, other, 127 / limit, marks);
    else paintPlane(into.words, place, one, 127 / limit, marks);
  });
  into.show();
  return { canvas: into.canvas, marks, start, factor, derived: sum.derived };
}

/** @typedef {{ codes: Uint8Array, values: Float32Array }} Plane */
/** @typedef {{ row: number, columns: number, bins: number, first: number }} Where `first`: the first code's place */

/** @param {Store} store @param {Term} term @param {number} channel @returns {Plane} */
function planeOf(store, { part, name, times }, channel) {
  return { codes: part.codes[name] ?? new Uint8Array(0), values: store.values(part, name, channel, times) };
}

/** @param {Uint32Array} words @param {Where} where @param {Plane} plane @param {number} gain @param {Mark[]} marks */
export function paintPlane(words, { row, columns, bins, first }, { codes, values }, gain, marks) {
  const table = wordsOf(values, gain, diverging);
  const bottom = ((row + 1) * bins - 1) * columns;
  let at = first;
  for (let column = 0; column < columns; column += 1) {
    for (let bin = 0, to = bottom + column; bin < bins; bin += 1, at += 1, to -= columns) {
      const code = codes[at];
      words[to] = table[code];
      if (code > LEVELS) marks.push([row, column, kindOf(code), bin]);
    }
  }
}

/** @param {number} code @returns {Bad} */
function kindOf(code) {
  if (code === NAN) return "nan";
  return code === PLUS ? "plus" : "minus";
}

/**
 * @param {Uint32Array} words
 * @param {Where} where
 * @param {Plane} a
 * @param {Plane} b
 * @param {number} gain
 * @param {Mark[]} marks
 */
export function paintSum(words, { row, columns, bins, first }, a, b, gain, marks) {
  const bottom = ((row + 1) * bins - 1) * columns;
  const [one, other, ones, others] = [a.codes, b.codes, a.values, b.values];
  let at = first;
  for (let column = 0; column < columns; column += 1) {
    for (let bin = 0, to = bottom + column; bin < bins; bin += 1, at += 1, to -= columns) {
      const value = ones[one[at]] + others[other[at]];
      const shade = 128 + value * gain;
      if (shade >= 1 && shade < 255) {
        words[to] = diverging[shade | 0];
      } else {
        words[to] = wordOf(value, gain, diverging);
        if (!Number.isFinite(value)) marks.push([row, column, badnessOf(value), bin]);
      }
    }
  }
}
