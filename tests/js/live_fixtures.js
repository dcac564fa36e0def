// What tests/live/fixtures.py writes, and the networks of tests/live/fixture_model.py.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Latent } from "../../spotnb/live/static/latent.js";
import { Model } from "../../spotnb/live/static/model.js";
import { draw } from "../../spotnb/live/static/noise.js";

const STRIDE = 5;

export function fixture(name) {
  return JSON.parse(readFileSync(new URL(`../live/${name}.json`, import.meta.url), "utf-8"));
}

// Every few numbers, as fixtures store them.
export function thin(values, stride = STRIDE) {
  return Array.from({ length: Math.ceil(values.length / stride) }, (_, k) => values[k * stride]);
}

// The tolerance is a share of the largest number, or of 1.
export function assertClose(found, expected, tolerance, what = "") {
  assert.equal(found.length, expected.length, what);
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  for (const [k, value] of expected.entries()) {
    const close = Math.abs(found[k] - value) <= tolerance * largest;
    assert.ok(close, `${what}: number ${k} is ${found[k]}, expected ${value}`);
  }
}

// Noise as of `normal` in tests/live/fixtures.py.
export const normal = (size, seed) => draw(size, seed, 0, "start");

// A tokenizer that knows the words of the fixtures.
export const tokenizer = {
  vocabulary: { one: 4, two: 5, three: 6, four: 7 },
  special: { "<s>": 0 },
  begin: 0,
  end: 2,
  padding: 1,
  unknown: 3,
  limit: 40,
};

function textEncoder({ mask }) {
  const [rows, longest] = mask.dims;
  const [embeds, typical] = [[], []];
  for (let row = 0; row < rows; row += 1) {
    const ones = mask.data.slice(row * longest, (row + 1) * longest).filter((one) => one === 1n);
    const words = ones.length - 2;
    const [first, second] = [words / 10, (words % 3) / 5];
    embeds.push(first, second);
    for (const channel of [1, 2])
      for (let bin = 0; bin < 4; bin += 1) typical.push(first * channel - (second * bin) / 4);
  }
  return {
    embeds: { data: Float32Array.from(embeds) },
    beats: { data: new Float32Array(rows) },
    typical: { data: Float32Array.from(typical) },
  };
}

function denoiser({ x, t, embeds, starts }) {
  const [rows, channels, frames, bins] = x.dims;
  const eps = new Float32Array(x.data.length);
  for (let k = 0; k < eps.length; k += 1) {
    const row = Math.floor(k / (channels * frames * bins));
    const frame = Math.floor(k / bins) % frames;
    const here = x.data[k];
    const mixed = here + 0.3 * (frame ? x.data[k - bins] : 0) + 0.2 * (frame < frames - 1 ? x.data[k + bins] : 0);
    const [first, second] = embeds.data.subarray(2 * row, 2 * row + 2);
    const turn = (((starts.data[row] % 7) + 7) % 7) / 7;
    const level = Number(t.data[row]) / 1000 + 0.5;
    eps[k] = (mixed / (1 + Math.abs(mixed))) * level + (first * here) / (1 + here * here) + second * turn;
  }
  assert.equal(rows, t.data.length);
  return { eps: { data: eps } };
}

function decoder({ latent }) {
  const [, channels, frames, bins] = latent.dims;
  const mel = new Float32Array(4 * frames * 64);
  for (let row = 0; row < 4 * frames; row += 1) {
    for (let band = 0; band < 64; band += 1) {
      let sum = 0;
      for (let channel = 0; channel < channels; channel += 1) {
        sum += latent.data[(channel * frames + Math.floor(row / 4)) * bins + Math.floor(band / 16)];
      }
      mel[row * 64 + band] = sum / channels + row / (4 * frames) - 5;
    }
  }
  return { mel: { data: mel } };
}

export const networks = {
  run: async (name, inputs) => ({ text_encoder: textEncoder, denoiser, decoder })[name](inputs),
};

const [facts] = fixture("runs");

// The model of the fixtures. The name of a network may stand for another one.
export function fixtureModel(changes = {}, own = {}) {
  const description = {
    format: 2,
    name: "fixture",
    sample_rate: 16000,
    samples_per_frame: 640,
    channels: 2,
    latent_bins: 4,
    native_frames: 16,
    time_multiple: 4,
    tokenizer,
    decoder: { window: 256, overlap: 64, ring_reach: 64 },
    vocoder: { bands: 64, window: 1024, fade: 480, hop: 160, tones: 8, anchor_spacing: 48, pass: 2048, context: 64 },
    defaults: {},
    ...facts,
    ...changes,
  };
  return new Model(description, { run: (name, inputs) => (own[name] ?? networks.run)(name, inputs) });
}

export const noiseLatent = (frames, seed) => new Latent({ channels: 2, bins: 4 }, frames, normal(8 * frames, seed));
