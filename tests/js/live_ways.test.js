import assert from "node:assert/strict";
import test, { afterEach, beforeEach } from "node:test";
import { OpenModel } from "../../spotnb/live/static/page/open_model.js";
import { filesFor } from "../../spotnb/live/static/page/runtimes.js";
import { tryingWords } from "../../spotnb/live/static/page/sentences.js";
import { PLAIN, waysToTry } from "../../spotnb/live/static/page/ways.js";

const THREADS = { provider: "wasm", threads: 4 };
const CARD = { provider: "webgpu", threads: 1 };
const KEPT = "spotnb-ways";
let now = 0;
const clock = performance.now;

beforeEach(() => {
  const kept = new Map();
  globalThis.localStorage = /** @type {any} */ ({
    getItem: (/** @type {string} */ key) => kept.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => kept.set(key, value),
  });
  performance.now = () => now;
});

afterEach(() => {
  performance.now = clock;
});

const nameOf = (/** @type {any} */ { provider, threads }) => (provider === "webgpu" ? "card" : `${threads}`);

/**
 * A visit to a page, where sounds take some milliseconds.
 * @param {any[]} ways
 * @param {Record<string, number>} milliseconds by way: "1", "4", "card"
 * @param {Record<string, number[]>} [samples] the sound, by way
 */
function visit(ways, milliseconds, samples = {}) {
  const opened = /** @type {string[]} */ ([]);
  const open = /** @type {string[]} */ ([]);
  const tried = /** @type {any[]} */ ([]);
  const start = async (/** @type {any} */ way) => {
    const name = nameOf(way);
    opened.push(name);
    if (!(name in milliseconds)) throw new Error("not here");
    open.push(name);
    const make = async () => {
      now += milliseconds[name];
      return { waveform: Float32Array.from(samples[name] ?? [0.5, -1]) };
    };
    return /** @type {any} */ ({ make, close: () => open.splice(open.indexOf(name), 1) });
  };
  const model = new OpenModel(start, Promise.resolve(ways));
  const sound = async (signal = new AbortController().signal) => {
    const engine = await model.engine(signal, (each) => tried.push(each));
    return engine && nameOf(model.way);
  };
  return { model, sound, opened, open, tried };
}

test("a page that is not isolated, without a graphics card, has no other way, and nothing is measured", async () => {
  assert.deepEqual(await waysToTry(true), []);
  const { sound, opened, tried } = visit([], { 1: 10 });
  assert.equal(await sound(), "1");
  assert.equal(await sound(), "1");
  assert.deepEqual([opened, tried], [["1"], []]);
});

test("a graphics card is a way where its files are, unless it is the processor in disguise", async () => {
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  const withAdapter = (/** @type {any} */ requestAdapter) =>
    Object.defineProperty(globalThis, "navigator", { value: { gpu: { requestAdapter } }, configurable: true });
  try {
    withAdapter(async () => ({ info: { isFallbackAdapter: false } }));
    assert.deepEqual(await waysToTry(true), [CARD]);
    assert.deepEqual(await waysToTry(false), []);
    for (const adapter of [
      async () => null,
      async () => ({ info: { isFallbackAdapter: true } }),
      async () => {
        throw new Error("blocked");
      },
    ]) {
      withAdapter(adapter);
      assert.deepEqual(await waysToTry(true), []);
    }
  } finally {
    Object.defineProperty(globalThis, "navigator", /** @type {PropertyDescriptor} */ (before));
  }
});

test("the first sound does not wait for a measurement, and the second is made in the fastest way", async () => {
  const { sound, opened, open, tried } = visit([THREADS, CARD], { 1: 10, 4: 4, card: 2 });
  assert.equal(await sound(), "1");
  assert.deepEqual([opened, tried], [["1"], []]);
  assert.equal(await sound(), "card");
  assert.deepEqual([opened, open], [["1", "4", "card"], ["card"]]);
  assert.deepEqual(tried, [[THREADS, CARD]]);
  assert.equal(await sound(), "card");
  assert.equal(opened.length, 3);
});

test("the winner stays open while others are measured", async () => {
  const { sound, opened, open } = visit([THREADS, CARD], { 1: 10, 4: 4, card: 6 });
  await sound();
  assert.equal(await sound(), "4");
  assert.deepEqual([opened, open], [["1", "4", "card"], ["4"]]);
});

test("a way that is slower, that fails or that gives another sound is not taken", async () => {
  for (const [times, samples] of /** @type {any[]} */ ([
    [{ 1: 10, card: 11 }, {}],
    [{ 1: 10 }, {}],
    [{ 1: 10, card: 4 }, { card: [0.503, -1] }],
    [{ 1: 10, card: 4 }, { card: [0.5] }],
    [{ 1: 10, card: 4 }, { card: [Number.NaN, -1] }],
  ])) {
    localStorage.setItem(KEPT, "");
    const { sound, open } = visit([CARD], times, samples);
    await sound();
    assert.equal(await sound(), "1");
    assert.deepEqual(open, ["1"]);
    assert.equal(await visit([CARD], times).sound(), "1");
  }
});

test("sounds that differ by rounding are the same", async () => {
  const { sound } = visit([THREADS], { 1: 10, 4: 4 }, { 4: [0.501, -1] });
  await sound();
  assert.equal(await sound(), "4");
});

test("what was measured is remembered, for the same ways", async () => {
  const first = visit([CARD], { 1: 10, card: 4 });
  await first.sound();
  await first.sound();
  const again = visit([CARD], { 1: 10, card: 40 });
  assert.equal(await again.sound(), "card");
  assert.equal(await again.sound(), "card");
  assert.deepEqual([again.opened, again.tried], [["card"], []]);
  const other = visit([THREADS, CARD], { 1: 10, 4: 20, card: 4 });
  assert.equal(await other.sound(), "1");
});

test("a way that was remembered and fails now gives room to the one that works everywhere", async () => {
  localStorage.setItem(KEPT, JSON.stringify({ tried: [CARD], best: CARD }));
  const { sound, opened } = visit([CARD], { 1: 10 });
  assert.equal(await sound(), "1");
  assert.deepEqual(opened, ["card", "1"]);
  assert.equal(await visit([CARD], { 1: 10, card: 1 }).sound(), "1");
});

test("after a failed sound, a way is not taken again", async () => {
  localStorage.setItem(KEPT, JSON.stringify({ tried: [CARD], best: CARD }));
  const { model, sound, open } = visit([CARD], { 1: 10, card: 1 });
  assert.equal(await sound(), "card");
  await model.distrust();
  assert.deepEqual(open, []);
  assert.equal(await sound(), "1");
  await model.distrust();
  assert.deepEqual(open, ["1"]);
});

test("a browser that keeps nothing measures at every visit", async () => {
  for (const broken of [{ getItem: () => "{", setItem() {} }, {}]) {
    globalThis.localStorage = /** @type {any} */ (broken);
    const { sound, opened } = visit([THREADS], { 1: 10, 4: 4 });
    await sound();
    assert.equal(await sound(), "4");
    assert.deepEqual(opened, ["1", "4"]);
  }
});

test("a cancel while it is measured leaves nothing open and nothing remembered", async () => {
  const { sound, open, opened } = visit([THREADS], { 1: 10, 4: 4 });
  const cancel = new AbortController();
  await sound();
  const second = sound(cancel.signal);
  cancel.abort(new DOMException("cancelled", "AbortError"));
  await assert.rejects(second, { name: "AbortError" });
  assert.deepEqual(open, []);
  assert.equal(localStorage.getItem(KEPT), null);
  assert.equal(await sound(), "1");
  assert.equal(opened.at(-1), "1");
});

test("for the graphics card, other files stand in the place of the runtime's", () => {
  const files = ["worker.js", "runtime.mjs", "runtime.wasm", "denoiser.onnx"].map((name) => ({ name, size: 1 }));
  const webgpu = ["webgpu.mjs", "webgpu.wasm"].map((name) => ({ name, size: 2 }));
  const listing = { folder: "", digest: "", files, webgpu };
  const names = (/** @type {any} */ provider) => filesFor(listing, provider).map(({ name }) => name);
  assert.deepEqual(names("wasm"), ["worker.js", "runtime.mjs", "runtime.wasm", "denoiser.onnx"]);
  assert.deepEqual(names("webgpu"), ["worker.js", "webgpu.mjs", "webgpu.wasm", "denoiser.onnx"]);
});

test("what is measured is said in words", () => {
  assert.match(tryingWords(/** @type {any} */ ([CARD])), /fastest here: one thread or the graphics card …/);
  const all = /** @type {any} */ ([THREADS, CARD]);
  assert.match(tryingWords(all), /fastest here: one thread, 4 threads or the graphics card …/);
  assert.equal(PLAIN.threads, 1);
});
