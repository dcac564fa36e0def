// The five stages side by side: tabs with a small picture each, and an arrow to the next.
import { h, uniqueId } from "../shared/dom.js";
import { bindKeys, guardControls } from "../shared/keys.js";
import { TITLES } from "./sentences.js";
import { STAGES, stageAfter } from "./state.js";
import { paintStrip } from "./strip_painter.js";

/** @import { View } from "../shared/view.js" */
/** @import { Pictures } from "./pictures.js" */
/** @import { Scene, Stage } from "./state.js" */

/**
 * @param {View} view
 * @param {Scene} scene
 * @param {Pictures} pictures
 * @param {{ get: () => Stage, open: (stage: Stage) => void }} chosen
 */
export function createTabs(view, scene, pictures, { get, open }) {
  const panel = uniqueId();
  const tabs = STAGES.map((stage) => createTab(stage, panel));
  const element = h("div", { class: "spotnb-overview-stages", role: "tablist", "aria-label": "Stages" }, ...tabs);
  const go = (/** @type {Stage} */ stage) => {
    open(stage);
    tabs[STAGES.indexOf(stage)].focus();
  };
  tabs.forEach((tab, index) => {
    bindKeys(view, tab, {
      ArrowLeft: () => go(stageAfter(get(), -1)),
      ArrowUp: () => go(stageAfter(get(), -1)),
      ArrowRight: () => go(stageAfter(get(), 1)),
      ArrowDown: () => go(stageAfter(get(), 1)),
      Home: () => go(STAGES[0]),
      End: () => go(STAGES[STAGES.length - 1]),
    });
    guardControls(view, tab);
    view.listen(tab, "click", () => open(STAGES[index]));
  });
  return {
    element,
    panel,
    show() {
      tabs.forEach((tab, index) => {
        const selected = STAGES[index] === get();
        tab.setAttribute("aria-selected", String(selected));
        tab.tabIndex = selected ? 0 : -1;
        const canvas = /** @type {HTMLCanvasElement} */ (tab.firstElementChild);
        paintStrip(canvas, view.colors, scene, pictures, STAGES[index]);
      });
    },
  };
}

/** @param {Stage} stage @param {string} panel */
function createTab(stage, panel) {
  const [title, caption] = TITLES[stage];
  return h(
    "button",
    { type: "button", role: "tab", "aria-controls": panel, "data-stage": stage },
    h("canvas", { "aria-hidden": "true" }),
    h("span", {}, h("b", {}, title), h("span", { class: "spotnb-muted" }, caption)),
  );
}
