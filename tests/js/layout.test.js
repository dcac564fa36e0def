import assert from "node:assert/strict";
import test from "node:test";
import {
  blended,
  cuts,
  finishing,
  moves,
  networkFrames,
  owners,
  pad,
  plan,
  planFixed,
  seams,
  usedShift,
} from "../../spotnb/widgets/static/shared/layout.js";
import { inLanes, laneCount, ownedPieces, segmentPieces } from "../../spotnb/widgets/static/shared/pieces.js";
import { fixture, plain, policiesOf } from "./fixtures.js";

function options({ frames = 768, width = 256, overlap = 128, multiple = 8, edge = "reflect", method = "spot" } = {}) {
  const { methods, edges } = policiesOf(multiple);
  return { frames, width, overlap, edge: edges[edge], method: methods[method] };
}

test("every layout is that of Python", () => {
  const cases = fixture("layouts");
  for (const { asked, drawn, planned } of cases) {
    const given = options(asked);
    const layout = plan(asked.finish === undefined ? given : finishing(given, asked.finish), drawn);
    const found = {
      shift: layout.shift,
      tiles: layout.tiles.map(({ window, segment }) => [...window, ...segment]),
      fallback: layout.fallback,
      seams: seams(layout),
      cuts: cuts(layout),
      pad: pad(layout),
      cost: networkFrames(layout),
    };
    assert.deepEqual(plain(found), planned, JSON.stringify({ asked, drawn }));
  }
  assert.ok(cases.length > 1000);
});

test("a grid moves where its method lets it, and a lone window only on a ring", () => {
  assert.ok(moves(options()));
  assert.ok(!moves(options({ method: "tiles" })));
  assert.ok(!moves(options({ method: "multidiffusion" })));
  assert.ok(!moves(options({ method: "full" })));
  assert.ok(!moves(options({ frames: 200 })));
  assert.ok(moves(options({ frames: 200, edge: "circular" })));
  assert.ok(moves(options({ method: "full", edge: "circular" })));
  assert.ok(!moves(options({ frames: 200, edge: "circular", method: "tiles" })));
});

test("shifts are rounded down to the grain of the edge policy", () => {
  assert.equal(usedShift(options({ edge: "merge" }), 15), 8);
  assert.equal(usedShift(options({ edge: "anchor" }), 15), 15);
  assert.equal(usedShift(options({ method: "tiles" }), 15), 0);
});

test("the fixed grid is that of tiles, whatever the method", () => {
  const cut = (method) => seams(planFixed(options({ method })));
  assert.deepEqual(cut("spot"), [256, 512]);
  assert.deepEqual(cut("multidiffusion"), [256, 512]);
  assert.deepEqual(cut("full"), [256, 512]);
  for (const edge of Object.keys(policiesOf(8).edges)) {
    for (const frames of [200, 300, 777]) {
      const tiles = plan(options({ frames, edge, method: "tiles" }), 0); // whose only cut a merging edge rounds down
      assert.deepEqual(seams(planFixed(options({ frames, edge }))), seams(tiles), `${edge}, ${frames} frames`);
    }
  }
});

test("a frame belongs to one tile, and to two where windows overlap", () => {
  const spot = plan(options(), 100);
  assert.deepEqual(owners(spot, 99), [0]);
  assert.deepEqual(owners(spot, 100), [1]);
  assert.deepEqual(owners(plan(options({ method: "multidiffusion" }), 0), 200), [0, 1]);
  const ring = plan(options({ edge: "circular" }), 100);
  assert.deepEqual(owners(ring, 0), [2]);
});

test("a segment around a ring is in two pieces, and no piece lies over another in its lane", () => {
  const pieces = segmentPieces(plan(options({ edge: "circular" }), 100));
  assert.equal(pieces.filter(([number]) => number === 2).length, 2);
  assert.deepEqual(pieces[0], [2, 0, 100]);
  assert.equal(laneCount(inLanes(pieces)), 1);
  const overlapping = inLanes(segmentPieces(plan(options({ method: "multidiffusion" }), 0)));
  assert.equal(laneCount(overlapping), 2);
  for (const [k, start, , lane] of overlapping) {
    for (const [, , stop, other] of overlapping.slice(0, k)) assert.ok(other !== lane || stop <= start);
  }
});

test("segments that cross-fade share a lane, and each rises while the one before it falls", () => {
  const faded = plan(finishing(options(), 64), 0);
  assert.deepEqual(ownedPieces(faded), [
    [0, 0, 256, 0, 0],
    [1, 192, 448, 0, 256],
    [2, 384, 640, 0, 448],
    [3, 512, 768, 0, 640],
  ]);
  const ring = ownedPieces(plan(finishing(options({ edge: "circular" }), 64), 0));
  assert.deepEqual(ring[0], [3, 0, 64, 0, 0]);
  assert.deepEqual(ring[1], [0, 0, 256, 0, 64]);
  assert.deepEqual(ownedPieces(plan(options(), 100))[1], [1, 100, 356, 0, 100]);
});

test("a finish without overlap cuts, and is not called cross-faded", () => {
  const apart = plan(finishing(options(), 0), 0);
  assert.deepEqual([blended(apart), cuts(apart)], [false, [256, 512]]);
  assert.deepEqual(
    ownedPieces(apart).map(([, , , lane]) => lane),
    [0, 0, 0],
  );
  const last = plan(finishing(options({ frames: 700 }), 0), 0);
  assert.deepEqual([blended(last), cuts(last)], [true, [256]]);
});

test("only the moving grid of spot has a finish", () => {
  assert.equal(finishing(options(), 64).method.faded, true);
  for (const given of [options({ method: "tiles" }), options({ method: "multidiffusion" }), options({ frames: 200 })]) {
    assert.equal(finishing(given, 64), given);
  }
  assert.ok(!moves(finishing(options(), 64)));
});
