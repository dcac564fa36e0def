// Messages between LatentInspector and the kernel.
import { bytesOf } from "../shared/numbers.js";
import { LEVELS } from "./codes.js";
import { inflated } from "./coding.js";

/** @import { View } from "../shared/view.js" */
/** @import { Range } from "./geometry.js" */
/** @import { Spectra } from "./spectra.js" */
/** @import { Store } from "./store.js" */

const ASK_AFTER = 150; // ms without a change before something is requested
const COLUMNS = 2048; // across: more than a screen shows

/**
 * The visible part of a record as [start, stop] if it was not sent in full and in full precision, or else null.
 * @param {Store} store
 * @param {number} index
 * @param {Range} range
 * @returns {Range | null}
 */
export function missingOf({ scene, parts }, index, range) {
  const [start, stop] = [Math.max(0, Math.floor(range[0])), Math.min(scene.frames, Math.ceil(range[1]))];
  const lacking = parts.length > 0 && !parts[index].facts.planes.length;
  const finer = Math.ceil((stop - start) / COLUMNS) < scene.factor;
  const coarse = parts.length > 0 && parts[index].levels < LEVELS;
  return lacking || finer || coarse ? [start, stop] : null;
}

/**
 * Requests missing details of the visible part, once the picture rests.
 * @param {View} view
 * @param {Store} store
 */
export function createAsking(view, store) {
  let asked = "";
  let timer = 0;
  view.onEnd(() => clearTimeout(timer));
  return (/** @type {number} */ index, /** @type {Range} */ range) => {
    const missing = missingOf(store, index, range);
    if (!missing) return;
    const [start, stop] = missing;
    const key = [store.edition, index, start, stop].join(" ");
    if (key === asked) return;
    asked = key;
    clearTimeout(timer);
    timer = window.setTimeout(() => view.model.send({ type: "detail", step: index, start, stop }), ASK_AFTER);
  };
}

/**
 * Tells the kernel which step is looked at, once the picture rests, so that it decodes this step next.
 * @param {View} view
 * @param {Store} store
 */
export function createLooking(view, store) {
  let looked = "";
  let timer = 0;
  view.onEnd(() => clearTimeout(timer));
  return (/** @type {number} */ index) => {
    const key = `${store.edition} ${index}`;
    if (key === looked || store.scene.silent !== null || !store.has(index, "x0")) return;
    looked = key;
    clearTimeout(timer);
    timer = window.setTimeout(() => view.model.send({ type: "look", step: index }), ASK_AFTER);
  };
}

/**
 * Receives what the kernel sends, and requests the records that were sent before this view existed.
 * @param {View} view
 * @param {Store} store
 * @param {Spectra} spectra
 * @param {{ trouble: (text: string) => void, changed: () => void }} heard
 */
export function receiveRecords(view, store, spectra, heard) {
  const { model } = view;
  let before = Promise.resolve(); // records are taken in the order in which they come
  async function take(/** @type {any} */ message, /** @type {Uint8Array} */ bytes) {
    if (message.type === "records") {
      if (message.edition !== store.edition) spectra.forget(message.from);
      if (!store.accept(message, await inflated(bytes))) model.send({ type: "records", from: 0 });
    }
    if (message.type === "spectrogram" && message.edition === store.edition) {
      spectra.accept(message, await inflated(bytes));
    }
    if (message.type === "detail") store.acceptDetail(message, bytes);
    if (message.type === "trouble") heard.trouble(message.text);
    heard.changed();
  }
  view.hear("msg:custom", (message, buffers) => {
    before = before
      .then(() => take(message, bytesOf(buffers?.[0])))
      .catch((error) => {
        heard.trouble(String(error));
        heard.changed();
      });
  });
  if (model.get("offline")) return;
  const stale = store.edition !== model.get("_edition");
  const from = stale ? 0 : store.parts.length;
  if (stale || from < model.get("_count")) model.send({ type: "records", from });
}
