// Quantities from the planes that were sent: a plane as it is, or a combination of two.

/** @import { ArrayName, Part, Quantity, Store } from "./store.js" */

/** @typedef {{ part: Part, name: ArrayName, times: number }} Term */
/** @typedef {{ terms: Term[], derived: boolean }} Sum */

/**
 * How a quantity follows from the planes of a part: one plane, or a sum of two, or null if it is unknown. `before` is
 * the record of the previous step.
 * @param {Part | undefined} part
 * @param {Quantity} quantity
 * @param {Part | null | undefined} before
 * @returns {Sum | null}
 */
export function termsOf(part, quantity, before) {
  if (!part) return null;
  const { codes } = part;
  if (quantity !== "difference" && codes[quantity]) {
    return { terms: [{ part, name: quantity, times: 1 }], derived: false };
  }
  if (quantity === "difference") return sumOf(part, 1, part, -1);
  if (quantity !== "noise" || !part.facts.noise) return null;
  const { base, signal, level } = part.facts.noise;
  const source = base === "before" ? before : part;
  return source ? sumOf(source, 1 / level, part, -signal / level) : null;
}

/**
 * A weighted sum of the latent of one part and the clean estimate of another.
 * @param {Part} latent
 * @param {number} much
 * @param {Part} clean
 * @param {number} less
 * @returns {Sum | null}
 */
function sumOf(latent, much, clean, less) {
  if (!latent.codes.x || !clean.codes.x0) return null;
  const terms = [
    { part: latent, name: /** @type {ArrayName} */ ("x"), times: much },
    { part: clean, name: /** @type {ArrayName} */ ("x0"), times: less },
  ];
  return { terms, derived: true };
}

/** @typedef {{ frame: number, bin: number, channel: number }} Cell */

/**
 * A value, its largest possible error, and its origin; null if it was not sent.
 * @param {Store} store
 * @param {number} index
 * @param {Quantity} quantity
 * @param {Cell} cell
 */
export function valueAt(store, index, quantity, cell) {
  const detail = store.details.get(index);
  const fine = detail && covers(detail, cell.frame) ? termsOf(detail, quantity, null) : null;
  const near = store.near(index);
  const part = fine && detail ? detail : store.parts[near];
  const sum = fine ?? termsOf(part, quantity, store.parts[near - 1]);
  if (!sum) return null;
  let [value, error] = [0, 0];
  for (const { part: from, name, times } of sum.terms) {
    const codes = /** @type {Uint8Array} */ (from.codes[name]);
    value += store.values(from, name, cell.channel, times)[codes[placeOf(store, from, cell)]];
    error += Math.abs(times) * store.error(from, name, cell.channel);
  }
  return { value, error, derived: sum.derived, factor: part.factor, step: part.facts.step };
}

/** @param {Part} part @param {number} frame */
function covers({ start, columns, factor }, frame) {
  return frame >= start && frame < start + columns * factor;
}

/** @param {Store} store @param {Part} part @param {Cell} cell */
function placeOf({ scene }, { columns, start, factor }, { frame, bin, channel }) {
  return (channel * columns + Math.floor((frame - start) / factor)) * scene.bins + bin;
}
