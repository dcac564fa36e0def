// Traces of runs in JavaScript, for tests/live/test_traces.py: node tests/js/live_traces.js FOLDER
// For each entry of FOLDER/runs.json, settings and what the trace keeps, it writes the trace.
import { readFileSync, writeFileSync } from "node:fs";
import { Run } from "../../spotnb/live/static/run.js";
import { Trace } from "../../spotnb/live/static/trace.js";
import { fixtureModel } from "./live_fixtures.js";

const [folder] = process.argv.slice(2);
const runs = JSON.parse(readFileSync(`${folder}/runs.json`, "utf-8"));
for (const [name, { record, ...settings }] of Object.entries(runs)) {
  const run = await Run.of(fixtureModel(), settings);
  const trace = new Trace(run, record);
  await run.finish({ onStep: (state, layout, taken) => trace.add(state, layout, taken) });
  writeFileSync(`${folder}/${name}.npz`, Buffer.concat(trace.parts()));
}
