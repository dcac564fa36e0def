// The head of the list of kept runs.
import { h } from "./shared/dom.js";
import { pressable } from "./shared/keys.js";
import { openView } from "./shared/view.js";

/** @import { Given } from "./shared/view.js" */

const [LEAST, MOST] = [2, 4];

/** @param {Given} given */
function render(given) {
  const view = openView(given, "panel-list", "Kept runs");
  const { model } = view;
  const title = h("h2", {});
  const compare = pressable(view, {}, "Compare", () => model.send({ press: "compare" }));
  const close = pressable(view, {}, "Close the comparison", () => model.send({ press: "close" }));
  const note = h("p", { class: "spotnb-muted" });
  const trouble = h("p", { class: "spotnb-trouble", role: "alert" });
  view.root.append(title, note, h("div", { class: "spotnb-row" }, compare, close), trouble);
  view.watch(["count", "chosen", "comparing", "busy", "trouble"], view.repaint);
  view.onPaint(() => {
    const [count, chosen] = [model.get("count"), model.get("chosen")];
    view.root.hidden = !count;
    title.textContent = `Kept runs: ${count}`;
    compare.hidden = count < LEAST;
    compare.disabled = chosen < LEAST || chosen > MOST;
    close.hidden = !model.get("comparing");
    note.textContent = noteOn(count, chosen);
    trouble.textContent = model.get("trouble");
    trouble.hidden = !trouble.textContent;
  });
  view.repaint();
  return view.end;
}

/** @param {number} count @param {number} chosen */
function noteOn(count, chosen) {
  if (count < LEAST) return "Every run stays here until you remove it.";
  if (chosen > MOST) return `${chosen} are ticked: Compare takes ${LEAST} to ${MOST}.`;
  return chosen < LEAST ? `Tick ${LEAST} to ${MOST} runs to compare them.` : `${chosen} are ticked.`;
}

export default { render };
