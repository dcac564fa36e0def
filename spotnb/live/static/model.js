// A model: its description, which `python -m spotnb.live.export` writes, and its networks.

/** @import { Edge, Method } from "../../widgets/static/shared/layout.js" */
/** @import { Tokenizer } from "./text.js" */
/** @import { VocoderFacts } from "./vocoder.js" */

import { LiveError } from "./errors.js";
import { allFinite } from "./numbers.js";

/** @typedef {{ data: Float32Array | BigInt64Array, dims: number[] }} Tensor */

/** @typedef {Record<string, Tensor>} Tensors by the names of inputs or outputs */

/**
 * What computes the networks "text_encoder", "denoiser", "decoder" and "vocoder": onnxruntime-web in a page, see
 * `onnx_networks.js`, or anything else.
 * @typedef {object} Networks
 * @property {(name: string, inputs: Tensors) => Promise<Tensors>} run
 * @property {Record<string, string>} [versions] of the libraries that compute, for the manifests of runs
 * @property {number} [threads] on which they compute, by default one
 */

/** @typedef {Edge & { padding: "none" | "clean estimate" | "noisy latent" }} EdgePolicy */

/**
 * @typedef {object} Graph
 * @property {string} file
 * @property {string} weights the safetensors file
 * @property {string} widened what the graph calls its numbers as float32, see `widened.js`
 * @property {string[]} inputs
 * @property {string[]} outputs
 */

/**
 * @typedef {object} Description
 * @property {number} format
 * @property {string} name
 * @property {Record<string, any>} manifest what the manifest of a run says of the model
 * @property {Record<string, string>} versions of the libraries that wrote the description
 * @property {number} sample_rate
 * @property {number} samples_per_frame
 * @property {number} channels
 * @property {number} latent_bins
 * @property {number} native_frames
 * @property {number} time_multiple
 * @property {number[]} alphas_cumprod
 * @property {Record<string, Graph>} graphs
 * @property {Tokenizer} tokenizer
 * @property {{ window: number, overlap: number, ring_reach: number }} decoder in latent frames
 * @property {VocoderFacts} vocoder
 * @property {Record<string, any>} defaults settings that suit the model
 * @property {Record<string, EdgePolicy>} edges
 * @property {Record<string, Method>} methods
 */

/**
 * What the network is told of the prompt and the negative prompt.
 * @typedef {object} Texts
 * @property {Float32Array[]} embeds their embeddings
 * @property {number[]} beats their latent frames per beat
 * @property {Float32Array} [typical] the typical latent of the prompt, [channels, bins], if the model has one
 */

const FORMAT = 2;

export class Model {
  /**
   * @param {Description} description
   * @param {Networks} networks
   */
  constructor(description, networks) {
    if (description.format !== FORMAT) {
      const came = `the model's description has format ${description.format}`;
      throw new LiveError(`${came}: expected ${FORMAT}; export the model again`);
    }
    this.description = description;
    this.networks = networks;
  }

  /**
   * A float32 output of a network. NaN and infinity are caught here, where they come from.
   * @param {string} network
   * @param {Tensors} inputs
   * @param {string} where for the error
   * @returns {Promise<Record<string, Float32Array>>}
   */
  async run(network, inputs, where) {
    const outputs = await this.networks.run(network, inputs);
    const found = Object.entries(outputs).map(([name, { data }]) => {
      if (!(data instanceof Float32Array) || !allFinite(data)) {
        throw new LiveError(
          `the ${network} gave NaN or infinity ${where}: expected finite numbers; try other settings`,
        );
      }
      return [name, data];
    });
    return Object.fromEntries(found);
  }
}

/**
 * A tensor of float32 numbers.
 * @param {Float32Array} data
 * @param {...number} dims
 * @returns {Tensor}
 */
export const tensor = (data, ...dims) => ({ data, dims });
