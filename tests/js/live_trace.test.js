// What Python opens of a trace is tested in tests/live/test_traces.py.
import assert from "node:assert/strict";
import test from "node:test";
import { generate } from "../../spotnb/live/static/generate.js";
import { npz } from "../../spotnb/live/static/npz.js";
import { Run } from "../../spotnb/live/static/run.js";
import { Trace } from "../../spotnb/live/static/trace.js";
import { fixture, fixtureModel } from "./live_fixtures.js";

const [, { settings: BASE }] = fixture("runs");

// A vocoder whose sound is silence, because that of the fixtures has no networks for it.
async function vocoder(_, { mel }) {
  const silence = () => ({ data: new Float32Array(mel.dims[1] * 8) });
  return { magnitude: silence(), offset: silence(), jitter: silence() };
}

const soundModel = () => fixtureModel({}, { vocoder });

test("a generation keeps a trace if it is asked to", async () => {
  const { trace, run } = await generate(soundModel(), BASE, { record: "all" });
  assert.equal(trace.length, BASE.steps);
  assert.equal(trace.manifest.frames, run.frames);
  assert.equal((await generate(soundModel(), BASE, { record: "last" })).trace.length, 1);
  assert.equal((await generate(soundModel(), BASE)).trace, null);
});

test("a trace of another kind is refused before any work", async () => {
  const asked = generate(fixtureModel(), BASE, { record: "everything" });
  await assert.rejects(asked, /record is "everything": expected one of all, x0, last; choose one of these/);
});

test("the same run gives the same file, but for the seconds of its steps", async () => {
  const files = [];
  for (const seconds of [1, 1, 2]) {
    const run = await Run.of(fixtureModel(), BASE);
    const trace = new Trace(run);
    await run.finish({ onStep: (state, layout, { noise }) => trace.add(state, layout, { noise, seconds }) });
    files.push(Buffer.concat(trace.parts()));
  }
  assert.deepEqual(files[0], files[1]);
  assert.notDeepEqual(files[0], files[2]);
});

test("an archive that would be too large is refused", () => {
  const large = { name: "x.npy", data: new Uint8Array(2 ** 28), shape: [2 ** 28] };
  assert.throws(() => npz(Array(9).fill(large)), /the arrays have 2415919104 bytes: expected 2147483648 at most/);
});
