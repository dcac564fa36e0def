// The sentences of LatentInspector.
import { seams } from "../shared/layout.js";
import { withMinus } from "../shared/numbers.js";
import { seconds } from "../shared/time.js";
import { valueAt } from "./quantities.js";
import { layoutOf, nameOf } from "./state.js";

/** @import { Fact } from "../shared/dom.js" */
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
export const KEYS =
  "In the picture: left and right for the steps (with shift by 8), Home and End, space to play them, up and down for the channel, P to hear the clean estimate, comma and full stop for the frame that is read (with shift by a second), Page Up and Page Down for its bin, + and − to zoom, Escape for the whole length and no frame. A click reads a frame, a drag moves a zoomed picture, a double click opens a channel. The wheel scrubs where the picture is in focus.";

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
  const { timestep, shift } = store.parts[step].facts;
  const rows = Object.entries({ mean, std, min, max }).map(([name, value]) => [name, number(value)]);
  rows.push(["t =", String(timestep)], ["shift", String(shift)]);
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
  const cuts = state.tiles ? ` ${count} tiles, ${seams(layoutOf(store, step)).length} seams.` : "";
  return `${NAMES[quantity]} at step ${nameOf(store, step)}, ${which}: ${numbers.join(", ")}.${cuts}${read}`;
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
