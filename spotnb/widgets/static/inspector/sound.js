// The sound of the clean estimate. The kernel decodes it ahead, or on request; it is played here.
import { h, icon } from "../shared/dom.js";
import { pressable } from "../shared/keys.js";
import { bufferOf } from "../shared/numbers.js";
import { createViewPlayer } from "../shared/player.js";
import { placeWords, savedWords, soundAction } from "./sentences.js";
import { nameOf } from "./state.js";

/** @import { View } from "../shared/view.js" */
/** @import { State } from "./state.js" */
/** @import { Store } from "./store.js" */

/**
 * @param {View} view
 * @param {Store} store
 * @param {() => State} read
 */
export function createSound(view, store, read) {
  const { model } = view;
  const offline = Boolean(model.get("offline"));
  const saved = offline ? savedSounds(model.get("_sounds")) : new Map();
  const button = pressable(view, { class: "spotnb-labelled" }, "", listen);
  const heard = h("span", { class: "spotnb-muted" });
  const player = createViewPlayer(view, { onPlace: view.repaint });
  /** @type {{ step: number, edition: number } | null} */
  let waiting = null; // the sound that was asked for here
  /** @type {{ step: number, edition: number } | null} */
  let loaded = null;
  let trouble = "";
  const isReady = () => loaded !== null && loaded.step === read().step && loaded.edition === store.edition;
  const isWaiting = () => waiting !== null && waiting.edition === store.edition;

  async function take(/** @type {boolean} */ play) {
    const sound = model.get("_sound");
    if (sound.step === undefined || sound.edition !== store.edition) return;
    if (waiting?.step === sound.step) waiting = null;
    if (sound.error) {
      fail(sound.error);
      return;
    }
    await load(sound.step, sound.data, play);
  }

  async function load(/** @type {number} */ step, /** @type {DataView} */ data, /** @type {boolean} */ play) {
    await player.load([bufferOf(data)]);
    loaded = { step, edition: store.edition };
    trouble = "";
    if (play && isReady()) await player.play();
    view.repaint();
  }

  const fail = (/** @type {string} */ text) => {
    trouble = text;
    view.repaint();
  };

  function listen() {
    if (button.disabled) return;
    const { step } = read();
    if (isReady()) {
      player.toggle();
    } else if (saved.has(step)) {
      load(step, saved.get(step), true);
    } else {
      player.pause();
      waiting = { step, edition: store.edition };
      trouble = "";
      model.send({ type: "decode", step });
    }
    view.repaint();
  }

  if (!offline) view.watch(["_sound"], () => take(isWaiting() && waiting?.step === model.get("_sound").step));
  return {
    element: h("div", { class: "spotnb-row" }, button, heard),
    player,
    isReady,
    listen,
    take,
    show() {
      const { step } = read();
      const ready = isReady() || saved.has(step);
      const silent = store.scene.silent ?? (offline && !ready ? savedWords(store, [...saved.keys()]) : null);
      button.disabled = Boolean(silent) || isWaiting() || !store.has(step, "x0");
      showWord(button, soundAction({ ready, playing: player.playing, waiting: isWaiting() }), player.playing);
      const name = loaded && nameOf(store, loaded.step);
      heard.textContent = trouble || silent || (name === null ? "" : placeWords(name, player));
    },
    /** Shows that the kernel could not do it. */
    fail(/** @type {string} */ text) {
      waiting = null;
      fail(text);
    },
    /** Stops the sound if it is not that of the step shown. */
    hush: () => player.playing && !isReady() && player.pause(),
  };
}

/**
 * The sounds in a saved page, by their steps.
 * @param {{ step: number, data: DataView }[]} sounds
 * @returns {Map<number, DataView>}
 */
function savedSounds(sounds) {
  return new Map(sounds.map(({ step, data }) => [step, data]));
}

/** @param {HTMLButtonElement} button @param {string} word @param {boolean} playing */
function showWord(button, word, playing) {
  if (button.dataset.word === word) return;
  button.dataset.word = word;
  button.replaceChildren(icon(playing ? "pause" : "play"), ` ${word}`);
}
