import assert from "node:assert/strict";
import test, { afterEach, beforeEach } from "node:test";
import { openFastest, threadsToTry } from "../../spotnb/live/static/page/threads.js";

const MANY = 4;
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

/**
 * A way to open models whose sounds take some milliseconds.
 * @param {Record<number, number>} milliseconds by the number of threads
 * @param {Record<number, number>} [samples] the first sample of the sound, by the number of threads
 */
function opener(milliseconds, samples = {}) {
  const opened = /** @type {number[]} */ ([]);
  const closed = /** @type {number[]} */ ([]);
  const open = async (/** @type {number} */ threads) => {
    opened.push(threads);
    if (!(threads in milliseconds)) throw new Error("no threads here");
    const made = async () => {
      now += milliseconds[threads];
      return { waveform: Float32Array.of(samples[threads] ?? 0.5, -1) };
    };
    return /** @type {any} */ ({ threads, make: made, close: () => closed.push(threads) });
  };
  return { open, opened, closed };
}

/** @param {ReturnType<typeof opener>} made @param {number} [many] */
async function best({ open }, many = MANY) {
  const engine = await openFastest(open, many, new AbortController().signal, () => {});
  return /** @type {any} */ (engine).threads;
}

test("a page that is not isolated has one thread, and nothing is measured", async () => {
  assert.equal(threadsToTry(), 1);
  const made = opener({ 1: 10 });
  assert.equal(await best(made, 1), 1);
  assert.deepEqual(made.opened, [1]);
});

test("threads are used if they are faster, and the trials are closed", async () => {
  const made = opener({ 1: 10, 4: 4 });
  assert.equal(await best(made), 4);
  assert.deepEqual(made.closed, [1, 4]);
});

test("threads that are slower, that fail or that give another sound are not used", async () => {
  for (const made of [opener({ 1: 10, 4: 11 }), opener({ 1: 10 }), opener({ 1: 10, 4: 4 }, { 4: 0.502 })]) {
    localStorage.setItem("spotnb-threads", "");
    assert.equal(await best(made), 1);
  }
});

test("sounds that differ by rounding are the same", async () => {
  assert.equal(await best(opener({ 1: 10, 4: 4 }, { 4: 0.5005 })), 4);
});

test("what was measured is remembered, for the same number of threads", async () => {
  await best(opener({ 1: 10, 4: 4 }));
  const again = opener({ 1: 10, 4: 40 });
  assert.equal(await best(again), 4);
  assert.deepEqual(again.opened, [4]);
  const other = opener({ 1: 10, 2: 20 });
  assert.equal(await best(other, 2), 1);
  assert.deepEqual(other.opened, [1, 2, 1]);
});

test("a browser that keeps nothing measures again", async () => {
  for (const broken of [{ getItem: () => "{", setItem() {} }, {}]) {
    globalThis.localStorage = /** @type {any} */ (broken);
    const made = opener({ 1: 10, 4: 4 });
    assert.equal(await best(made), 4);
    assert.deepEqual(made.opened, [1, 4, 4]);
  }
});

test("a cancel while it is measured ends the opening", async () => {
  const made = opener({ 1: 10, 4: 4 });
  const cancel = new AbortController();
  const open = async (/** @type {number} */ threads) => {
    if (threads === 4) cancel.abort(new DOMException("cancelled", "AbortError"));
    return made.open(threads);
  };
  await assert.rejects(
    openFastest(open, MANY, cancel.signal, () => {}),
    { name: "AbortError" },
  );
  assert.equal(localStorage.getItem("spotnb-threads"), null);
});
