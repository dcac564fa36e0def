// The status of a run in SamplerPanel. It also takes care of the keys and the focus of the whole panel.
import { careForPanel } from "./panel_status/care.js";
import { h } from "./shared/dom.js";
import { guardControls } from "./shared/keys.js";
import { openView } from "./shared/view.js";

/** @import { Given, Model } from "./shared/view.js" */

const TRAITS = ["doing", "share", "busy", "cost", "hint", "run", "fork", "trouble", "details"];
const GONE =
  "The kernel is gone, and the run with it. What was saved is still there; run the cell again to start anew.";

/** @param {Given} given */
function render({ model, el }) {
  const view = openView({ model, el }, "panel-status", "How the run stands");
  const parts = createParts();
  view.root.append(...parts.elements);
  guardControls(view, ...parts.controls);
  let lost = false;
  view.onPaint(() => {
    const gone = lost ? GONE : "";
    parts.show(model, gone);
    view.root.setAttribute("aria-busy", String(model.get("busy")));
    view.say([model.get("doing"), model.get("trouble"), model.get("hint"), gone].filter(Boolean).join(" "));
  });
  view.watch(TRAITS, view.repaint);
  view.hear("comm_live_update", () => {
    lost = true;
    view.repaint();
  });
  careForPanel(view);
  view.repaint();
  return view.end;
}

function createParts() {
  const run = h("p", { class: "spotnb-muted" });
  const doing = h("p", { class: "spotnb-panel-doing" });
  const bar = h("progress", { max: 1, value: 0, "aria-label": "Share of the run that is done" });
  const cost = h("p", { class: "spotnb-muted" });
  const hint = h("p", { class: "spotnb-note" });
  const fork = h("p", { class: "spotnb-muted" });
  const summary = h("summary", {});
  const details = h("pre", { tabindex: 0 });
  const trouble = h("details", { class: "spotnb-trouble" }, summary, details);
  const alert = h("p", { class: "spotnb-trouble", role: "alert" });
  return {
    elements: [run, doing, bar, hint, fork, cost, trouble, alert],
    controls: [summary, details],
    show(/** @type {Model} */ model, /** @type {string} */ gone) {
      doing.textContent = model.get("doing");
      bar.value = model.get("share");
      run.textContent = model.get("run") && `This run: ${model.get("run")}`;
      fork.textContent = model.get("fork");
      cost.textContent = model.get("cost") && `The form: ${model.get("cost")}`;
      bar.hidden = !model.get("run");
      for (const part of [run, fork]) part.hidden = !part.textContent;
      cost.hidden = !model.get("run"); // before a run, the plan tells it
      hint.textContent = model.get("hint");
      trouble.hidden = !model.get("trouble");
      summary.textContent = model.get("trouble");
      details.textContent = model.get("details");
      trouble.classList.toggle("spotnb-plain", !details.textContent);
      alert.hidden = !gone;
      alert.textContent = gone;
    },
  };
}

export default { render };
