// The blind test: the listener says which of two runs X is, while names and pictures are hidden. All switches sound
// alike.
import { createResultPanel, createSetup, createTrialPanel } from "./blind_panels.js";
import { resultOf } from "./blind_sentences.js";
import { beginSession } from "./session.js";

/** @import { View } from "../shared/view.js" */
/** @import { Outcome, Session } from "./session.js" */

/** @typedef {{ runs: [number, number], trials: number, correct: number, p: number }} Summary */

/**
 * @typedef {object} BlindOptions
 * @property {string[]} names of all runs
 * @property {() => number[]} loudness of all runs, in dB as they are played
 * @property {() => void} match makes all runs equally loud
 * @property {(run: number) => void} hear
 * @property {() => void} begin hides the pictures
 * @property {(summary: Summary | null) => void} end brings them back; null where nothing was answered
 * @property {() => void} changed
 */

const coin = () => crypto.getRandomValues(new Uint8Array(1))[0] & 1;

/**
 * @param {View} view
 * @param {BlindOptions} options
 */
export function createBlindTest(view, options) {
  /** @type {Session | null} */
  let session = null;
  const { setup, trial, result, elements, show, openSetup } = createPanels(view, options, {
    start,
    listenTo,
    take,
    finish,
  });

  function start() {
    session = beginSession(setup.pair, setup.trials, coin);
    options.begin();
    ask(session);
    show(trial.element);
    trial.focus();
  }

  function ask(/** @type {Session} */ { trial: number, total }) {
    const text = `Trial ${number} of ${total}`;
    trial.showTrial(text);
    listenTo(0);
    view.say(`${text}: A is heard.`);
  }

  function listenTo(/** @type {number} */ k) {
    if (!session) return;
    trial.showHeard(k);
    options.hear(session.behind(k));
  }

  function take(/** @type {number} */ said) {
    if (!session) return;
    if (session.take(said)) ask(session);
    else finish();
  }

  function finish() {
    if (!session) return;
    const outcome = session.outcome();
    session = null;
    if (outcome.answers.length) return conclude(outcome);
    options.end(null);
    show(null);
  }

  function conclude(/** @type {Outcome} */ outcome) {
    const summary = resultOf(outcome, options.names);
    const { trials, correct, p } = summary;
    result.show(summary);
    options.end({ runs: outcome.runs, trials, correct, p });
    show(result.element);
    result.focus();
    view.say(`${summary.verdict}. ${summary.meaning}`);
  }

  return {
    elements,
    get running() {
      return session !== null;
    },
    get open() {
      return elements.some((panel) => !panel.hidden);
    },
    /** Opens or closes the panel from which the test is started. */
    toggle() {
      if (session) return;
      if (setup.element.hidden) openSetup();
      else show(null);
    },
    listenTo,
    describe: setup.describe,
  };
}

/**
 * The three panels. At most one of them is shown.
 * @param {View} view
 * @param {BlindOptions} options
 * @param {{ start: () => void, listenTo: (k: number) => void, take: (said: number) => void, finish: () => void }} act
 */
function createPanels(view, { names, loudness, match, changed }, act) {
  const cancel = () => show(null);
  const setup = createSetup(view, names, loudness, { start: act.start, cancel, match });
  const trial = createTrialPanel(view, act);
  const result = createResultPanel(view, { again: openSetup, close: cancel });
  const elements = [setup.element, trial.element, result.element];

  function show(/** @type {HTMLElement | null} */ panel) {
    for (const each of elements) each.hidden = each !== panel;
    changed();
  }

  function openSetup() {
    show(setup.element);
    setup.describe();
    setup.focus();
  }

  return { setup, trial, result, elements, show, openSetup };
}
