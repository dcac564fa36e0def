// The exact binomial test of the blind test, as `spotnb.widgets.abx` has it.
export const LEVEL = 0.05;

/**
 * The chance that guessing gives at least so many right answers: one-sided, exact.
 * @param {number} correct
 * @param {number} trials
 */
export function pValue(correct, trials) {
  let [ways, sum] = [1, 0]; // of k right answers; whole numbers that a double holds up to 56 trials
  for (let k = 0; k <= trials; k += 1) {
    if (k >= correct) sum += ways;
    ways = (ways * (trials - k)) / (k + 1);
  }
  return sum / 2 ** trials;
}

/**
 * The fewest right answers that are significant, or null.
 * @param {number} trials
 * @param {number} [level]
 */
export function needed(trials, level = LEVEL) {
  for (let right = 0; right <= trials; right += 1) if (pValue(right, trials) < level) return right;
  return null;
}
