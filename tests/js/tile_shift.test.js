import assert from "node:assert/strict";
import test from "node:test";
import {
  barSize,
  barsOf,
  countTicks,
  HISTOGRAM,
  LANE,
  laneHeight,
  mapRows,
  margins,
  namedSteps,
  skyline,
  tileRows,
} from "../../spotnb/widgets/static/tile_shift/geometry.js";
import { scaleOf } from "../../spotnb/widgets/static/tile_shift/scale.js";
import {
  description,
  facts,
  list,
  oneStep,
  placeWords,
  shiftWords,
  spans,
  story,
} from "../../spotnb/widgets/static/tile_shift/sentences.js";
import { latentKey, runKeys, stepKeys } from "../../spotnb/widgets/static/tile_shift/signs.js";
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
    backdrop: null,
    ...policiesOf(),
    ...changes,
  };
}

function shown(traits = {}, changes = {}) {
  const given = scene(changes);
  const state = readState(given, (name) => ({ ...TRAITS, ...traits })[name]);
  const run = planRun(given, optionsOf(given, state), scaleOf(given));
  return { given, run, it: shownOf(given, run, state) };
}

test("traits are kept within their limits", () => {
  const { it } = shown({ step: 9, shift: 500, selected_frame: 999 });
  assert.deepEqual([it.step, it.shift, it.frame], [3, 100, 299]);
});

test("a run has the layouts of all steps, and their seams", () => {
  const { run } = shown();
  assert.deepEqual(run.cuts, [
    [100, 200],
    [60, 160, 260],
    [30, 130, 230],
    [99, 199, 299],
  ]);
  assert.deepEqual(run.grid, [100, 200]);
  assert.equal(run.cost, 300 + 400 + 400 + 400);
});

test("method, edge and shift change nothing of the scale", () => {
  const given = scene();
  for (const method of Object.keys(given.methods)) {
    for (const edge of Object.keys(given.edges)) {
      for (const shift of [0, 37, 100]) {
        const { run, it } = shown({ method, edge, shift });
        assert.deepEqual(run.scale, { range: [-100, 400], lanes: { seen: 2, owned: 2 } });
        const [first, end] = run.scale.range;
        assert.ok(it.layout.tiles.every(({ window }) => window[0] >= first && window[1] <= end));
      }
    }
  }
  assert.deepEqual(scaleOf(scene({ frames: 80 })).range, [0, 80]);
  assert.deepEqual(scaleOf(scene({ frames: 5000 })).lanes, { seen: 2, owned: 2 });
  assert.deepEqual(scaleOf(scene({ overlap: 95 })).lanes, { seen: 4, owned: 4 });
});

test("lanes have the height of all, unless there are too many", () => {
  assert.deepEqual([laneHeight(1, 2), laneHeight(2, 2), laneHeight(8, 2)], [LANE, LANE, LANE / 4]);
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
  assert.deepEqual(shiftWords(scene(), shown({ shift: 61 }).it), {
    shown: "2.44 s, by hand",
    spoken: "2.44 seconds, set by hand",
    frames: "61 latent frames",
  });
  assert.equal(shiftWords(scene(), shown().it).shown, "2.4 s");
  assert.deepEqual(shiftWords(scene(), shown({ method: "full" }).it), { shown: "none", spoken: "none", frames: "" });
});

test("in the last steps, the tiles of spot overlap", () => {
  const finish = { first: 3, overlap: 25 };
  const { given, run, it } = shown({ step: 3, shift: 99 }, { finish });
  assert.deepEqual(run.cuts[3], []);
  assert.deepEqual([it.layout.shift, it.movable, it.byHand], [0, false, false]);
  assert.equal(facts(given, run, it)[0].join(""), "4 tiles, cross-faded");
  assert.match(description(given, it), /4 tiles that cross-fade, no seams; the network computes 16 seconds for 12\.$/);
  assert.match(oneStep(given, it), /^Step 5: .*one prediction fades into the next\.$/);
  assert.ok(shown({ step: 2 }, { finish }).it.movable);
  const other = shown({ step: 3, method: "tiles" }, { finish });
  assert.deepEqual(other.run.cuts[3], [100, 200]);
});

test("tiles of the last steps that do not overlap are not called cross-faded", () => {
  const { given, run, it } = shown({ step: 3 }, { finish: { first: 3, overlap: 0 } });
  assert.deepEqual(run.cuts[3], [100, 200]);
  assert.equal(facts(given, run, it)[0].join(""), "3 tiles");
  assert.match(oneStep(given, it), /of what a tile sees, it keeps its own part\.$/);
  assert.match(description(given, it), /: 3 tiles, seams at 4, 8 seconds;/);
  for (const keys of [stepKeys(given, run, it), runKeys(run, it, true)]) {
    assert.ok(!keys.some(([sign]) => sign === "fade"));
  }
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
  const told = facts(given, run, it);
  assert.deepEqual(
    told.map((parts) => parts.slice(0, 3).join("")),
    [
      "4 tiles",
      "each sees 4 s",
      "the network computes 16 s for 12 s of sound (1.33×)",
      "average over all steps: 1.25× the sound",
    ],
  );
  assert.deepEqual(
    told.map((parts) => parts[3]),
    [undefined, "100 latent frames", "400 latent frames for 300", undefined],
  );
  const merged = shown({ edge: "merge", shift: 56 });
  assert.equal(
    facts(merged.given, merged.run, merged.it)[1].join("|"),
    "each sees |2.24 to 5.76 s||56 to 144 latent frames",
  );
});

test("a sentence says what the step does", () => {
  const said = (traits, changes) => oneStep(scene(changes), shown(traits, changes).it);
  assert.match(said({}), /^Step 1: the network predicts each tile by itself; of what a tile sees/);
  assert.match(said({ method: "multidiffusion" }), /averaged\.$/);
  assert.equal(said({ method: "full" }), "Step 1: one tile covers all of the sound.");
  assert.equal(said({}, { frames: 80 }), "Step 1: one tile covers all of the sound.");
});

test("the note at the pointer has seconds, the latent frame and the tile", () => {
  const { given, it } = shown();
  assert.equal(placeWords(given, it.layout, 60), "2.40 s (latent frame 60): tile 1");
  assert.equal(placeWords(given, it.layout, -10), "−0.40 s (latent frame −10)");
  assert.equal(placeWords(given, null, 60), "2.40 s (latent frame 60)");
  const wide = shown({ method: "multidiffusion" });
  assert.equal(placeWords(wide.given, wide.it.layout, 60), "2.40 s (latent frame 60): tiles 0 and 1");
});

test("the description says it all", () => {
  const { given, it } = shown({ shift: 61 });
  assert.equal(
    description(given, it),
    "Step 1, spot, edge reflect, shift 2.44 seconds by hand: 4 tiles, seams at 2.44, 6.44, 10.44 seconds; the network computes 16 seconds for 12.",
  );
  const short = shown({}, { frames: 80 });
  assert.match(description(short.given, short.it), /seams at no seconds.*The sound fits one tile\.$/);
});

test("the story of a place names its tiles and its seams", () => {
  const { given, run } = shown();
  assert.equal(
    story(given, run, 60),
    "The place at 2.40 s belongs to tile 0 in steps 0, 5; tile 1 in steps 1–2; it is at a seam in step 1.",
  );
  const wide = shown({ method: "multidiffusion" });
  assert.match(story(wide.given, wide.run, 60), /belongs to tiles 0 and 1 in every step; it is never at a seam/);
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

test("a bar counts the steps that have a seam in it", () => {
  const cuts = [[100, 104, 200], [98, 300], [], [200]];
  const bars = barsOf(cuts, 301, 10);
  const at = (frame) => bars.find(({ from }) => from <= frame && frame < from + 10);
  assert.deepEqual(
    [at(100), at(200), at(300)],
    [
      { from: 95, steps: 2 }, // the two seams of step 0 are one step
      { from: 195, steps: 2 },
      { from: 295, steps: 1 },
    ],
  );
  assert.equal(
    bars.reduce((sum, { steps }) => sum + steps, 0),
    5,
  );
  for (const [frames, size] of [
    [1, 8],
    [64, 16],
    [301, 5],
    [304, 16],
  ]) {
    const last = barsOf([[frames - 1]], frames, size).at(-1);
    assert.ok(last.from < frames && last.from + size >= frames && last.steps <= 1);
  }
  assert.equal(barSize(128, 2), 8);
  assert.ok(barSize(128, 0.1) * 0.1 >= 3);
});

test("the axis of the histogram ends at the number of steps", () => {
  assert.deepEqual(countTicks(25, HISTOGRAM), [0, 5, 10, 15, 20, 25]);
  assert.deepEqual(countTicks(1, HISTOGRAM), [0, 1]);
  assert.deepEqual(countTicks(12, HISTOGRAM), [0, 5, 12]);
  assert.deepEqual(countTicks(1000, HISTOGRAM), [0, 200, 400, 600, 800, 1000]);
});

test("the legend of a step holds what it shows, and no more", () => {
  const signs = (traits, changes) => {
    const { given, run, it } = shown(traits, changes);
    return stepKeys(given, run, it)
      .map(([sign]) => sign)
      .join(" ");
  };
  assert.equal(signs({}), "tiles seam before end padding sketch");
  assert.equal(signs({ step: 0, shift: 0 }), "tiles seam end sketch");
  assert.equal(signs({ method: "tiles" }), "tiles seam end sketch"); // the seams of the step before are the same
  assert.equal(signs({ edge: "anchor", selected_frame: 3 }), "tiles seen seam before end followed sketch");
  assert.equal(signs({ method: "full" }), "tiles end sketch");
  assert.equal(signs({}, { frames: 80 }), "tiles end sketch");
  assert.equal(signs({ step: 3 }, { finish: { first: 3, overlap: 25 } }), "tiles fade before end sketch");
  const { given, run, it } = shown({ edge: "circular", shift: 99 });
  const words = stepKeys(given, run, it).map((key) => key[1]);
  assert.ok(words.includes("where the loop closes") && words.includes("the other end"));
});

test("the legend of all steps counts the seams", () => {
  const keys = (traits, marked = true, changes = {}) => {
    const { run, it } = shown(traits, changes);
    return runKeys(run, it, marked);
  };
  const signs = (...given) =>
    keys(...given)
      .map(([sign]) => sign)
      .join(" ");
  assert.equal(signs({}), "chosen row bars pin even");
  assert.equal(keys({}).find(([sign]) => sign === "bars")[1], "11 seams of this run");
  assert.equal(signs({ selected_frame: 3 }), "chosen row inside cut bars pin even");
  assert.equal(signs({ selected_frame: 3 }, false), "chosen row bars pin even");
  assert.equal(signs({ method: "full" }), "chosen pin");
  assert.equal(signs({}, true, { frames: 80 }), "chosen");
  assert.equal(signs({}, true, { finish: { first: 3, overlap: 25 } }), "chosen row fade bars pin even");
});

test("the legend says whether the latent is of the run, an example or a sketch", () => {
  const said = (backdrop) => latentKey(scene({ backdrop }))[1];
  assert.equal(said(null), "a sketch, not a real latent");
  assert.equal(said({ example: null, channel: 2, limit: 2.94 }), "clean latent, channel 2: −2.9 to 2.9");
  assert.equal(said({ example: null, channel: null, limit: 3 }), "clean latent, all channels: −3.0 to 3.0");
  assert.equal(
    said({ example: "an organ", channel: 0, limit: 3 }),
    "latent of an example, “an organ”, channel 0: −3.0 to 3.0",
  );
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
