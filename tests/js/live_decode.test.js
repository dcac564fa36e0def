import assert from "node:assert/strict";
import test from "node:test";
import { crossFade, decodeSound, latentToMel } from "../../spotnb/live/static/decode.js";
import { Fourier } from "../../spotnb/live/static/fourier.js";
import { seamScore } from "../../spotnb/live/static/seam_score.js";
import { anchorFrames, stretches } from "../../spotnb/live/static/tones.js";
import { Vocoder } from "../../spotnb/live/static/vocoder.js";
import { assertClose, fixture, fixtureModel, noiseLatent, normal, thin } from "./live_fixtures.js";

const [BINS, BANDS, HOP, FADE] = [513, 64, 160, 480];

// The outputs of the vocoder's network in tests/live/fixtures.py: noise.
function noisyTones(frames, count) {
  const raw = normal(Math.max(16, frames * 3 * count), 2);
  const part = (/** @type {number} */ index, value) => {
    return Float32Array.from({ length: frames * count }, (_, k) => {
      return value(raw[Math.floor(k / count) * 3 * count + index * count + (k % count)]);
    });
  };
  return {
    magnitude: part(0, (x) => Math.exp(Math.min(6, x - 1))),
    offset: part(1, (x) => 1.5 * Math.tanh(x)),
    jitter: part(2, (x) => 2.5 / (1 + Math.exp(-x))),
  };
}

function vocoderOf(facts, outputs) {
  const own = {
    bands: BANDS,
    window: 1024,
    fade: FADE,
    hop: HOP,
    anchor_spacing: 48,
    pass: 2048,
    context: 64,
    ...facts,
  };
  const packed = (some) => Object.fromEntries(Object.entries(some).map(([name, data]) => [name, { data }]));
  return fixtureModel({ vocoder: own }, { vocoder: async (_, inputs) => packed(outputs(inputs.mel)) });
}

test("log-mels of latents are cross-faded as in Python", async () => {
  for (const { asked, mel } of fixture("decoded")) {
    const [frames, window, overlap, ring] = asked;
    const model = fixtureModel({ decoder: { window, overlap, ring_reach: 64 } });
    const told = [];
    const found = await latentToMel(model, noiseLatent(frames, frames), ring, {
      onDecoded: (done, all) => told.push([done, all]),
    });
    const all = frames + (ring ? 128 : 0);
    assert.deepEqual(told.at(-1), [all, all]);
    assert.equal(found.length, 4 * frames * BANDS);
    assertClose(thin(found, 37), mel, 2e-6, JSON.stringify(asked));
  }
});

test("windows without overlap follow each other", () => {
  const target = new Float32Array(6).fill(1);
  crossFade(target, new Float32Array(6).fill(2), 0, 2);
  assert.deepEqual([...target], [2, 2, 2, 2, 2, 2]);
});

for (const { asked, sound } of fixture("vocoded")) {
  test(`the sound of a vocoder is Python's: ${JSON.stringify(asked)}`, async () => {
    const mel = normal(asked.frames * BANDS, 3).map((value) => 2 * value - 5);
    const model = vocoderOf(asked, () => noisyTones(asked.frames, asked.tones));
    const found = await new Vocoder(model).sound(mel);
    assert.equal(found.length, asked.frames * HOP);
    assertClose(thin(found, 37), sound, 2e-5);
  });
}

test("sound in passes is that of one pass", async () => {
  const frames = 50;
  const mel = normal(frames * BANDS, 3);
  const outputs = ({ data, dims }) => {
    const magnitude = Float32Array.from({ length: dims[1] * 8 }, (_, k) => Math.abs(data[(k >> 3) * BANDS + (k % 8)]));
    return { magnitude, offset: magnitude.map((value) => value / 4), jitter: new Float32Array(magnitude.length) };
  };
  const facts = { tones: 8, anchor_spacing: 2 };
  const whole = await new Vocoder(vocoderOf(facts, outputs)).sound(mel);
  const told = [];
  const parted = vocoderOf({ ...facts, pass: 16, context: 20 }, outputs);
  const pieces = await new Vocoder(parted).sound(mel, (done, all) => told.push([done, all]));
  assertClose(pieces, [...whole], 1e-6);
  assert.deepEqual(told, [
    [16, 50],
    [32, 50],
    [48, 50],
    [50, 50],
  ]);
});

test("a decoded sound has its length, stays below the ceiling, and on a ring goes around", async () => {
  const outputs = ({ dims }) => {
    const magnitude = new Float32Array(dims[1] * 8);
    for (let k = 5; k < magnitude.length; k += 8) magnitude[k] = 3000;
    return { magnitude, offset: new Float32Array(magnitude.length), jitter: new Float32Array(magnitude.length) };
  };
  const model = vocoderOf({ tones: 8 }, outputs);
  for (const ring of [false, true]) {
    const { waveform, mel } = await decodeSound(model, noiseLatent(20, 1), 12345, ring);
    assert.equal(waveform.length, 12345);
    assert.equal(mel.length, 80 * BANDS);
    assert.equal(Math.max(...waveform), Math.fround(0.891));
    assert.equal(Math.min(...waveform), -Math.fround(0.891));
  }
});

test("a spectrum becomes the sound that it is of, with both ends faded", () => {
  const fourier = new Fourier(1024, FADE, HOP);
  const angle = (2 * Math.PI * 32) / 1024;
  for (const frames of [7, 8]) {
    const [real, imaginary] = [new Float64Array(frames * BINS), new Float64Array(frames * BINS)];
    for (let frame = 0; frame < frames; frame += 1) {
      const phase = angle * (HOP * frame - (1024 - HOP) / 2); // at the first sample of the frame
      for (const [bin, share] of [
        [31, -0.25],
        [32, 0.5],
        [33, -0.25],
      ]) {
        real[frame * BINS + bin] = 512 * share * Math.cos(phase);
        imaginary[frame * BINS + bin] = 512 * share * Math.sin(phase);
      }
    }
    const found = fourier.sound({ real, imaginary, frames });
    const expected = Array.from({ length: frames * HOP }, (_, k) => Math.cos(angle * k));
    assert.equal(found.length, frames * HOP);
    assertClose(found.slice(FADE, -FADE), expected.slice(FADE, -FADE), 1e-9);
    assert.ok(Math.abs(found[0]) < 0.9);
  }
});

test("seam scores are Python's", () => {
  for (const { frames, seams, measured } of fixture("seams")) {
    const mel = normal(frames * BANDS, 4);
    const { score, perSeam, pValue } = seamScore(mel, BANDS, seams, 4);
    assertClose([score, pValue, ...perSeam], [measured.score, measured.pValue, ...measured.perSeam], 1e-4);
  }
});

test("there is no score without seams, or with nothing else to compare", () => {
  const mel = normal(40 * BANDS, 1);
  assert.equal(seamScore(mel, BANDS, [], 4), null);
  assert.equal(seamScore(mel, BANDS, [1, 2, 3, 4, 5, 6, 7, 8, 9], 4), null);
  assert.equal(seamScore(mel, BANDS, [10], 4), null);
});

test("phases run from anchor to anchor, and freely before the first and after the last", () => {
  const { start, end } = stretches([2, 5], 7);
  assert.deepEqual([...start], [2, 2, 2, 2, 2, 5, 5]);
  assert.deepEqual([...end], [-1, -1, 5, 5, 5, -1, -1]);
  assert.deepEqual([...stretches([], 3).start], [2, 2, 2]);
});

test("the first of equal changes is an anchor, and silence has none", () => {
  const mel = new Float32Array(12).map((_, k) => (k >= 4 && k < 8 ? 1 : 0));
  assert.deepEqual(anchorFrames(mel, 1, 6), [4]);
  assert.deepEqual(anchorFrames(mel, 1, 3), [4, 8]);
  assert.deepEqual(anchorFrames(new Float32Array(12), 1, 3), []);
});
