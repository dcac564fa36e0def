// The picture of the steps: the tiles of a step above the clean estimate that it left, with the cuts in it.

/** @import { View } from "../../../widgets/static/shared/view.js" */
/** @import { Brush } from "../../../widgets/static/shared/spectrogram.js" */
/** @import { Layout } from "../../../widgets/static/shared/layout.js" */
/** @import { Plan } from "./plan.js" */

import { drawSegment, numberBand } from "../../../widgets/static/shared/bands.js";
import { imageOf, magma } from "../../../widgets/static/shared/colors.js";
import { h } from "../../../widgets/static/shared/dom.js";
import { cuts } from "../../../widgets/static/shared/layout.js";
import { drawSeam } from "../../../widgets/static/shared/marks.js";
import { laneCount, ownedPieces } from "../../../widgets/static/shared/pieces.js";
import { createPlot, drawTimeAxis, rowLabel } from "../../../widgets/static/shared/plot.js";
import { drawFrequencies, drawSpectrogram } from "../../../widgets/static/shared/spectrogram.js";
import { createSteps } from "../../../widgets/static/shared/steps.js";
import { stepWords } from "./sentences.js";

const BAND = 18; // px, height of a lane of tiles
const GAP = 12;
const MEL = 128;
const AXIS = 24;
const BINS = 64;

/** @typedef {ReturnType<typeof createStage>} Stage */

/**
 * @param {View} view
 * @param {number} perSecond latent frames in a second
 */
export function createStage(view, perSecond) {
  /** @type {Plan | null} */
  let plan = null;
  /** @type {Uint8Array[]} pictures of the clean estimates, one for each step that was taken */
  let pictures = [];
  let shown = 0; // the step
  let predicted = 0; // tiles of the step that is being taken
  const image = document.createElement("canvas");
  let drawn = /** @type {Uint8Array | null} */ (null);

  const steps = createSteps(view, {
    get count() {
      return plan ? plan.settings.steps : 1;
    },
    get: () => shown,
    go(step) {
      shown = Math.min(step, Math.max(0, pictures.length - 1));
      view.repaint();
    },
    name: (step) => String(step + 1),
  });
  const caption = h("p", { class: "spotnb-what" });
  const plot = createPlot(view, {
    perSecond,
    label: "The tiles of a step above its clean estimate. Arrows move through the steps.",
    height: () => 10 + lanes() * BAND + GAP + MEL + 4 + AXIS,
    paint: (ctx) => plan && paint({ ctx, plot, colors: view.colors }, plan),
  });
  plot.canvas.setAttribute("role", "img");
  const element = h("div", { hidden: true }, h("h2", {}, "Its steps"), caption, plot.element, steps.element);

  const lanes = () => {
    if (!plan) return 1;
    const { settings } = plan;
    return laneCount(ownedPieces(plan.layout(Math.min(shown, settings.steps - 1))));
  };

  /** @param {Brush} brush @param {Plan} of */
  function paint(brush, of) {
    const layout = of.layout(shown);
    plot.range = [0, of.frames];
    const places = cuts(layout);
    const facts = { cuts: places.length, tiles: layout.tiles.length, fixed: layout.method.fixed };
    caption.textContent = stepWords(shown, of.settings.steps, facts);
    const running = shown === pictures.length;
    drawTiles(brush, layout, running ? predicted : layout.tiles.length);
    const top = plot.top + lanes() * BAND + GAP;
    const picture = pictures[Math.min(shown, pictures.length - 1)];
    if (picture && picture !== drawn) imageOf(picture, of.frames, BINS, magma, image);
    drawn = picture ?? null;
    brush.ctx.fillStyle = brush.colors.panel;
    brush.ctx.fillRect(plot.left, top, plot.right - plot.left, MEL);
    if (picture) drawSpectrogram(brush, image, of.frames, of.frames, top, MEL);
    for (const place of places) drawSeam(brush.ctx, brush.colors, plot.x(place), [[top, top + MEL]]);
    drawFrequencies(brush, top, MEL);
    drawTimeAxis(brush.ctx, plot, brush.colors, top + MEL + 4, 0, of.frames);
  }

  view.onPaint(steps.show);
  return {
    element,
    /** Begins a run. */
    begin(/** @type {Plan} */ next) {
      [plan, pictures, shown, predicted] = [next, [], 0, 0];
      element.hidden = false;
      steps.element.hidden = true;
      view.repaint();
    },
    /** The number of tiles that are predicted. */
    predict(/** @type {number} */ tiles) {
      predicted = tiles;
      view.repaint();
    },
    /** A step was taken: the next one begins. */
    step(/** @type {Uint8Array} */ picture) {
      if (!plan) return;
      pictures.push(picture);
      [shown, predicted] = [Math.min(pictures.length, plan.settings.steps - 1), 0];
      view.repaint();
    },
    /** The run is over: its steps can be looked at. */
    end() {
      shown = Math.max(0, pictures.length - 1);
      steps.element.hidden = pictures.length < 2;
      view.repaint();
    },
  };
}

/**
 * The tiles; those that are not predicted yet are pale.
 * @param {Brush} brush
 * @param {Layout} layout
 * @param {number} predicted
 */
function drawTiles({ ctx, plot, colors }, layout, predicted) {
  for (const owned of ownedPieces(layout)) {
    const [tile, start, stop, lane, risen] = owned;
    const y = plot.top + lane * BAND;
    const pale = tile >= predicted;
    drawSegment(ctx, plot, colors, owned, y, BAND - 2, pale);
    if (!pale) numberBand(ctx, plot, colors, [tile, Math.max(start, risen), stop], y, BAND - 2);
  }
  rowLabel(ctx, plot, colors.muted, "tiles", plot.top + BAND / 2);
}
