// The networks of a model by onnxruntime, which the caller imports: onnxruntime-web in a page or in node.

/** @import { Description, Networks, Tensors } from "./model.js" */

import { widened } from "./widened.js";

/**
 * As much of onnxruntime as is used.
 * @typedef {object} Runtime
 * @property {new (type: string, data: any, dims: number[]) => any} Tensor
 * @property {{ create: (graph: Uint8Array, options: object) => Promise<Session> }} InferenceSession
 * @property {{ versions?: { web?: string }, wasm?: { numThreads?: number } }} [env]
 */

/** @typedef {{ run: (inputs: Record<string, any>) => Promise<Record<string, any>>, release: () => Promise<void> }} Session */

/** @implements {Networks} */
export class OnnxNetworks {
  #runtime;
  #sessions;

  /** @param {Runtime} runtime @param {Record<string, Session>} sessions @param {string} [provider] */
  constructor(runtime, sessions, provider = "wasm") {
    this.#runtime = runtime;
    this.#sessions = sessions;
    const { versions, wasm } = runtime.env ?? {};
    this.threads = wasm?.numThreads || 1; // 0 means that none were asked for
    const version = provider === "wasm" ? versions?.web : `${versions?.web} ${provider}`;
    this.versions = /** @type {Record<string, string>} */ (versions?.web ? { "onnxruntime-web": version } : {});
  }

  /**
   * Loads all networks of a model, one after the other, because each needs its weights twice while it loads.
   * @param {Runtime} runtime
   * @param {Description} description
   * @param {(file: string) => Promise<Uint8Array>} read
   * @param {string} [provider] "wasm" for the processor, or "webgpu" for the graphics card
   */
  static async load(runtime, description, read, provider = "wasm") {
    /** @type {Record<string, Session>} */
    const sessions = {};
    for (const [name, { file, weights, widened: path }] of Object.entries(description.graphs)) {
      sessions[name] = await runtime.InferenceSession.create(await read(file), {
        executionProviders: [provider],
        logSeverityLevel: 3, // errors
        externalData: [{ path, data: widened(await read(weights)) }],
      });
    }
    return new OnnxNetworks(runtime, sessions, provider);
  }

  /** @param {string} name @param {Tensors} inputs @returns {Promise<Tensors>} */
  async run(name, inputs) {
    const given = Object.entries(inputs).map(([input, { data, dims }]) => {
      const type = data instanceof BigInt64Array ? "int64" : "float32";
      return [input, new this.#runtime.Tensor(type, data, dims)];
    });
    const outputs = await this.#sessions[name].run(Object.fromEntries(given));
    return Object.fromEntries(
      Object.entries(outputs).map(([output, { data, dims }]) => [output, { data, dims: [...dims] }]),
    );
  }

  async release() {
    for (const session of Object.values(this.#sessions)) await session.release();
  }
}
