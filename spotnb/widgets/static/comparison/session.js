// A blind test while it runs. A and B are two runs; X is one of them, drawn again for each trial. The draws exist only
// in this closure, not on the page and not in a trait.

/** @typedef {{ runs: [number, number], answers: boolean[] }} Outcome which runs were A and B, what was right */

/** @typedef {ReturnType<typeof beginSession>} Session */

/**
 * @param {[number, number]} pair
 * @param {number} total
 * @param {() => number} coin 0 or 1
 */
export function beginSession(pair, total, coin) {
  /** @type {[number, number]} */
  const runs = coin() ? [pair[0], pair[1]] : [pair[1], pair[0]];
  /** @type {boolean[]} */
  const answers = [];
  let answer = coin(); // X is A (0) or B (1)
  return {
    total,
    /** The number of the trial, counted from 1. */
    get trial() {
      return answers.length + 1;
    },
    /** The run behind A (0), B (1) or X (2). */
    behind: (/** @type {number} */ k) => runs[k === 2 ? answer : k],
    /** Takes an answer: X is A (0) or B (1). Returns whether another trial follows. */
    take(/** @type {number} */ said) {
      answers.push(said === answer);
      if (answers.length === total) return false;
      answer = coin();
      return true;
    },
    /** @returns {Outcome} */
    outcome: () => ({ runs, answers: [...answers] }),
  };
}
