// TileShiftDebugger: the tiles of one step over the latent, and the seams of all steps below.
import { factSpans, h } from "./shared/dom.js";
import { createHover } from "./shared/hover.js";
import { bindKeys, keysHelp } from "./shared/keys.js";
import { moves, usedShift } from "./shared/layout.js";
import { createLegend } from "./shared/legend.js";
import { bytesOf, clamp } from "./shared/numbers.js";
import { createPlot } from "./shared/plot.js";
import { followPointer } from "./shared/pointers.js";
import { createSteps } from "./shared/steps.js";
import { openView } from "./shared/view.js";
import { createControls } from "./tile_shift/controls.js";
import { mapRows, tileRows } from "./tile_shift/geometry.js";
import { createBackdrop } from "./tile_shift/latent_painter.js";
import { createMapPainter, MARKED } from "./tile_shift/map_painter.js";
import { scaleOf } from "./tile_shift/scale.js";
import { ALL_STEPS, description, facts, KEYS, oneStep, placeWords, story } from "./tile_shift/sentences.js";
import { runKeys, stepKeys } from "./tile_shift/signs.js";
import { optionsAt, optionsOf, planRun, readState, shownOf, wantedShift } from "./tile_shift/state.js";
import { paintTiles } from "./tile_shift/tiles_painter.js";

/** @import { Given, View } from "./shared/view.js" */
/** @import { Plot } from "./shared/plot.js" */
/** @import { Steps } from "./shared/steps.js" */
/** @import { KeyHandler } from "./shared/keys.js" */
/** @import { Run, Scene, State } from "./tile_shift/state.js" */

/** @param {Given} given */
function render(given) {
  const view = openView(given, "tile-shift", "Where the tiles fall");
  /** @type {Scene} */
  const scene = view.model.get("_scene");
  const read = () => readState(scene, (trait) => view.model.get(trait));
  const scale = scaleOf(scene);
  const replan = () => planRun(scene, optionsOf(scene, read()), scale);
  let run = replan();
  const act = createActions(view, scene, read);
  const controls = createControls(view, scene, act);
  view.root.append(controls.element);
  const steps = createSteps(view, {
    count: scene.drawn.length,
    get: () => read().step,
    go: act.step,
    name: (step) => String(scene.names[step]),
  });
  const { tiles, map } = createPictures(view, scene, read, () => run);
  const words = h("p", { class: "spotnb-what" });
  const legends = { step: createLegend("Legend of the step"), run: createLegend("Legend of all steps") };
  const factRow = h("div", { class: "spotnb-facts" });
  const followed = h("p", { class: "spotnb-note" });
  view.root.append(words, tiles.element, legends.step.element, steps.element);
  view.root.append(h("p", { class: "spotnb-what" }, ALL_STEPS), map.element, legends.run.element);
  view.root.append(factRow, followed, keysHelp(view, KEYS));
  bindPictures(view, scene, { tiles, map, steps, act, read, run: () => run });

  view.watch(["method", "edge"], () => {
    run = replan();
    view.repaint();
  });
  view.watch(["step", "shift", "selected_frame"], view.repaint);
  view.onPaint(() => {
    const shown = shownOf(scene, run, read());
    words.textContent = oneStep(scene, shown);
    legends.step.show(stepKeys(scene, run, shown));
    legends.run.show(runKeys(run, shown, mapRows(scene.drawn.length).row >= MARKED));
    factRow.replaceChildren(...factSpans(facts(scene, run, shown)));
    followed.textContent = shown.frame === null ? "" : story(scene, run, shown.frame);
    followed.title = shown.frame === null ? "" : `latent frame ${shown.frame}`;
    controls.show(shown);
    steps.show();
    view.say(`${description(scene, shown)} ${followed.textContent}`.trim());
  });
  view.repaint();
  return view.end;
}

/**
 * What the user can change.
 * @param {View} view
 * @param {Scene} scene
 * @param {() => State} read
 */
function createActions(view, scene, read) {
  const { frames, drawn } = scene;
  const shift = (/** @type {number} */ value) => {
    const state = read();
    const wanted = wantedShift(optionsAt(scene, state), value);
    if (wanted !== null && wanted !== state.shift) view.set({ shift: wanted });
  };
  const select = (/** @type {number} */ frame) => {
    const wanted = clamp(Math.round(frame), 0, frames - 1);
    if (wanted !== read().frame) view.set({ selected_frame: wanted });
  };
  return {
    shift,
    select,
    moveShift: (/** @type {number} */ by) => shift(read().shift + by * scene.edges[read().edge].grain),
    moveFrame(/** @type {number} */ by) {
      const { frame } = read();
      select(frame === null ? 0 : frame + by);
    },
    undo: () => shift(drawn[read().step]),
    letGo: () => view.set({ selected_frame: null }),
    step: (/** @type {number} */ step) =>
      view.set({ step, shift: usedShift(optionsAt(scene, { ...read(), step }), drawn[step]) }),
    choose(/** @type {Record<string, string>} */ changes) {
      const state = { ...read(), ...changes };
      view.set({ ...changes, shift: usedShift(optionsAt(scene, state), drawn[state.step]) });
    },
  };
}

/**
 * @param {View} view
 * @param {Scene} scene
 * @param {() => State} read
 * @param {() => Run} run
 */
function createPictures(view, scene, read, run) {
  const { backdrop, drawn, framesPerSecond: perSecond } = scene;
  const pictures = backdrop ? createBackdrop(backdrop, bytesOf(view.model.get("_backdrop"))) : null;
  const paintMap = createMapPainter(scene);
  return {
    tiles: createPlot(view, {
      perSecond,
      label: "Tiles of one step. Drag, or plus and minus, to move the grid; arrow keys for the steps.",
      height: () => tileRows(run().scale.lanes).total,
      paint: (ctx, plot) =>
        paintTiles({ ctx, plot, colors: view.colors }, run(), shownOf(scene, run(), read()), pictures, backdrop),
    }),
    map: createPlot(view, {
      perSecond,
      label: "Seams of all steps. Click, or arrow keys, to follow a place; up and down for the steps.",
      height: () => mapRows(drawn.length).total,
      paint: (ctx, plot) => paintMap({ ctx, plot, colors: view.colors }, run(), shownOf(scene, run(), read())),
    }),
  };
}

/**
 * Connects keys, wheel and pointers of the two pictures.
 * @param {View} view
 * @param {Scene} scene
 * @param {{ tiles: Plot, map: Plot, steps: Steps, act: ReturnType<typeof createActions>,
 *   read: () => State, run: () => Run }} parts
 */
function bindPictures(view, scene, { tiles, map, steps, act, read, run }) {
  const { frames, drawn } = scene;
  /** @type {Record<string, KeyHandler>} */
  const shifting = { "+": (_, factor) => act.moveShift(factor), "-": (_, factor) => act.moveShift(-factor) };
  bindKeys(view, tiles.canvas, { ...steps.keys, ...shifting, Escape: act.undo });
  /** @type {Record<string, KeyHandler>} */
  const following = {
    ArrowLeft: (_, factor) => act.moveFrame(-factor),
    ArrowRight: (_, factor) => act.moveFrame(factor),
    ArrowUp: () => steps.move(-1),
    ArrowDown: () => steps.move(1),
    Home: () => act.select(0),
    End: () => act.select(frames - 1),
    " ": steps.toggle,
    Escape: act.letGo,
  };
  bindKeys(view, map.canvas, { ...following, ...shifting }, Math.round(scene.framesPerSecond));
  steps.scrubWith(tiles);
  steps.scrubWith(map);

  const selectAt = (/** @type {Plot} */ plot, /** @type {number} */ x) => act.select(Math.floor(plot.frameAt(x)));
  const note = createHover(tiles);
  followPointer(view, tiles, {
    press: () => read().shift,
    drag: (dx, start) => act.shift(start + tiles.frameAt(tiles.left + dx) - tiles.frameAt(tiles.left)),
    click: ({ x }) => selectAt(tiles, x),
    over(place, { pressed }) {
      const grip = pressed ? "grabbing" : "grab";
      tiles.canvas.style.cursor = moves(optionsAt(scene, read())) ? grip : "pointer";
      const frame = Math.floor(tiles.frameAt(place.x));
      note.show(place, placeWords(scene, shownOf(scene, run(), read()).layout, frame));
    },
    leave: note.hide,
  });
  map.canvas.style.cursor = "pointer";
  const rowAt = (/** @type {number} */ y) => {
    const row = Math.floor(((y - map.top) / mapRows(drawn.length).height) * drawn.length);
    return row >= 0 && row < drawn.length ? row : null;
  };
  const rowNote = createHover(map);
  followPointer(view, map, {
    press({ y }) {
      const row = rowAt(y);
      if (row !== null) steps.go(row);
    },
    scrub: ({ x }) => selectAt(map, x),
    over(place) {
      const row = rowAt(place.y);
      const frame = Math.floor(map.frameAt(place.x));
      const words = placeWords(scene, row === null ? null : run().layouts[row], frame);
      rowNote.show(place, row === null ? words : `step ${scene.names[row]}, ${words}`);
    },
    leave: rowNote.hide,
  });
}

export default { render };
