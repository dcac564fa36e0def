// The logarithm, cosine and sine with which torch draws normal noise, bit for bit: in float32, with the polynomials of
// the Cephes library (Moshier 1989) and the fused multiply-adds of torch's builds for AVX2 and AVX-512.
// Source of the order of operations: pytorch, aten/src/ATen/native/cpu/avx_mathfun.h.
//
// A product of two float32 numbers is exact in JavaScript's numbers, so `fround(a * b + c)` stands for a fused one.

const round = Math.fround;

const LOG = [
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
].map(round);
const LOG2_LOW = round(-2.1219444e-4);
const LOG2_HIGH = round(0.693359375);
const SQRT_HALF = round(Math.SQRT1_2);

const SIN = [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1].map(round);
const COS = [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2].map(round);
const FOUR_OVER_PI = round(4 / Math.PI);
const EIGHTH = [-0.78515625, -2.4187564849853516e-4, -3.774894977445941e-8].map(round); // -pi / 4 in three parts

const floats = new Float32Array(1);
const bits = new Uint32Array(floats.buffer);

/**
 * Horner's scheme with fused multiply-adds.
 * @param {number[]} coefficients of the highest power first
 * @param {number} x
 */
const polynomial = (coefficients, x) => coefficients.reduce((sum, coefficient) => round(sum * x + coefficient));

/**
 * The natural logarithm of a positive float32 number.
 * @param {number} value
 */
export function log(value) {
  floats[0] = value;
  let exponent = (bits[0] >>> 23) - 126;
  bits[0] = (bits[0] & 0x807fffff) | 0x3f000000; // the mantissa, from 0.5 to 1
  let x = floats[0];
  if (x < SQRT_HALF) {
    exponent -= 1;
    x = round(round(x - 1) + x);
  } else {
    x = round(x - 1);
  }
  const square = round(x * x);
  let sum = round(polynomial(LOG, x) * x);
  sum = round(sum * square + round(exponent * LOG2_LOW));
  sum = round(sum - square * 0.5);
  return round(exponent * LOG2_HIGH + round(x + sum));
}

/**
 * The cosine and the sine of a float32 number that is not negative.
 * @param {number} angle
 * @returns {[cosine: number, sine: number]}
 */
export function cosineAndSine(angle) {
  const octant = (Math.trunc(round(angle * FOUR_OVER_PI)) + 1) & ~1;
  const x = EIGHTH.reduce((rest, part) => round(octant * part + rest), angle);
  const square = round(x * x);
  const cosine = round(round(round(polynomial(COS, square) * square) * square - square * 0.5) + 1);
  const sine = round(round(polynomial(SIN, square) * square) * x + x);
  const swapped = (octant & 2) !== 0;
  const [ofCosine, ofSine] = swapped ? [sine, cosine] : [cosine, sine];
  return [(octant + 2) & 4 ? -ofCosine : ofCosine, octant & 4 ? -ofSine : ofSine];
}
