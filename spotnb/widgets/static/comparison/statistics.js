// The exact binomial test for the blind test. It mirrors `spotnb.widgets.abx`.
import { LEVEL } from "../shared/seam_score.js";

/**
 * The probability that guessing gives at least that many right answers (one-sided, exact).
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
 * The smallest significant number of right answers, or null.
 * @param {number} trials
 * @param {number} [level]
 */
export function needed(trials, level = LEVEL) {
  for (let right = 0; right <= trials; right += 1) if (pValue(right, trials) < level) return right;
  return null;
}
