// How many threads compute: one, or several where the page is isolated, if they were measured to be faster here, and to
// give the same sound.

/** @import { Settings } from "../settings.js" */
/** @import { Engine } from "./engine.js" */

/** @typedef {(threads: number) => Promise<Engine>} Open */
/** @typedef {{ seconds: number, waveform: Float32Array }} Tried */

const MOST = 4;
const TOLERANCE = 1e-3; // of the largest sample
const KEPT = "spotnb-threads";
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

/** The number of threads that is worth a trial; 1 where the browser gives a page only one. */
export function threadsToTry() {
  return globalThis.crossOriginIsolated ? Math.min(MOST, navigator.hardwareConcurrency || 1) : 1;
}

/**
 * Opens the model with as many threads as are best, which is measured once and remembered by the browser.
 * @param {Open} open
 * @param {number} many threads to try
 * @param {AbortSignal} signal
 * @param {() => void} onTrial before a measurement
 */
export async function openFastest(open, many, signal, onTrial) {
  if (many === 1) return open(1);
  const known = remembered(many);
  if (known) return open(known);
  onTrial();
  const one = await tried(open, 1, signal);
  const several = await tried(open, many, signal).catch(() => null); // a browser that cannot is no reason to fail
  signal.throwIfAborted();
  const threads = several && several.seconds < one.seconds && agree(one.waveform, several.waveform) ? many : 1;
  remember(many, threads);
  return open(threads);
}

/**
 * Makes a short sound twice, since the first time takes longer, and closes the model.
 * @param {Open} open
 * @param {number} threads
 * @param {AbortSignal} signal
 * @returns {Promise<Tried>}
 */
async function tried(open, threads, signal) {
  const engine = await open(threads);
  try {
    await engine.make(TRIAL, UNFOLLOWED, signal);
    const begun = performance.now();
    const { waveform } = await engine.make(TRIAL, UNFOLLOWED, signal);
    return { seconds: (performance.now() - begun) / 1000, waveform };
  } finally {
    engine.close();
  }
}

/** @param {Float32Array} one @param {Float32Array} other */
function agree(one, other) {
  const largest = one.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return one.length === other.length && one.every((value, k) => Math.abs(value - other[k]) <= TOLERANCE * largest);
}

/** @param {number} many */
function remembered(many) {
  try {
    const { tried: before, best } = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    return before === many && (best === 1 || best === many) ? /** @type {number} */ (best) : null;
  } catch {
    return null; // damaged, or a browser that keeps nothing
  }
}

/** @param {number} many @param {number} best */
function remember(many, best) {
  try {
    localStorage.setItem(KEPT, JSON.stringify({ tried: many, best }));
  } catch {
    // a browser that keeps nothing measures again
  }
}
