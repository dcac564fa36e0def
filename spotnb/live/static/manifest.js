// The manifest of a run: everything needed to repeat it, in Python too, see `manifest_of` in `spotnb.sampling.moment`.

/** @import { Run } from "./run.js" */

import { readText } from "./text.js";

export const TILING = /** @type {const} */ ([
  "tile_size_time",
  "min_overlap",
  "max_shift_ratio",
  "edge",
  "shift_seed",
  "shift_schedule",
]);

/** What a run in JavaScript cannot have, as Python writes it down. */
const WITHOUT = {
  record_dtype: "fp32",
  n_candidates: 1,
  init_audio: null,
  strength: null,
  continue_from: null,
  keep: null,
  reconstruction_scale: 4,
};

/**
 * @param {Run} run
 * @param {string} record what its trace keeps
 * @returns {Record<string, any>} ready for JSON
 */
export function manifestOf(run, record) {
  const { settings, frames, samples, edge } = run;
  const { description, networks } = run.model;
  const texts = [settings.prompt, settings.negative_prompt].map((text) => readText(text, description.tokenizer));
  const others = Object.entries(settings).filter(([name]) => !TILING.some((each) => each === name));
  return {
    ...Object.fromEntries(others),
    config: Object.fromEntries(TILING.map((name) => [name, settings[name]])),
    record,
    ...WITHOUT,
    model: description.manifest,
    sample_rate: description.sample_rate,
    samples_per_frame: description.samples_per_frame,
    frames,
    samples,
    fallback: !edge.ring && frames <= settings.tile_size_time,
    unknown_words: texts.flatMap(({ unknown }) => unknown),
    cut_words: texts.flatMap(({ cut }) => cut),
    threads: networks.threads ?? 1,
    versions: { ...description.versions, ...networks.versions },
  };
}
