// How a run of SamplerPanel stands; and what all of the panel's controls need of the page they are on.
import { h } from "./shared/dom.js";
import { guardControls, ownKeys } from "./shared/keys.js";
import { openView } from "./shared/view.js";

const CONTROLS = "button, select, input, textarea";

function render({ model, el }) {
  const view = openView({ model, el }, "panel-status", "How the run stands");
  const doing = h("p", { class: "spotnb-panel-doing" });
  const bar = h("progress", { max: 1, value: 0, "aria-label": "Share of the run that is done" });
  const cost = h("p", { class: "spotnb-muted" });
  const hint = h("p", { class: "spotnb-note" });
  const summary = h("summary", {});
  const details = h("pre", { tabindex: 0 });
  const trouble = h("details", { class: "spotnb-trouble" }, summary, details);
  const gone = h("p", { class: "spotnb-trouble", role: "alert" });
  view.root.append(doing, bar, cost, hint, trouble, gone);
  guardControls(view, summary, details);

  let lost = false;
  view.onPaint(() => {
    doing.textContent = model.get("doing");
    bar.value = model.get("share");
    view.root.setAttribute("aria-busy", String(model.get("busy")));
    cost.textContent = model.get("cost");
    hint.textContent = model.get("hint");
    trouble.hidden = !model.get("trouble");
    summary.textContent = model.get("trouble");
    details.textContent = model.get("details");
    gone.hidden = !lost;
    gone.textContent = lost ? "The kernel is gone, and the run with it. What was saved is still there; run the cell again to start anew." : "";
    view.say([model.get("doing"), model.get("trouble"), model.get("hint"), gone.textContent].filter(Boolean).join(" "));
  });
  view.watch(["doing", "share", "busy", "cost", "hint", "trouble", "details"], () => view.repaint());
  const lose = () => {
    lost = true;
    view.repaint();
  };
  model.on("comm_live_update", lose);
  view.onEnd(() => model.off("comm_live_update", lose));

  // ---- the panel around it
  let panel = null;
  let focused = null;
  const tend = () => {
    for (const control of panel.querySelectorAll(CONTROLS)) if (!control.dataset.lmSuppressShortcuts) ownKeys(control);
    // A button that is switched off loses the focus; who works by keyboard would be thrown out of the panel.
    if (!focused?.disabled) return;
    const bar = focused.closest(".spotnb-panel-bar");
    const next = bar && [...bar.querySelectorAll("button")].find((button) => !button.disabled);
    focused = null;
    if (next && (document.activeElement === document.body || document.activeElement?.disabled || panel.contains(document.activeElement))) next.focus({ preventScroll: true });
  };
  const observer = new MutationObserver(tend);
  const settle = requestAnimationFrame(() => {
    panel = view.root.closest(".spotnb-panel");
    if (!panel) return;
    observer.observe(panel, { subtree: true, childList: true, attributes: true, attributeFilter: ["disabled"] });
    view.listen(panel, "focusin", (event) => {
      focused = event.target.closest("button");
    });
    view.listen(panel, "keydown", (event) => {
      if (event.key !== "Escape" && event.key !== "Tab" && event.target.matches(CONTROLS)) event.stopPropagation();
    });
    tend();
  });
  view.onEnd(() => {
    cancelAnimationFrame(settle);
    observer.disconnect();
  });
  view.repaint();
  return view.end;
}

export default { render };
