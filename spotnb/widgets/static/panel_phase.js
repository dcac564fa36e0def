// What the phases of a step did, one after the other.
import { heightOf, paintPhase } from "./panel_phase/painter.js";
import { meaning, STAGES, stageNames } from "./panel_phase/sentences.js";
import { h } from "./shared/dom.js";
import { createPlot } from "./shared/plot.js";
import { openView } from "./shared/view.js";

/** @import { Given } from "./shared/view.js" */
/** @import { Scene } from "./panel_phase/sentences.js" */

/** @param {Given} given */
function render(given) {
  const view = openView(given, "panel-phase", "What the phase did");
  /** @type {() => Scene} */
  const read = () => view.model.get("_scene");
  const stages = STAGES.map((stage) => h("li", { "data-stage": stage }));
  const list = h("ol", { class: "spotnb-stages", "aria-label": "The phases of a step" }, ...stages);
  const [words, text] = [h("p", { class: "spotnb-panel-doing" }), h("p", {})];
  const plot = createPlot(view, {
    perSecond: read().framesPerSecond,
    label: "The tensors of this step, one below the other.",
    height: () => heightOf(read()),
    margin: () => ({ left: 8, right: 8 }),
    paint: (ctx) => paintPhase({ ctx, plot, colors: view.colors }, read()),
  });
  plot.canvas.setAttribute("role", "img");
  view.root.append(list, words, text, plot.element);
  view.watch(["_scene"], view.repaint);
  view.onPaint(() => {
    const scene = read();
    const names = stageNames(scene);
    for (const item of stages) {
      const stage = /** @type {keyof typeof names} */ (item.dataset.stage);
      item.textContent = names[stage];
      if (stage === scene.stage) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
    }
    words.textContent = scene.words;
    text.textContent = meaning(scene);
    view.say(`${scene.words}. ${meaning(scene)}`);
  });
  view.repaint();
  return view.end;
}

export default { render };
