import assert from "node:assert/strict";
import test from "node:test";
import { settingsFrom } from "../../spotnb/live/static/from_manifest.js";
import { manifestOf } from "../../spotnb/live/static/manifest.js";
import { OnnxNetworks } from "../../spotnb/live/static/onnx_networks.js";
import { Run } from "../../spotnb/live/static/run.js";
import { makeSettings } from "../../spotnb/live/static/settings.js";
import { fixture, fixtureModel, networks } from "./live_fixtures.js";

const [, ...cases] = fixture("runs");
const { description } = fixtureModel();
const [{ manifest: MANIFEST }] = cases;

test("a manifest is that of Python, but for the machine", async () => {
  for (const { settings, manifest } of cases) {
    const { versions, threads, ...found } = manifestOf(await Run.of(fixtureModel(), settings), "all");
    assert.deepEqual(found, manifest);
    assert.equal(threads, 1);
    assert.deepEqual(versions, {});
  }
});

test("the settings of a run are read from its manifest in Python", () => {
  for (const { settings, manifest } of cases) {
    const { tile_batch: _, ...expected } = makeSettings(settings, description);
    const { tile_batch, ...found } = settingsFrom(manifest, description);
    assert.deepEqual(found, expected);
    assert.equal(tile_batch, 2); // the default
    assert.deepEqual(settingsFrom(JSON.stringify(manifest), description), { tile_batch, ...found });
  }
});

test("what an older manifest does not state is what Python takes, and not what suits the model", () => {
  const defaults = { finish_steps: 2, guidance_scale: 2.5, guidance_interval: [100, 700], tile_size_time: 128 };
  const { prompt, duration, steps, method, seed, solver, model } = MANIFEST;
  const old = { prompt, duration, steps, method, seed, solver, model, frames: 56, config: {} };
  const found = settingsFrom(old, { ...description, defaults });
  assert.deepEqual(
    [found.finish_steps, found.guidance_scale, found.guidance_interval, found.tile_size_time, found.eta],
    [0, 3, null, 256, 0],
  );
  assert.deepEqual([found.edge, found.max_shift_ratio, found.negative_prompt], ["reflect", 0.5, ""]);
});

test("a manifest names who wrote the model and who computes", async () => {
  class Tensor {}
  const env = { versions: { web: "1.2.3" }, wasm: { numThreads: 2 } };
  const { versions, threads } = new OnnxNetworks({ Tensor, InferenceSession: {}, env }, {});
  const model = fixtureModel({ versions: { spotnb: "9.8" } });
  model.networks = { ...networks, versions, threads };
  const manifest = manifestOf(await Run.of(model, cases[0].settings), "x0");
  assert.deepEqual(manifest.versions, { spotnb: "9.8", "onnxruntime-web": "1.2.3" });
  assert.deepEqual([manifest.threads, manifest.record], [2, "x0"]);
  const card = new OnnxNetworks({ Tensor, InferenceSession: {}, env }, {}, "webgpu");
  assert.deepEqual(card.versions, { "onnxruntime-web": "1.2.3 webgpu" });
});

const digest = { weights_sha256: "0123456789abcdef" };
const timeline = { timeline: [[0, 5, "one"]], crossfade: 2 };
const REFUSED = [
  ["[1]", /the file is \[1\]: expected the manifest of a run, as spotnb generate writes it; open its \.json file/],
  ["{", /the file is "\{": expected the manifest of a run/],
  [null, /the file is null/],
  [{ config: undefined }, /config of the manifest is missing: expected that of a run/],
  [
    { model: { name: "audioldm-s-full-v2" } },
    /the run is "audioldm-s-full-v2": expected "fixture", the one that is he/,
  ],
  [
    { model: { name: "fixture", ...digest } },
    /weights is "0123456789ab": expected ffff, of the model that is here; make/,
  ],
  [{ prompt: timeline }, /the prompt is \{"timeline":.*: expected one text, not a timeline; make it in Python/],
  [{ init_audio: { frames: 9 } }, /init_audio is \{"frames":9\}: expected none, for a run that starts from noise/],
  [{ continue_from: { frames: 9 } }, /continue_from is .*: expected none/],
  [{ forked: { step: 2, changes: ["seed"] } }, /forked is .*: expected a run with the same settings from its first/],
  [{ n_candidates: 3 }, /n_candidates is 3: expected 1; candidate i has the seed of the run plus i/],
  [{ method: "mine" }, /method is "mine": expected one of spot, tiles/],
  [{ solver: { class: "EulerDiscreteScheduler", config: {} } }, /solver is \{"class".*: expected one of ddim, dpm\+\+/],
  [{ config: { edge: "mine" } }, /edge is "mine": expected one of reflect/],
  [{ config: 5 }, /config of the manifest is 5: expected an object with named fields/],
  [{ model: "tiny" }, /model of the manifest is "tiny": expected an object/],
  [{ frames: 3 }, /the length of the manifest's latent is 3: expected 56 frames, for its duration/],
  [{ duration: 3600 }, /duration is 3600: expected a number from 0.04 to 600/],
  [{ seed: 2 ** 60 }, /seed is 1152921504606847000: expected a whole number from 0 to 9007199254740991/],
  [{ steps: "4" }, /steps is "4": expected a whole number/],
];

for (const [changes, message] of REFUSED) {
  test(`it is refused in one line: ${JSON.stringify(changes)}`, () => {
    const manifest = changes !== null && typeof changes === "object" ? { ...MANIFEST, ...changes } : changes;
    const here = { ...description, manifest: { name: "fixture", weights_sha256: "ffff" } };
    assert.throws(
      () => settingsFrom(manifest, here),
      (error) => {
        assert.match(error.message, message);
        assert.equal(error.name, "LiveError");
        assert.ok(error.message.length <= 200, `${error.message.length} characters`);
        assert.ok(!error.message.includes("\n"));
        return true;
      },
    );
  });
}
