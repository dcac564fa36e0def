// The sentences of a step that is taken phase by phase.

/**
 * A row of the picture: one channel, bytes `[columns, bins]`, 0 where there is nothing yet.
 * @typedef {object} Row
 * @property {string} key
 * @property {string} name
 * @property {DataView} data
 * @property {number} columns
 * @property {number} bins
 * @property {number} start
 * @property {number} stop
 * @property {number} limit
 */

/**
 * @typedef {object} Scene
 * @property {number} step
 * @property {number} timestep
 * @property {"pad" | "predict" | "stitch" | "update"} stage
 * @property {number} done
 * @property {string} words
 * @property {number} frames
 * @property {[number, number]} pad
 * @property {number} framesPerSecond
 * @property {[number, number, number, number][]} tiles
 * @property {boolean} blended whether the tiles cross-fade
 * @property {number[]} seams those at which the step cuts
 * @property {{ blended: boolean, seams: number[] } | null} next the same of the next step, or null after the last one
 * @property {number} guidance
 * @property {[number, number] | null} interval
 * @property {Row[]} rows
 */

export const STAGES = ["pad", "predict", "stitch", "update"];

/** @param {Scene} scene */
export function stageNames({ done, tiles }) {
  return {
    pad: "1 Pad and cut",
    predict: `2 Predict ${done} / ${tiles.length}`,
    stitch: "3 Stitch",
    update: "4 Update",
  };
}

/**
 * What the phase that was done last means.
 * @param {Scene} scene
 */
export function meaning(scene) {
  const { stage, pad, tiles, done, guidance, interval, rows, step, timestep, blended } = scene;
  const guided = rows.some(({ key }) => key === "difference");
  if (stage === "pad") {
    const padding = pad[0] || pad[1] ? "Windows reach past the ends, so the hatched frames were drawn there." : "";
    const divides = blended ? "covers the noisy latent with" : "cuts the noisy latent into";
    const windows = `${tiles.length} windows${blended ? " that overlap" : ""}`;
    return `Step ${step} (noise level t = ${timestep}) ${divides} ${windows}. ${padding}`.trim();
  }
  if (stage === "predict") {
    const when =
      interval && guidance !== 1 ? ` Guidance is active from t = ${interval[1]} to ${interval[0]} only.` : "";
    const once = `once, with the prompt.${when}`;
    const twice = `twice: with the prompt and without. The difference is what the prompt adds, and counts ${guidance} times.`;
    return `The network looked at tile ${done - 1} ${guided ? twice : once}`;
  }
  if (stage === "stitch") return stitching(scene);
  return `The solver took some of that noise away, once for the full length. ${following(scene)}`.trim();
}

/** Where the next step cuts. @param {Scene} scene */
function following({ seams, next }) {
  if (!next) return "That was the last step.";
  if (next.blended && !next.seams.length) return "In the next step, tiles overlap and cross-fade.";
  if (!next.seams.length) return "";
  return `The next step cuts ${next.seams.join() === seams.join() ? "at the same places" : "elsewhere"}.`;
}

/** How the predictions of the tiles become one. @param {Scene} scene */
function stitching({ tiles, frames, blended, seams }) {
  if (blended && !seams.length)
    return "Where tiles overlap, the noise fades from one to the next: nothing is cut in this step.";
  const owned = tiles.reduce((sum, [, , start, stop]) => sum + stop - start, 0);
  const source =
    owned > frames
      ? "Where tiles overlap, a frame takes their mean."
      : "Each frame takes its noise from the tile that keeps it.";
  return seams.length ? `${source} The lines are the seams of this step.` : source;
}

/** @param {Row} row */
export function scaleOf({ limit }) {
  return `±${limit.toPrecision(2)}`;
}
