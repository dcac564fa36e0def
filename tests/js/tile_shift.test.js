import assert from "node:assert/strict";
import test from "node:test";
import {
  barSize,
  barsOf,
  mapRows,
  margins,
  namedSteps,
  skyline,
  tileRows,
} from "../../spotnb/widgets/static/tile_shift/geometry.js";
import {
  description,
  facts,
  list,
  shiftWords,
  spans,
  story,
} from "../../spotnb/widgets/static/tile_shift/sentences.js";
import {
  optionsOf,
  planRun,
  readState,
  shownOf,
  touches,
  wantedShift,
} from "../../spotnb/widgets/static/tile_shift/state.js";
import { policiesOf } from "./fixtures.js";

const TRAITS = { step: 1, shift: 60, selected_frame: null, method: "spot", edge: "reflect" };

function scene(changes = {}) {
  return {
    frames: 300,
    framesPerSecond: 25,
    width: 100,
    overlap: 50,
    drawn: [0, 60, 30, 99],
    names: [0, 1, 2, 5],
    finish: { first: 4, overlap: 25 },
    ...policiesOf(),
    ...changes,
  };
}

function shown(traits = {}, changes = {}) {
  const given = scene(changes);
  const state = readState(given, (name) => ({ ...TRAITS, ...traits })[name]);
  const run = planRun(given, optionsOf(given, state));
  return { given, run, it: shownOf(given, run, state) };
}

test("traits are kept within their limits", () => {
  const { it } = shown({ step: 9, shift: 500, selected_frame: 999 });
  assert.deepEqual([it.step, it.shift, it.frame], [3, 100, 299]);
});

test("a run has the layouts of all steps, their seams counted", () => {
  const { run } = shown();
  assert.deepEqual(run.cuts, [
    [100, 200],
    [60, 160, 260],
    [30, 130, 230],
    [99, 199, 299],
  ]);
  assert.equal(
    run.counts.reduce((sum, count) => sum + count),
    11,
  );
  assert.deepEqual(run.grid, [100, 200]);
  assert.deepEqual(run.ends, [-99, 399]);
  assert.deepEqual(run.lanes, { seen: 1, owned: 1 });
  assert.equal(run.cost, 300 + 400 + 400 + 400);
});

test("a hand sets whole shifts of the grain, and none where the grid stays", () => {
  const options = (edge, method = "spot") => optionsOf(scene(), { edge, method });
  assert.equal(wantedShift(options("reflect"), 12.6), 13);
  assert.equal(wantedShift(options("merge"), 12.6), 8);
  assert.equal(wantedShift(options("reflect"), 300), 100);
  assert.equal(wantedShift(options("reflect", "tiles"), 12), null);
});

test("what was set by hand is called so", () => {
  assert.ok(!shown().it.byHand);
  assert.ok(shown({ shift: 61 }).it.byHand);
  assert.ok(!shown({ method: "tiles", shift: 61 }).it.byHand);
  assert.deepEqual(shiftWords(shown({ shift: 61 }).it), { shown: "61 by hand", spoken: "61 frames, set by hand" });
  assert.equal(shiftWords(shown({ method: "full" }).it).shown, "stays");
});

test("in the last steps, the tiles of spot overlap", () => {
  const finish = { first: 3, overlap: 25 };
  const { given, run, it } = shown({ step: 3, shift: 99 }, { finish });
  assert.deepEqual(run.cuts[3], []);
  assert.deepEqual(run.lanes, { seen: 2, owned: 1 });
  assert.deepEqual([it.layout.shift, it.movable, it.byHand], [0, false, false]);
  assert.equal(facts(given, run, it)[0].join(""), "4 tiles, cross-faded");
  assert.match(description(given, it), /4 tiles that cross-fade, no seams; network frames 400/);
  assert.ok(shown({ step: 2 }, { finish }).it.movable);
  const other = shown({ step: 3, method: "tiles" }, { finish });
  assert.deepEqual(other.run.cuts[3], [100, 200]);
});

test("both frames at a seam touch it, on a ring across the ends too", () => {
  const { run } = shown();
  assert.deepEqual(
    [98, 99, 100, 101].map((frame) => touches(run, 0, frame)),
    [false, true, true, false],
  );
  const ring = shown({ edge: "circular" }).run;
  assert.deepEqual(ring.cuts[0], [0, 100, 200]);
  assert.ok(touches(ring, 0, 299));
});

test("the facts count tiles, windows and cost", () => {
  const { given, run, it } = shown();
  const told = facts(given, run, it).map((parts) => parts.join(""));
  assert.deepEqual(told, [
    "4 tiles",
    "windows of 100 frames",
    "network runs over 400 frames for 300 (1.33×)",
    "all steps 1.25×",
  ]);
});

test("the description says it all", () => {
  const { given, it } = shown({ shift: 61 });
  assert.equal(
    description(given, it),
    "Step 1, spot, edge reflect, shift 61 by hand: 4 tiles, seams at 2.44, 6.44, 10.44 seconds; network frames 400 for 300.",
  );
  const short = shown({}, { frames: 80 });
  assert.match(description(short.given, short.it), /seams at no seconds.*The latent fits one tile\.$/);
});

test("the story of a frame names its tiles and its seams", () => {
  const { given, run } = shown();
  assert.equal(
    story(given, run, 60),
    "Frame 60 (2.40 s) was owned by tile 0 in steps 0, 5; tile 1 in steps 1–2; at a seam in step 1.",
  );
  const wide = shown({ method: "multidiffusion" });
  assert.match(story(wide.given, wide.run, 60), /owned by tiles 0 and 1 in every step; never at a seam/);
});

test("steps and seams are listed as briefly as can be", () => {
  const names = Array.from({ length: 30 }, (_, k) => k);
  assert.equal(spans([7], [0]), "the one step");
  assert.equal(spans(names, names), "every step");
  assert.equal(spans(names, [3]), "step 3");
  assert.equal(spans(names, [1, 2, 3, 9]), "steps 1–3, 9");
  assert.equal(
    spans(
      names,
      names.filter((k) => k % 3 === 0),
    ),
    "10 of 30 steps",
  );
  assert.equal(list([]), "no");
  assert.equal(list(names.map(String)).endsWith("11 and 18 more"), true);
});

test("rows stand below each other", () => {
  const at = tileRows({ seen: 2, owned: 1 });
  assert.ok(at.seen < at.latent && at.latent < at.owned && at.owned < at.axis && at.axis < at.total);
  for (const steps of [1, 25, 1000]) {
    const rows = mapRows(steps);
    assert.ok(rows.height >= 40 && rows.height <= 240);
    assert.equal(rows.row * steps, rows.height);
  }
});

test("the bars of the histogram hold every seam once", () => {
  const counts = Uint16Array.from({ length: 301 }, (_, k) => k % 4);
  for (const size of [1, 5, 16]) {
    const bars = barsOf(counts, size, 1000);
    const sum = bars.reduce((all, { height }) => all + height, 0);
    const expected = (counts.reduce((all, count) => all + count) / 1020) * 64;
    assert.ok(Math.abs(sum - expected) < 1e-9);
  }
  assert.equal(barSize(128, 2), 8);
  assert.ok(barSize(128, 0.1) * 0.1 >= 3);
});

test("named steps are apart enough to read", () => {
  assert.deepEqual(namedSteps(5, 14), [0, 1, 2, 3, 4]);
  assert.deepEqual(
    namedSteps(25, 7),
    Array.from({ length: 13 }, (_, k) => 2 * k),
  );
  assert.ok(namedSteps(1000, 0.24).length <= 10);
});

test("margins are what windows see past the ends", () => {
  assert.deepEqual(margins(300, [0, 300]), []);
  assert.deepEqual(margins(300, [-40, 310]), [
    { from: -40, to: 0, axis: 0.5, turn: -300 },
    { from: 300, to: 310, axis: 299.5, turn: 300 },
  ]);
});

test("the skyline stays between 0 and 1", () => {
  for (let frame = 0; frame < 2000; frame += 1) assert.ok(skyline(frame) >= 0 && skyline(frame) <= 1);
});
