// The blind test: A and B are two runs, X is one of them, drawn anew for each trial; the listener says which.
// What is drawn lives in this closure alone: not on the page, not in a trait, and each switch sounds alike.
import { field, h, selectOf } from "./shared/dom.js";
import { guardControls } from "./shared/keys.js";

const TRIALS = ["8", "12", "16", "24"];
const LEVEL = 0.05;
const HEARD = 0.5; // dB by which runs may differ before the test hints at it

// The chance that guessing gives at least so many right answers: one-sided, exact, as `spotnb.widgets.abx`.
export function pValue(correct, trials) {
  let [ways, sum] = [1, 0]; // of k right answers; whole numbers that a double holds up to 56 trials
  for (let k = 0; k <= trials; k += 1) {
    if (k >= correct) sum += ways;
    ways = (ways * (trials - k)) / (k + 1);
  }
  return sum / 2 ** trials;
}

// The fewest right answers that are significant, or null.
export function needed(trials, level = LEVEL) {
  for (let right = 0; right <= trials; right += 1) if (pValue(right, trials) < level) return right;
  return null;
}

const coin = () => crypto.getRandomValues(new Uint8Array(1))[0] & 1;
const percent = (p) => (p < 0.001 ? "less than 0.1 %" : `${Number((100 * p).toPrecision(2))} %`);

// options: rows, loudness() of each row in dB as it is played; hear(row) to listen to one; begin() hides the pictures,
// end(result) brings them back: { runs, trials, correct, p }, or null where there is none.
export function createBlindTest(view, options) {
  const { rows } = options;
  const names = Object.fromEntries(rows.map((row, k) => [k, `${k + 1}  ${row.name}`]));
  let hidden = null; // [run of A, run of B]
  let answer = 0; // X is A (0) or B (1)
  let answers = [];
  let total = 0;

  const button = (text, act) => {
    const made = h("button", { type: "button", class: "spotnb-button" }, text);
    guardControls(view, made);
    view.listen(made, "click", act);
    return made;
  };

  // ---- before
  const pick = [0, 1].map((k) => {
    const select = selectOf(Object.keys(names), names);
    select.value = String(k);
    return select;
  });
  const count = selectOf(TRIALS);
  count.value = "12";
  const need = h("p", { class: "spotnb-muted" });
  const loud = h("p", {});
  const go = button("Start", start);
  const setup = h(
    "div",
    { class: "spotnb-blind", hidden: true },
    h("h3", {}, "Blind test (ABX)"),
    h("p", { class: "spotnb-muted" }, "A and B are the two runs in an order that you are not told, X is one of them, anew in each trial. Listen to all three as long as you like, at any place, then say which of them X is. Names and pictures are hidden meanwhile, and the result is shown at the end."),
    h("div", { class: "spotnb-row" }, rows.length > 2 ? field("Compare", pick[0]) : null, rows.length > 2 ? field("with", pick[1]) : null, field("Trials", count), go, button("Cancel", () => show(null))),
    need,
    loud,
  );
  guardControls(view, ...pick, count);

  // ---- while it runs
  const sounds = ["A", "B", "X"].map((name, k) => {
    const made = button(name, () => listenTo(k));
    made.setAttribute("aria-label", `Listen to ${name}`);
    return made;
  });
  const says = ["X is A", "X is B"].map((text, k) => button(text, () => take(k)));
  const progress = h("h3", {});
  const running = h(
    "div",
    { class: "spotnb-blind", hidden: true },
    progress,
    h("div", { class: "spotnb-row" }, h("div", { class: "spotnb-segmented spotnb-listen", role: "group", "aria-label": "Listen to" }, ...sounds), ...says, h("span", { class: "spotnb-spacer" }), button("End the test", finish)),
    h("p", { class: "spotnb-muted" }, "Keys on the time line: a, b, x to listen, space to play, arrows to move."),
  );

  // ---- after
  const verdict = h("p", { class: "spotnb-result" });
  const meaning = h("p", {});
  const which = h("p", { class: "spotnb-muted" });
  const result = h(
    "div",
    { class: "spotnb-blind", hidden: true },
    h("h3", {}, "Result of the blind test"),
    verdict,
    meaning,
    which,
    h("div", { class: "spotnb-row" }, button("Another test", () => show(setup)), button("Close", () => show(null))),
  );

  const panels = [setup, running, result];
  const test = {
    elements: panels,
    get running() {
      return hidden !== null;
    },
    open() {
      if (!test.running) show(setup.hidden ? setup : null);
    },
    listenTo,
    describe,
  };

  function show(panel) {
    for (const each of panels) each.hidden = each !== panel;
    if (panel === setup) {
      describe();
      count.focus({ preventScroll: true });
    }
    options.changed();
  }

  function describe() {
    const trials = Number(count.value);
    need.textContent = `Of ${trials} trials, ${needed(trials)} right answers or more are significant (p < ${LEVEL}). With fewer than 5 trials, nothing can be; decide how many before you begin.`;
    const pair = pick.map((select) => Number(select.value));
    const levels = options.loudness();
    const apart = Math.abs(levels[pair[0]] - levels[pair[1]]);
    loud.hidden = !(apart > HEARD);
    loud.textContent = `They differ by ${apart.toFixed(1)} dB: you would hear that rather than seams. Match the levels first.`;
    go.disabled = pair[0] === pair[1];
  }

  function start() {
    const pair = pick.map((select) => Number(select.value));
    hidden = coin() ? pair : pair.reverse();
    total = Number(count.value);
    answers = [];
    options.begin();
    draw();
    show(running);
    sounds[0].focus({ preventScroll: true });
  }

  function draw() {
    answer = coin();
    progress.textContent = `Trial ${answers.length + 1} of ${total}`;
    listenTo(0);
    view.say(`Trial ${answers.length + 1} of ${total}: A is heard.`);
  }

  function listenTo(k) {
    if (!hidden) return;
    sounds.forEach((each, index) => each.setAttribute("aria-pressed", String(index === k)));
    options.hear(hidden[k === 2 ? answer : k]);
  }

  function take(said) {
    answers.push(said === answer);
    if (answers.length < total) draw();
    else finish();
  }

  function finish() {
    const [runs, trials] = [hidden, answers.length];
    hidden = null;
    if (!trials) {
      options.end(null);
      return show(null);
    }
    const correct = answers.filter(Boolean).length;
    const p = pValue(correct, trials);
    verdict.textContent = `${correct} of ${trials} right, p = ${p < 0.001 ? p.toExponential(1) : p.toFixed(3)}`;
    const guess = `Somebody who only guesses does as well in ${percent(p)} of such tests.`;
    const least = needed(trials);
    if (p < LEVEL) meaning.textContent = `${guess} You hear a difference.`;
    else if (least === null) meaning.textContent = `${guess} So few trials cannot show anything: at least 5 are needed, 12 are better.`;
    else meaning.textContent = `${guess} That shows no difference, and it does not show that there is none. ${least} right would have been significant.`;
    which.textContent = `A was ${names[runs[0]]}, B was ${names[runs[1]]}. In order: ${answers.map((right) => (right ? "right" : "wrong")).join(", ")}.`;
    options.end({ runs, trials, correct, p });
    show(result);
    result.querySelector("button").focus({ preventScroll: true });
    view.say(`${verdict.textContent}. ${meaning.textContent}`);
  }

  for (const select of [...pick, count]) view.listen(select, "change", describe);
  return test;
}
