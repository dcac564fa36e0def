// The model of a page while it is open. The first sound is made in the way that works everywhere and starts soonest; the
// other ways are measured before the second, and the next visit begins with the best.

/** @import { Engine } from "./engine.js" */
/** @import { Way } from "./ways.js" */

import { LoadError } from "./files.js";
import { fastest, PLAIN, remember, remembered } from "./ways.js";

export class OpenModel {
  #open;
  #find;
  #digest;
  /** @type {Promise<Way[]> | null} */
  #found = null;
  /** The best way, once it is known in this visit. @type {Way | null} */
  #best = null;
  /** @type {Engine | null} */
  #engine = null;
  #way = PLAIN;

  /**
   * @param {(way: Way, signal: AbortSignal, quiet: boolean) => Promise<Engine>} open without telling how much is loaded,
   *   if quiet
   * @param {() => Promise<Way[]>} find the ways to try beside `PLAIN`; asked at the first sound, since it may wake a card
   * @param {string} digest of the files
   */
  constructor(open, find, digest) {
    this.#open = open;
    this.#find = find;
    this.#digest = digest;
  }

  /** The way in which it is open. */
  get way() {
    return this.#way;
  }

  /** The ways to try beside `PLAIN`. */
  get #ways() {
    this.#found ??= this.#find();
    return this.#found;
  }

  /**
   * The model, opened if it was not.
   * @param {AbortSignal} signal
   * @param {(ways: Way[]) => void} onTrial before a measurement
   */
  async engine(signal, onTrial) {
    const ways = await this.#ways;
    this.#best ??= remembered(ways, this.#digest);
    if (this.#engine && !this.#best && ways.length) {
      onTrial(ways);
      await this.#measure(this.#engine, ways, signal);
    }
    if (!this.#engine) await this.#openIn(this.#best ?? PLAIN, signal);
    return /** @type {Engine} */ (/** @type {unknown} */ (this.#engine));
  }

  /** @param {Engine} plain @param {Way[]} ways @param {AbortSignal} signal */
  async #measure(plain, ways, signal) {
    this.#best = PLAIN; // a cancel or an error ends it for this visit
    this.#engine = null;
    const { best, certain } = await fastest(plain, (way, until) => this.#open(way, until, true), ways, signal);
    this.#best = best;
    if (certain) remember(ways, best, this.#digest);
  }

  /** @param {Way} way @param {AbortSignal} signal */
  async #openIn(way, signal) {
    this.#way = way;
    try {
      this.#engine = await this.#open(way, signal, false);
    } catch (error) {
      if (signal.aborted || way === PLAIN) throw error;
      if (error instanceof LoadError) this.#best = PLAIN;
      else await this.distrust();
      await this.#openIn(PLAIN, signal);
    }
  }

  /** After a failed computation: unless it is the one that works everywhere, the way is not taken again. */
  async distrust() {
    if (this.#way === PLAIN) return;
    this.#best = PLAIN;
    remember(await this.#ways, PLAIN, this.#digest);
    this.close();
  }

  close() {
    this.#engine?.close();
    this.#engine = null;
  }
}
