import assert from "node:assert/strict";
import test from "node:test";
import { ease, groupsOf, rowAt, rowTop, totalHeight } from "../../spotnb/widgets/static/reflection/geometry.js";
import { fateWords, naming, story } from "../../spotnb/widgets/static/reflection/sentences.js";
import { isExact, lost, ORDERS, stagesOf, twice } from "../../spotnb/widgets/static/reflection/stages.js";
import { fateOf, readState, stageName } from "../../spotnb/widgets/static/reflection/state.js";
import { fixture, plain } from "./fixtures.js";

const EIGHT = { frames: 8, framesPerSecond: 25, bins: 1, numbers: ["1", "2", "3", "4", "5", "6", "7", "8"] };
const LONG = { frames: 200, framesPerSecond: 25, bins: 16, numbers: null };

function told(scene, stage, { order = "naive", pad = 3, shift = 3 } = {}) {
  const state = { order, pad, shift, stage: ORDERS[order].indexOf(stage) };
  return story(scene, state, stagesOf(scene.frames, pad, shift, order));
}

test("every stage is that of Python", () => {
  for (const { asked, stages } of fixture("reflections")) {
    const found = Object.entries(stagesOf(...asked)).map(([name, stage]) => [
      name,
      {
        first: stage.first,
        source: stage.cells.map(({ source }) => source),
        copied: stage.cells.map(({ copied }) => copied),
        lost: lost(stage, asked[0]),
        twice: twice(stage, asked[0]),
        exact: isExact(stage, asked[0]),
      },
    ]);
    assert.deepEqual(plain(Object.fromEntries(found)), stages);
  }
});

test("traits are kept within their limits", () => {
  const traits = { order: "else", pad: 99, shift: 99, stage: "nowhere" };
  const state = readState(EIGHT, (name) => traits[name]);
  assert.deepEqual(state, { order: "naive", pad: 7, shift: 8, stage: 0 });
  assert.equal(stageName(state), "original");
});

test("the naive order loses frames, the right one none", () => {
  assert.equal(
    told(EIGHT, "undone"),
    "Rolled back after the crop. Lost: 6, 7, 8. There twice: 2, 3, 4. Nothing brings those back.",
  );
  assert.match(told(EIGHT, "cropped", { order: "right" }), /Every frame is there once, in its place: exact\.$/);
  assert.match(told(EIGHT, "cropped"), /^Cropped to 8 frames while it is still rolled\./);
  assert.match(told(EIGHT, "undone", { order: "right" }), /only the padding is too much/);
});

test("each stage has a sentence of its own", () => {
  assert.match(told(LONG, "original"), /^The sound: 200 frames, 8 s\./);
  assert.match(told(EIGHT, "rolled"), /^Rolled by 3: nothing is lost, but 8 and 1 are/);
  assert.match(told(LONG, "rolled"), /but the end and the beginning are/);
  assert.match(told(EIGHT, "rolled", { shift: 8 }), /^Rolled by nothing/);
  assert.match(told(EIGHT, "padded", { pad: 1 }), /1 frame at each end/);
  assert.equal(told(EIGHT, "padded", { pad: 0 }), "Not padded at all.");
  assert.match(told(EIGHT, "shifted"), /rolled by 3\./);
});

test("frames are named by their numbers or their places", () => {
  assert.equal(naming(EIGHT, [0, 1, 5]), "1, 2, 6");
  assert.equal(naming(LONG, [25, 26, 27, 50]), "25 to 27 (1 to 1.12 s), 50 to 50 (2 to 2.04 s)");
  assert.equal(fateWords(EIGHT, { lost: [], twice: [], exact: false }), "");
});

test("cells that stay neighbors go together, numbers each by themselves", () => {
  const { padded, cropped } = stagesOf(8, 3, 3, "naive");
  const groups = groupsOf(padded.cells, padded.first, false);
  assert.deepEqual(
    groups.map(({ sources }) => sources),
    [
      [3, 2, 1],
      [0, 1, 2, 3, 4, 5, 6, 7],
      [6, 5, 4],
    ].flatMap(split),
  );
  assert.equal(groupsOf(padded.cells, padded.first, true).length, 14);
  assert.equal(groupsOf(cropped.cut ?? [], 0, true).length, 6);
  const covered = groups.flatMap(({ sources, to }) => sources.map((_, k) => to + k));
  assert.deepEqual(
    covered,
    padded.cells.map((_, k) => padded.first + k),
  );
});

// A mirror image moves each of its frames by another distance, so that they part.
function split(sources) {
  return sources[0] > sources[1] ? sources.map((source) => [source]) : [sources];
}

test("a click finds the row that it is nearest to", () => {
  for (const scene of [EIGHT, LONG]) {
    for (let row = 0; row < 6; row += 1) assert.equal(rowAt(scene, rowTop(scene, row) + 1), row);
    assert.equal(rowAt(scene, 0), 0);
    assert.equal(rowAt(scene, totalHeight(scene)), 5);
  }
});

test("a movement starts and ends where it should", () => {
  assert.deepEqual([ease(0), ease(0.5), ease(1)], [0, 0.5, 1]);
});

test("what became of the frames", () => {
  const { undone } = stagesOf(8, 3, 3, "naive");
  assert.deepEqual(fateOf(undone, 8), { lost: [5, 6, 7], twice: [1, 2, 3], exact: false });
});
