import assert from "node:assert/strict";
import test from "node:test";
import { runFrames, runSamples } from "../../spotnb/live/static/clock.js";
import { ddimTimesteps } from "../../spotnb/live/static/ddim.js";
import { DpmSolver } from "../../spotnb/live/static/dpm.js";
import { halfEven } from "../../spotnb/live/static/numbers.js";
import { fixture } from "./live_fixtures.js";

const [{ alphas_cumprod }] = fixture("runs");

test("durations have the frames and samples of Python", () => {
  for (const { rates, multiple, duration, ring, frames, samples } of fixture("lengths")) {
    const all = { ...rates, time_multiple: multiple };
    const what = JSON.stringify({ rates, duration, ring });
    assert.equal(runFrames(all, duration, ring), frames, what);
    assert.equal(runSamples(all, duration, frames, ring), samples, what);
  }
});

test("timesteps are Python's", () => {
  for (const { steps, ...expected } of fixture("timesteps")) {
    assert.deepEqual(ddimTimesteps(steps), expected.ddim);
    assert.deepEqual(new DpmSolver(alphas_cumprod, steps).timesteps, expected["dpm++"]);
  }
});

test("a thousand steps take every timestep", () => {
  assert.deepEqual(
    ddimTimesteps(1000),
    Array.from({ length: 1000 }, (_, k) => 999 - k),
  );
});

test("halves are rounded to even numbers", () => {
  assert.deepEqual([0.5, 1.5, 2.5, 2.4, -1.5].map(halfEven), [0, 2, 2, 2, -2]);
});
