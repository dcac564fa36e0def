// What the settings in the form mean and cost, before anything runs.
import { h } from "./shared/dom.js";
import { openView } from "./shared/view.js";

/** @import { Given } from "./shared/view.js" */

/** @param {Given} given */
function render(given) {
  const view = openView(given, "panel-plan", "What these settings mean");
  const title = h("h2", {}, "Before it runs: what these settings mean");
  const [meaning, cost] = [h("p", {}), h("p", { class: "spotnb-muted" })];
  const list = h("dl", { class: "spotnb-settings" });
  view.root.append(title, meaning, cost, list);
  const { model } = view;
  view.watch(["meaning", "cost", "settings"], view.repaint);
  view.onPaint(() => {
    meaning.textContent = model.get("meaning");
    meaning.hidden = !meaning.textContent;
    cost.textContent = model.get("cost") && `Cost: ${model.get("cost")}.`;
    if (!model.get("offline")) return;
    const entries = Object.entries(model.get("settings")).filter(([, value]) => value !== null && value !== "");
    list.replaceChildren(...entries.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, `${value}`))));
  });
  view.repaint();
  return view.end;
}

export default { render };
