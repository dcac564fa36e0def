"""Widgets for Jupyter: pictures of a run that move under the pointer, with no round trip to the kernel.

A widget is one Python module here and one ES module in `static/`, plain JavaScript that a browser runs as it is. The
Python side (`class Mine(Widget, module="mine.js", title="...")`, see `spotnb.widgets.base`) holds the traits, checks
them (`spotnb.widgets.traits`) and packs the data that the view needs; it computes nothing while somebody scrubs. The ES
side exports `render({ model, el })`, which returns a function that ends the view:

    import { openView } from "./shared/view.js";

    function render({ model, el }) {
      const view = openView({ model, el }, "mine", "What this is");
      ...
      return view.end;
    }

    export default { render };

`spotnb.widgets.esm` puts it together with the modules it imports; only `import { a, b } from "./path.js";`, `export`
before a function, const or class, and that last line are understood. The shared pieces, in `static/shared/`:

- `view.js`: `openView` gives the view of one widget: `listen`, `watch` (traits), `set` (traits), `onPaint`, `repaint`
  (once per screen frame), `say` (the live text), `colours` (of the theme), `onEnd`, `end`; and `bytesOf`, `clamp`.
- `dom.js`: `h` and `svg` make elements, text as text; `field`, `selectOf`, `range`, `icon`.
- `theme.js`, `spotnb.css`: light and dark as the notebook has it, all colours as custom properties.
- `keys.js`: `bindKeys` for a canvas, `guardControls` for the browser's own controls, which notebooks rob of arrow keys.
- `plot.js`: `createPlot`, a sharp canvas with latent frames across, labelled in seconds; ticks, row labels, hatching.
- `steps.js`: `createSteps`, play and slider over the steps of a run, with the keys and the wheel of a canvas.
- `colours.js`: viridis, a diverging scale, five categories; `imageOf` makes a picture of bytes.
- `layout.js`, `bands.js`: `plan` as `spotnb.tiling.layout` has it, and tiles as numbered bands.
- `player.js`: sound with an exact place and takes to switch between, never normalised.

A saved page (`to_html`) runs the same module over a model without a kernel, where `model.get("offline")` is true.
"""
