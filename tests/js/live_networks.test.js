import assert from "node:assert/strict";
import test from "node:test";
import { OnnxNetworks } from "../../spotnb/live/static/onnx_networks.js";

class Tensor {
  constructor(type, data, dims) {
    Object.assign(this, { type, data, dims });
  }
}

// A runtime whose networks return their inputs, and note how they were made.
function fakeRuntime() {
  const created = [];
  let open = 0;
  const create = async (graph, options) => {
    created.push({ graph, options });
    open += 1;
    const release = async () => {
      open -= 1;
    };
    return { run: async (inputs) => inputs, release };
  };
  return { runtime: { Tensor, InferenceSession: { create } }, created, open: () => open };
}

const GRAPHS = {
  decoder: { file: "decoder.onnx", weights: "decoder.safetensors", inputs: [], outputs: [] },
  vocoder: { file: "vocoder.onnx", weights: "vocoder.safetensors", inputs: [], outputs: [] },
};

test("every graph is given the weights that it refers to", async () => {
  const { runtime, created } = fakeRuntime();
  const reads = [];
  const read = async (file) => {
    reads.push(file);
    return new TextEncoder().encode(file);
  };
  await OnnxNetworks.load(runtime, { graphs: GRAPHS }, read);
  assert.deepEqual(reads, ["decoder.onnx", "decoder.safetensors", "vocoder.onnx", "vocoder.safetensors"]);
  const text = (bytes) => new TextDecoder().decode(bytes);
  assert.deepEqual(
    created.map(({ graph }) => text(graph)),
    ["decoder.onnx", "vocoder.onnx"],
  );
  for (const { graph, options } of created) {
    const [{ path, data }] = options.externalData;
    assert.equal(path, text(data));
    assert.equal(path, text(graph).replace("onnx", "safetensors"));
    assert.deepEqual(options.executionProviders, ["wasm"]);
  }
});

test("numbers go in with their types, and come out as they are", async () => {
  const { runtime, open } = fakeRuntime();
  const networks = await OnnxNetworks.load(runtime, { graphs: GRAPHS }, async () => new Uint8Array(1), "webgpu");
  const inputs = {
    x: { data: Float32Array.of(1, 2), dims: [1, 2] },
    t: { data: BigInt64Array.of(3n), dims: [1] },
  };
  assert.deepEqual(await networks.run("vocoder", inputs), inputs);
  await networks.release();
  assert.equal(open(), 0);
});
