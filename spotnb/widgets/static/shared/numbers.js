// Helpers for numbers and bytes.

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
export function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

/**
 * The bytes of a trait, which Jupyter provides as a DataView.
 * @param {DataView | null | undefined} value
 */
export function bytesOf(value) {
  return value ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : new Uint8Array(0);
}

/**
 * A copy of the bytes of a trait, in its own buffer.
 * @param {DataView | null | undefined} value
 * @returns {ArrayBuffer}
 */
export function bufferOf(value) {
  return bytesOf(value).slice().buffer;
}

/**
 * The bytes of a trait, signed.
 * @param {DataView | null | undefined} value
 */
export function signedBytesOf(value) {
  const bytes = bytesOf(value);
  return new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Runs of consecutive integers, as [first, last].
 * @param {Iterable<number>} ascending
 */
export function runsOf(ascending) {
  /** @type {[number, number][]} */
  const runs = [];
  for (const k of ascending) {
    const open = runs.at(-1);
    if (open && open[1] === k - 1) open[1] = k;
    else runs.push([k, k]);
  }
  return runs;
}

/**
 * A number with a proper minus sign, which is as wide as a plus.
 * @param {string} digits
 */
export function withMinus(digits) {
  return digits.replace("-", "−");
}
