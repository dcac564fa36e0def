// One run of RunComparison on the page: name, facts and picture.
import { factSpans, h, icon } from "../shared/dom.js";
import { pressable } from "../shared/keys.js";
import { createPlot } from "../shared/plot.js";
import { rowHeight } from "./geometry.js";
import { createRowPainter } from "./row_painter.js";
import { factorOf, scaleOf } from "./rows.js";
import { aboutWords, levelWords, rowFacts } from "./sentences.js";

/** @import { View } from "../shared/view.js" */
/** @import { Local } from "./actions.js" */
/** @import { Row, Scene } from "./rows.js" */
/** @import { State } from "./state.js" */

/** @typedef {ReturnType<typeof createRowView>} RowView */

/**
 * What a row needs from the widget: its traits, the rest of its state, and the place of the sound in seconds.
 * @typedef {{ read: () => State, local: Local, place: () => number }} RowContext
 */

/**
 * @param {View} view
 * @param {Scene} scene
 * @param {Row[]} rows
 * @param {number} index
 * @param {RowContext} context
 */
export function createRowView(view, scene, rows, index, { read, local, place }) {
  const row = rows[index];
  const last = index === rows.length - 1;
  const painter = createRowPainter(row);
  view.onEnd(painter.close);
  const plot = createPlot(view, {
    perSecond: scene.framesPerSecond,
    label: `${index + 1}, ${row.name}: waveform above log-mel spectrogram. Space to play, arrows to move, 1 to ${rows.length} for the run that is heard.`,
    height: () => rowHeight(last),
    margin: ({ narrow }) => ({ left: narrow ? 42 : 66, right: 14 }),
    paint(ctx) {
      const { selected, matched, loop } = read();
      const { range, hover } = local;
      const perSecond = scene.framesPerSecond;
      plot.range = range;
      painter.paint(
        { ctx, plot, colors: view.colors },
        {
          factor: factorOf(row, matched),
          limit: scaleOf(rows, matched),
          grid: scene.grid,
          loop: loop && [loop[0] * perSecond, loop[1] * perSecond],
          axis: last,
        },
        { place: place() * perSecond, heard: index === selected, hover: hover ? hover.place.x : null },
      );
    },
  });
  const name = `${index + 1}  ${row.name}`;
  const label = `Listen to ${index + 1}, ${row.name}`;
  const look = { class: "spotnb-name", "aria-label": label, title: label };
  const head = pressable(view, look, h("span", {}, name), () => view.set({ selected: index }));
  head.append(icon("speaker"));
  const level = h("span", {});
  const facts = h("p", { class: "spotnb-facts" }, ...factSpans(rowFacts(row)), level);
  const about = aboutWords(row);
  const origin = about && h("p", { class: "spotnb-about", title: about }, about);
  const element = h(
    "div",
    { class: "spotnb-run" },
    h("div", { class: "spotnb-run-head" }, head, origin, facts),
    plot.element,
  );
  return {
    element,
    plot,
    show(/** @type {State} */ { selected, matched }) {
      const heard = index === selected;
      head.setAttribute("aria-pressed", String(heard));
      element.dataset.heard = String(heard);
      plot.canvas.tabIndex = heard ? 0 : -1;
      level.textContent = levelWords(row, matched);
    },
  };
}
