import assert from "node:assert/strict";
import test from "node:test";
import { badnessOf, MINUS, NAN, PLUS, valuesOf, wordOf } from "../../spotnb/widgets/static/inspector/codes.js";
import {
  arrange,
  bandBelow,
  cellAt,
  inView,
  labeledRows,
  MEL,
  panned,
  zoomed,
} from "../../spotnb/widgets/static/inspector/geometry.js";
import { lanesOf } from "../../spotnb/widgets/static/inspector/painter.js";
import { paintPlane, paintSum } from "../../spotnb/widgets/static/inspector/pictures.js";
import { termsOf, valueAt } from "../../spotnb/widgets/static/inspector/quantities.js";
import { missingOf } from "../../spotnb/widgets/static/inspector/requests.js";
import {
  absence,
  bandReading,
  description,
  facts,
  number,
  reading,
  remarks,
  savedWords,
  soundAction,
  spectrogramWords,
} from "../../spotnb/widgets/static/inspector/sentences.js";
import { Spectra, undone } from "../../spotnb/widgets/static/inspector/spectra.js";
import {
  channelAfter,
  layoutOf,
  nameOf,
  readState,
  selectedCell,
} from "../../spotnb/widgets/static/inspector/state.js";
import { Store } from "../../spotnb/widgets/static/inspector/store.js";
import { diverging } from "../../spotnb/widgets/static/shared/colors.js";
import { cuts } from "../../spotnb/widgets/static/shared/layout.js";

const SCENE = {
  channels: 2,
  frames: 10,
  framesPerSecond: 25,
  bins: 3,
  ring: false,
  factor: 1,
  columns: 10,
  silent: null,
  framesPerMel: 0.25,
  melRange: [-11.5, 2],
};
const TRAITS = {
  step: 0,
  quantity: "x0",
  channel: null,
  colour_range: "run",
  selected_frame: null,
  selected_bin: 0,
  tiles: true,
};
const HEAD = 6 * 2 + 4 * 3 * 6;

// A record whose x is 0.1 * code - 1 in channel 0 and whose x0 is 0.2 * code; every code is `code`.
function record(step, changes = {}, code = 20, columns = 10) {
  const planes = changes.planes ?? ["x", "x0"];
  const numbers = new Float32Array(HEAD);
  numbers.set([-1, 0, 0.1, 0.1, 0, 0, 0.2, 0.2]);
  const rows = Array.from({ length: 12 }, (_, k) => [k, 1, -2, 3, 4 + step, 0]);
  numbers.set(rows.flat(), 12);
  const codes = new Uint8Array(planes.length * 2 * columns * 3).fill(code);
  const data = new Uint8Array([...new Uint8Array(numbers.buffer), ...codes]);
  const told = {
    step,
    timestep: 900 - step,
    shift: 2,
    planes,
    bytes: data.length,
    tiles: [
      [-2, 6, 0, 6],
      [6, 14, 6, 10],
    ],
    blended: false,
    has: ["x", "x0", "noise", "difference"],
    noise: { base: "before", signal: 0.6, level: 0.8 },
    ...changes,
  };
  return { told, data };
}

function store(...records) {
  const data = new Uint8Array(records.flatMap(({ data: bytes }) => [...bytes]));
  return new Store(SCENE, { edition: 3, records: records.map(({ told }) => told) }, data);
}

function state(traits = {}, count = 2) {
  return readState(SCENE, count, (name) => ({ ...TRAITS, ...traits })[name]);
}

const near = (a, b) => assert.ok(Math.abs(a - b) < 1e-5, `${a} is not ${b}`);

test("traits are kept within their limits", () => {
  const held = state({ step: 9, channel: 5, selected_bin: 7, selected_frame: 99 });
  assert.deepEqual([held.step, held.shown, held.bin], [1, [1], 2]);
  assert.deepEqual(selectedCell(SCENE, held), { frame: 9, bin: 2, channel: 1 });
  assert.deepEqual(state().shown, [0, 1]);
  assert.equal(selectedCell(SCENE, state()), null);
  assert.equal(state({}, 0).step, 0);
});

test("arrow keys go from all channels through each", () => {
  const after = (channel, by) => channelAfter(SCENE, state({ channel }), by);
  assert.deepEqual([after(null, 1), after(0, 1), after(1, 1), after(0, -1), after(null, -1)], [0, 1, 1, null, null]);
});

test("codes are values, and three are none", () => {
  const values = valuesOf(-1, 0.5, 2);
  assert.deepEqual([values[0], values[1], values[252]], [-2, -1, 250]);
  assert.deepEqual([values[NAN], values[PLUS], values[MINUS]], [Number.NaN, Infinity, -Infinity]);
  assert.deepEqual([values[NAN], Infinity, -Infinity].map(badnessOf), ["nan", "plus", "minus"]);
  const inverted = valuesOf(0, 1, -1);
  assert.equal(inverted[PLUS], -Infinity);
});

test("zero is the middle of the map, and what is beyond its ends takes their colors", () => {
  assert.equal(wordOf(0, 127, diverging), diverging[128]);
  assert.equal(wordOf(-9, 127, diverging), diverging[1]);
  assert.equal(wordOf(9, 127, diverging), diverging[255]);
  assert.ok(!diverging.includes(wordOf(Number.NaN, 127, diverging)));
});

test("a store takes records as they come, and asks anew where some are missing", () => {
  const held = store(record(0));
  const message = (from, edition, ...records) =>
    held.accept(
      { edition, from, records: records.map(({ told }) => told) },
      new Uint8Array(records.flatMap(({ data }) => [...data])),
    );
  assert.ok(message(1, 3, record(1)));
  assert.deepEqual(
    held.parts.map(({ facts: { step } }) => step),
    [0, 1],
  );
  assert.ok(!message(5, 3, record(5)));
  assert.ok(!message(1, 7, record(1)));
  assert.ok(message(1, 4, record(8)));
  assert.deepEqual(
    held.parts.map(({ facts: { step } }) => step),
    [0, 8],
  );
  assert.ok(message(0, 9));
  assert.equal(held.parts.length, 0);
});

test("only the last details are kept, and those of another edition are not taken", () => {
  const held = store(record(0));
  const take = (index, edition = 3) => {
    const { told, data } = record(index, {}, 20, 4);
    held.acceptDetail({ edition, index, facts: told, start: 2, stop: 6, factor: 1 }, data);
  };
  take(0, 2);
  assert.equal(held.details.size, 0);
  for (let index = 0; index < 15; index += 1) take(index);
  assert.deepEqual(
    [...held.details.keys()],
    Array.from({ length: 12 }, (_, k) => k + 3),
  );
});

test("statistics and limits are those that were sent", () => {
  const held = store(record(0), record(1));
  assert.equal(held.statistics(0, "x", 1).mean, 1);
  assert.equal(held.statistics(0, "difference", null).mean, 11);
  assert.equal(held.limit(0, "x", 0, false), 4);
  assert.equal(held.limit(0, "x", 0, true), 5);
});

test("the difference and the noise are worked out from two planes", () => {
  const held = store(record(0), record(1, {}, 30));
  const cell = { frame: 4, bin: 1, channel: 0 };
  near(valueAt(held, 0, "x", cell).value, 1);
  near(valueAt(held, 1, "difference", cell).value, 2 - 6);
  const noise = valueAt(held, 1, "noise", cell);
  near(noise.value, 1 / 0.8 - (0.6 / 0.8) * 6);
  near(noise.error, 0.05 / 0.8 + (0.6 / 0.8) * 0.1);
  assert.ok(noise.derived);
  assert.equal(valueAt(held, 0, "noise", cell), null);
});

test("a record without planes shows those of the one before it", () => {
  const held = store(record(0), record(1, { planes: [] }));
  assert.equal(held.near(1), 0);
  const cell = { frame: 4, bin: 1, channel: 0 };
  assert.equal(valueAt(held, 1, "x", cell).step, 0);
  assert.match(reading(held, state({ step: 1, quantity: "x" }), cell), /1\.000 ± 0\.05 \(of step 0\)$/);
  const told = remarks(held, state({ step: 1 }), { base: null, fine: null }, false);
  assert.match(told, /^The planes of step 0 stand in for those of step 1/);
});

test("detail is read where it is at hand", () => {
  const held = store(record(0));
  const { told, data } = record(0, {}, 40, 4);
  held.acceptDetail({ edition: 3, index: 0, facts: told, start: 2, stop: 6, factor: 1 }, data);
  near(valueAt(held, 0, "x", { frame: 3, bin: 0, channel: 0 }).value, 3);
  near(valueAt(held, 0, "x", { frame: 7, bin: 0, channel: 0 }).value, 1);
  assert.equal(termsOf(undefined, "x", null), null);
});

test("pictures stand upright, and mark what is not finite", () => {
  const where = { row: 1, columns: 2, bins: 3, first: 6 };
  const codes = Uint8Array.from([0, 0, 0, 0, 0, 0, 10, 20, NAN, PLUS, MINUS, 30]);
  const values = valuesOf(0, 1, 1);
  const words = new Uint32Array(12);
  const marks = [];
  paintPlane(words, where, { codes, values }, 1, marks);
  assert.deepEqual([words[10], words[8]], [diverging[138], diverging[148]]);
  assert.deepEqual(marks, [
    [1, 0, "nan", 2],
    [1, 1, "plus", 0],
    [1, 1, "minus", 1],
  ]);
  const sum = new Uint32Array(12);
  const other = { codes: new Uint8Array(12).fill(5), values };
  const again = [];
  paintSum(sum, where, { codes, values }, other, 1, again);
  assert.equal(sum[10], diverging[143]);
  assert.deepEqual(again, marks);
});

test("numbers are as short as they can be", () => {
  const said = [0, -1.23456, 123.456, 12345, 0.0001, Number.NaN, Infinity, -Infinity].map(number);
  assert.deepEqual(said, ["0.000", "−1.235", "123.5", "1.23e+4", "1.00e−4", "NaN", "infinity", "−infinity"]);
});

test("what is absent is said", () => {
  assert.match(absence(store(), state({}, 0)), /^Nothing is recorded yet/);
  const held = store(record(0, { has: ["x"] }));
  assert.equal(absence(held, state({}, 1)), "Clean estimate was not recorded at step 0.");
  assert.equal(absence(held, state({ quantity: "x" }, 1)), null);
});

test("tiles that cross-fade have no seams", () => {
  const tiles = [
    [0, 6, 0, 6],
    [4, 10, 4, 10],
  ];
  const held = store(record(7, { tiles, blended: true }), record(8, { tiles, blended: false }));
  assert.deepEqual(
    [0, 1].map((index) => cuts(layoutOf(held, index))),
    [[], [4, 6]],
  );
  assert.deepEqual(
    [0, 1].map((index) => lanesOf(layoutOf(held, index))),
    [1, 2],
  );
  const told = (step) => facts(held, state({ step }, 2)).at(-1).join("");
  assert.deepEqual([0, 1].map(told), ["tiles cross-fade, nothing is cut", "shift 0.08 s"]);
  assert.match(description(held, state({ step: 0 }, 2), ""), / 2 tiles\.$/);
});

test("the facts and the description say the same", () => {
  const held = store(record(7));
  const told = facts(held, state({}, 1)).map((parts) => parts.join(""));
  assert.deepEqual(told.slice(4), ["t = 893", "shift 0.08 s"]);
  assert.equal(
    description(held, state({}, 1), " And this."),
    `Clean estimate at step 7, all channels: ${told.join(", ")}. 2 tiles, 1 seams. And this.`,
  );
  assert.ok(!description(held, state({ tiles: false }, 1), "").includes("tiles"));
  assert.equal(nameOf(held, 0), "7");
  assert.equal(layoutOf(held, 0).tiles[0].window[0], -2);
});

test("remarks tell what was derived or thinned", () => {
  const held = store(record(0));
  const picture = { derived: true, factor: 4 };
  const told = remarks(held, state({ quantity: "noise" }), { base: picture, fine: null }, false);
  assert.match(told, /^The noise is derived.*Every 4th frame is drawn; zoom in for all\.$/);
  assert.match(remarks(held, state(), { base: { ...picture, derived: false }, fine: null }, true), /drawn\.$/);
});

test("the button of the sound says what it does", () => {
  const action = (ready, playing, waiting) => soundAction({ ready, playing, waiting });
  assert.equal(action(true, true, false), "Pause");
  assert.equal(action(true, false, false), "Play the clean estimate");
  assert.equal(action(false, false, true), "Decoding …");
  assert.equal(action(false, true, false), "Hear the clean estimate");
});

test("a place of the picture is a cell, or none", () => {
  const at = arrange(2, 1, false, 16, true);
  const plot = { top: 10, left: 50, right: 150, frameAt: (x) => (x - 50) / 10 };
  const size = { ...SCENE, shown: [0, 1] };
  const y = plot.top + at.first;
  assert.deepEqual(cellAt(plot, at, { x: 75, y: y + 1 }, size), { frame: 2, bin: 2, channel: 0 });
  const lower = y + at.pitch + at.height - 1;
  assert.deepEqual(cellAt(plot, at, { x: 149, y: lower }, size), { frame: 9, bin: 0, channel: 1 });
  for (const place of [
    { x: 40, y: y + 1 },
    { x: 75, y: 5 },
    { x: 75, y: y + at.height + 1 },
    { x: 150, y: y + 1 },
  ]) {
    assert.equal(cellAt(plot, at, place, size), null);
  }
});

test("zoomed, moved and followed, the picture stays within the latent", () => {
  assert.deepEqual(zoomed([0, 100], 0.5, 20, 100), [10, 60]);
  assert.deepEqual(zoomed([0, 100], 0.001, 100, 100), [90, 100]);
  assert.deepEqual(zoomed([0, 6], 0.5, 3, 6), [0, 6]);
  assert.deepEqual(panned([20, 60], 0.25, 100), [10, 50]);
  assert.deepEqual(panned([20, 60], -9, 100), [60, 100]);
  assert.deepEqual(inView([20, 60], 30, 100), [20, 60]);
  assert.deepEqual(inView([20, 60], 95, 100), [60, 100]);
});

test("only what did not travel is asked for", () => {
  const held = store(record(0), record(1, { planes: [] }));
  assert.equal(missingOf(held, 0, [0, 10]), null);
  assert.deepEqual(missingOf(held, 1, [2.5, 7.2]), [2, 8]);
  held.scene = { ...SCENE, factor: 4 };
  assert.deepEqual(missingOf(held, 0, [0, 10]), [0, 10]);
  assert.equal(missingOf(store(), 0, [0, 10]), null);
});

test("channels of one bin are the lines of one picture", () => {
  const at = arrange(64, 1, false, 1, true);
  assert.ok(at.height >= 4);
  assert.equal(at.pitch, at.height);
  assert.ok(at.total < 520 + MEL);
  const plot = { top: 10, left: 0, right: 100, frameAt: (x) => x };
  const size = { frames: 100, bins: 1, shown: Array.from({ length: 64 }, (_, k) => k) };
  for (const channel of [0, 1, 31, 63]) {
    const y = plot.top + at.first + (channel + 0.5) * at.pitch;
    assert.deepEqual(cellAt(plot, at, { x: 7, y }, size), { frame: 7, bin: 0, channel });
  }
  assert.equal(cellAt(plot, at, { x: 7, y: plot.top + at.first + 64 * at.pitch + 1 }, size), null);
  const labels = labeledRows(64, at.pitch);
  assert.deepEqual(labels.slice(0, 3), [0, 2, 4]);
  assert.ok((labels[1] - labels[0]) * at.pitch >= 12);
  assert.deepEqual(labeledRows(8, 49), [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.ok(arrange(1, 0, false, 1, false).height < arrange(1, 0, false, 16, false).height);
});

test("a place in the spectrogram is a frame and a band, or none", () => {
  const at = arrange(2, 1, false, 16, true);
  const plot = { top: 10, left: 50, right: 150, frameAt: (x) => (x - 50) / 10 };
  const top = plot.top + at.mel;
  assert.deepEqual(bandBelow(plot, at, { x: 75, y: top }, 10), { frame: 2, band: 63 });
  assert.deepEqual(bandBelow(plot, at, { x: 149, y: top + MEL - 0.5 }, 10), { frame: 9, band: 0 });
  for (const place of [
    { x: 40, y: top },
    { x: 75, y: top - 1 },
    { x: 75, y: top + MEL },
    { x: 150, y: top },
  ]) {
    assert.equal(bandBelow(plot, at, place, 10), null);
  }
  const silent = arrange(2, 1, false, 16, false);
  assert.equal(bandBelow(plot, silent, { x: 75, y: top }, 10), null);
  assert.equal(at.total - silent.total, 20 + MEL);
});

test("a spectrogram is the sum of its differences, and is forgotten with its step", () => {
  const differences = Uint8Array.from({ length: 3 * 64 }, (_, k) => [10, 20, 226][Math.floor(k / 64)]); // 226 is -30
  assert.deepEqual(
    [0, 64, 128].map((at) => undone(differences)[at]),
    [20, 60, 0],
  );
  const spectra = new Spectra(0.25); // a latent frame has four mel frames
  spectra.accept({ step: 2, columns: 3, factor: 2 }, differences);
  assert.equal(spectra.at(2, 0, 0, [0, 255]), 60); // the middle of the frame begins column 1
  assert.equal(spectra.at(2, 1, 63, [0, 255]), 0);
  assert.equal(spectra.at(2, 7, 0, [0, 255]), null);
  assert.equal(spectra.at(1, 0, 0, [0, 255]), null);
  spectra.accept({ step: 3, error: "no" }, new Uint8Array(0));
  assert.equal(spectra.failure(3), "no");
  spectra.forget(3);
  assert.deepEqual([spectra.failure(3), spectra.at(2, 0, 0, [0, 255])], [null, 60]);
  spectra.forget(2);
  assert.equal(spectra.at(2, 0, 0, [0, 255]), null);
});

test("the absence of a spectrogram has its reason", () => {
  const held = store(record(0));
  assert.equal(spectrogramWords(held, 0, null, false), "Decoding …");
  assert.match(spectrogramWords(held, 0, null, true), /^This page does not hold/);
  assert.equal(spectrogramWords(held, 0, "it failed", false), "it failed");
  assert.match(spectrogramWords(store(record(0, { has: ["x"] })), 0, null, false), /was not recorded$/);
});

test("the spectrogram is read in hertz and decibels", () => {
  const held = store(record(4));
  const scene = { ...SCENE, framesPerSecond: 25 };
  held.scene = scene;
  const words = bandReading(held, 0, { frame: 5, band: 3 }, -Math.LN10);
  assert.equal(words, "Step 4, 0.20 s, 186 Hz (mel band 3): −20.0 dB");
  assert.match(bandReading(held, 0, { frame: 5, band: 60 }, null), /6\.6 kHz \(mel band 60\): not decoded yet$/);
});

test("a saved page says which sounds it holds", () => {
  const held = store(record(0), record(1), record(2));
  assert.equal(savedWords(held, []), "This page holds no sound");
  assert.equal(savedWords(held, [1]), "This page holds the sound of step 1");
  assert.equal(savedWords(held, [2, 0, 1]), "This page holds the sound of steps 0, 1 and 2");
});
