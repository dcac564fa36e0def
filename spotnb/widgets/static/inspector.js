// LatentInspector: the latents of a run, step by step.
import { inflated } from "./inspector/coding.js";
import { createControls } from "./inspector/controls.js";
import { arrange, cellAt } from "./inspector/geometry.js";
import { bindPictureKeys, bindPicturePointer, createActions } from "./inspector/input.js";
import { lanesOf, paintInspector } from "./inspector/painter.js";
import { createPictures } from "./inspector/pictures.js";
import { createAsking, receiveRecords } from "./inspector/requests.js";
import { absence, description, facts, KEYS, reading, remarks } from "./inspector/sentences.js";
import { createSound } from "./inspector/sound.js";
import { layoutOf, nameOf, readState, selectedCell } from "./inspector/state.js";
import { Store } from "./inspector/store.js";
import { factSpans, h } from "./shared/dom.js";
import { keysHelp } from "./shared/keys.js";
import { bytesOf } from "./shared/numbers.js";
import { createPlot } from "./shared/plot.js";
import { createSteps } from "./shared/steps.js";
import { openView } from "./shared/view.js";

/** @import { Given, View } from "./shared/view.js" */
/** @import { Local } from "./inspector/input.js" */
/** @import { Painting } from "./inspector/painter.js" */
/** @import { State } from "./inspector/state.js" */
/** @import { Scene } from "./inspector/store.js" */

/**
 * @typedef {object} Parts
 * @property {Store} store
 * @property {() => State} read
 * @property {Local} local
 * @property {ReturnType<typeof createSound>} sound
 * @property {ReturnType<typeof createPictures>} pictures
 */

const TRAITS = ["step", "quantity", "channel", "colour_range", "selected_frame", "selected_bin", "tiles"];

/** @param {Given} given */
async function render(given) {
  const begun = given.model.get("_begun");
  const data = await inflated(bytesOf(begun.data));
  const view = openView(given, "inspector", "Inside the run");
  const { model } = view;
  /** @type {Scene} */
  const scene = model.get("_scene");
  const store = new Store(scene, begun, data);
  const read = () => readState(scene, store.parts.length, (trait) => model.get(trait));
  /** @type {Local} */
  const local = { range: [0, scene.frames], hover: null };
  const act = createActions(view, scene, read, local);
  const controls = createControls(view, scene.channels, act);
  const steps = createSteps(view, {
    get count() {
      return store.parts.length;
    },
    get: () => read().step,
    go: (step) => view.set({ step }),
    name: (index) => nameOf(store, index),
  });
  const sound = createSound(view, store, read);
  const pictures = createPictures(store);
  const parts = { store, read, local, sound, pictures };
  const { plot, places } = createPicture(view, parts);
  const words = createWords(view, parts);
  view.root.append(controls.element, plot.element, steps.element, sound.element, ...words.elements);
  view.root.append(keysHelp(view, KEYS));
  bindPictureKeys(view, plot, act, steps, sound.listen);
  bindPicturePointer(view, plot, {
    act,
    local,
    read,
    sound,
    frames: scene.frames,
    cellAt: (place) => cellAt(plot, places(), place, { ...scene, shown: read().shown }),
  });

  const changed = () => {
    pictures.forget();
    view.repaint();
  };
  receiveRecords(view, store, { trouble: sound.fail, changed });
  view.watch(TRAITS, view.repaint);
  view.watch(["step"], sound.hush);
  view.onPaint(() => {
    controls.show(read(), local.range[1] - local.range[0] >= scene.frames);
    steps.show();
    sound.show();
    words.show();
  });
  sound.take(false);
  view.repaint();
  return view.end;
}

/** @param {View} view @param {Parts} parts */
function createPicture(view, { store, read, local, sound, pictures }) {
  const { scene } = store;
  const ask = view.model.get("offline") ? () => {} : createAsking(view, store);
  const layout = () => (read().tiles && store.parts.length ? layoutOf(store, read().step) : null);
  const places = () => {
    const tiles = layout();
    return arrange(read().shown.length, tiles ? lanesOf(tiles) : 0, plot.narrow, scene.bins);
  };
  const plot = createPlot(view, {
    perSecond: scene.framesPerSecond,
    label: `A latent: time across, its ${scene.bins > 1 ? "bins upwards" : "channels downwards"}. Arrow keys for the steps and channels, comma and full stop for a frame.`,
    height: () => places().total + 12,
    paint(ctx) {
      const state = read();
      plot.range = local.range;
      paintInspector({ ctx, plot, colors: view.colors, at: places() }, paintingOf(state));
      ask(state.step, local.range);
    },
  });

  /** @param {State} state @returns {Painting} */
  function paintingOf(state) {
    const { step, quantity, channel, shown, frame } = state;
    const limit = store.has(step, quantity) ? store.limit(step, quantity, channel, state.whole) : null;
    const { base, fine } = limit === null ? { base: null, fine: null } : pictures.of(step, state, limit);
    const sounding = sound.isReady() || sound.player.playing;
    return {
      shown,
      bins: scene.bins,
      pictures: [base, fine].filter((picture) => picture !== null),
      limit,
      layout: layout(),
      frame,
      cell: local.hover ?? selectedCell(scene, state),
      heard: sounding ? sound.player.place * scene.framesPerSecond : null,
    };
  }
  return { plot, places };
}

/** @param {View} view @param {Parts} parts */
function createWords(view, { store, read, local, sound, pictures }) {
  const factRow = h("div", { class: "spotnb-facts" });
  const readout = h("p", { class: "spotnb-note" });
  const note = h("p", { class: "spotnb-note spotnb-muted" });
  const offline = Boolean(view.model.get("offline"));
  return {
    elements: [factRow, readout, note],
    show() {
      const state = read();
      const absent = absence(store, state);
      if (absent !== null) {
        note.textContent = absent;
        factRow.replaceChildren();
        readout.textContent = "";
        view.say(absent);
        return;
      }
      factRow.replaceChildren(...factSpans(facts(store, state)));
      readout.textContent = reading(store, state, local.hover ?? selectedCell(store.scene, state));
      note.textContent = remarks(store, state, pictures.drawn, offline);
      view.say(description(store, state, sound.player.playing ? "" : ` ${readout.textContent}`));
    },
  };
}

export default { render };
