import assert from "node:assert/strict";
import test from "node:test";
import { fixedGrid } from "../../spotnb/live/static/fixed_grid.js";
import { generate } from "../../spotnb/live/static/generate.js";
import { draw } from "../../spotnb/live/static/noise.js";
import { Run } from "../../spotnb/live/static/run.js";
import { cuts } from "../../spotnb/widgets/static/shared/layout.js";
import { assertClose, fixture, fixtureModel, networks, thin } from "./live_fixtures.js";

const [, ...cases] = fixture("runs");
const [{ settings: BASE }] = cases;

for (const { settings, manifest, cuts: planned, grid, steps, x0 } of cases) {
  const changes = Object.fromEntries(Object.entries(settings).filter(([name, value]) => BASE[name] !== value));
  test(`each step of a run is Python's: ${JSON.stringify(changes)}`, async () => {
    const run = await Run.of(fixtureModel(), settings);
    assert.equal(run.frames, manifest.frames);
    assert.deepEqual(fixedGrid(run), grid);
    let seen = 0;
    const state = await run.finish({
      onStep: ({ step, x }, layout) => {
        seen += 1;
        assert.deepEqual(cuts(layout), planned[step - 1]);
        assertClose(thin(x.data), steps[step - 1], 5e-6, `step ${step}`);
      },
    });
    assert.equal(seen, steps.length);
    assertClose(thin(state.x0.data), x0, 1e-5, "the clean estimate");
  });
}

test("the latent does not depend on how many windows go through the network together", async () => {
  const latents = [];
  for (const tile_batch of [1, 2, 9]) {
    const run = await Run.of(fixtureModel(), { ...BASE, tile_batch });
    latents.push((await run.finish()).x.data);
  }
  assert.deepEqual(latents[0], latents[1]);
  assert.deepEqual(latents[0], latents[2]);
});

test("a run goes on from any of its states, and no step changes a state", async () => {
  const run = await Run.of(fixtureModel(), { ...BASE, solver: "dpm++" });
  const states = [run.start()];
  const whole = await run.finish({ onStep: (state) => states.push(state) }, states[0]);
  assert.deepEqual((await run.finish({}, states[2])).x.data, whole.x.data);
  assert.deepEqual(run.start().x.data, states[0].x.data);
});

test("a run starts from noise if the model has no typical latent", async () => {
  const plain = fixtureModel(
    {},
    {
      text_encoder: async (name, inputs) => {
        const { embeds, beats } = await networks.run(name, inputs);
        return { embeds, beats };
      },
    },
  );
  const run = await Run.of(plain, BASE);
  assert.deepEqual(run.start().x.data, draw(run.start().x.data.length, BASE.seed, 0, "start"));
  const other = await Run.of(fixtureModel(), BASE);
  assert.notDeepEqual(other.start().x.data, run.start().x.data);
});

test("a run can be cancelled before every forward pass, and another one then runs as ever", async () => {
  const model = fixtureModel();
  const expected = (await (await Run.of(model, BASE)).finish()).x.data;
  for (const last of [1, 2, 5]) {
    const cancelling = new AbortController();
    let passes = 0;
    const counted = fixtureModel(
      {},
      {
        denoiser: (name, inputs) => {
          passes += 1;
          if (passes === last) cancelling.abort();
          return networks.run(name, inputs);
        },
      },
    );
    await assert.rejects(generate(counted, BASE, { signal: cancelling.signal }), { name: "AbortError" });
    assert.equal(passes, last);
    assert.deepEqual((await (await Run.of(model, BASE)).finish()).x.data, expected);
  }
});

test("progress counts the windows of each step", async () => {
  const told = [];
  const run = await Run.of(fixtureModel(), { ...BASE, steps: 1 });
  await run.finish({ onWindows: (done, all) => told.push([done, all]) });
  const all = run.layout(0).tiles.length;
  assert.deepEqual(told.at(-1), [all, all]);
  assert.deepEqual(told[0], [2, all]);
});

test("NaN is caught where it comes from", async () => {
  const broken = fixtureModel(
    {},
    {
      denoiser: async (name, inputs) => {
        const outputs = await networks.run(name, inputs);
        outputs.eps.data[7] = Number.NaN;
        return outputs;
      },
    },
  );
  await assert.rejects(generate(broken, BASE), {
    name: "LiveError",
    message: /denoiser gave NaN or infinity at timest/,
  });
});

const MISTAKES = {
  prompt: [" ", /the prompt is empty: expected words/],
  negative_prompt: ["???", /negative_prompt is "\?\?\?", of which the model reads nothing/],
  steps: [0, /steps is 0: expected a whole number from 1 to 1000/],
  seed: [1.5, /seed is 1.5: expected a whole number/],
  duration: [Number.NaN, /duration is null: expected a number from 0.04/],
  tile_size_time: [18, /tile_size_time is 18: expected a multiple of 4/],
  min_overlap: [16, /min_overlap is 16: expected a whole number from 0 to 15/],
  max_shift_ratio: [1.1, /max_shift_ratio is 1.1/],
  finish_steps: [-1, /finish_steps is -1: expected a whole number from 0 to 1000/],
  finish_overlap: [16, /finish_overlap is 16: expected a whole number from 0 to 15/],
  method: ["spots", /method is "spots": expected one of spot, tiles/],
  edge: ["toString", /edge is "toString": expected one of reflect/],
  solver: ["euler", /solver is "euler": expected one of ddim, dpm\+\+/],
  guidance_interval: [[700, 100], /guidance_interval is \[700,100\]: expected two timesteps/],
};

for (const [name, [value, message]] of Object.entries(MISTAKES)) {
  test(`a wrong ${name} is told in one line`, async () => {
    await assert.rejects(Run.of(fixtureModel(), { ...BASE, [name]: value }), (error) => {
      assert.match(error.message, message);
      assert.equal(error.name, "LiveError");
      assert.ok(error.message.length <= 200);
      return true;
    });
  });
}

test("a solver without eta refuses it, and a network its widths", async () => {
  await assert.rejects(Run.of(fixtureModel(), { ...BASE, solver: "dpm++", eta: 0.5 }), /eta is 0.5: expected 0/);
  const loop = { ...BASE, edge: "circular", method: "full", duration: 2 };
  await assert.rejects(Run.of(fixtureModel(), loop), /a loop of 2 s is one window of 50 latent frames/);
});

test("a description of another format is refused", () => {
  assert.throws(() => fixtureModel({ format: 1 }), /format 1: expected 2; export the model again/);
});
