import assert from "node:assert/strict";
import test from "node:test";
import { settingsOf } from "../../spotnb/live/static/page/opener.js";
import { openedWords } from "../../spotnb/live/static/page/sentences.js";
import { fixture, fixtureModel } from "./live_fixtures.js";

const [, ...cases] = fixture("runs");
const { description: FIXTURE } = fixtureModel();
const description = { ...FIXTURE, tokenizer: { ...FIXTURE.tokenizer, vocabulary: { one: 4, two: 5 } } };
const [{ manifest }] = cases;
const fileOf = (content, name = "run.json") => new File([content], name);

test("a manifest that Python wrote becomes the settings of its run", async () => {
  const settings = await settingsOf(fileOf(JSON.stringify({ ...manifest, prompt: "one" })), description);
  for (const name of ["duration", "steps", "seed", "method", "solver", "guidance_scale"]) {
    assert.deepEqual(settings[name], manifest[name]);
  }
  assert.equal(settings.edge, manifest.config.edge);
});

test("what is not a manifest, or not of a run in a page, is refused with the name of the file", async () => {
  const changed = (changes) => JSON.stringify({ ...manifest, prompt: "one", ...changes });
  const other = { name: "other", weights_sha256: "0" };
  for (const [content, name, message] of [
    ["PK\u0003\u0004\u0000", "run.npz", /^run\.npz is not a manifest: expected the \.json file that spotnb generate/],
    [" ".repeat(1_000_001), "big.json", /^big\.json is not a manifest/],
    ["{", "cut.json", /^cut\.json: the file is "\{": expected the manifest of a run/],
    ["{}", "other.json", /^other\.json: model of the manifest is missing: expected/],
    [
      changed({ model: other }),
      "run.json",
      /^run\.json: the model of the run is "other": expected .* make it in Python/,
    ],
    [changed({ duration: 30, frames: 768 }), "run.json", /^run\.json: duration is 30: expected up to 20 seconds/],
    [changed({ prompt: "?!" }), "run.json", /^run\.json: the model knows none of these words/],
  ]) {
    await assert.rejects(settingsOf(fileOf(content, name), description), (error) => {
      assert.match(error.message, message);
      assert.ok(error.message.length <= 200, error.message);
      return true;
    });
  }
});

test("settings without a field are named if they are unusual", () => {
  const defaults = { finish_overlap: 32, guidance_interval: [100, 700] };
  const usual = { ...defaults, eta: 0, shift_seed: 0, shift_schedule: "random", min_overlap: null, tile_batch: 2 };
  assert.equal(openedWords("run.json", usual, defaults), "The form has the settings of run.json.");
  assert.equal(
    openedWords("run.json", { ...usual, shift_seed: 3, guidance_interval: null }, defaults),
    "The form has the settings of run.json. It has no field for these, which are kept: guidance interval none, shift seed 3.",
  );
});
