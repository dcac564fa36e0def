// Where a run with fixed tiles is cut, and runs of all methods are compared, see `spotnb.sampling.fixed_grid`.

/** @import { Run } from "./run.js" */

import { plan, seams } from "../../widgets/static/shared/layout.js";

const BORDER = 1.5; // mel frames at each end in which no seam is measured, see `seams_within` in spotnb.sound.measure

/**
 * The latent frames at which fixed tiles of this size and edge policy are cut, as far as they lie within the sound.
 * @param {Run} run
 */
export function fixedGrid({ frames, samples, edge, settings, model: { description } }) {
  const { methods, samples_per_frame, vocoder } = description;
  const options = { frames, width: settings.tile_size_time, overlap: 0, edge, method: methods.tiles };
  const [rows, length] = [samples_per_frame / vocoder.hop, Math.floor(samples / vocoder.hop)];
  return seams(plan(options, 0)).filter((seam) => seam * rows >= BORDER && seam * rows < length - BORDER);
}
