// The ways to compute: WebAssembly on one thread, which works everywhere; on several, where the page is isolated; and
// WebGPU, where there is a graphics card. Another way than the first is used if it was measured to be faster here, and
// to give the same sound.

/** @import { Settings } from "../settings.js" */
/** @import { Engine } from "./engine.js" */
/** @import { Provider } from "./runtimes.js" */

import { aborted } from "./engine.js";

/** @typedef {{ provider: Provider, threads: number }} Way */
/** @typedef {(way: Way, signal: AbortSignal) => Promise<Engine>} Open */
/** @typedef {{ way: Way, engine: Engine | null, seconds: number, waveform: Float32Array }} Tried without its engine once that is closed */

/** @type {Way} */
export const PLAIN = { provider: "wasm", threads: 1 };

const MOST = 4; // threads
const TOLERANCE = 1e-3; // of the root mean square
const PATIENCE = 30_000; // ms for a trial
const KEPT = "spotnb-ways";
/** @type {Partial<Settings>} */
const TRIAL = {
  prompt: "piano",
  duration: 5,
  steps: 1,
  guidance_scale: 1,
  guidance_interval: null,
  finish_steps: 0,
  seed: 0,
};
const UNFOLLOWED = { onProgress() {}, onStep() {} };

/**
 * The ways that are worth a trial beside `PLAIN`.
 * @param {boolean} gpu whether the files for WebGPU can be had
 * @returns {Promise<Way[]>}
 */
export async function waysToTry(gpu) {
  const threads = globalThis.crossOriginIsolated ? Math.min(MOST, navigator.hardwareConcurrency || 1) : 1;
  /** @type {Way[]} */
  const ways = threads > 1 ? [{ provider: "wasm", threads }] : [];
  if (gpu && (await hasGraphicsCard())) ways.push({ provider: "webgpu", threads: 1 });
  return ways;
}

async function hasGraphicsCard() {
  try {
    const { gpu } = /** @type {any} */ (navigator);
    const adapter = await gpu?.requestAdapter({ powerPreference: "high-performance" });
    return Boolean(adapter) && !adapter.info?.isFallbackAdapter; // which computes on the processor
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
 * Measures all ways, and returns the model that is opened in the best one, which the browser remembers.
 * @param {Engine} plain the model opened in the way `PLAIN`, which has made a sound; it is closed
 * @param {Open} open
 * @param {Way[]} ways
 * @param {AbortSignal} signal
 * @returns {Promise<{ way: Way, engine: Engine }>}
 */
export async function fastest(plain, open, ways, signal) {
  const usual = { way: PLAIN, engine: null, ...(await timed(plain, signal)) };
  plain.close(); // two open models take too much memory
  /** @type {Tried} */
  let best = usual;
  for (const way of ways) {
    const tried = await trial(open, way, signal);
    if (!signal.aborted && tried && tried.seconds < best.seconds && agree(usual.waveform, tried.waveform)) {
      best.engine?.close();
      best = tried;
    } else tried?.engine?.close();
  }
  if (signal.aborted) best.engine?.close();
  signal.throwIfAborted();
  remember(ways, best.way);
  return { way: best.way, engine: best.engine ?? (await open(PLAIN, signal)) };
}

/**
 * A model opened in a way, and how long a short sound takes; null where the browser cannot, or is far too slow.
 * @param {Open} open
 * @param {Way} way
 * @param {AbortSignal} signal
 * @returns {Promise<Tried | null>}
 */
async function trial(open, way, signal) {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);
  /** @type {Engine | null} */
  let engine = null;
  try {
    const opened = await open(way, limit);
    engine = opened;
    const made = opened.make(TRIAL, UNFOLLOWED, limit).then(() => timed(opened, limit)); // the first takes longer
    return { way, engine, ...(await Promise.race([made, aborted(limit)])) };
  } catch {
    engine?.close();
    return null;
  }
}

/**
 * @param {Engine} engine
 * @param {AbortSignal} signal
 */
async function timed(engine, signal) {
  const begun = performance.now();
  const { waveform } = await engine.make(TRIAL, UNFOLLOWED, signal);
  return { seconds: (performance.now() - begun) / 1000, waveform };
}

/** @param {Float32Array} one @param {Float32Array} other */
function agree(one, other) {
  const square = (/** @type {number} */ sum, /** @type {number} */ value) => sum + value ** 2;
  const apart = one.map((value, k) => value - other[k]).reduce(square, 0); // NaN if the other is shorter
  return one.length === other.length && apart <= TOLERANCE ** 2 * one.reduce(square, 0);
}

/**
 * The way that was best among these when they were measured, or null.
 * @param {Way[]} ways
 * @returns {Way | null}
 */
export function remembered(ways) {
  try {
    const { tried, best } = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    if (JSON.stringify(tried) !== JSON.stringify(ways)) return null;
    return [PLAIN, ...ways].find((way) => JSON.stringify(way) === JSON.stringify(best)) ?? null;
  } catch {
    return null; // damaged, or a browser that keeps nothing
  }
}

/** @param {Way[]} tried @param {Way} best */
export function remember(tried, best) {
  try {
    localStorage.setItem(KEPT, JSON.stringify({ tried, best }));
  } catch {
    // a browser that keeps nothing measures again
  }
}
