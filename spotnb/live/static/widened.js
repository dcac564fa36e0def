// The weights of a network as its graph refers to them, see `spotnb.live.weights`.

/** @typedef {{ dtype: string, data_offsets: [first: number, end: number] }} Entry */

/** @type {Record<string, number>} */
const BYTES = { F16: 2, F32: 4 };

/**
 * All floats of a safetensors file as float32, one tensor after the other.
 * @param {Uint8Array} file
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function widened(file) {
  const start = 8 + Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const { __metadata__: _, ...header } = JSON.parse(new TextDecoder().decode(file.subarray(8, start)));
  const floats = /** @type {Entry[]} */ (Object.values(header))
    .filter(({ dtype }) => dtype in BYTES)
    .sort((one, other) => one.data_offsets[0] - other.data_offsets[0]);
  const sizes = floats.map(({ dtype, data_offsets: [first, end] }) => (end - first) / BYTES[dtype]);
  const whole = new Float32Array(sizes.reduce((sum, size) => sum + size, 0));
  let begin = 0;
  for (const [k, { dtype, data_offsets: offsets }] of floats.entries()) {
    const { buffer } = file.slice(start + offsets[0], start + offsets[1]); // where arrays of numbers may begin
    const part = whole.subarray(begin, begin + sizes[k]);
    if (dtype === "F16") widen(new Uint16Array(buffer), part);
    else part.set(new Float32Array(buffer));
    begin += sizes[k];
  }
  return new Uint8Array(whole.buffer);
}

/** @type {Float32Array | null} */
let values = null;

/** @param {Uint16Array} halves @param {Float32Array} floats */
function widen(halves, floats) {
  values ??= Float32Array.from({ length: 65536 }, (_, bits) => numberOf(bits));
  const table = values;
  for (let k = 0; k < halves.length; k += 1) floats[k] = table[halves[k]];
}

/** The number that these 16 bits stand for. @param {number} bits */
function numberOf(bits) {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, (bits & 1023) / 1024];
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? (1 + fraction) * 2 ** (exponent - 15) : fraction * 2 ** -14);
}
