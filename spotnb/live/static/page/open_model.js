// The model of a page while it is open. The first sound is made in the way that works everywhere and starts soonest; the
// other ways are measured before the second, and the next visit begins with the best.

/** @import { Engine } from "./engine.js" */
/** @import { Way } from "./ways.js" */

import { fastest, PLAIN, remember, remembered } from "./ways.js";

export class OpenModel {
  #open;
  #ways;
  /** @type {Engine | null} */
  #engine = null;
  #way = PLAIN;
  #settled = false;

  /**
   * @param {(way: Way, signal: AbortSignal, quiet: boolean) => Promise<Engine>} open without telling how much is loaded,
   *   if quiet
   * @param {Promise<Way[]>} ways to try beside `PLAIN`
   */
  constructor(open, ways) {
    this.#open = open;
    this.#ways = ways;
  }

  /** The way in which it is open. */
  get way() {
    return this.#way;
  }

  /**
   * The model, opened if it was not.
   * @param {AbortSignal} signal
   * @param {(ways: Way[]) => void} onTrial before a measurement
   */
  async engine(signal, onTrial) {
    const ways = await this.#ways;
    const engine = this.#engine;
    if (!engine) {
      const known = remembered(ways);
      this.#settled = known !== null || !ways.length;
      await this.#openIn(known ?? PLAIN, signal);
    } else if (!this.#settled) {
      onTrial(ways);
      this.#engine = null; // a cancel leaves none open
      ({ engine: this.#engine, way: this.#way } = await fastest(
        engine,
        (way, until) => this.#open(way, until, true),
        ways,
        signal,
      ));
      this.#settled = true;
    }
    return /** @type {Engine} */ (this.#engine);
  }

  /** @param {Way} way @param {AbortSignal} signal */
  async #openIn(way, signal) {
    this.#way = way;
    try {
      this.#engine = await this.#open(way, signal, false);
    } catch (error) {
      if (signal.aborted || way === PLAIN) throw error;
      await this.distrust();
      await this.#openIn(PLAIN, signal);
    }
  }

  /** After a failure: unless it is the one that works everywhere, the way is not taken again. */
  async distrust() {
    if (this.#way === PLAIN) return;
    remember(await this.#ways, PLAIN);
    this.close();
  }

  close() {
    this.#engine?.close();
    this.#engine = null;
  }
}
