// The sentences of the blind test.
import { LEVEL } from "../shared/seam_score.js";
import { needed, pValue } from "./statistics.js";

/** @import { Outcome } from "./session.js" */

const HEARD = 0.5; // dB by which runs may differ before the test hints at it

export const EXPLANATION =
  "A and B are the two runs in an order that you are not told, X is one of them, anew in each trial. Listen to all three as long as you like, at any place, then say which of them X is. Names and pictures are hidden meanwhile, and the result is shown at the end.";
export const BLIND_KEYS = "Keys on the time line: a, b, x to listen, space to play, arrows to move.";

/** @param {number} trials */
export function requirement(trials) {
  return `Of ${trials} trials, ${needed(trials)} right answers or more are significant (p < ${LEVEL}). With fewer than 5 trials, nothing can be; decide how many before you begin.`;
}

/**
 * A hint if two runs are not equally loud, or null.
 * @param {number} one in dB
 * @param {number} other
 */
export function loudnessHint(one, other) {
  const apart = Math.abs(one - other);
  if (!(apart > HEARD)) return null;
  return `They differ by ${apart.toFixed(1)} dB: you would hear that rather than seams.`;
}

/** @param {number} p */
function percent(p) {
  return p < 0.001 ? "less than 0.1 %" : `${Number((100 * p).toPrecision(2))} %`;
}

/**
 * The result of a test with at least one answer.
 * @param {Outcome} outcome
 * @param {string[]} names of all runs
 */
export function resultOf({ runs, answers }, names) {
  const trials = answers.length;
  const correct = answers.filter(Boolean).length;
  const p = pValue(correct, trials);
  const said = answers.map((right) => (right ? "right" : "wrong")).join(", ");
  return {
    correct,
    trials,
    p,
    verdict: `${correct} of ${trials} right, p = ${p < 0.001 ? p.toExponential(1) : p.toFixed(3)}`,
    meaning: `Somebody who only guesses does as well in ${percent(p)} of such tests. ${conclusion(p, needed(trials))}`,
    which: `A was ${names[runs[0]]}, B was ${names[runs[1]]}. In order: ${said}.`,
  };
}

/** @param {number} p @param {number | null} least right answers that are significant */
function conclusion(p, least) {
  if (p < LEVEL) return "You hear a difference.";
  if (least === null) return "So few trials cannot show anything: at least 5 are needed, 12 are better.";
  return `That shows no difference, and it does not show that there is none. ${least} right would have been significant.`;
}
