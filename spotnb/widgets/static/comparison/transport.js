// One transport for all runs and all views of the widget, and its traits `position` and `playing`.
import { shareAmongViews } from "../shared/common.js";
import { bufferOf, clamp } from "../shared/numbers.js";
import { createPlayer } from "../shared/player.js";

/** @import { Model, View } from "../shared/view.js" */
/** @import { Scene } from "./rows.js" */

const TELL = 200; // ms between two messages to the kernel while it plays
const PATIENCE = 5000; // ms for the browser to let sound start
const SILENT = "The browser starts sound only after a click or a key: press play.";

/** @typedef {ReturnType<typeof createSound>} Sound */

/**
 * @param {View} view
 * @param {Scene} scene
 * @param {(take: number) => number} level the factor by which a take is played; it depends on traits alone
 * @param {(text: string) => void} failed gets the error, or "" when it works again
 */
export function createTransport(view, scene, level, failed) {
  const { model } = view;
  const open = (/** @type {Set<View>} */ views) => createSound(model, scene, level, views);
  const { value: sound } = shareAmongViews(view, "sound", open, (each) => each.close());
  sound.complaints.add(failed);
  view.watch(["playing"], () => {
    sound.follow();
    view.repaint();
  });
  view.watch(["loop"], () => {
    sound.followLoop();
    view.repaint();
  });
  view.watch(["position"], () => {
    sound.followPosition();
    view.repaint();
  });
  view.onEnd(() => {
    sound.complaints.delete(failed);
    sound.test(view, false);
  });

  const transport = {
    get place() {
      return sound.place;
    },
    seek: (/** @type {number} */ seconds) => view.set({ position: sound.rounded(seconds) }),
    seekBy: (/** @type {number} */ seconds) => transport.seek(transport.place + seconds),
    toggle: () => view.set({ playing: !model.get("playing") }),
    /** Switches to a run without changing the place. `dip` makes all switches sound alike. */
    hear: (/** @type {number} */ take, dip = false) => sound.hear(view, take, dip),
    /** During a blind test in this view, the other views do not switch. */
    test: (/** @type {boolean} */ runs) => sound.test(view, runs),
    balance: sound.balance,
  };
  sound.follow(); // set before this view existed
  return transport;
}

/**
 * The sound that all views share. Each of them reports every change of a trait, so a change counts only once.
 * @param {Model} model
 * @param {Scene} scene
 * @param {(take: number) => number} level
 * @param {Set<View>} views
 */
function createSound(model, scene, level, views) {
  /** @type {Set<(text: string) => void>} */
  const complaints = new Set();
  const position = positionOf(model, scene.duration);
  const player = createPlayer({ level, onPlace });
  const loop = loopOf(model);
  const load = once(() => player.load(scene.rows.map((row) => bufferOf(row.sound))));
  let wanted = false; // `playing`, as it was followed last
  let active = false; // between play and pause: a halt in between is the end

  function onPlace(/** @type {number} */ seconds, /** @type {boolean} */ playing) {
    for (const view of views) view.repaint();
    if (!active) return;
    if (playing) return position.tell(seconds, position.isDue());
    position.tell(scene.duration, false);
    end();
  }

  function end() {
    model.set("playing", false);
    model.save_changes();
  }

  async function start() {
    const trouble = await load();
    if (trouble) return fail(`This browser cannot decode the sound: ${trouble}`);
    if (!model.get("playing")) return;
    await player.repeat(model.get("loop"));
    await player.seek(model.get("position"));
    await inTime(player.play(), () => !player.playing && fail(SILENT));
    active = player.playing;
    if (!active) return;
    complain("");
    if (!model.get("playing")) stop();
  }

  const complain = (/** @type {string} */ text) => {
    for (const tell of complaints) tell(text);
  };
  const fail = (/** @type {string} */ text) => {
    complain(text);
    end();
  };

  function stop() {
    const was = active;
    active = false;
    player.pause();
    if (was && model.get("position") < scene.duration) position.tell(player.place, true);
  }

  return {
    complaints,
    get place() {
      return active ? player.place : model.get("position");
    },
    rounded: position.rounded,
    balance: player.balance,
    follow() {
      const playing = model.get("playing");
      if (playing === wanted) return;
      wanted = playing;
      if (playing) start();
      else stop();
    },
    followLoop() {
      if (loop.hasChanged() && active) player.repeat(model.get("loop"));
    },
    followPosition() {
      if (position.hasMoved() && active) player.seek(model.get("position"));
    },
    ...createSwitch(player.choose, () => model.get("selected")),
    close() {
      active = false;
      player.close();
      if (model.get("playing")) end();
    },
  };
}

/**
 * Decides which views may switch between the runs: during blind tests, only those that test.
 * @param {(take: number, dip: boolean) => void} choose
 * @param {() => number} selected
 */
function createSwitch(choose, selected) {
  /** @type {Set<View>} */
  const testing = new Set();
  return {
    hear(/** @type {View} */ view, /** @type {number} */ take, /** @type {boolean} */ dip) {
      if (!testing.size || testing.has(view)) choose(take, dip);
    },
    test(/** @type {View} */ view, /** @type {boolean} */ runs) {
      if (runs) testing.add(view);
      else if (testing.delete(view) && !testing.size) choose(selected(), true);
    },
  };
}

/**
 * Waits for the end of some work, and calls `late` if that takes long.
 * @param {Promise<void>} work
 * @param {() => void} late
 */
async function inTime(work, late) {
  const timer = setTimeout(late, PATIENCE);
  await work;
  clearTimeout(timer);
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
 * The trait `loop`. Each view reports a change of it, and only the first report counts.
 * @param {Model} model
 */
function loopOf(model) {
  let last = "";
  return {
    hasChanged() {
      const before = last;
      last = String(model.get("loop"));
      return last !== before;
    },
  };
}

/**
 * The trait `position`, as it is set while the sound plays.
 * @param {Model} model
 * @param {number} duration
 */
function positionOf(model, duration) {
  let own = false;
  let sent = 0;
  let last = model.get("position");
  const rounded = (/** @type {number} */ seconds) => clamp(Math.round(seconds * 1e4) / 1e4, 0, duration);
  return {
    rounded,
    isDue: () => performance.now() - sent > TELL,
    /** Whether somebody else has set the trait since the last call. */
    hasMoved() {
      const now = model.get("position");
      const moved = !own && now !== last;
      last = now;
      return moved;
    },
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
