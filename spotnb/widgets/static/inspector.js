// LatentInspector: the latents of a run, step by step.
import { inflated } from "./inspector/coding.js";
import { createControls } from "./inspector/controls.js";
import { arrange, bandBelow, cellAt } from "./inspector/geometry.js";
import { bindPictureKeys, bindPicturePointer, createActions } from "./inspector/input.js";
import { lanesOf, paintInspector } from "./inspector/painter.js";
import { createPictures } from "./inspector/pictures.js";
import { createAsking, createLooking, receiveRecords } from "./inspector/requests.js";
import {
  absence,
  bandReading,
  caption,
  description,
  facts,
  GLOSSARY,
  KEYS,
  meaning,
  reading,
  remarks,
  spectrogramWords,
} from "./inspector/sentences.js";
import { createSound } from "./inspector/sound.js";
import { Spectra } from "./inspector/spectra.js";
import { layoutOf, nameOf, readState, selectedCell } from "./inspector/state.js";
import { Store } from "./inspector/store.js";
import { factSpans, h } from "./shared/dom.js";
import { guardControls, keysHelp } from "./shared/keys.js";
import { bytesOf } from "./shared/numbers.js";
import { createPlot } from "./shared/plot.js";
import { createSteps } from "./shared/steps.js";
import { openView } from "./shared/view.js";

/** @import { Given, Model, View } from "./shared/view.js" */
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
 * @property {Spectra} spectra
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
  const local = { range: [0, scene.frames], hover: null, band: null };
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
  const spectra = new Spectra(scene.framesPerMel);
  view.onEnd(() => spectra.close());
  if (model.get("offline")) await spectra.restore(savedSpectra(model));
  const parts = { store, read, local, sound, pictures, spectra };
  const { plot, places } = createPicture(view, parts);
  const words = createWords(view, parts);
  const { what, elements, glossary } = words;
  view.root.append(controls.element, what, plot.element, steps.element, sound.element, ...elements);
  view.root.append(glossary, keysHelp(view, KEYS));
  bindPictureKeys(view, plot, act, steps, sound.listen);
  bindPicturePointer(view, plot, {
    act,
    local,
    read,
    sound,
    frames: scene.frames,
    cellAt: (place) => cellAt(plot, places(), place, { ...scene, shown: read().shown }),
    bandBelow: (place) => bandBelow(plot, places(), place, scene.frames),
  });

  const changed = () => {
    pictures.forget();
    view.repaint();
  };
  receiveRecords(view, store, spectra, { trouble: sound.fail, changed });
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

/** @param {Model} model */
function savedSpectra(model) {
  /** @type {{ step: number, columns: number, factor: number, data: DataView }[]} */
  const saved = model.get("_spectra");
  return saved.map((each) => ({ ...each, data: bytesOf(each.data) }));
}

/** @param {View} view @param {Parts} parts */
function createPicture(view, { store, read, local, sound, pictures, spectra }) {
  const { scene } = store;
  const offline = Boolean(view.model.get("offline"));
  const ask = offline ? () => {} : createAsking(view, store);
  const look = offline ? () => {} : createLooking(view, store);
  const layout = () => (read().tiles && store.parts.length ? layoutOf(store, read().step) : null);
  const places = () => {
    const tiles = layout();
    return arrange(read().shown.length, tiles ? lanesOf(tiles) : 0, plot.narrow, scene.bins, scene.silent === null);
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
      look(state.step);
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
      heard: scene.silent === null ? heardAt(step) : null,
      layout: layout(),
      frame,
      cell: local.hover ?? selectedCell(scene, state),
      playhead: sounding ? sound.player.place * scene.framesPerSecond : null,
    };
  }

  function heardAt(/** @type {number} */ step) {
    const words = spectrogramWords(store, step, spectra.failure(step), offline);
    return { spectrum: spectra.image(step), words, caption: caption(store, step, plot.narrow), range: scene.melRange };
  }
  return { plot, places };
}

/** @param {View} view @param {Parts} parts */
function createWords(view, { store, read, local, sound, pictures, spectra }) {
  const { scene } = store;
  const what = h("p", { class: "spotnb-what" });
  const factRow = h("div", { class: "spotnb-facts" });
  const readout = h("p", { class: "spotnb-note" });
  const note = h("p", { class: "spotnb-note spotnb-muted" });
  const offline = Boolean(view.model.get("offline"));
  return {
    what,
    elements: [factRow, readout, note],
    glossary: createGlossary(view),
    show() {
      const state = read();
      what.textContent = meaning(state);
      const absent = absence(store, state);
      if (absent !== null) {
        note.textContent = absent;
        factRow.replaceChildren();
        readout.textContent = "";
        view.say(absent);
        return;
      }
      factRow.replaceChildren(...factSpans(facts(store, state)));
      const { band, hover } = local;
      readout.textContent = band
        ? bandReading(store, state.step, band, spectra.at(state.step, band.frame, band.band, scene.melRange))
        : reading(store, state, hover ?? selectedCell(scene, state));
      note.textContent = remarks(store, state, pictures.drawn, offline);
      view.say(description(store, state, sound.player.playing ? "" : ` ${readout.textContent}`));
    },
  };
}

/** @param {View} view */
function createGlossary(view) {
  const summary = h("summary", {}, "What the channels and the numbers mean");
  guardControls(view, summary);
  const rows = GLOSSARY.map(([term, words]) => h("div", {}, h("dt", {}, term), h("dd", {}, words)));
  return h("details", { class: "spotnb-keys" }, summary, h("dl", {}, ...rows));
}

export default { render };
