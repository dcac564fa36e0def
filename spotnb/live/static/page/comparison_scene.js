// Finished sounds as the scene of a RunComparison, see `spotnb.widgets.comparison`.

/** @import { Scene } from "../../../widgets/static/comparison/rows.js" */
/** @import { Description } from "../model.js" */
/** @import { Plan } from "./plan.js" */
/** @import { Made } from "./worker.js" */

/** @typedef {{ name: string, plan: Plan, made: Made, seconds: number }} Finished `seconds` is how long it took */

/**
 * @param {Finished[]} sounds of the same length and tiles
 * @param {Description} description
 * @param {[number, number]} range of the colors of a log-mel
 * @returns {Scene}
 */
export function sceneOf(sounds, { sample_rate: rate, samples_per_frame, vocoder }, range) {
  const levels = sounds.map(({ made }) => made.packed.level);
  const softest = Math.min(...levels.filter((level) => level !== null));
  const [{ plan: first, made }] = sounds;
  return {
    duration: made.packed.samples / rate,
    framesPerSecond: rate / samples_per_frame,
    melSeconds: vocoder.hop / rate,
    melRange: range,
    measure: "RMS",
    grid: first.grid,
    rows: sounds.map(({ name, plan, made: { packed } }) => {
      const { prompt, method, seed } = plan.settings;
      const { samples, columnSamples, score, level, envelope, bands, wave } = packed;
      return {
        name,
        about: { prompt, method, seed: String(seed) },
        samples,
        rate,
        seams: plan.seams,
        seamsKnown: true,
        blended: plan.blended,
        score,
        levels: { lufs: null, rms_db: level },
        gain: level === null ? 0 : softest - level,
        columnSamples,
        envelope: new DataView(envelope.buffer),
        mel: new DataView(bands.buffer),
        sound: new DataView(wave),
      };
    }),
  };
}
