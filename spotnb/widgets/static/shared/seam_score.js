// What a seam score says, in the same words wherever one is shown.

/** The level of significance, of scores and of blind tests. */
export const LEVEL = 0.05;

/** @param {number} p */
function chance(p) {
  return p < 0.001 ? "<\u00a00.001" : `=\u00a0${p.toPrecision(2)}`; // of one piece, so that no line ends in it
}

/**
 * The words that follow a score.
 * @param {number} score
 * @param {number | null} p how often places picked at random score as high, or null if that was not measured
 */
export function judged(score, p) {
  if (p === null) return "";
  return `: ${score > 1 && p < LEVEL ? "the cuts stand out" : "the cuts do not stand out"} (p\u00a0${chance(p)})`;
}
