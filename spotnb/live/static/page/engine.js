// The page's side of the worker: it loads the model, and asks for sounds.

/** @import { Progress } from "../generate.js" */
/** @import { Description } from "../model.js" */
/** @import { Settings } from "../settings.js" */
/** @import { Held, Listing, Loaded } from "./files.js" */
/** @import { Preview } from "./preview.js" */
/** @import { Made, Order, Report } from "./worker.js" */
/** @import { Way } from "./ways.js" */

import { LiveError } from "../errors.js";
import { readFiles } from "./files.js";

/** @typedef {{ onProgress: (progress: Progress) => void, onStep: (step: number, picture: Uint8Array) => void }} Follow */
/** @typedef {{ listing: Listing, description: Description, preview: Preview }} Parts */

const WORKER = "worker.js";

/** One worker with one model. Of its methods, one runs at a time. */
export class Engine {
  /** @type {Worker} */
  #worker;
  /** @type {(report: Report) => void} */
  #hear = () => {};

  /** @param {string} address of the worker's code */
  constructor(address) {
    this.#worker = new Worker(address);
    this.#worker.onmessage = ({ data }) => this.#hear(data);
    this.#worker.onerror = (event) => {
      this.#hear({ kind: "failed", message: `The worker failed: ${event.message}. Load the page again.` });
    };
  }

  /**
   * Loads the model into a new worker.
   * @param {Parts} parts
   * @param {Held | null} held files that need not be loaded
   * @param {(loaded: number) => void} onLoaded bytes
   * @param {AbortSignal} signal
   * @param {Way} way
   */
  static async open({ listing, description, preview }, held, onLoaded, signal, way) {
    const files = readFiles(listing, way.provider, held, onLoaded, signal);
    const engine = await Engine.#started(files);
    try {
      // The worker begins with the files that are there, while the next ones are loaded.
      const opened = engine.#ask({ kind: "open", description, preview, way }, "opened", () => {}, signal);
      await Promise.race([Promise.all([opened, engine.#deliver(files)]), aborted(signal)]);
      return engine;
    } catch (error) {
      engine.close();
      throw error;
    }
  }

  /** @param {AsyncGenerator<Loaded>} files of which the first is the worker */
  static async #started(files) {
    const { value } = await files.next();
    if (value?.name !== WORKER) {
      throw new LiveError(`the first file is ${value?.name ?? "missing"}: expected ${WORKER}; build the page anew`);
    }
    return new Engine(URL.createObjectURL(new Blob([value.data], { type: "text/javascript" })));
  }

  /** @param {AsyncGenerator<Loaded>} files */
  async #deliver(files) {
    for await (const { name, data } of files) {
      this.#send({ kind: "file", name, data }, [data.buffer]);
    }
    this.#send({ kind: "complete" });
  }

  /**
   * Makes a sound. A cancel ends it with the signal's reason.
   * @param {Partial<Settings>} settings
   * @param {Follow} follow
   * @param {AbortSignal} signal
   * @returns {Promise<Made>}
   */
  async make(settings, { onProgress, onStep }, signal) {
    const cancel = () => this.#send({ kind: "cancel" });
    signal.addEventListener("abort", cancel);
    const follow = (/** @type {Report} */ report) => {
      if (report.kind === "progress") onProgress(report.progress);
      if (report.kind === "step") onStep(report.step, report.picture);
    };
    try {
      const report = await this.#ask({ kind: "make", settings }, "made", follow, signal);
      return /** @type {Extract<Report, { kind: "made" }>} */ (report).made;
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }

  close() {
    this.#worker.terminate();
  }

  /** @param {Order} order @param {Transferable[]} [transfer] */
  #send(order, transfer = []) {
    this.#worker.postMessage(order, transfer);
  }

  /**
   * Sends an order, and waits for its last report.
   * @param {Order} order
   * @param {Report["kind"]} last
   * @param {(report: Report) => void} follow
   * @param {AbortSignal} signal
   * @returns {Promise<Report>}
   */
  #ask(order, last, follow, signal) {
    return new Promise((resolve, reject) => {
      this.#hear = (report) => {
        if (report.kind === last) resolve(report);
        else if (report.kind === "failed") reject(new LiveError(report.message));
        else if (report.kind === "cancelled") reject(signal.reason);
        else follow(report);
      };
      this.#send(order);
    });
  }
}

/**
 * A promise that only an abort settles.
 * @param {AbortSignal} signal
 * @returns {Promise<never>}
 */
export function aborted(signal) {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
