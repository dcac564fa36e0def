// The sentences of LatentInspector.
import { blended, cuts } from "../shared/layout.js";
import { hzOf } from "../shared/mel_scale.js";
import { withMinus } from "../shared/numbers.js";
import { DB, frequency } from "../shared/spectrogram.js";
import { seconds } from "../shared/time.js";
import { valueAt } from "./quantities.js";
import { layoutOf, nameOf } from "./state.js";

/** @import { Fact } from "../shared/dom.js" */
/** @import { KeyMeaning } from "../shared/keys.js" */
/** @import { Band } from "./geometry.js" */
/** @import { Picture } from "./pictures.js" */
/** @import { Cell } from "./quantities.js" */
/** @import { State } from "./state.js" */
/** @import { Quantity, Store } from "./store.js" */

/** @type {Record<Quantity, string>} */
export const NAMES = {
  x: "Noisy latent",
  x0: "Clean estimate",
  noise: "Noise",
  difference: "Noisy less clean",
};

/** What each quantity is, for somebody who sees it for the first time. @type {Record<Quantity, string>} */
const MEANING = {
  x: "The noisy latent: what the run holds after this step. It is all noise at first, and the sound itself at the end.",
  x0: "The clean estimate: the finished latent as the network guesses it from what this step sees. It is blurred at first.",
  noise: "The noise that the network predicts in the noisy latent. What remains without it is the clean estimate.",
  difference: "The noisy latent less the clean estimate: the noise that is still to be removed.",
};

/** What else is to be known, as terms and their meanings. @type {[string, string][]} */
export const GLOSSARY = [
  [
    "channel",
    "A latent is a compressed spectrogram in several layers, as a photo has red, green and blue. The autoencoder has learned what each layer holds, so a channel has no name. Look for shapes that change, not for single values.",
  ],
  [
    "bins",
    "The rows of a channel, from low notes at the bottom to high ones at the top, a few hundred hertz each or more.",
  ],
  [
    "color",
    "Red is above zero, blue is below, and white is zero. The bar below the picture has the values at its ends.",
  ],
  ["mean, std", "Average and spread of all values shown. Pure noise has a mean of 0 and a std of 1."],
  [
    "std of a clean estimate",
    "Far below that of the last step means that the network still averages over many possible sounds.",
  ],
  ["min, max", "The extremes. Those of a clean estimate that go on growing hint at too much guidance."],
  ["t", "How noisy the latent is when the step begins: almost 1000 is pure noise, 0 is clean."],
  ["shift", "How far the tiles of this step are moved from the start of the sound."],
  [
    "tiles, ▼",
    "The bars on top are the tiles that the network sees one by one. ▼ is a seam, where two of them meet. In the last steps of a run tiles may overlap and cross-fade, drawn as slopes: nothing is cut there.",
  ],
  ["spectrogram", "The clean estimate, decoded to a sound: bright where it is loud, low notes at the bottom."],
];

/** @type {KeyMeaning[]} */
export const KEYS = [
  ["← →", "the steps (with shift by 8)"],
  ["Home, End", "the first and the last step"],
  ["Space", "play the steps"],
  ["P", "play the sound of this step"],
  ["↑ ↓", "all channels, or one"],
  [", .", "the frame that is read (with shift by a second)"],
  ["Page Up, Page Down", "its bin"],
  ["+ −", "zoom"],
  ["Escape", "the whole length, and no frame"],
  ["Click", "read a value, and move the sound there"],
  ["Double click", "one channel, or all"],
  ["Drag", "move a zoomed picture"],
  ["Wheel", "the steps, where the picture is in focus"],
];

/**
 * What is shown, in a sentence.
 * @param {State} state
 */
export function meaning({ quantity }) {
  return MEANING[quantity];
}

/**
 * @param {Store} store
 * @param {number} step
 * @param {boolean} narrow
 */
export function caption(store, step, narrow) {
  const what = "Spectrogram of the clean estimate";
  return narrow ? what : `${what}: the sound if the run ended at step ${nameOf(store, step)}`;
}

/**
 * Why there is no spectrogram.
 * @param {Store} store
 * @param {number} step
 * @param {string | null} failure
 * @param {boolean} offline
 */
export function spectrogramWords(store, step, failure, offline) {
  if (failure !== null) return failure;
  if (!store.has(step, "x0")) return "The clean estimate of this step was not recorded";
  return offline ? "This page does not hold the spectrogram of this step" : "Decoding …";
}

/**
 * The value of the spectrogram below the pointer.
 * @param {Store} store
 * @param {number} step
 * @param {Band} at
 * @param {number | null} value the natural logarithm of the magnitude
 */
export function bandReading(store, step, { frame, band }, value) {
  const where = `Step ${nameOf(store, step)}, ${seconds(frame, store.scene.framesPerSecond, 2)} s`;
  const level = value === null ? "not decoded yet" : `${withMinus((DB * value).toFixed(1))} dB`;
  return `${where}, ${frequency(hzOf(band))} (mel band ${band}): ${level}`;
}

/** @param {number} value */
export function number(value) {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "infinity" : "−infinity";
  const size = Math.abs(value);
  if (size >= 1e4 || (size > 0 && size < 1e-3)) return withMinus(value.toExponential(2));
  return withMinus(value.toFixed(size >= 100 ? 1 : 3));
}

/**
 * The reason why there is nothing to see, or null.
 * @param {Store} store
 * @param {State} state
 */
export function absence(store, { step, quantity }) {
  if (!store.parts[step]) return "Nothing is recorded yet: the first step will appear here.";
  if (store.has(step, quantity)) return null;
  return `${NAMES[quantity]} was not recorded at step ${nameOf(store, step)}.`;
}

/**
 * The statistics of what is shown, and which step it is.
 * @param {Store} store
 * @param {State} state
 * @returns {Fact[]}
 */
export function facts(store, { step, quantity, channel }) {
  const { mean, std, min, max, bad } = store.statistics(step, quantity, channel);
  const { timestep, shift, blended } = store.parts[step].facts;
  const rows = Object.entries({ mean, std, min, max }).map(([name, value]) => [name, number(value)]);
  const moved = `${seconds(shift, store.scene.framesPerSecond)} s`;
  rows.push(["t =", String(timestep)], blended ? ["tiles", "cross-fade, nothing is cut"] : ["shift", moved]);
  if (bad) rows.push([bad === 1 ? "NaN or infinite value:" : "NaN or infinite values:", String(bad)]);
  return rows.map(([name, value]) => /** @type {const} */ ([`${name} `, value]));
}

/**
 * The value of a cell and its accuracy.
 * @param {Store} store
 * @param {State} state
 * @param {Cell | null} cell
 */
export function reading(store, { step, quantity }, cell) {
  if (!cell) return "\u00a0";
  const { frame, bin, channel } = cell;
  const when = `Step ${nameOf(store, step)}, ${seconds(frame, store.scene.framesPerSecond, 2)} s (frame ${frame})`;
  const where = `${when}${store.scene.bins > 1 ? `, bin ${bin}` : ""}, channel ${channel}`;
  const it = valueAt(store, step, quantity, cell);
  if (!it) return `${where}: its value has not traveled`;
  const { value, error, derived, factor } = it;
  const bound = Number.isFinite(value) && error > 0 ? ` ± ${Number(error.toPrecision(1))}` : "";
  const asides = [
    derived && "derived",
    factor > 1 && `every ${factor}th frame`,
    it.step !== store.parts[step].facts.step && `of step ${it.step}`,
  ].filter(Boolean);
  return `${where}: ${number(value)}${bound}${asides.length ? ` (${asides.join(", ")})` : ""}`;
}

/**
 * Remarks about everything that is not shown exactly as it was recorded.
 * @param {Store} store
 * @param {State} state
 * @param {{ base: Picture | null, fine: Picture | null }} drawn
 * @param {boolean} offline
 */
export function remarks(store, { step, quantity }, drawn, offline) {
  const notes = [];
  const near = store.near(step);
  const detail = store.details.has(step);
  const picture = (detail && drawn.fine) || drawn.base;
  if (picture?.derived) {
    notes.push(
      quantity === "noise"
        ? "The noise is derived: from the latent, the clean estimate and the noise level."
        : "The difference is derived: the latent less the clean estimate.",
    );
  }
  if (near !== step && !detail) {
    const [there, here] = [nameOf(store, near), nameOf(store, step)];
    notes.push(`The planes of step ${there} stand in for those of step ${here}, which have not traveled.`);
  }
  if (picture && picture.factor > 1) {
    notes.push(`Every ${picture.factor}th frame is drawn${offline ? "" : "; zoom in for all"}.`);
  }
  return notes.join(" ");
}

/**
 * The picture in words.
 * @param {Store} store
 * @param {State} state
 * @param {string} read what is read of a cell, or nothing while sound plays
 */
export function description(store, state, read) {
  const { step, quantity, channel } = state;
  const which = channel === null ? "all channels" : `channel ${channel}`;
  const numbers = facts(store, state).map(([name, value]) => name + value);
  const count = store.parts[step].facts.tiles.length;
  const layout = layoutOf(store, step);
  const seams = blended(layout) ? ` ${count} tiles.` : ` ${count} tiles, ${cuts(layout).length} seams.`;
  return `${NAMES[quantity]} at step ${nameOf(store, step)}, ${which}: ${numbers.join(", ")}.${state.tiles ? seams : ""}${read}`;
}

/**
 * The action of the sound button.
 * @param {{ ready: boolean, playing: boolean, waiting: boolean }} sound
 */
export function soundAction({ ready, playing, waiting }) {
  if (ready) return playing ? "Pause" : "Play the clean estimate";
  return waiting ? "Decoding …" : "Hear the clean estimate";
}

/**
 * Which sound is loaded, and where it is.
 * @param {string} name of its step
 * @param {{ place: number, duration: number }} sound in seconds
 */
export function placeWords(name, { place, duration }) {
  return `step ${name}: ${place.toFixed(1)} of ${duration.toFixed(1)} s`;
}

/**
 * What a saved page can play.
 * @param {Store} store
 * @param {number[]} steps
 */
export function savedWords(store, steps) {
  if (!steps.length) return "This page holds no sound";
  const names = steps.sort((a, b) => a - b).map((step) => nameOf(store, step));
  if (names.length === 1) return `This page holds the sound of step ${names[0]}`;
  return `This page holds the sound of steps ${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
