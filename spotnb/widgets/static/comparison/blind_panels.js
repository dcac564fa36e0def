// The panels of the blind test: before it, while it runs, and after it.
import { field, h, selectOf } from "../shared/dom.js";
import { guardControls, pressable } from "../shared/keys.js";
import { BLIND_KEYS, EXPLANATION, loudnessHint, requirement } from "./blind_sentences.js";

/** @import { View } from "../shared/view.js" */
/** @import { resultOf } from "./blind_sentences.js" */

const TRIALS = ["8", "12", "16", "24"];

/**
 * @param {View} view
 * @param {string[]} names of all runs
 * @param {() => number[]} loudness of all runs, in dB as they are played
 * @param {{ start: () => void, cancel: () => void, match: () => void }} act
 */
export function createSetup(view, names, loudness, act) {
  const indices = names.map((_, k) => String(k));
  const pick = [0, 1].map((k) => {
    const select = selectOf(indices, Object.fromEntries(names.entries()));
    select.value = String(k);
    return select;
  });
  const count = selectOf(TRIALS);
  count.value = "12";
  const need = h("p", { class: "spotnb-muted" });
  const go = pressable(view, {}, "Start", act.start);
  const apart = h("span", {});
  const match = pressable(view, {}, "Make them equally loud", () => {
    act.match();
    if (loud.hidden) go.focus({ preventScroll: true }); // with it, this button has disappeared
  });
  const loud = h("div", { class: "spotnb-row" }, apart, match);
  const several = names.length > 2 ? [field("Compare", pick[0]), field("with", pick[1])] : [];
  const cancel = pressable(view, {}, "Cancel", act.cancel);
  const element = panel(
    h("h2", {}, "Blind test (ABX)"),
    h("p", { class: "spotnb-muted" }, EXPLANATION),
    need,
    loud,
    h("div", { class: "spotnb-row" }, ...several, field("Trials", count), go, cancel),
  );
  guardControls(view, ...pick, count);
  const setup = {
    element,
    get trials() {
      return Number(count.value);
    },
    /** @returns {[number, number]} */
    get pair() {
      return [Number(pick[0].value), Number(pick[1].value)];
    },
    focus: () => count.focus({ preventScroll: true }),
    describe() {
      const [a, b] = setup.pair;
      const levels = loudness();
      const hint = loudnessHint(levels[a], levels[b]);
      need.textContent = requirement(setup.trials);
      loud.hidden = hint === null;
      apart.textContent = hint ?? "";
      go.disabled = a === b;
    },
  };
  for (const select of [...pick, count]) view.listen(select, "change", setup.describe);
  return setup;
}

/**
 * @param {View} view
 * @param {{ listenTo: (k: number) => void, take: (said: number) => void, finish: () => void }} act
 */
export function createTrialPanel(view, act) {
  const sounds = ["A", "B", "X"].map((name, k) => {
    const label = `Listen to ${name}`;
    return pressable(view, { "aria-label": label }, name, () => act.listenTo(k));
  });
  const says = ["X is A", "X is B"].map((text, k) => pressable(view, {}, text, () => act.take(k)));
  const progress = h("h2", {});
  const listening = { class: "spotnb-segmented spotnb-listen", role: "group", "aria-label": "Listen to" };
  const end = pressable(view, {}, "End the test", act.finish);
  const spacer = h("span", { class: "spotnb-spacer" });
  return {
    element: panel(
      progress,
      h("div", { class: "spotnb-row" }, h("div", listening, ...sounds), ...says, spacer, end),
      h("p", { class: "spotnb-muted" }, BLIND_KEYS),
    ),
    focus: () => sounds[0].focus({ preventScroll: true }),
    showTrial(/** @type {string} */ text) {
      progress.textContent = text;
    },
    showHeard(/** @type {number} */ k) {
      sounds.forEach((each, index) => {
        each.setAttribute("aria-pressed", String(index === k));
      });
    },
  };
}

/**
 * @param {View} view
 * @param {{ again: () => void, close: () => void }} act
 */
export function createResultPanel(view, act) {
  const verdict = h("p", { class: "spotnb-result" });
  const meaning = h("p", {});
  const which = h("p", { class: "spotnb-muted" });
  const again = pressable(view, {}, "Another test", act.again);
  const close = pressable(view, {}, "Close", act.close);
  return {
    element: panel(
      h("h2", {}, "Result of the blind test"),
      verdict,
      meaning,
      which,
      h("div", { class: "spotnb-row" }, again, close),
    ),
    focus: () => again.focus({ preventScroll: true }),
    show(/** @type {ReturnType<typeof resultOf>} */ result) {
      verdict.textContent = result.verdict;
      meaning.textContent = result.meaning;
      which.textContent = result.which;
    },
  };
}

/** @param {...HTMLElement} children */
function panel(...children) {
  return h("div", { class: "spotnb-blind", hidden: true }, ...children);
}
