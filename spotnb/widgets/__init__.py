"""Widgets for Jupyter: pictures of a run that follow the pointer, without a round trip to the kernel.

A widget consists of a Python module in this folder and JavaScript in `static/`, which the browser runs as written.

The Python class (`class Mine(Widget, module="mine.js", title="...")`, see `spotnb.widgets.base`) declares the traits,
checks them (`spotnb.widgets.traits`) and packs the data for the view. It computes nothing while somebody scrubs. What
the view has to know about methods and edge policies goes into the data too (`spotnb.widgets.scenes`), so that the
JavaScript keeps no lists of its own.

**The files of a widget.** `static/mine.js` is the entry. It exports `render({ model, el })`, which wires the parts
together and returns a function that ends the view:

    import { openView } from "./shared/view.js";

    function render({ model, el }) {
      const view = openView({ model, el }, "mine", "What this is");
      ...
      return view.end;
    }

    export default { render };

The parts are in the folder `static/mine/`:

- `state.js` reads the traits, keeps them within their limits, and works out what follows from them.
- `geometry.js` knows where things are in the picture, and which part of it a place belongs to.
- `sentences.js` writes every text that is longer than a label.
- `painter.js` (or several files, `..._painter.js`) draws on a canvas what it is given, and reads no traits.
- `controls.js` makes the controls above the picture; `input.js` or the entry binds keys and pointers.

State, geometry and sentences do not use the page at all. They are tested with Node's own test runner, in `tests/js/`.

**What the widgets share** is in `static/shared/`:

- `view.js`: `openView` returns the view of one widget. It has `listen`, `watch` (traits), `hear` (events of the model),
  `set` (traits), `onPaint`, `repaint` (once per screen frame), `say` (the text for screen readers), `colors` (of the
  theme), `onEnd` and `end`.
- `dom.js`: `h` makes elements and inserts text as text; also `field`, `selectOf`, `range`, `icon`, `factSpans`.
- `keys.js`: `bindKeys` for a canvas; `guardControls` for the browser's own controls, which would otherwise lose their
  arrow keys to the notebook; `pressable` makes a button; `keysHelp` lists the keys.
- `pointers.js`: `followPointer` tells clicks from drags and captures the pointer; `followWheel` handles the wheel.
- `theme.js`, `spotnb.css`, `panel.css`: light and dark, as the notebook has it. All colors are custom properties.
- `common.js`: `shareAmongViews` keeps what several views of one widget have in common. Never key it by the model: each
  view has a different model object.
- `plot.js`: `createPlot` makes a sharp canvas whose horizontal axis is in latent frames and labeled in seconds.
- `marks.js`, `spectrogram.js`, `bands.js`: a seam, the playhead, a spectrogram and tiles, which look the same in all
  pictures, those of matplotlib included. Their colors and scales are also in `spotnb.plots.style`, and
  `tests/widgets/test_style.py` holds both equal.
- `strokes.js`, `color_bar.js`, `mel_scale.js`: lines with a halo, hatching and markers; color bars; bands and hertz.
- `legend.js`: `createLegend` shows a sign and its words for what a picture shows at the moment, and for nothing else.
- `hover.js`: `createHover` makes a note that follows the pointer.
- `steps.js`: `createSteps` makes the play button and the slider for the steps of a run.
- `colors.js`: color scales; `imageOf` turns bytes into an image.
- `layout.js`, `pieces.js`: `plan`, as `spotnb.tiling.layout` has it, and its intervals in lanes that do not overlap.
- `player.js`: sound at an exact place, with takes to switch between, never normalized.
- `numbers.js`, `time.js`: clamping, bytes, runs of numbers; frames and seconds.

**One module out of many.** `spotnb.widgets.esm` joins an entry with the modules that it imports. It understands only
`import { a, b } from "./path.js";`, `export` before a function, const or class, and the last line above. Types are
written as JSDoc comments, which stay behind. A saved page (`to_html`) runs the same code with the model in
`static/page/`, where `model.get("offline")` is true.

**While developing**, set `ANYWIDGET_HMR=1` before you start Jupyter. Every change in `static/` then shows in open
notebooks at once (`spotnb.widgets.reload`). `make check` runs Biome and the type checker over all of it;
`make format` formats it.
"""
