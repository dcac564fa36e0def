// The network with guidance: windows in, noise predictions out, see `spotnb.sampling.denoiser`.

/** @import { Model, Texts } from "./model.js" */
/** @import { Guidance } from "./guidance.js" */

import { guided, isGuided } from "./guidance.js";
import { Latent } from "./latent.js";
import { tensor } from "./model.js";
import { encode } from "./text.js";

const [PROMPT, NEGATIVE] = [0, 1]; // the rows of the texts

/**
 * What the network is told of a prompt and a negative prompt.
 * @param {Model} model
 * @param {string} prompt
 * @param {string} negative
 * @returns {Promise<Texts>}
 */
export async function embedTexts(model, prompt, negative) {
  const { ids, mask, dims } = encode([prompt, negative], model.description.tokenizer);
  const outputs = await model.run("text_encoder", { ids: { data: ids, dims }, mask: { data: mask, dims } }, "");
  const row = (/** @type {Float32Array} */ table, /** @type {number} */ number) => {
    const width = table.length / dims[0];
    return table.slice(number * width, (number + 1) * width);
  };
  return {
    embeds: [PROMPT, NEGATIVE].map((number) => row(outputs.embeds, number)),
    beats: [...outputs.beats],
    typical: outputs.typical && row(outputs.typical, PROMPT),
  };
}

/**
 * The guided noise in windows of equal width.
 * @param {object} given
 * @param {Model} given.model
 * @param {Texts} given.texts
 * @param {Guidance} given.guidance
 * @param {Latent[]} given.windows
 * @param {number[]} given.starts the frame at which each window begins
 * @param {number} given.timestep
 * @returns {Promise<Latent[]>}
 */
export async function predictWindows({ model, texts, guidance, windows, starts, timestep }) {
  const paired = isGuided(guidance, timestep);
  const rows = paired ? [NEGATIVE, PROMPT] : [PROMPT];
  const jobs = rows.flatMap((row) => windows.map((window, k) => ({ window, row, start: starts[k] })));
  const [{ channels, frames, bins, data }] = windows;
  const count = jobs.length;
  const inputs = {
    x: tensor(joined(jobs.map(({ window }) => window.data)), count, channels, frames, bins),
    t: { data: new BigInt64Array(count).fill(BigInt(timestep)), dims: [count] },
    embeds: tensor(joined(jobs.map(({ row }) => texts.embeds[row])), count, texts.embeds[0].length),
    beats: tensor(
      Float32Array.from(jobs, ({ row }) => texts.beats[row]),
      count,
    ),
    starts: tensor(
      Float32Array.from(jobs, ({ start }) => start),
      count,
    ),
  };
  const { eps } = await model.run("denoiser", inputs, `at timestep ${timestep}`);
  const outputs = jobs.map((_, k) => {
    return new Latent(windows[0], frames, eps.slice(k * data.length, (k + 1) * data.length));
  });
  if (!paired) return outputs;
  return windows.map((_, k) => guided(outputs[k], outputs[windows.length + k], guidance.scale));
}

/** @param {Float32Array[]} parts of equal length */
function joined(parts) {
  const whole = new Float32Array(parts.length * parts[0].length);
  for (const [k, part] of parts.entries()) whole.set(part, k * part.length);
  return whole;
}
