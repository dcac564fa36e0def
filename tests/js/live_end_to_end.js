// The embedded model in node, for benchmarks/live.py: node tests/js/live_end_to_end.js RUNTIME MODEL CASES
// Prints for each case how far its results are from those of Python, the seconds of CPU, and the memory, and writes its
// trace.
import { readFileSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { generate } from "../../spotnb/live/static/generate.js";
import { Model } from "../../spotnb/live/static/model.js";
import { OnnxNetworks } from "../../spotnb/live/static/onnx_networks.js";

const [runtime, folder, cases] = process.argv.slice(2);
const ort = await import(pathToFileURL(`${runtime}/dist/ort.wasm.min.mjs`).href);
ort.env.wasm.numThreads = 1;

function seconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function distance(found, file) {
  const expected = new Float32Array(readFileSync(file).buffer);
  if (found.length !== expected.length) throw new Error(`${file}: ${found.length} numbers, not ${expected.length}`);
  let [error, power] = [0, 0];
  for (const [k, value] of expected.entries()) {
    error += (found[k] - value) ** 2;
    power += value ** 2;
  }
  return Math.sqrt(error / power);
}

const begun = seconds();
const description = JSON.parse(readFileSync(`${folder}/model.json`, "utf-8"));
const networks = await OnnxNetworks.load(
  ort,
  description,
  async (file) => new Uint8Array(await readFile(`${folder}/${file}`)),
);
const model = new Model(description, networks);
console.log(JSON.stringify({ case: "load", seconds: seconds() - begun }));
for (const [name, settings] of Object.entries(JSON.parse(readFileSync(`${cases}/cases.json`, "utf-8")))) {
  const start = seconds();
  const { run, state, sound, trace } = await generate(model, settings, { record: "all" });
  const spent = seconds() - start;
  const results = { start: run.start().x.data, latent: state.x.data, mel: sound.mel, sound: sound.waveform };
  const distances = Object.entries(results).map(([kind, found]) => [kind, distance(found, `${cases}/${name}.${kind}`)]);
  writeFileSync(`${cases}/${name}.npz`, Buffer.concat(trace.parts()));
  const memory = Math.round(process.memoryUsage().rss / 1e6);
  console.log(JSON.stringify({ case: name, seconds: spent, memory, ...Object.fromEntries(distances) }));
}
