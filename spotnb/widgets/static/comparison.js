// RunComparison: runs below each other on one time axis, with sound that can be switched between them.
import { createActions } from "./comparison/actions.js";
import { createBar } from "./comparison/bar.js";
import { createBlindTest } from "./comparison/blind_test.js";
import { AXIS } from "./comparison/geometry.js";
import { bindBare, bindRow } from "./comparison/input.js";
import { paintBare } from "./comparison/row_painter.js";
import { createRowView } from "./comparison/row_view.js";
import { factorOf, loudnessOf, prepareRow } from "./comparison/rows.js";
import { KEYS, legend, peaksAt, reading, status } from "./comparison/sentences.js";
import { paged, readState } from "./comparison/state.js";
import { createTransport } from "./comparison/transport.js";
import { h } from "./shared/dom.js";
import { keysHelp } from "./shared/keys.js";
import { clamp } from "./shared/numbers.js";
import { createPlot } from "./shared/plot.js";
import { openView } from "./shared/view.js";

/** @import { Given, View } from "./shared/view.js" */
/** @import { Local } from "./comparison/actions.js" */
/** @import { RowContext, RowView } from "./comparison/row_view.js" */
/** @import { Row, Scene } from "./comparison/rows.js" */

/** @typedef {RowContext & { rows: Row[], transport: ReturnType<typeof createTransport> }} Parts */

/** @param {Given} given */
export function render(given) {
  const view = openView(given, "comparison", "Runs compared");
  /** @type {Scene} */
  const scene = view.model.get("_scene");
  const rows = scene.rows.map((row) => prepareRow(row, scene));
  const read = () => readState(scene, (trait) => view.model.get(trait));
  const perSecond = scene.framesPerSecond;
  const whole = scene.duration * perSecond;
  /** @type {Local} */
  const local = { range: [0, whole], hover: null };
  const note = h("p", { class: "spotnb-note", role: "status" });
  const complain = (/** @type {string} */ text) => {
    note.textContent = text;
  };
  const transport = createTransport(view, scene, (k) => factorOf(rows[k], read().matched), complain);
  const parts = { rows, read, local, transport, place: () => transport.place };
  const canvases = () => runs.map(({ plot }) => plot.canvas);
  const act = createActions(view, scene, { ...parts, canvases, changed: follow });
  const bar = createBar(view, scene, { ...act, toSeam: () => act.toSeam(1), test: () => test.toggle() });

  view.onPaint(() => {
    local.range = paged(local.range, transport.place * perSecond, whole);
  });
  const runs = rows.map((_, index) => createRowView(view, scene, rows, index, parts));
  const readout = h("p", { class: "spotnb-readout" });
  const terms = legend(rows).map(([term, meaning]) => h("div", {}, h("dt", {}, term), h("dd", {}, meaning)));
  const explained = h("dl", { class: "spotnb-legend" }, ...terms);
  const sighted = h("div", {}, ...runs.map(({ element }) => element), readout, explained);
  const bare = createBare(view, scene, parts);
  const test = createTest(view, parts, follow);
  const keys = keysHelp(view, KEYS);
  view.root.append(bar.element, note, ...test.elements, sighted, bare.element, keys);
  const selected = () => read().selected;
  runs.forEach(({ plot }, index) => {
    bindRow(view, plot, { index, count: rows.length, selected, act });
  });
  bindBare(view, bare, act, test.listenTo);

  /** Updates everything but the pictures, and requests a repaint of those. */
  function follow() {
    const state = read();
    const blind = test.running;
    const hasSeams = rows[state.selected].seams.length > 0 || scene.grid.length > 0;
    bar.show({ ...state, blind, testOpen: test.open, hasSeams, span: local.range[1] - local.range[0] });
    sighted.hidden = blind;
    keys.hidden = blind;
    bare.element.hidden = !blind;
    for (const run of runs) run.show(state);
    view.repaint();
  }

  watchTraits(view, scene, { ...parts, test, follow });
  view.onPaint(() => {
    bar.showPlace(transport.place);
    if (!test.running) readout.textContent = readoutOf(runs, parts);
  });
  follow();
  return view.end;
}

/**
 * A time line without pictures, which replaces all runs during the blind test.
 * @param {View} view
 * @param {Scene} scene
 * @param {Parts} parts
 */
function createBare(view, { duration, framesPerSecond: perSecond }, { place }) {
  return createPlot(view, {
    perSecond,
    label: "Time line. Space to play, arrows to move; a, b and x to listen.",
    height: () => 30 + AXIS,
    margin: () => ({ left: 14, right: 14 }),
    paint: (ctx, plot) => paintBare({ ctx, plot, colors: view.colors }, [0, duration * perSecond], place() * perSecond),
  });
}

/**
 * @param {View} view
 * @param {Parts} parts
 * @param {() => void} changed
 */
function createTest(view, { rows, read, transport }, changed) {
  return createBlindTest(view, {
    names: rows.map(({ name }, k) => `${k + 1}  ${name}`),
    loudness: () => rows.map((row) => loudnessOf(row, read().matched)),
    match: () => view.set({ matched: true }),
    hear: (k) => transport.hear(k, true),
    begin() {
      transport.test(true);
      changed();
    },
    end(summary) {
      transport.test(false);
      if (!summary) return;
      view.set({ abx_runs: summary.runs, abx_trials: summary.trials, abx_correct: summary.correct, abx_p: summary.p });
    },
    changed,
  });
}

/**
 * @param {View} view
 * @param {Scene} scene
 * @param {Parts & { test: ReturnType<typeof createTest>, follow: () => void }} parts
 */
function watchTraits(view, scene, { read, transport, test, follow }) {
  const tell = () => {
    if (!test.running) view.say(status(scene, read(), transport.place));
  };
  view.watch(["selected"], () => {
    if (!test.running) transport.hear(read().selected);
    follow();
  });
  view.watch(["matched"], () => {
    transport.balance();
    test.describe();
    follow();
  });
  view.watch(["playing", "loop"], follow);
  view.watch(["selected", "matched", "playing", "loop"], tell);
  view.watch(["position"], () => {
    if (!read().playing) tell();
  });
  transport.hear(read().selected);
  tell();
}

/**
 * The values at the pointer, or at the current place of the sound.
 * @param {RowView[]} runs
 * @param {Parts} parts
 */
function readoutOf(runs, { rows, read, local, transport }) {
  const { range, hover } = local;
  const { matched } = read();
  if (!hover) return peaksAt(rows, transport.place, matched);
  const { plot } = runs[hover.row];
  const { x, y } = hover.place;
  const frame = plot.frameAt(clamp(x, plot.left, plot.right));
  const pixel = (range[1] - range[0]) / (plot.right - plot.left);
  return reading(rows[hover.row], hover.row, { frame, y, top: plot.top, pixel }, matched);
}

export default { render };
