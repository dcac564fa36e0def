import assert from "node:assert/strict";
import test from "node:test";
import { loudnessHint, requirement, resultOf } from "../../spotnb/widgets/static/comparison/blind_sentences.js";
import { between, levelsOf, peakOf } from "../../spotnb/widgets/static/comparison/envelope.js";
import { rowHeight, rowPlaces } from "../../spotnb/widgets/static/comparison/geometry.js";
import { factorOf, loudnessOf, prepareRow, scaleOf } from "../../spotnb/widgets/static/comparison/rows.js";
import {
  aboutWords,
  decibels,
  legend,
  levelWords,
  peaksAt,
  reading,
  rowFacts,
  status,
} from "../../spotnb/widgets/static/comparison/sentences.js";
import { beginSession } from "../../spotnb/widgets/static/comparison/session.js";
import {
  around,
  beforeSeam,
  loopAround,
  magnified,
  nearestSeam,
  nextSeam,
  paged,
  readState,
} from "../../spotnb/widgets/static/comparison/state.js";
import { needed, pValue } from "../../spotnb/widgets/static/comparison/statistics.js";
import { binOf, hzOf } from "../../spotnb/widgets/static/shared/mel_scale.js";
import { bandAt, bandY } from "../../spotnb/widgets/static/shared/spectrogram.js";
import { fixture } from "./fixtures.js";

const SCENE = {
  duration: 4,
  framesPerSecond: 25,
  melSeconds: 0.01,
  melRange: [-10, 0],
  measure: "LUFS",
  grid: [50],
  rows: [],
};

// Four seconds that swell from silence to `peak`, in columns of 16 samples.
function row(changes = {}, peak = 127) {
  const columns = 400;
  const envelope = new Int8Array(2 * columns);
  for (let k = 0; k < columns; k += 1)
    envelope.set([-Math.round((peak * k) / 399), Math.round((peak * k) / 399)], 2 * k);
  const given = {
    name: "one",
    about: {},
    samples: 6400,
    rate: 1600,
    seams: [50],
    seamsKnown: true,
    blended: false,
    score: [1.25, 0.0004],
    levels: { lufs: -20.04, rms_db: -18 },
    gain: 0,
    columnSamples: 16,
    envelope: new DataView(envelope.buffer),
    mel: new DataView(new Uint8Array(64 * 400).fill(51).buffer),
    ...changes,
  };
  return prepareRow(given, SCENE);
}

test("chances are those of Python", () => {
  for (const { trials, p, needed: least } of fixture("chances")) {
    assert.equal(needed(trials), least);
    p.forEach((chance, correct) => {
      assert.ok(Math.abs(pValue(correct, trials) / chance - 1) < 1e-12);
    });
  }
});

test("a session draws X anew and counts what was right", () => {
  const draws = [1, 0, 1, 1, 0]; // the order, then X of each trial
  const session = beginSession([2, 0], 4, () => draws.shift());
  assert.deepEqual([0, 1, 2].map(session.behind), [2, 0, 2]);
  assert.equal(session.trial, 1);
  assert.ok(session.take(0));
  assert.equal(session.behind(2), 0);
  assert.ok(session.take(0));
  assert.ok(session.take(1));
  assert.equal(session.trial, 4);
  assert.ok(!session.take(0));
  assert.deepEqual(session.outcome(), { runs: [2, 0], answers: [true, false, true, true] });
});

test("a session puts the runs in either order", () => {
  assert.deepEqual(beginSession([2, 0], 1, () => 0).outcome().runs, [0, 2]);
});

test("a result says what it shows and what it does not", () => {
  const names = ["1  one", "2  two"];
  const result = (right, wrong) =>
    resultOf({ runs: [1, 0], answers: [...Array(right).fill(true), ...Array(wrong).fill(false)] }, names);
  assert.equal(result(8, 0).verdict, "8 of 8 right, p = 0.004");
  assert.match(result(8, 0).meaning, /in 0\.39 % of such tests\. You hear a difference\.$/);
  assert.equal(result(24, 0).verdict, "24 of 24 right, p = 6.0e-8");
  assert.match(result(24, 0).meaning, /in less than 0\.1 % of/);
  assert.match(result(4, 0).meaning, /So few trials cannot show anything/);
  assert.match(result(6, 6).meaning, /10 right would have been significant\.$/);
  assert.equal(result(1, 1).which, "A was 2  two, B was 1  one. In order: right, wrong.");
  assert.match(requirement(12), /^Of 12 trials, 10 right answers or more/);
});

test("runs that are not equally loud get a hint", () => {
  assert.equal(loudnessHint(-20, -20.4), null);
  assert.match(loudnessHint(-20, -23), /^They differ by 3\.0 dB/);
});

test("bands and frequencies are each other's inverse", () => {
  for (const hz of [60, 250, 999, 1001, 4000, 7900]) assert.ok(Math.abs(hzOf(binOf(hz)) - hz) < 1e-6);
  for (const band of [0, 12.5, 63]) assert.ok(Math.abs(bandAt(30, 84, bandY(30, 84, band)) - band) < 1e-9);
  assert.ok(bandY(30, 84, 63) < bandY(30, 84, 0));
});

test("an envelope loses no peak, however coarse it is read", () => {
  const ends = new Int8Array(2 * 40000);
  ends[2 * 12345 + 1] = 100;
  ends[2 * 30001] = -120;
  const levels = levelsOf(ends, 16);
  assert.ok(levels.length > 2);
  const total = 40000 * 16;
  assert.deepEqual(between(levels, total, 0, total), [-120 / 127, 100 / 127]);
  assert.deepEqual(between(levels, total, 12345 * 16, 12345 * 16 + 4), [0, 100 / 127]);
  assert.equal(between(levels, total, total, total + 5), null);
  assert.equal(between(levels, total, -5, 0), null);
  assert.equal(peakOf(levels), 120 / 127);
});

test("magnifying keeps a frame in its place and stays within the sound", () => {
  assert.deepEqual(magnified([0, 100], 2, 20, 100, 25), [10, 60]);
  assert.deepEqual(magnified([0, 100], 1000, 100, 100, 25), [75, 100]);
  assert.deepEqual(magnified([10, 60], 0.1, 20, 100, 25), [0, 100]);
});

test("a magnified picture turns a page when the sound leaves it", () => {
  assert.deepEqual(paged([0, 50], 49, 100), [0, 50]);
  assert.deepEqual(paged([0, 50], 51, 100), [46, 96]);
  assert.deepEqual(paged([0, 100], 500, 100), [0, 100]);
});

test("the next seam is approached from a second before", () => {
  assert.equal(nextSeam([10, 50, 90], 0, 1, 25), 50); // the approach of the first one begins at the start
  assert.equal(nextSeam([40, 90], 0, 1, 25), 40);
  assert.equal(nextSeam([40, 90], 0.6, 1, 25), 90);
  assert.equal(nextSeam([40, 90], 2.6, -1, 25), 40);
  assert.equal(nextSeam([50], 3, 1, 25), undefined);
  assert.deepEqual(
    [10, 50].map((frame) => beforeSeam(frame, 25)),
    [0, 1],
  );
});

test("a loop is two seconds around the nearest seam, within the sound", () => {
  assert.equal(nearestSeam([10, 50, 90], 1.5, 25), 50);
  assert.equal(nearestSeam([], 1.5, 25), undefined);
  assert.deepEqual(loopAround(50, 25, 4), [1, 3]);
  assert.deepEqual(loopAround(10, 25, 4), [0, 1.4]);
  assert.deepEqual(loopAround(90, 25, 4), [2.6, 4]);
});

test("a seam is shown in the middle", () => {
  const middle = ([start, stop]) => (start + stop) / 2;
  assert.deepEqual(around([0, 500], 200, 500, 25), [150, 250]); // from afar, four seconds
  assert.deepEqual(around([0, 80], 200, 500, 25), [160, 240]);
  assert.deepEqual(around([0, 25], 200, 500, 25), [170, 230]); // its approach is there too
  for (const seam of [30, 200, 480]) assert.equal(middle(around([0, 500], seam, 500, 25)), seam);
  assert.deepEqual(around([0, 500], 5, 500, 25), [0, 25]); // so near to the start, it cannot be
});

test("the run that is selected exists", () => {
  const traits = { selected: 7, matched: true, playing: false, loop: null };
  const state = readState({ rows: [1, 2] }, (name) => traits[name]);
  assert.deepEqual(state, { ...traits, selected: 1 });
});

test("levels are matched by a factor, and the scale follows", () => {
  const loud = row({ gain: -6 });
  assert.equal(factorOf(loud, false), 1);
  assert.ok(Math.abs(factorOf(loud, true) - 0.501) < 1e-3);
  assert.equal(scaleOf([loud], false), 1);
  assert.equal(scaleOf([loud], true), 0.7);
  assert.equal(scaleOf([row({}, 4)], false), 0.05);
  assert.ok(Math.abs(loudnessOf(loud, true) - -26.04) < 1e-9);
});

test("facts of a run, with a minus as long as a plus", () => {
  assert.deepEqual(
    rowFacts(row()).map((parts) => parts.join("")),
    ["1 seam", "seam score 1.25: the cuts stand out (p\u00a0<\u00a00.001)"],
  );
  assert.deepEqual(rowFacts(row({ seamsKnown: false, score: null })), []);
  assert.equal(rowFacts(row({ score: [1, 0.25] }))[1][2], ": the cuts do not stand out (p\u00a0=\u00a00.25)");
  const faded = rowFacts(row({ seams: [], blended: true }));
  assert.equal(faded[0].join(""), "no seams: the last step cross-fades");
  assert.equal(rowFacts(row({ score: [1, null] }))[1][2], ""); // a long sound that a page made
  assert.ok(!legend([row({ score: [1, null] })]).some(([term]) => term === "p"));
  assert.equal(levelWords(row(), true), "−20.0 LUFS");
  assert.equal(levelWords(row({ gain: -3 }), true), "−20.0 LUFS, played −3.0 dB");
  assert.equal(levelWords(row({ levels: { lufs: null, rms_db: -9 } }), false), "−9.0 dBFS RMS");
  assert.equal(levelWords(row({ levels: { lufs: null, rms_db: null } }), false), "silence");
  assert.equal(decibels(-1.25), "−1.3 dB");
});

test("the legend explains the signs that are there", () => {
  const terms = (rows) => legend(rows).map(([term]) => term);
  assert.deepEqual(terms([row()]), ["▼", "○", "seam score", "p"]);
  assert.deepEqual(terms([row({ seams: [] })]), ["○", "seam score", "p"]);
  assert.deepEqual(legend([row({ seams: [], score: null })]), [["", "No seams were given, so nothing is scored."]]);
});

test("a row says how its sound came about, as far as that is known", () => {
  const about = { prompt: "rain", method: "spot", seed: "3" };
  assert.equal(aboutWords(row({ about })), "“rain”, method spot, seed 3");
  assert.equal(aboutWords(row()), "");
});

test("readings of a place and of the pointer", () => {
  assert.equal(peaksAt([row(), row({}, 0)], 2, false), "At 2.00 s: 1 peak −5.8 dB · 2 peak silent");
  const at = { frame: 50, y: 20, top: 10, pixel: 1 };
  assert.equal(reading(row(), 0, at, false), "1 at 2.00 s: amplitude −0.51 to 0.51");
  const { mel } = rowPlaces(10);
  assert.equal(reading(row(), 0, { ...at, y: mel + 80 }, false), "1 at 2.00 s: 186 Hz (band 3), −69.5 dB");
  assert.match(reading(row(), 1, { ...at, y: mel + 4, frame: 900 }, false), /^2 at 4\.00 s: 6\.6 kHz \(band 60\)/);
});

test("the status says which run is heard, and where", () => {
  const scene = { ...SCENE, rows: [{ name: "one" }, { name: "two" }] };
  const state = { selected: 1, matched: true, playing: false, loop: null };
  assert.equal(status(scene, state, 1.25), "2, two, paused at 1.3 of 4.0 s, levels matched.");
  assert.equal(status(scene, { ...state, matched: false, playing: true }, 1), "2, two, playing.");
  const looped = { ...state, matched: false, playing: true, loop: [1, 3] };
  assert.equal(status(scene, looped, 1), "2, two, playing 1.0 to 3.0 s again and again.");
});

test("only the last row has room for the time axis and the color bar", () => {
  assert.equal(rowHeight(true) - rowHeight(false), 44);
});

test("a run of another rate lies on the same time axis", () => {
  const slow = row({ rate: 800 }); // eight seconds
  assert.equal(slow.end, 200);
  assert.equal(peaksAt([row(), slow], 2, false), "At 2.00 s: 1 peak −5.8 dB · 2 peak −12.0 dB");
  const stereo = { ...SCENE, framesPerSecond: 44100 / 2048 };
  const given = { samples: 88200, rate: 44100, seams: [20], levels: {}, gain: 0, columnSamples: 16 };
  const bytes = (length) => new DataView(new ArrayBuffer(length));
  const it = prepareRow({ ...given, envelope: bytes(2 * 5513), mel: bytes(64 * 200) }, stereo);
  assert.ok(Math.abs(it.end / it.perSecond - 2) < 1e-9);
  assert.ok(Math.abs(it.mel.end - it.end) < 1e-9);
  assert.ok(Math.abs(beforeSeam(64.6, it.perSecond) - 2) < 1e-3);
});
