// Decodes what `spotnb/widgets/coding.py` encodes. Each plane is the sum of a prediction and differences.
import { tableOf } from "./codes.js";

/** @import { ArrayName, Part } from "./store.js" */

/** @typedef {[age: number, name: ArrayName, factor: number]} Term a plane so many records before, and its factor */

/** @type {ArrayName[]} */
const ORDER = ["x0", "x", "noise"];

/**
 * The bytes without their compression.
 * @param {Uint8Array} bytes
 */
export async function inflated(bytes) {
  if (!bytes.length) return bytes;
  const stream = new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (bytes)])
    .stream()
    .pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * Replaces the differences in a part by its codes. `history` are the parts with planes before it, the latest first.
 * @param {Part} part
 * @param {Part[]} history
 * @param {(part: Part, name: ArrayName, channel: number) => { low: number, scale: number }} rangeOf
 * @param {number} channels
 */
export function undoPrediction(part, history, rangeOf, channels) {
  const known = [part, ...history];
  for (const name of ORDER) {
    const codes = part.codes[name];
    if (!codes) continue;
    const size = codes.length / channels;
    for (let channel = 0; channel < channels; channel += 1) {
      const sources = (part.facts.terms?.[name] ?? []).map(([age, other, factor]) => {
        const { low, scale } = rangeOf(known[age], other, channel);
        const plane = /** @type {Uint8Array} */ (known[age].codes[other]);
        return { codes: plane.subarray(channel * size), values: tableOf(low, scale, factor) };
      });
      addPrediction(codes.subarray(channel * size, (channel + 1) * size), sources, {
        ...rangeOf(part, name, channel),
        levels: part.levels,
      });
    }
  }
}

/**
 * Keep the order of all operations: the encoder has the same.
 * @param {Uint8Array} codes
 * @param {{ codes: Uint8Array, values: Float64Array }[]} sources
 * @param {{ low: number, scale: number, levels: number }} range
 */
function addPrediction(codes, sources, { low, scale, levels }) {
  const divisor = scale > 0 ? scale : 1;
  for (let at = 0; at < codes.length; at += 1) {
    let total = 0;
    for (const source of sources) total += source.values[source.codes[at]];
    const step = Math.floor((total - low) / divisor + 0.5);
    codes[at] += Math.min(Math.max(step, 0), levels); // modulo 256
  }
}
