// Arithmetic as Python has it, where JavaScript's differs.

/**
 * The nearest whole number, the even one of two that are equally near.
 * @param {number} value
 */
export function halfEven(value) {
  const below = Math.floor(value);
  const above = value - below;
  if (above !== 0.5) return Math.round(value);
  return below % 2 ? below + 1 : below;
}

/**
 * The remainder with the sign of the divisor.
 * @param {number} value @param {number} divisor
 */
export const modulo = (value, divisor) => ((value % divisor) + divisor) % divisor;

/** @param {ArrayLike<number>} values */
export function allFinite(values) {
  for (let k = 0; k < values.length; k += 1) if (!Number.isFinite(values[k])) return false;
  return true;
}
