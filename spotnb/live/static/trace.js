// The record of a run, and its file, which `spotnb.Trace.load` opens and `spotnb.replay` repeats, see `spotnb.trace`.

/** @import { Layout } from "../../widgets/static/shared/layout.js" */
/** @import { Latent } from "./latent.js" */
/** @import { Member } from "./npz.js" */
/** @import { Run, RunState, Taken } from "./run.js" */

import { LiveError } from "./errors.js";
import { manifestOf } from "./manifest.js";
import { npz } from "./npz.js";

const FORMAT = "spotnb-trace";
const VERSION = 2; // of `spotnb.trace.header`
const MODES = ["all", "x0", "last"];

/** @typedef {"all" | "x0" | "last"} Mode every array of every step, their clean estimates, or the last step */
/** @typedef {{ row: Record<string, any>, arrays: Record<string, Latent> }} StepRecord */

export class Trace {
  #run;
  #mode;
  /** @type {StepRecord[]} */
  #records = [];

  /**
   * @param {Run} run
   * @param {Mode} [mode]
   */
  constructor(run, mode = "all") {
    if (!MODES.includes(mode)) {
      throw new LiveError(
        `record is ${JSON.stringify(mode)}: expected one of ${MODES.join(", ")}; choose one of these`,
      );
    }
    this.#run = run;
    this.#mode = mode;
  }

  /** The number of records. */
  get length() {
    return this.#records.length;
  }

  get manifest() {
    return manifestOf(this.#run, this.#mode);
  }

  /**
   * Adds the record of the next step. The arrays are not copied: they never change.
   * @param {RunState} after the state after the step
   * @param {Layout} layout
   * @param {Taken} taken
   */
  add({ step: next, x, x0, guided }, layout, { noise, seconds }) {
    const step = next - 1;
    const all = /** @type {Record<string, Latent>} */ ({ x, x0, noise });
    const arrays = this.#mode === "x0" ? { x0: all.x0 } : all;
    const { channels, frames, bins } = x;
    const row = {
      step,
      timestep: this.#run.solver.timesteps[step],
      shift: layout.shift,
      seconds,
      guided,
      layout: this.#layoutRow(layout),
      arrays: Object.fromEntries(Object.keys(arrays).map((name) => [name, [1, channels, frames, bins]])),
    };
    if (this.#mode === "last") this.#records = [];
    this.#records.push({ row, arrays });
  }

  /** The bytes of the file in parts, for `new Blob(parts)`. */
  parts() {
    const header = {
      format: FORMAT,
      version: VERSION,
      mode: this.#mode,
      dtype: "fp32",
      manifest: this.manifest,
      sources: {},
      records: this.#records.map(({ row }) => row),
    };
    const text = new TextEncoder().encode(JSON.stringify(header));
    return npz([...this.#members(), { name: "trace.npy", data: text, shape: [text.length] }]);
  }

  /** @returns {Member[]} */
  #members() {
    return this.#records.flatMap(({ row, arrays }) =>
      Object.entries(arrays).map(([name, { data }]) => {
        return { name: `${name}/${String(row.step).padStart(4, "0")}.npy`, data, shape: row.arrays[name] };
      }),
    );
  }

  /** @param {Layout} layout */
  #layoutRow({ frames, method, edge, shift, tiles, fallback }) {
    return {
      frames,
      method: method.name,
      edge: edge.name,
      tile_size: this.#run.settings.tile_size_time,
      shift,
      fallback,
      tiles: tiles.map(({ window, segment }) => [...window, ...segment]),
    };
  }
}
