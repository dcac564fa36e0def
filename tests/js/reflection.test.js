import assert from "node:assert/strict";
import test from "node:test";
import {
  columnsOf,
  ease,
  groupsOf,
  rowTop,
  stageAt,
  totalHeight,
} from "../../spotnb/widgets/static/reflection/geometry.js";
import {
  circularWords,
  fateWords,
  heading,
  naming,
  stageLabel,
  story,
} from "../../spotnb/widgets/static/reflection/sentences.js";
import { circularOf, isExact, lost, ORDERS, stagesOf, twice } from "../../spotnb/widgets/static/reflection/stages.js";
import { bothOrders, fateOf, LAST, readState, stageName } from "../../spotnb/widgets/static/reflection/state.js";
import { fixture, plain } from "./fixtures.js";

const EIGHT = { frames: 8, framesPerSecond: 25, bins: 1, numbers: ["1", "2", "3", "4", "5", "6", "7", "8"] };
const LONG = { frames: 200, framesPerSecond: 25, bins: 16, numbers: null };

function told(scene, stage, { order = "naive", pad = 3, shift = 3 } = {}) {
  const state = { order, pad, shift, stage: ORDERS[order].indexOf(stage) };
  return story(scene, state, stagesOf(scene.frames, pad, shift, order));
}

test("every stage is that of Python", () => {
  for (const { asked, stages, circular } of fixture("reflections")) {
    const [frames, , shift] = asked;
    const ring = circularOf(frames, shift).cells;
    assert.deepEqual(
      ring.map(({ source }) => source),
      circular,
    );
    assert.ok(ring.every(({ copied }) => !copied));
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
  assert.deepEqual(state, { order: "naive", pad: 7, shift: 8, stage: LAST });
  assert.equal(stageName(state), "undone");
  assert.equal(stageLabel(stageName(state)), "rolled back");
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
  assert.match(told(EIGHT, "padded", { pad: 1 }), /1 frame at each end/);
  assert.equal(told(EIGHT, "padded", { pad: 0 }), "Not padded at all.");
  assert.match(told(EIGHT, "shifted"), /rolled by 3\./);
});

test("the ring is told apart from the stages", () => {
  const words = (scene, shift) => circularWords(scene, { order: "naive", pad: 3, shift, stage: LAST });
  assert.match(words(EIGHT, 3), /^Rolled by 3 without padding.* 8 and 1 are neighbors now/);
  assert.match(words(LONG, 3), /the end and the beginning are neighbors now/);
  assert.match(words(EIGHT, 8), /^Rolled by nothing/);
  assert.ok(Object.values(ORDERS).every((names) => !names.includes("rolled") && names.length === LAST + 1));
});

test("a heading says what became of the frames where the orders differ", () => {
  const state = { order: "naive", pad: 3, shift: 3, stage: LAST };
  const { naive, right } = bothOrders(EIGHT, state);
  assert.equal(heading(EIGHT, state, naive, true), "3 of 8 frames lost");
  assert.equal(heading(EIGHT, { ...state, order: "right" }, right, true), "exact");
  assert.equal(heading(EIGHT, { ...state, order: "right" }, right, false), "Correct: exact");
  assert.equal(heading(EIGHT, { ...state, order: "right", stage: LAST - 1 }, right, true), "nothing lost");
  assert.equal(heading(EIGHT, { ...state, stage: 2 }, naive, true), "");
  assert.equal(heading(EIGHT, { ...state, stage: 2 }, naive, false), "Naive");
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

test("the orders are beside each other where there is room, and below each other elsewhere", () => {
  for (const scene of [EIGHT, LONG]) {
    const [left, right] = columnsOf(scene, 3, 900);
    assert.deepEqual([left.order, right.order, left.top], ["naive", "right", right.top]);
    assert.ok(left.right < right.left && right.right <= 900);
    const [upper, lower] = columnsOf(scene, 3, 340);
    assert.equal(upper.left, lower.left);
    assert.ok(lower.top > upper.top + rowTop(scene, LAST));
    assert.ok(totalHeight(scene, 340) > lower.top + rowTop(scene, LAST));
    for (const { x, left: from, right: to } of [left, right, upper, lower]) {
      assert.ok(x(-3) >= from && x(scene.frames + 3) <= to);
    }
  }
});

test("a click finds the row that it is nearest to, in its order", () => {
  for (const scene of [EIGHT, LONG]) {
    for (const width of [340, 900]) {
      for (const { order, left, top } of columnsOf(scene, 3, width)) {
        for (let row = 0; row <= LAST; row += 1) {
          const place = { x: left + 5, y: top + rowTop(scene, row) + 1 };
          assert.deepEqual(stageAt(scene, width, place), { order, row });
        }
      }
      assert.deepEqual(stageAt(scene, width, { x: 0, y: 0 }), { order: "naive", row: 0 });
      const end = { x: width, y: totalHeight(scene, width) };
      assert.deepEqual(stageAt(scene, width, end), { order: "right", row: LAST });
    }
  }
});

test("a movement starts and ends where it should", () => {
  assert.deepEqual([ease(0), ease(0.5), ease(1)], [0, 0.5, 1]);
});

test("what became of the frames", () => {
  const { undone } = stagesOf(8, 3, 3, "naive");
  assert.deepEqual(fateOf(undone, 8), { lost: [5, 6, 7], twice: [1, 2, 3], exact: false });
});
