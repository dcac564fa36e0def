// The two builds of onnxruntime-web: for the processor, and for the graphics card.

/** @import { Held, Listed, Listing } from "./files.js" */

/** @typedef {"wasm" | "webgpu"} Provider */

export const RUNTIMES = {
  wasm: { module: "runtime.mjs", binary: "runtime.wasm" },
  webgpu: { module: "webgpu.mjs", binary: "webgpu.wasm" },
};

/** Whether the page came over http. Over file:// and in a widget, there are no files for WebGPU. @param {Held | null} held */
export const isServed = (held) => !held && location.protocol !== "file:";

/**
 * The files to load, in order.
 * @param {Listing} listing
 * @param {Provider} provider
 * @returns {Listed[]}
 */
export function filesFor({ files, webgpu }, provider) {
  if (provider === "wasm") return files;
  const { module, binary } = RUNTIMES.wasm;
  const [worker, ...others] = files.filter(({ name }) => name !== module && name !== binary);
  return [worker, ...webgpu, ...others];
}
