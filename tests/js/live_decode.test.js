import assert from "node:assert/strict";
import test from "node:test";
import { crossFade, decodeSound, latentToMel } from "../../spotnb/live/static/decode.js";
import { Fourier } from "../../spotnb/live/static/fourier.js";
import { logMel } from "../../spotnb/live/static/mel.js";
import { seamScore } from "../../spotnb/live/static/seam_score.js";
import { anchorFrames, stretches } from "../../spotnb/live/static/tones.js";
import { Vocoder } from "../../spotnb/live/static/vocoder.js";
import { assertClose, fixture, fixtureModel, noiseLatent, normal, thin } from "./live_fixtures.js";

const [BINS, BANDS, HOP] = [513, 64, 160];
const [{ filters: rows }, ...sounds] = fixture("vocoded");
const filters = rows.map(([first, ...weights]) => ({ first, weights }));

const exponential = (value) => Math.exp(Math.min(6, value - 1));

// The outputs of the vocoder's network in tests/live/fixtures.py: noise.
function spectra(frames, tones) {
  const [head, toneHead] = [normal(frames * 2 * BINS, 1), normal(Math.max(16, frames * 3 * tones), 2)];
  const part = (source, width, parts, value) => {
    return Float32Array.from({ length: frames * width }, (_, k) => {
      const row = Math.floor(k / width) * parts * width + (k % width);
      return value(...Array.from({ length: parts }, (_, index) => source[row + index * width]));
    });
  };
  return {
    real: part(head, BINS, 2, (size, angle) => exponential(size) * Math.cos(angle)),
    imaginary: part(head, BINS, 2, (size, angle) => exponential(size) * Math.sin(angle)),
    magnitude: part(toneHead, tones, 3, exponential),
    offset: part(toneHead, tones, 3, (_, raw) => 1.5 * Math.tanh(raw)),
    jitter: part(toneHead, tones, 3, (_, __, raw) => 2.5 / (1 + Math.exp(-raw))),
  };
}

function vocoderOf(facts, outputs) {
  const own = { bands: BANDS, window: 1024, hop: HOP, overshoot: 1.5, pass: 2048, context: 64, filters, ...facts };
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

for (const { asked, sound } of sounds) {
  test(`the sound of a vocoder is Python's: ${JSON.stringify(asked)}`, async () => {
    const mel = normal(asked.frames * BANDS, 3).map((value) => 2 * value - 5);
    const model = vocoderOf(asked, () => spectra(asked.frames, asked.tones));
    const found = await new Vocoder(model).sound(mel);
    assert.equal(found.length, asked.frames * HOP);
    assertClose(thin(found, 37), sound, 2e-5);
  });
}

test("sound in passes is that of one pass", async () => {
  const frames = 50;
  const mel = normal(frames * BANDS, 3);
  const outputs = ({ data, dims }) => {
    const real = Float32Array.from(
      { length: dims[1] * BINS },
      (_, k) => data[Math.floor(k / BINS) * BANDS + ((k % BINS) % BANDS)],
    );
    return { real, imaginary: real.map((value) => value / 2) };
  };
  const facts = { tones: 0, refinements: 0 };
  const whole = await new Vocoder(vocoderOf(facts, outputs)).sound(mel);
  const told = [];
  const parted = vocoderOf({ ...facts, pass: 16, context: 8 }, outputs);
  const pieces = await new Vocoder(parted).sound(mel, (done, all) => told.push([done, all]));
  assertClose(pieces, [...whole], 1e-6);
  assert.deepEqual(told, [
    [16, 50],
    [32, 50],
    [48, 50],
    [50, 50],
  ]);
});

test("a decoded sound has its length, is clipped, and on a ring goes around", async () => {
  const outputs = ({ dims }) => {
    const real = new Float32Array(dims[1] * BINS);
    for (let k = 32; k < real.length; k += BINS) real[k] = 3000;
    return { real, imaginary: new Float32Array(real.length) };
  };
  const model = vocoderOf({ tones: 0, refinements: 0 }, outputs);
  for (const ring of [false, true]) {
    const { waveform, mel } = await decodeSound(model, noiseLatent(20, 1), 12345, ring);
    assert.equal(waveform.length, 12345);
    assert.equal(mel.length, 80 * BANDS);
    assert.equal(Math.max(...waveform), 1);
    assert.equal(Math.min(...waveform), -1);
  }
});

test("a spectrum becomes the sound that it is of", () => {
  const fourier = new Fourier(1024, HOP);
  for (const frames of [7, 8]) {
    const sound = Float64Array.from(normal(frames * HOP, 5));
    const back = fourier.sound(fourier.spectrum(sound));
    assertClose(back, [...sound], 1e-9);
  }
});

test("log-mels and seam scores are Python's", () => {
  for (const { samples, mel, seams, measured } of fixture("mels")) {
    const sound = Float64Array.from(normal(samples, 4), (value) => Math.fround(0.1) * value);
    const found = logMel(new Fourier(1024, HOP).spectrum(sound), BINS, filters);
    assertClose(thin(found, 37), mel, 1e-5);
    const { score, perSeam, pValue } = seamScore(found, BANDS, seams, 4);
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
