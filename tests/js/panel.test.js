// The parts of SamplerPanel that do not use the page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { unknownWords } from "../../spotnb/widgets/static/panel_form/sentences.js";
import { typedValue } from "../../spotnb/widgets/static/panel_form/values.js";
import { about } from "../../spotnb/widgets/static/panel_kept/sentences.js";
import { meaning, stageNames } from "../../spotnb/widgets/static/panel_phase/sentences.js";
import { fullScale } from "../../spotnb/widgets/static/panel_result/geometry.js";
import { facts } from "../../spotnb/widgets/static/panel_result/sentences.js";

test("numbers become numbers, and what is no number stays a text that the kernel refuses", () => {
  const number = { kind: "number", optional: false };
  assert.equal(typedValue(number, "2.5"), 2.5);
  assert.equal(typedValue(number, "-1"), -1);
  assert.equal(typedValue(number, ""), "");
  assert.equal(typedValue(number, "ten"), "ten");
  assert.equal(typedValue(number, "1e999"), "1e999");
  assert.equal(typedValue({ kind: "whole", optional: true }, " "), null);
  assert.equal(typedValue({ kind: "text", optional: false }, "7"), "7");
});

test("one unknown word and several are told differently", () => {
  assert.match(unknownWords(1), /this word/);
  assert.match(unknownWords(2), /words/);
});

const RUN = {
  prompt: "a sea",
  method: "spot",
  seed: 3,
  seconds: 10,
  last: 24,
  final: 24,
  score: [1.071, 0.2],
  sound: {},
};

test("a kept run says its method, seed, length and seam score, or where it was set aside", () => {
  assert.equal(about(RUN), "spot · seed 3 · 10 s · seam score 1.07");
  const open = { ...RUN, score: null, sound: null, last: 4 };
  assert.equal(about(open), "spot · seed 3 · 10 s · set aside after step 4 / 24");
  assert.match(about({ ...open, last: null }), /not begun/);
});

const STEP = {
  stage: "pad",
  pad: [0, 48],
  frames: 90,
  tiles: [
    [0, 30, 0, 30],
    [30, 60, 30, 60],
    [60, 90, 60, 90],
  ],
  blended: false,
  seams: [30, 60],
  next: { blended: false, seams: [20, 50, 80] },
  done: 0,
  guidance: 2.5,
  interval: null,
  rows: [],
  step: 1,
  timestep: 900,
};

test("each phase is explained", () => {
  assert.match(meaning(STEP), /3 windows.*hatched/);
  assert.doesNotMatch(meaning({ ...STEP, pad: [0, 0] }), /hatched/);
  const predicted = { ...STEP, stage: "predict", done: 2 };
  assert.match(meaning(predicted), /tile 1 once/);
  assert.match(meaning({ ...predicted, interval: [100, 700] }), /from t = 700 to 100 only/);
  assert.match(meaning({ ...predicted, rows: [{ key: "difference" }] }), /twice.*counts 2.5 times/);
  assert.match(meaning({ ...STEP, stage: "stitch" }), /tile that keeps it.*seams/);
  assert.match(meaning({ ...STEP, stage: "stitch", frames: 80 }), /take.* mean.*seams/);
  assert.equal(stageNames(predicted).predict, "2 Predict 2 / 3");
});

test("a finishing step is told to cross-fade, and not to cut", () => {
  const faded = { ...STEP, blended: true, seams: [], frames: 70, next: null };
  assert.match(meaning(faded), /covers the noisy latent with 3 windows that overlap/);
  assert.match(meaning({ ...faded, stage: "stitch" }), /fades from one to the next: nothing is cut/);
  assert.match(meaning({ ...faded, stage: "update" }), /full length\. That was the last step\.$/);
});

test("after a step, the places of the next cuts are told", () => {
  const after = (next, changes = {}) => meaning({ ...STEP, ...changes, stage: "update", next });
  const start = /^The solver took some of that noise away, once for the full length\./;
  assert.match(after(STEP.next), start);
  assert.match(after(STEP.next), /The next step cuts elsewhere\.$/);
  assert.match(after({ blended: false, seams: [30, 60] }), /The next step cuts at the same places\.$/);
  assert.match(after({ blended: true, seams: [] }), /In the next step, tiles overlap and cross-fade\.$/);
  assert.match(after({ blended: false, seams: [] }, { seams: [] }), /full length\.$/);
  assert.doesNotMatch(meaning({ ...STEP, stage: "stitch", seams: [] }), /seams/);
});

test("a result says what its seam score means", () => {
  const told = (changes) =>
    facts({
      score: { score: 0.89, p: 0.535 },
      tile: 128,
      peak: -5.2,
      lufs: null,
      seams: [],
      blended: true,
      ...changes,
    });
  const [score, peak, seams] = told({});
  assert.equal(score.slice(0, 3).join(""), "seam score 0.89: the cuts do not stand out (p\u00a0=\u00a00.54)");
  assert.match(score[3], /every 128th latent frame/);
  assert.equal(peak.join(""), "peak −5.2 dB");
  assert.equal(seams.join(""), "seams of the last step none, its tiles cross-fade");
  const cut = told({ score: { score: 4.4, p: 0 }, seams: [128], blended: false });
  assert.match(cut[0].join(""), /: the cuts stand out \(p\s<\s0\.001\)/);
  assert.equal(cut[2].join(""), "seams of the last step 1");
});

test("the scale of a waveform is the smallest round number that holds its peak", () => {
  assert.equal(fullScale(Int8Array.of(-12, 12)), 0.1);
  assert.equal(fullScale(Int8Array.of(-13, 0)), 0.2);
  assert.equal(fullScale(Int8Array.of(0, 60)), 0.5);
  assert.equal(fullScale(Int8Array.of(-127, 127)), 1);
});
