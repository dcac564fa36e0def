// Takes care of all controls in the panel around a status: their keys and the focus.
import { ownKeys } from "../shared/keys.js";

/** @import { View } from "../shared/view.js" */

const CONTROLS = "button, select, input, textarea";

/** @param {View} view */
export function careForPanel(view) {
  const settle = requestAnimationFrame(() => {
    const panel = /** @type {HTMLElement | null} */ (view.root.closest(".spotnb-panel"));
    if (panel) tend(view, panel);
  });
  view.onEnd(() => cancelAnimationFrame(settle));
}

/** @param {View} view @param {HTMLElement} panel */
function tend(view, panel) {
  /** @type {HTMLButtonElement | null} */
  let focused = null;
  const update = () => {
    for (const control of /** @type {NodeListOf<HTMLElement>} */ (panel.querySelectorAll(CONTROLS))) {
      if (!control.dataset.lmSuppressShortcuts) ownKeys(control);
    }
    if (!focused?.disabled) return;
    const from = focused;
    focused = null; // before the focus moves on, which is heard of at once
    passFocus(panel, from);
  };
  const observer = new MutationObserver(update);
  observer.observe(panel, { subtree: true, childList: true, attributes: true, attributeFilter: ["disabled"] });
  view.onEnd(() => observer.disconnect());
  view.listen(panel, "focusin", (event) => {
    focused = event.target.closest("button");
  });
  view.listen(panel, "keydown", (event) => {
    if (event.key !== "Escape" && event.key !== "Tab" && event.target.matches(CONTROLS)) event.stopPropagation();
  });
  update();
}

/**
 * A button that is disabled loses the focus, which would throw keyboard users out of the panel.
 * @param {HTMLElement} panel
 * @param {HTMLButtonElement} from
 */
function passFocus(panel, from) {
  const buttons = [...(from.closest(".spotnb-panel-bar")?.querySelectorAll("button") ?? [])];
  const next = buttons.find((button) => !button.disabled);
  const now = document.activeElement;
  const astray = now === document.body || (now instanceof HTMLButtonElement && now.disabled) || panel.contains(now);
  if (next && astray) next.focus({ preventScroll: true });
}
