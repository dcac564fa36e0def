import assert from "node:assert/strict";
import test from "node:test";
import { mapRow, placesOf, stepAt } from "../../spotnb/widgets/static/overview/geometry.js";
import {
  decibels,
  decibelTicks,
  facts,
  runFacts,
  stepName,
  story,
} from "../../spotnb/widgets/static/overview/sentences.js";
import {
  hasSteps,
  isHeard,
  nearest,
  readState,
  STAGES,
  stageAfter,
  strips,
} from "../../spotnb/widgets/static/overview/state.js";

const tiles = (shift) => [
  [shift - 128, shift, 0, shift],
  [shift, shift + 128, shift, 256],
];
const step = (number, shift) => ({ step: number, shift, tiles: tiles(shift), blended: false, seams: [shift] });
const SCENE = {
  prompt: '"a sea"',
  method: "spot",
  seed: 3,
  frames: 256,
  framesPerSecond: 25,
  rows: 16,
  channels: 8,
  bins: 16,
  channel: 0,
  limit: 2.84,
  total: 6,
  steps: [step(0, 50), step(2, 25), step(5, 100)],
  seconds: 10,
  melRange: [Math.log(1e-5), 2],
  peak: 0.5,
};

test("traits are kept within their limits", () => {
  assert.deepEqual(
    readState(SCENE, (name) => ({ stage: "nowhere", step: 99 })[name]),
    { stage: "steps", step: 2 },
  );
  assert.deepEqual(
    readState(SCENE, (name) => ({ stage: "mel", step: -1 })[name]),
    { stage: "mel", step: 0 },
  );
});

test("one goes from stage to stage without leaving the ends", () => {
  assert.equal(stageAfter("noise", -1), "noise");
  assert.equal(stageAfter("noise", 1), "steps");
  assert.equal(stageAfter("sound", 1), "sound");
  assert.deepEqual(STAGES.filter(hasSteps), ["steps", "latent"]);
  assert.deepEqual(STAGES.filter(isHeard), ["mel", "sound"]);
});

test("planes that were not sent are replaced by the last ones before", () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5].map((each) => nearest([0, 2, 5], each)),
    [0, 0, 1, 1, 1, 2],
  );
  assert.equal(nearest([3], 1), 0);
});

test("the small picture has the steps that Python draws", () => {
  assert.deepEqual(strips(25), [0, 4, 8, 12, 16, 20, 24]);
  assert.deepEqual(strips(12), [0, 2, 4, 6, 7, 9, 11]); // 5.5 is rounded to 6, as Python does
  assert.deepEqual(strips(3), [0, 1, 2]);
  assert.deepEqual(strips(1), [0]);
});

test("the map of the steps can be clicked, and nothing else is one", () => {
  const { map, total, axis } = placesOf(SCENE, "steps");
  const tall = mapRow(3);
  assert.equal(stepAt(SCENE, "steps", map - 1), null);
  assert.equal(stepAt(SCENE, "steps", map + 0.5), 0);
  assert.equal(stepAt(SCENE, "steps", map + 2.5 * tall), 2);
  assert.equal(stepAt(SCENE, "steps", axis), null);
  assert.ok(total > axis);
  for (const stage of STAGES.filter((each) => each !== "steps")) {
    assert.equal(placesOf(SCENE, stage).map, null);
    assert.equal(stepAt(SCENE, stage, 200), null);
  }
  assert.ok(mapRow(1000) >= 2);
});

test("a log magnitude is told in decibels", () => {
  assert.ok(Math.abs(decibels(Math.log(1e-5)) + 100) < 1e-9);
  assert.deepEqual(decibelTicks(SCENE.melRange), [-100, -75, -50, -25, 0]);
});

test("every stage says what it shows", () => {
  const told = (stage, index = 1) => story(SCENE, { stage, step: index });
  assert.match(told("noise"), /8 channels of 256 frames and 16 bins/);
  assert.match(told("steps"), /^Step 2 \/ 5: the network sees 2 tiles/);
  assert.match(told("steps"), /The cuts lie at 1 s\./);
  assert.match(told("steps"), /cuts somewhere else/);
  assert.match(told("latent"), /clean estimate of step 2/);
  assert.match(told("latent", 2), /finished latent/);
  assert.match(told("mel"), /10\.24 s of latent, of which 10\.0 s are kept/);
  assert.match(told("sound"), /can you hear them/);
  assert.equal(stepName(SCENE, 2), "Step 5");
});

test("a finishing step cross-fades, and the other steps are told as before", () => {
  const faded = { step: 5, shift: 0, tiles: tiles(100), blended: true, seams: [] };
  const scene = { ...SCENE, steps: [step(0, 50), step(2, 25), faded] };
  const told = (stage, index) => story(scene, { stage, step: index });
  assert.match(told("steps", 2), /overlap and cross-fade, so nothing is cut\.$/);
  assert.equal(facts(scene, { stage: "steps", step: 2 })[0].join(""), "tiles cross-fade");
  assert.match(told("steps", 1), /cuts somewhere else/);
  assert.match(told("sound", 2), /cross-fades its tiles, so there is no cut to be heard/);
  const fixed = { ...SCENE, steps: [step(0, 50), faded] };
  assert.match(story(fixed, { stage: "steps", step: 0 }), /cuts at the same places/);
});

test("a grid that stays, and a run without cuts, are not called moving", () => {
  const fixed = { ...SCENE, steps: [step(0, 50), step(1, 50)] };
  assert.match(story(fixed, { stage: "steps", step: 0 }), /Every step cuts at the same places/);
  const one = { ...SCENE, steps: [{ step: 0, shift: 0, tiles: [[0, 256, 0, 256]], blended: false, seams: [] }] };
  const told = story(one, { stage: "steps", step: 0 });
  assert.match(told, /sees everything at once/);
  assert.match(told, /There is no cut\. *$/);
});

test("facts name the channel, the colors and the level", () => {
  const words = (stage, scene = SCENE) => facts(scene, { stage, step: 0 }).flat().join("");
  assert.match(words("steps"), /grid moved by 2 s/);
  assert.match(words("noise"), /channel 0.*±2\.8/);
  assert.match(words("noise", { ...SCENE, bins: 1 }), /channel all 8/);
  assert.match(words("sound"), /peak −6\.0 dB/);
  assert.match(words("sound", { ...SCENE, peak: 0 }), /silence/);
  assert.match(runFacts(SCENE), /"a sea" · spot · seed 3 · 10\.0 s/);
  assert.ok(runFacts({ ...SCENE, prompt: "x".repeat(500) }).length < 150);
});
