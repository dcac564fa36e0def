// Standard normal noise as torch draws it on the CPU, and the streams of a run.
// Each draw depends on (seed, step, purpose) and its size alone, see `spotnb.solvers.noise`.

/** @import { Whole } from "./seeds.js" */

import { cosineAndSine, log } from "./cephes.js";
import { LiveError } from "./errors.js";
import { seedWord } from "./seeds.js";
import { Twister } from "./twister.js";

export const PURPOSES = /** @type {const} */ (["start", "eta", "pad", "keep"]);
const BLOCK = 16; // numbers that torch computes together: eight radii and eight angles
const HALF = BLOCK / 2;
const TWO_PI = Math.fround(2 * Math.PI);
const SIGNED = (1n << 63n) - 1n;

/**
 * `torch.randn(size, generator=torch.Generator().manual_seed(seed))`, as torch computes it with AVX2 or AVX-512.
 * @param {number} size at least 16: torch draws fewer numbers by another algorithm
 * @param {number} seed of which the lower 32 bits count
 */
export function normal(size, seed) {
  if (size < BLOCK) throw new LiveError(`the noise has ${size} numbers: expected at least ${BLOCK}; draw more`);
  const twister = new Twister(seed);
  const uniform = () => (twister.word() & 0xffffff) / 0x1000000;
  const noise = new Float32Array(size);
  for (let k = 0; k < size; k += 1) noise[k] = uniform();
  for (let start = 0; start + BLOCK <= size; start += BLOCK) transform(noise, start);
  if (size % BLOCK) {
    for (let k = size - BLOCK; k < size; k += 1) noise[k] = uniform();
    transform(noise, size - BLOCK);
  }
  return noise;
}

/**
 * Turns uniform numbers into normal ones, by the method of Box and Muller (1958).
 * @param {Float32Array} noise
 * @param {number} start of the block
 */
function transform(noise, start) {
  for (let k = start; k < start + HALF; k += 1) {
    const radius = Math.fround(Math.sqrt(Math.fround(-2 * log(Math.fround(1 - noise[k])))));
    const [cosine, sine] = cosineAndSine(Math.fround(TWO_PI * noise[k + HALF]));
    noise[k] = radius * cosine;
    noise[k + HALF] = radius * sine;
  }
}

/**
 * The noise of one draw of a run.
 * @param {number} size
 * @param {Whole} seed of the run
 * @param {number} step
 * @param {typeof PURPOSES[number]} purpose
 */
export function draw(size, seed, step, purpose) {
  const key = seedWord(seed, [step, PURPOSES.indexOf(purpose)]) & SIGNED;
  return normal(size, Number(BigInt.asUintN(32, key)));
}
