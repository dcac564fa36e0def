// What a browser needs for the model, and what it lacks.

/** A module with one SIMD instruction. */
const SIMD = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
];
const LEAST = 1; // GB

/** A sentence about what the browser lacks, or "". */
export function lackOf() {
  if (typeof WebAssembly !== "object" || !WebAssembly.validate(new Uint8Array(SIMD))) {
    return "This browser has no WebAssembly SIMD, which the model needs: open the page in a current browser.";
  }
  if (typeof Worker !== "function" || typeof DecompressionStream !== "function") {
    return "This browser has no workers or cannot unpack files, which the model needs: open the page in a current browser.";
  }
  const memory = /** @type {{ deviceMemory?: number }} */ (navigator).deviceMemory ?? LEAST;
  if (memory < LEAST) {
    return `This device has ${memory} GB of memory, and the model needs about 600 MB: open the page on a computer.`;
  }
  return "";
}
