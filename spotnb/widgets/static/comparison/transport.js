// One transport for all runs, and its traits `position` and `playing`. If a widget is shown twice, only one view
// sounds.
import { bufferOf, clamp } from "../shared/numbers.js";
import { createPlayer } from "../shared/player.js";

/** @import { Model, View } from "../shared/view.js" */
/** @import { Scene } from "./rows.js" */

const TELL = 200; // ms between two messages to the kernel while it plays
const PATIENCE = 1500; // ms for the browser to let sound start
/** @type {WeakMap<Model, object>} */
const owners = new WeakMap(); // of each model: the view that sounds

/**
 * @param {View} view
 * @param {Scene} scene
 * @param {(take: number) => number} level the factor by which a take is played
 * @param {(text: string) => void} failed gets the error, or "" when it works again
 */
export function createTransport(view, scene, level, failed) {
  const { model } = view;
  const owner = ownerOf(model);
  const position = positionOf(model, scene.duration);
  const player = createPlayer(view, { level, onPlace });
  const load = once(() => player.load(scene.rows.map((row) => bufferOf(row.sound))));
  let active = false; // between play and pause: a halt in between is the end

  function onPlace(/** @type {number} */ seconds, /** @type {boolean} */ playing) {
    view.repaint();
    if (!owner.mine() || !active) return;
    if (playing) return position.tell(seconds, position.isDue());
    position.tell(scene.duration, false);
    view.set({ playing: false });
  }

  async function start() {
    const trouble = await load();
    if (trouble) return fail(`This browser cannot decode the sound: ${trouble}`);
    if (!owner.mine() || !model.get("playing")) return;
    await player.seek(model.get("position"));
    const late = setTimeout(() => {
      if (!player.playing && owner.mine()) fail("The browser starts sound only after a click or a key: press play.");
    }, PATIENCE);
    await player.play();
    clearTimeout(late);
    active = player.playing;
    if (active) failed("");
    if (active && (!owner.mine() || !model.get("playing"))) stop();
  }

  function fail(/** @type {string} */ text) {
    failed(text);
    view.set({ playing: false });
  }

  function stop() {
    const was = active;
    active = false;
    player.pause();
    if (was && owner.mine() && model.get("position") < scene.duration) position.tell(player.place, true);
    owner.release();
  }

  view.watch(["playing"], () => {
    if (!model.get("playing")) {
      if (owner.mine()) stop();
    } else if (owner.claim()) {
      start();
    }
    view.repaint();
  });
  view.watch(["position"], () => {
    if (!position.isOwn() && owner.mine() && active) player.seek(model.get("position"));
    view.repaint();
  });
  view.onEnd(() => {
    active = false;
    if (owner.release() && model.get("playing")) view.set({ playing: false });
  });

  const transport = {
    get place() {
      return owner.mine() && active ? player.place : model.get("position");
    },
    seek: (/** @type {number} */ seconds) => view.set({ position: position.rounded(seconds) }),
    seekBy: (/** @type {number} */ seconds) => transport.seek(transport.place + seconds),
    toggle: () => view.set({ playing: !model.get("playing") }),
    /** Switches to a run without changing the place. `dip` makes all switches sound alike. */
    hear: (/** @type {number} */ take, dip = false) => player.choose(take, dip),
    balance: player.balance,
  };
  if (model.get("playing") && owner.claim()) start(); // set before this view was there
  return transport;
}

/**
 * Does the work at the first call only, or again if it failed. Returns the error, or "".
 * @param {() => Promise<void>} work
 */
function once(work) {
  /** @type {Promise<void> | null} */
  let done = null;
  return async () => {
    done ??= work();
    try {
      await done;
      return "";
    } catch (error) {
      done = null;
      return error instanceof Error ? error.message : String(error);
    }
  };
}

/**
 * Decides which view of a model sounds.
 * @param {Model} model
 */
function ownerOf(model) {
  const me = {};
  const mine = () => owners.get(model) === me;
  return {
    mine,
    /** Takes the sound if no view has it. Returns whether this view has it then. */
    claim() {
      if (!owners.has(model)) owners.set(model, me);
      return mine();
    },
    /** Gives the sound back. Returns whether this view had it. */
    release: () => mine() && owners.delete(model),
  };
}

/**
 * The trait `position`, as this view sets it while it plays.
 * @param {Model} model
 * @param {number} duration
 */
function positionOf(model, duration) {
  let own = false;
  let sent = 0;
  const rounded = (/** @type {number} */ seconds) => clamp(Math.round(seconds * 1e4) / 1e4, 0, duration);
  return {
    rounded,
    /** Whether the current change of the trait comes from this view. */
    isOwn: () => own,
    isDue: () => performance.now() - sent > TELL,
    /** With `save`, the kernel gets it too. */
    tell(/** @type {number} */ seconds, /** @type {boolean} */ save) {
      own = true;
      model.set("position", rounded(seconds));
      own = false;
      if (!save) return;
      sent = performance.now();
      model.save_changes();
    },
  };
}
