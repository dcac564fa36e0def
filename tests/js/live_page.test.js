import assert from "node:assert/strict";
import test from "node:test";
import { gzipSync } from "node:zlib";
import { memoryWords } from "../../spotnb/live/static/errors.js";
import { Latent } from "../../spotnb/live/static/latent.js";
import { Model } from "../../spotnb/live/static/model.js";
import { lackOf } from "../../spotnb/live/static/page/abilities.js";
import { fromBase64, partsOf, unpacked } from "../../spotnb/live/static/page/bytes.js";
import { sceneOf } from "../../spotnb/live/static/page/comparison_scene.js";
import { envelopeOf, packSound } from "../../spotnb/live/static/page/pack.js";
import { planRun } from "../../spotnb/live/static/page/plan.js";
import { previewOf } from "../../spotnb/live/static/page/preview.js";
import { leftWords, loadingWords, stepWords, unreadWords } from "../../spotnb/live/static/page/sentences.js";
import { waveFile } from "../../spotnb/live/static/page/wave_file.js";
import { Run } from "../../spotnb/live/static/run.js";
import { fixtureModel } from "./live_fixtures.js";

const { description: FIXTURE } = fixtureModel();
const description = {
  ...FIXTURE,
  tokenizer: { ...FIXTURE.tokenizer, vocabulary: { calm: 4, piano: 5 } },
  vocoder: { ...FIXTURE.vocoder, hop: 160, bands: 64 },
};
const SETTINGS = {
  prompt: "calm piano",
  duration: 4,
  steps: 4,
  solver: "ddim",
  eta: 0,
  finish_steps: 0,
  tile_size_time: 32,
  guidance_scale: 2,
  guidance_interval: null,
};

test("a file is unpacked, in whatever pieces it comes, gzipped or unpacked by the server", async () => {
  const bytes = Uint8Array.from({ length: 300_000 }, (_, k) => (k * k) % 251);
  const zipped = new Uint8Array(gzipSync(bytes));
  assert.deepEqual(fromBase64(Buffer.from(zipped).toString("base64")), zipped);
  for (const whole of [bytes, zipped, bytes.subarray(0, 0)]) {
    const expected = whole === zipped ? bytes : whole;
    assert.deepEqual(await unpacked([whole]), expected);
    const parts = [whole.subarray(0, 3), whole.subarray(3, 3), whole.subarray(3)];
    assert.deepEqual(await unpacked(partsOf(ReadableStream.from(parts))), expected);
  }
});

test("a file that is damaged or cut off is not unpacked", async () => {
  const zipped = new Uint8Array(gzipSync(Uint8Array.from({ length: 1000 }, (_, k) => k % 251)));
  await assert.rejects(unpacked([zipped.subarray(0, 100)]));
  zipped[20] ^= 255;
  await assert.rejects(unpacked([zipped]));
});

test("too little memory is told, and nothing else is called that", () => {
  for (const error of [
    new RangeError("Array buffer allocation failed"),
    "std::bad_alloc",
    new Error("out of memory"),
  ]) {
    assert.match(memoryWords(error), /too little memory: the model needs about 600 MB/);
  }
  assert.equal(memoryWords(new TypeError("network error")), null);
});

test("a browser lacks nothing, or a sentence says what", (context) => {
  context.after(() => Reflect.deleteProperty(globalThis, "Worker"));
  assert.match(lackOf(), /no workers/); // node has none of that name
  globalThis.Worker = class {};
  assert.equal(lackOf(), "");
  context.mock.method(WebAssembly, "validate", () => false);
  assert.match(lackOf(), /no WebAssembly SIMD/);
});

test("a preview is the linear map of each bin, within the range of the colors", () => {
  const latent = new Latent({ channels: 2, bins: 2 }, 1, Float32Array.from([0.1, 0.2, 0.3, 9]));
  const weights = [
    [
      [1, 0, 0],
      [0, 1, 0.1],
    ],
    [
      [1, 0, 0],
      [1, 1, 0],
    ],
  ];
  const range = [0, 1];
  // The channels of bin 0 are .1 and .3, those of bin 1 are .2 and 9.
  assert.deepEqual([...previewOf(latent, { weights, range })], [26, 102, 51, 255]);
});

test("a plan knows seams, layouts and the share of the work", () => {
  const plan = planRun({ ...SETTINGS, method: "tiles" }, description);
  assert.deepEqual(plan.seams, [32, 64, 96]);
  assert.equal(plan.layout(0).tiles.length, Math.ceil(plan.frames / 32));
  const steps = [0, 1, 2, 3].map((step) => plan.fraction({ stage: "steps", step, steps: 4, done: 1, all: 2 }));
  const rest = ["decoder", "vocoder"].map((stage) => plan.fraction({ stage, step: 4, steps: 4, done: 1, all: 1 }));
  const shares = [...steps, ...rest];
  assert.deepEqual(
    shares,
    [...shares].sort((a, b) => a - b),
  );
  assert.ok(shares[0] > 0);
  assert.equal(shares.at(-1), 1);
});

test("an empty prompt, unknown words alone, and more than 20 s are refused before anything is loaded", () => {
  for (const [change, message] of [
    [{ prompt: " " }, /the prompt is empty/],
    [{ prompt: "?!" }, /knows none of these words/],
    [{ duration: 21 }, /duration is 21: expected up to 20/],
    [{ steps: "" }, /steps is ""/],
  ]) {
    assert.throws(() => planRun({ ...SETTINGS, ...change }, description), message);
  }
});

test("a sound is written as 16 bits", () => {
  const view = new DataView(waveFile(Float32Array.from([0, 1, -1, 0.5]), 16000));
  const text = (at) => String.fromCharCode(...new Uint8Array(view.buffer, at, 4));
  assert.deepEqual([text(0), text(8), text(36)], ["RIFF", "WAVE", "data"]);
  assert.equal(view.getUint32(24, true), 16000);
  assert.equal(view.getUint32(4, true), view.byteLength - 8);
  assert.deepEqual(
    [0, 1, 2, 3].map((k) => view.getInt16(44 + 2 * k, true)),
    [0, 32767, -32767, 16384],
  );
});

test("an envelope loses no peak, and only silence is 0", () => {
  const waveform = new Float32Array(40);
  waveform[5] = 0.001;
  waveform[20] = -1;
  assert.deepEqual([...envelopeOf(waveform, 16)], [0, 1, -127, 0, 0, 0]);
});

test("finished sounds are rows of a comparison, scored at the fixed grid and matched in level", () => {
  const range = [-11, 2];
  const sounds = [0.5, 0.05].map((value, k) => {
    const plan = planRun({ ...SETTINGS, method: ["tiles", "spot"][k] }, description);
    const sound = { waveform: new Float32Array(64000).fill(value), mel: new Float32Array(4 * plan.frames * 64) };
    const run = new Run(new Model(description, {}), plan.settings, { embeds: [], beats: [] });
    return { name: plan.settings.method, plan, made: { packed: packSound(sound, run, range) } };
  });
  const scene = sceneOf(sounds, description, range);
  const [tiles, spot] = scene.rows;
  assert.deepEqual(scene.grid, [32, 64, 96]);
  assert.equal(scene.duration, 64000 / description.sample_rate);
  assert.ok(Math.abs(tiles.gain + 20) < 1e-4);
  assert.equal(spot.gain, 0);
  assert.equal(tiles.mel.getUint8(0), Math.round((255 * 11) / 13));
  assert.equal(tiles.sound.byteLength, 44 + 2 * 64000);
  assert.deepEqual(tiles.seams, [32, 64, 96]);
  assert.ok(Math.abs(tiles.score[0] - 1) < 1e-9); // an even sound changes nowhere
});

test("sentences", () => {
  assert.equal(loadingWords(12e6, 26e6), "Loading the model: 12 of 26 MB");
  assert.equal(loadingWords(26e6, 26e6), "Opening the model …");
  assert.equal(leftWords(0.4), "less than a second left");
  assert.equal(leftWords(6.6), "about 7 s left");
  assert.equal(unreadWords({ unknown: [], cut: [] }), "");
  assert.match(unreadWords({ unknown: [], cut: ["end"] }), /too long/);
  assert.match(unreadWords({ unknown: ["a", "b"], cut: [] }), /ignores words/);
  assert.equal(
    stepWords(0, 9, { cuts: 1, tiles: 2, fixed: true }),
    "Step 1 of 9: 2 tiles, 1 cut. Every step cuts here.",
  );
  assert.equal(stepWords(1, 9, { cuts: 0, tiles: 1, fixed: false }), "Step 2 of 9: one window holds the whole sound.");
});
