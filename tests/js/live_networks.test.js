import assert from "node:assert/strict";
import test from "node:test";
import { OnnxNetworks } from "../../spotnb/live/static/onnx_networks.js";
import { widened } from "../../spotnb/live/static/widened.js";
import { fixture } from "./live_fixtures.js";

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

const graphOf = (name) => ({
  file: `${name}.onnx`,
  weights: `${name}.safetensors`,
  widened: `${name}.float32`,
  inputs: [],
  outputs: [],
});
const GRAPHS = { decoder: graphOf("decoder"), vocoder: graphOf("vocoder") };
const [{ file: WEIGHTS, widened: WIDENED }] = fixture("weights");
const bytesOf = (base64) => new Uint8Array(Buffer.from(base64, "base64"));

test("weights are widened as by Python", () => {
  const cases = fixture("weights");
  assert.equal(cases.length, 3);
  for (const { file, widened: expected } of cases) {
    const padded = new Uint8Array([7, ...bytesOf(file)]); // where no array of numbers may begin
    for (const bytes of [bytesOf(file), padded.subarray(1)]) assert.deepEqual(widened(bytes), bytesOf(expected));
  }
});

test("every graph is given the weights that it refers to", async () => {
  const { runtime, created } = fakeRuntime();
  const reads = [];
  const read = async (file) => {
    reads.push(file);
    return file.endsWith("onnx") ? new TextEncoder().encode(file) : bytesOf(WEIGHTS);
  };
  await OnnxNetworks.load(runtime, { graphs: GRAPHS }, read);
  assert.deepEqual(reads, ["decoder.onnx", "decoder.safetensors", "vocoder.onnx", "vocoder.safetensors"]);
  const names = created.map(({ graph }) => new TextDecoder().decode(graph));
  assert.deepEqual(names, ["decoder.onnx", "vocoder.onnx"]);
  for (const [k, { options }] of created.entries()) {
    const [{ path, data }] = options.externalData;
    assert.equal(path, names[k].replace("onnx", "float32"));
    assert.deepEqual(data, bytesOf(WIDENED));
    assert.deepEqual(options.executionProviders, ["wasm"]);
  }
});

test("numbers go in with their types, and come out as they are", async () => {
  const { runtime, open } = fakeRuntime();
  const networks = await OnnxNetworks.load(runtime, { graphs: GRAPHS }, async () => bytesOf(WEIGHTS), "webgpu");
  const inputs = {
    x: { data: Float32Array.of(1, 2), dims: [1, 2] },
    t: { data: BigInt64Array.of(3n), dims: [1] },
  };
  assert.deepEqual(await networks.run("vocoder", inputs), inputs);
  await networks.release();
  assert.equal(open(), 0);
});
