// The ways to compute: WebAssembly on one thread, which works everywhere; on several, where the page is isolated; and
// WebGPU, where there is a graphics card. Another way than the first is used if it was measured to be faster here, and
// to give the same sound.

/** @import { Settings } from "../settings.js" */
/** @import { Engine } from "./engine.js" */
/** @import { Provider } from "./runtimes.js" */

import { aborted } from "./engine.js";
import { LoadError } from "./files.js";

/** @typedef {{ provider: Provider, threads: number }} Way */
/** @typedef {(way: Way, signal: AbortSignal) => Promise<Engine>} Open */
/** @typedef {{ seconds: number, waveform: Float32Array }} Measured */

/** @type {Way} */
export const PLAIN = { provider: "wasm", threads: 1 };

const MOST = 4; // threads
const TOLERANCE = 1e-3; // of the root mean square
const [PATIENCE, CARD_PATIENCE] = [30_000, 2000]; // ms for the sounds of a trial, and to find a graphics card
const KEPT = "spotnb-ways";
/** With more than one window and with guidance, as sounds have them. @type {Partial<Settings>} */
const TRIAL = {
  prompt: "piano",
  duration: 6,
  steps: 2,
  guidance_scale: 2.5,
  guidance_interval: null,
  finish_steps: 0,
  seed: 0,
};
const UNFOLLOWED = { onProgress() {}, onStep() {} };

/**
 * The ways that are worth a trial beside `PLAIN`.
 * @param {boolean} served whether the page came over http, so that it can load more files
 * @returns {Promise<Way[]>}
 */
export async function waysToTry(served) {
  if (!served) return [];
  const threads = globalThis.crossOriginIsolated ? Math.min(MOST, navigator.hardwareConcurrency || 1) : 1;
  /** @type {Way[]} */
  const ways = threads > 1 ? [{ provider: "wasm", threads }] : [];
  if (await hasGraphicsCard()) ways.push({ provider: "webgpu", threads: 1 });
  return ways;
}

async function hasGraphicsCard() {
  try {
    const { gpu } = /** @type {any} */ (navigator);
    const adapter = await within(
      CARD_PATIENCE,
      Promise.resolve(gpu?.requestAdapter({ powerPreference: "high-performance" })),
    );
    const disguised = adapter?.info?.isFallbackAdapter ?? adapter?.isFallbackAdapter; // it computes on the processor
    return Boolean(adapter) && !disguised;
  } catch {
    return false;
  }
}

/** @param {Way} way */
export function wayWords({ provider, threads }) {
  if (provider === "webgpu") return "the graphics card";
  return threads === 1 ? "one thread" : `${threads} threads`;
}

/**
 * Measures all ways one after the other, because two open models take too much memory.
 * @param {Engine} plain the model opened in the way `PLAIN`, which has made a sound; it is closed
 * @param {Open} open
 * @param {Way[]} ways
 * @param {AbortSignal} signal
 * @returns {Promise<{ best: Way, certain: boolean }>} the best way, and whether every other one could be loaded
 */
export async function fastest(plain, open, ways, signal) {
  const usual = await timed(plain, signal).finally(() => plain.close());
  let [best, seconds, certain] = [PLAIN, usual.seconds, true];
  for (const way of ways) {
    try {
      const tried = await trial(open, way, signal);
      if (tried.seconds < seconds && agree(usual.waveform, tried.waveform)) [best, seconds] = [way, tried.seconds];
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof LoadError) certain = false; // any other error is a browser that cannot
    }
  }
  return { best, certain };
}

/**
 * @param {Open} open
 * @param {Way} way
 * @param {AbortSignal} signal
 */
async function trial(open, way, signal) {
  const engine = await open(way, signal);
  const sounds = engine.make(TRIAL, UNFOLLOWED, signal).then(() => timed(engine, signal)); // the first takes longer
  return within(PATIENCE, Promise.race([sounds, aborted(signal)])).finally(() => engine.close());
}

/**
 * @param {Engine} engine
 * @param {AbortSignal} signal
 * @returns {Promise<Measured>}
 */
async function timed(engine, signal) {
  const begun = performance.now();
  const { waveform } = await engine.make(TRIAL, UNFOLLOWED, signal);
  return { seconds: (performance.now() - begun) / 1000, waveform };
}

/**
 * @template T
 * @param {number} ms
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
function within(ms, promise) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`nothing within ${ms} ms`)), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** @param {Float32Array} one @param {Float32Array} other */
function agree(one, other) {
  const square = (/** @type {number} */ sum, /** @type {number} */ value) => sum + value ** 2;
  const apart = one.map((value, k) => value - other[k]).reduce(square, 0); // NaN if the other is shorter
  return one.length === other.length && apart <= TOLERANCE ** 2 * one.reduce(square, 0);
}

/**
 * The way that was best among these when they were measured with these files, or null.
 * @param {Way[]} ways
 * @param {string} digest of the files
 * @returns {Way | null}
 */
export function remembered(ways, digest) {
  try {
    const { tried, best, files } = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    if (files !== digest || JSON.stringify(tried) !== JSON.stringify(ways)) return null;
    return [PLAIN, ...ways].find((way) => JSON.stringify(way) === JSON.stringify(best)) ?? null;
  } catch {
    return null; // damaged, or a browser that keeps nothing
  }
}

/** @param {Way[]} tried @param {Way} best @param {string} files their digest */
export function remember(tried, best, files) {
  try {
    localStorage.setItem(KEPT, JSON.stringify({ tried, best, files }));
  } catch {
    // a browser that keeps nothing measures again
  }
}
