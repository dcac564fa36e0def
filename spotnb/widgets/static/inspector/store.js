// The records that `spotnb/widgets/packing.py` sends.
import { LEVELS, valuesOf } from "./codes.js";
import { undoPrediction } from "./coding.js";

/** @import { Term } from "./coding.js" */

/** @typedef {"x" | "x0" | "noise"} ArrayName */
/** @typedef {ArrayName | "difference"} Quantity */

/**
 * `ring` tells whether the run's edge policy is a ring. Of every `factor` frames, one is sent at first. `silent` is the
 * reason why nothing can be decoded, if there is one.
 * @typedef {object} Scene
 * @property {number} channels
 * @property {number} frames
 * @property {number} bins
 * @property {number} framesPerSecond
 * @property {boolean} ring
 * @property {number} factor
 * @property {number} columns
 * @property {string | null} silent
 * @property {number} framesPerMel latent frames in a mel frame
 * @property {[number, number]} melRange of the colors of spectrograms, natural logarithms
 */

/**
 * What is known of a record apart from its values. `tiles` are the four borders of window and segment, and `blended`
 * tells whether they cross-fade. `has` lists the quantities that were recorded, `planes` the arrays that were sent. `noise` says how the noise follows from the latent
 * (before or after the step) and the clean estimate. `terms` predict each plane, if it was sent as differences.
 * @typedef {object} Facts
 * @property {number} step
 * @property {number} timestep
 * @property {number} shift
 * @property {number[][]} tiles
 * @property {boolean} blended
 * @property {Quantity[]} has
 * @property {ArrayName[]} planes
 * @property {{ base: "before" | "after", signal: number, level: number } | null} noise
 * @property {number} bytes
 * @property {Partial<Record<ArrayName, Term[]>>} [terms]
 */

/**
 * Records as a message or the first state has them. `levels` is the largest code of a value.
 * @typedef {{ edition: number, from: number, records: Facts[], levels?: number }} Records
 */

/** @typedef {{ edition: number, index: number, facts: Facts, start: number, stop: number, factor: number }} Detail */

/**
 * A record, or a part of one in full detail.
 * @typedef {object} Part
 * @property {Facts} facts
 * @property {Float32Array} numbers
 * @property {Partial<Record<Quantity, Uint8Array>>} codes
 * @property {number} columns
 * @property {number} start
 * @property {number} factor
 * @property {Map<string, Float32Array>} tables
 * @property {number} levels
 */

/** @type {ArrayName[]} */
const ARRAYS = ["x", "x0", "noise"];
/** @type {Quantity[]} */
export const QUANTITIES = [...ARRAYS, "difference"];
const STATISTICS = ["mean", "std", "min", "max", "limit", "bad"];
const DETAILS = 12; // so many are kept

export class Store {
  edition = -1;
  /** @type {Part[]} */
  parts = [];
  /** @type {Map<number, Part>} */
  details = new Map();

  /**
   * @param {Scene} scene
   * @param {Partial<Records>} begun
   * @param {Uint8Array} bytes
   */
  constructor(scene, begun, bytes) {
    this.scene = scene;
    this.accept({ edition: 0, records: [], ...begun, from: 0 }, bytes);
  }

  /**
   * Takes the records from `message.from` on. Returns false if earlier ones are missing.
   * @param {Records} message
   * @param {Uint8Array} data without compression; differences in it are replaced
   */
  accept(message, data) {
    if (message.edition !== this.edition) {
      if (message.from > 0 && message.edition !== this.edition + 1) return false;
      this.edition = message.edition;
      this.details.clear();
    }
    if (message.from > this.parts.length) return false;
    const { columns, factor } = this.scene;
    let at = 0;
    /** @type {Part[]} */
    const history = [];
    const parts = message.records.map((facts) => {
      at += facts.bytes;
      const part = this.#parse(facts, data.subarray(at - facts.bytes, at), columns, 0, factor);
      part.levels = message.levels ?? LEVELS;
      if (facts.terms) undoPrediction(part, history, this.#rangeOf.bind(this), this.scene.channels);
      if (facts.planes.length) history.unshift(part);
      return part;
    });
    this.parts = [...this.parts.slice(0, message.from), ...parts];
    return true;
  }

  /**
   * @param {Detail} detail
   * @param {Uint8Array} data
   */
  acceptDetail({ edition, index, facts, start, stop, factor }, data) {
    if (edition !== this.edition) return;
    const columns = Math.ceil((stop - start) / factor);
    this.details.set(index, this.#parse(facts, data, columns, start, factor));
    for (const oldest of this.details.keys()) {
      if (this.details.size <= DETAILS) break;
      this.details.delete(oldest);
    }
  }

  /**
   * @param {Facts} facts
   * @param {Uint8Array} data
   * @param {number} columns
   * @param {number} start
   * @param {number} factor
   * @returns {Part}
   */
  #parse(facts, data, columns, start, factor) {
    const { channels, bins } = this.scene;
    const head = 4 * (6 * channels + QUANTITIES.length * (channels + 1) * STATISTICS.length);
    const size = channels * columns * bins;
    /** @type {Part["codes"]} */
    const codes = {};
    facts.planes.forEach((name, k) => {
      codes[name] = data.subarray(head + k * size, head + (k + 1) * size);
    });
    const numbers = new Float32Array(data.slice(0, head).buffer);
    return { facts, numbers, codes, columns, start, factor, tables: new Map(), levels: LEVELS };
  }

  /**
   * The record whose planes are shown for record `index`, whose own may not have been sent.
   * @param {number} index
   */
  near(index) {
    let at = index;
    while (at > 0 && !this.parts[at].facts.planes.length) at -= 1;
    return at;
  }

  /** @param {number} index @param {Quantity} quantity */
  has(index, quantity) {
    return this.parts[index]?.facts.has.includes(quantity) ?? false;
  }

  /**
   * The statistics of a channel, or of all channels if it is null.
   * @param {number} index
   * @param {Quantity} quantity
   * @param {number | null} channel
   */
  statistics(index, quantity, channel) {
    const { channels } = this.scene;
    const row = QUANTITIES.indexOf(quantity) * (channels + 1) + (channel ?? channels);
    const from = 6 * channels + row * STATISTICS.length;
    const [mean, std, min, max, limit, bad] = this.parts[index].numbers.subarray(from, from + STATISTICS.length);
    return { mean, std, min, max, limit, bad };
  }

  /**
   * The value at the ends of the color scale: one for all records (`whole`), or that of record `index` alone.
   * @param {number} index
   * @param {Quantity} quantity
   * @param {number | null} channel
   * @param {boolean} whole
   */
  limit(index, quantity, channel, whole) {
    const indices = whole ? this.parts.keys() : [index];
    let limit = 0;
    for (const at of indices) {
      if (this.has(at, quantity)) limit = Math.max(limit, this.statistics(at, quantity, channel).limit);
    }
    return limit || 1;
  }

  /**
   * The range of a channel, which gives its bytes their meaning.
   * @param {Part} part
   * @param {ArrayName} name
   * @param {number} channel
   */
  #rangeOf({ numbers }, name, channel) {
    const { channels } = this.scene;
    const first = 2 * channels * ARRAYS.indexOf(name) + channel;
    return { low: numbers[first], scale: numbers[first + channels] };
  }

  /**
   * The values of the 256 codes of one channel, times a factor.
   * @param {Part} part
   * @param {ArrayName} name
   * @param {number} channel
   * @param {number} times
   */
  values(part, name, channel, times) {
    const key = `${name} ${channel} ${times}`;
    let table = part.tables.get(key);
    if (!table) {
      const { low, scale } = this.#rangeOf(part, name, channel);
      table = valuesOf(low, scale, times);
      part.tables.set(key, table);
    }
    return table;
  }

  /**
   * The largest rounding error of a value.
   * @param {Part} part
   * @param {ArrayName} name
   * @param {number} channel
   */
  error(part, name, channel) {
    const rounding = this.#rangeOf(part, name, channel).scale / 2;
    return part.levels < LEVELS ? rounding * (1 + part.levels / LEVELS) : rounding; // they were rounded twice
  }
}
