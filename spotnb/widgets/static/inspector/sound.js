// The sound of the clean estimate. The kernel decodes it on request; it is played here.
import { h, icon } from "../shared/dom.js";
import { pressable } from "../shared/keys.js";
import { bufferOf } from "../shared/numbers.js";
import { createViewPlayer } from "../shared/player.js";
import { placeWords, soundAction } from "./sentences.js";
import { nameOf } from "./state.js";

/** @import { View } from "../shared/view.js" */
/** @import { State } from "./state.js" */
/** @import { Store } from "./store.js" */

const SAVED = "A saved page plays what was decoded before";

/**
 * @param {View} view
 * @param {Store} store
 * @param {() => State} read
 */
export function createSound(view, store, read) {
  const { model } = view;
  const offline = Boolean(model.get("offline"));
  const button = pressable(view, { class: "spotnb-labelled" }, "", listen);
  const heard = h("span", { class: "spotnb-muted" });
  const player = createViewPlayer(view, { onPlace: view.repaint });
  /** @type {number | null} */
  let waiting = null; // the step whose sound was asked for here
  /** @type {{ step: number, edition: number } | null} */
  let loaded = null;
  let trouble = "";
  const isReady = () => loaded !== null && loaded.step === read().step && loaded.edition === store.edition;

  async function take(/** @type {boolean} */ play) {
    const sound = model.get("_sound");
    if (sound.step === undefined || (sound.edition !== store.edition && !offline)) return;
    if (waiting === sound.step) waiting = null;
    if (sound.error) {
      fail(sound.error);
      return;
    }
    await player.load([bufferOf(sound.data)]);
    loaded = { step: sound.step, edition: store.edition };
    trouble = "";
    if (play && isReady()) await player.play();
    view.repaint();
  }

  function fail(/** @type {string} */ text) {
    trouble = text;
    view.repaint();
  }

  function listen() {
    if (button.disabled) return;
    if (isReady()) {
      player.toggle();
    } else {
      player.pause();
      waiting = read().step;
      trouble = "";
      model.send({ type: "decode", step: waiting });
    }
    view.repaint();
  }

  view.watch(["_sound"], () => take(waiting === model.get("_sound").step));
  return {
    element: h("div", { class: "spotnb-row" }, button, heard),
    player,
    isReady,
    listen,
    take,
    show() {
      const { step } = read();
      const ready = isReady();
      const silent = store.scene.silent ?? (offline && !ready ? SAVED : null);
      button.disabled = Boolean(silent) || waiting !== null || !store.has(step, "x0");
      showWord(button, soundAction({ ready, playing: player.playing, waiting: waiting !== null }), player.playing);
      const name = loaded && nameOf(store, loaded.step);
      heard.textContent = trouble || silent || (name === null ? "" : placeWords(name, player));
    },
    /** Shows that the kernel could not do it. */
    fail(/** @type {string} */ text) {
      waiting = null;
      fail(text);
    },
    /** Stops the sound if it is not that of the step shown. */
    hush() {
      if (player.playing && !isReady()) player.pause();
    },
  };
}

/** @param {HTMLButtonElement} button @param {string} word @param {boolean} playing */
function showWord(button, word, playing) {
  if (button.dataset.word === word) return;
  button.dataset.word = word;
  button.replaceChildren(icon(playing ? "pause" : "play"), ` ${word}`);
}
