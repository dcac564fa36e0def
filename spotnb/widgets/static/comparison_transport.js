// One transport for all runs, and its traits `position` and `playing`. Where a widget is shown twice, one view sounds.
import { createPlayer } from "./shared/player.js";
import { bytesOf, clamp } from "./shared/view.js";

const TELL = 200; // ms between two messages to the kernel while it plays
const PATIENCE = 1500; // ms for the browser to let sound start
const owners = new WeakMap(); // of each model: the view that sounds

// `level(take)` is a factor; `failed(text)` is told what went wrong, or "" when it goes again.
export function createTransport(view, scene, level, failed) {
  const { model } = view;
  const me = {};
  let loading = null;
  let active = false; // between play and pause: a halt in between is the end
  let own = false;
  let told = 0;

  const player = createPlayer(view, { level, onPlace });
  const mine = () => owners.get(model) === me;

  function tell(seconds, save) {
    own = true;
    model.set("position", clamp(Math.round(seconds * 1e4) / 1e4, 0, scene.duration));
    own = false;
    if (save) {
      told = performance.now();
      model.save_changes();
    }
  }

  function onPlace(seconds, playing) {
    view.repaint();
    if (!mine() || !active) return;
    if (playing) return tell(seconds, performance.now() - told > TELL);
    tell(scene.duration, false);
    view.set({ playing: false });
  }

  async function start() {
    try {
      loading ??= player.load(scene.rows.map((row) => bytesOf(row.sound).slice().buffer));
      await loading;
    } catch (error) {
      loading = null;
      failed(`This browser cannot decode the sound: ${error.message}`);
      view.set({ playing: false });
      return;
    }
    if (!mine() || !model.get("playing")) return;
    await player.seek(model.get("position"));
    const late = setTimeout(() => {
      if (player.playing || !mine()) return;
      failed("The browser starts sound only after a click or a key: press play.");
      view.set({ playing: false });
    }, PATIENCE);
    await player.play();
    clearTimeout(late);
    active = player.playing;
    if (active) failed("");
    if (active && (!mine() || !model.get("playing"))) stop();
  }

  function stop() {
    const was = active;
    active = false;
    player.pause();
    if (was && mine() && model.get("position") < scene.duration) tell(player.place, true);
    if (mine()) owners.delete(model);
  }

  view.watch(["playing"], () => {
    if (model.get("playing")) {
      if (!owners.has(model)) owners.set(model, me);
      if (mine()) start();
    } else if (mine()) {
      stop();
    }
    view.repaint();
  });
  view.watch(["position"], () => {
    if (!own && mine() && active) player.seek(model.get("position"));
    view.repaint();
  });
  view.onEnd(() => {
    active = false;
    if (!mine()) return;
    owners.delete(model);
    if (model.get("playing")) view.set({ playing: false });
  });

  const transport = {
    get place() {
      return mine() && active ? player.place : model.get("position");
    },
    seek(seconds) {
      view.set({ position: clamp(Math.round(seconds * 1e4) / 1e4, 0, scene.duration) });
    },
    seekBy: (seconds) => transport.seek(transport.place + seconds),
    toggle: () => view.set({ playing: !model.get("playing") }),
    // Which run is heard; its place stays. `dip` makes all switches sound alike.
    hear: (take, dip) => player.choose(take, dip),
    balance: () => player.balance(),
  };
  if (model.get("playing") && !owners.has(model)) {
    owners.set(model, me); // set before this view was there
    start();
  }
  return transport;
}
