import assert from "node:assert/strict";
import test, { afterEach, beforeEach } from "node:test";
import { LoadError } from "../../spotnb/live/static/page/files.js";
import { OpenModel } from "../../spotnb/live/static/page/open_model.js";
import { filesFor } from "../../spotnb/live/static/page/runtimes.js";
import { tryingWords } from "../../spotnb/live/static/page/sentences.js";
import { PLAIN, waysToTry } from "../../spotnb/live/static/page/ways.js";

const THREADS = { provider: "wasm", threads: 4 };
const CARD = { provider: "webgpu", threads: 1 };
const KEPT = "spotnb-ways";
const MORE = [{ name: "webgpu.wasm", size: 6_600_000 }];
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
 * @param {Record<string, number | Error>} milliseconds by way: "1", "4", "card"; an error if it cannot be opened
 * @param {Record<string, number[] | Error>} [samples] the sound, by way
 * @param {string} [digest] of the files
 */
function visit(ways, milliseconds, samples = {}, digest = "files") {
  const opened = /** @type {string[]} */ ([]);
  const open = /** @type {string[]} */ ([]);
  const tried = /** @type {any[]} */ ([]);
  const hooks = { opening(/** @type {string} */ _name) {} };
  const start = async (/** @type {any} */ way, /** @type {AbortSignal} */ until) => {
    const name = nameOf(way);
    opened.push(name);
    const time = milliseconds[name] ?? new Error("not here");
    if (time instanceof Error) throw time;
    hooks.opening(name);
    until.throwIfAborted();
    open.push(name);
    const make = async (
      /** @type {any} */ _settings,
      /** @type {any} */ _follow,
      /** @type {AbortSignal} */ signal,
    ) => {
      await Promise.resolve();
      signal.throwIfAborted();
      now += time;
      const sound = samples[name] ?? [0.5, -1];
      if (sound instanceof Error) throw sound;
      return { waveform: Float32Array.from(sound) };
    };
    return /** @type {any} */ ({ make, close: () => open.splice(open.indexOf(name), 1) });
  };
  const model = new OpenModel(start, async () => ways, digest);
  const sound = async (signal = new AbortController().signal) => {
    const engine = await model.engine(signal, (each) => tried.push(each));
    return engine && nameOf(model.way);
  };
  return { model, sound, opened, open, tried, hooks };
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
  assert.deepEqual([opened, open], [["1", "4", "card", "card"], ["card"]]);
  assert.deepEqual(tried, [[THREADS, CARD]]);
  assert.equal(await sound(), "card");
  assert.equal(opened.length, 4);
});

test("no two models are open at a time", async () => {
  const { sound, opened, open, hooks } = visit([THREADS, CARD], { 1: 10, 4: 4, card: 6 });
  hooks.opening = () => assert.deepEqual(open, []);
  await sound();
  assert.equal(await sound(), "4");
  assert.deepEqual([opened, open], [["1", "4", "card", "4"], ["4"]]);
});

test("a way that is slower, that fails or that gives another sound is not taken", async () => {
  for (const [times, samples] of /** @type {any[]} */ ([
    [{ 1: 10, card: 11 }, {}],
    [{ 1: 10 }, {}],
    [{ 1: 10, card: 4 }, { card: [0.503, -1] }],
    [{ 1: 10, card: 4 }, { card: [0.5] }],
    [{ 1: 10, card: 4 }, { card: [Number.NaN, -1] }],
    [{ 1: 10, card: 4 }, { card: new Error("lost") }],
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
  assert.equal(await visit([CARD], { 1: 10, card: 4 }, {}, "newer files").sound(), "1");
});

test("a way that was remembered and fails now gives room to the one that works everywhere", async () => {
  localStorage.setItem(KEPT, JSON.stringify({ tried: [CARD], best: CARD, files: "files" }));
  const { sound, opened } = visit([CARD], { 1: 10 });
  assert.equal(await sound(), "1");
  assert.deepEqual(opened, ["card", "1"]);
  assert.equal(await visit([CARD], { 1: 10, card: 1 }).sound(), "1");
});

test("after a failed sound, a way is not taken again", async () => {
  localStorage.setItem(KEPT, JSON.stringify({ tried: [CARD], best: CARD, files: "files" }));
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
    assert.deepEqual(opened, ["1", "4", "4"]);
  }
});

test("a browser that keeps nothing does not take a failed way again in the same visit", async () => {
  globalThis.localStorage = /** @type {any} */ ({});
  const { model, sound } = visit([CARD], { 1: 10, card: 4 });
  await sound();
  assert.equal(await sound(), "card");
  await model.distrust();
  for (const _ of [1, 2]) assert.equal(await sound(), "1");
});

test("a file that cannot be loaded says nothing of a way, and ends the measuring for this visit", async () => {
  const missing = new LoadError("no answer");
  const first = visit([CARD], { 1: 10, card: missing });
  await first.sound();
  for (const _ of [1, 2]) assert.equal(await first.sound(), "1");
  assert.equal(first.tried.length, 1);
  assert.equal(localStorage.getItem(KEPT), null);
  const kept = JSON.stringify({ tried: [CARD], best: CARD, files: "files" });
  localStorage.setItem(KEPT, kept);
  assert.equal(await visit([CARD], { 1: 10, card: missing }).sound(), "1");
  assert.equal(localStorage.getItem(KEPT), kept);
});

test("a cancel or an error while it is measured leaves nothing open and nothing remembered", async () => {
  for (const moment of ["1", "4", "card"]) {
    const { sound, open, opened, tried, hooks } = visit([THREADS, CARD], { 1: 10, 4: 4, card: 2 });
    const cancel = new AbortController();
    const abort = () => cancel.abort(new DOMException("cancelled", "AbortError"));
    await sound();
    if (moment === "1") abort();
    hooks.opening = (name) => {
      if (name === moment) abort();
    };
    await assert.rejects(sound(cancel.signal), { name: "AbortError" });
    assert.deepEqual(open, [], moment);
    assert.equal(localStorage.getItem(KEPT), null);
    assert.equal(await sound(), "1");
    assert.equal(await sound(), "1");
    assert.deepEqual([opened.at(-1), tried.length], ["1", 1]);
  }
  const samples = /** @type {any} */ ({});
  const { sound, open } = visit([THREADS], { 1: 10, 4: 4 }, samples);
  await sound();
  samples[1] = new Error("out of memory");
  await assert.rejects(sound(), /out of memory/);
  assert.deepEqual(open, []);
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
  assert.match(
    tryingWords(/** @type {any} */ ([CARD]), MORE),
    /fastest here: one thread or the graphics card \(7 MB to load\) …/,
  );
  const all = /** @type {any} */ ([THREADS, CARD]);
  assert.match(tryingWords(all, MORE), /fastest here: one thread, 4 threads or the graphics card \(7 MB to load\) …/);
  assert.equal(PLAIN.threads, 1);
});
