// The words of Overview.
import { seconds } from "../shared/time.js";

/** @import { Fact } from "../shared/dom.js" */
/** @import { KeyMeaning } from "../shared/keys.js" */
/** @import { Scene, Stage, State, Step } from "./state.js" */

/** @type {Record<Stage, [title: string, caption: string]>} */
export const TITLES = {
  noise: ["Noise", "pure chance"],
  steps: ["Steps", "the cuts move"],
  latent: ["Latent", "the noise is gone"],
  mel: ["Spectrogram", "decoded"],
  sound: ["Sound", "ready to play"],
};

/** @type {KeyMeaning[]} */
export const KEYS = [
  ["← →, Home, End", "on a stage, another one; in the picture, the steps, or a second of the sound"],
  ["Space", "play the sound, in the picture"],
  ["Click", "a row of the map for its step; the sound, to play from there"],
];

const EPSILON = 0.02; // dB that rounding may add

/** A log magnitude in decibels. @param {number} value its natural logarithm */
export function decibels(value) {
  return (20 * value) / Math.LN10;
}

/**
 * Decibels at round numbers within the range of the spectrogram.
 * @param {[number, number]} range natural logarithms
 * @param {number} every
 */
export function decibelTicks([low, high], every = 25) {
  const first = Math.ceil(decibels(low) / every - EPSILON);
  const last = Math.floor(decibels(high) / every + EPSILON);
  return Array.from({ length: last - first + 1 }, (_, k) => (first + k) * every);
}

/**
 * What the open stage shows.
 * @param {Scene} scene
 * @param {State} state
 */
export function story(scene, { stage, step }) {
  const { frames, framesPerSecond, channels, bins, total, steps } = scene;
  switch (stage) {
    case "noise":
      return `Everything begins with random numbers: ${channels} channels of ${frames} frames and ${bins} ${bins === 1 ? "bin" : "bins"}. Hardly anything in them depends on the prompt yet.`;
    case "steps":
      return `${stepName(scene, step)} / ${total - 1}: the network sees ${tilesOf(scene, step)}, and predicts the noise in each. ${cuts(steps[step], framesPerSecond)} ${moved(scene, step)}`.trim();
    case "latent":
      return step === steps.length - 1
        ? "The finished latent. All noise is gone, and only the decoder remains."
        : `The clean estimate of ${stepName(scene, step).toLowerCase()}: what the network believes to be under the noise. Details come late.`;
    case "mel":
      return `The decoder turns the latent into a mel spectrogram: time across, pitch upward, loud parts bright. ${seconds(frames, framesPerSecond)} s of latent, of which ${scene.seconds.toFixed(1)} s are kept.`;
    default:
      return `The vocoder turns the spectrogram into sound. ${lastCuts(steps[steps.length - 1])}`;
  }
}

/** @param {Scene} scene @param {number} step */
export function stepName({ steps }, step) {
  return `Step ${steps[step].step}`;
}

/** @param {Scene} scene @param {number} step */
function tilesOf({ steps }, step) {
  const count = steps[step].tiles.length;
  return count === 1 ? "everything at once" : `${count} tiles`;
}

/** @param {Step} last */
function lastCuts({ blended, seams }) {
  if (blended && !seams.length) return "The last step cross-fades its tiles, so there is no cut to be heard.";
  return seams.length ? "The triangles mark the cuts of the last step: can you hear them?" : "";
}

/** @param {Step} step @param {number} perSecond */
function cuts({ blended, seams }, perSecond) {
  if (blended && !seams.length) return "Its tiles overlap and cross-fade, so nothing is cut.";
  if (!seams.length) return "There is no cut.";
  const times = seams.slice(0, 8).map((seam) => seconds(seam, perSecond));
  const more = seams.length > 8 ? " and so on" : "";
  return `The cuts lie at ${times.join(", ")} s${more}.`;
}

/** Whether the cuts move in this run, if this step cuts at all. @param {Scene} scene @param {number} step */
function moved({ steps }, step) {
  const cutting = steps.filter(({ seams }) => seams.length);
  const places = new Set(cutting.map(({ seams }) => seams.join()));
  if (!cutting.includes(steps[step])) return "";
  return places.size > 1
    ? "Each step cuts somewhere else, so no cut stays long enough to be heard."
    : "Every step cuts at the same places, so every step deepens the same cuts.";
}

/**
 * @param {Scene} scene
 * @param {State} state
 * @returns {Fact[]}
 */
export function facts(scene, { stage, step }) {
  const { channel, channels, bins, framesPerSecond, limit, peak, steps } = scene;
  const shown = bins === 1 && channels > 1 ? `all ${channels}` : String(channel);
  /** @type {Fact[]} */
  const colors = [
    ["channel ", shown],
    ["white is 0, red and blue reach ", `±${limit.toFixed(1)}`],
  ];
  const { blended, shift } = steps[step];
  if (stage === "steps" && blended) return [["tiles ", "cross-fade"], ...colors];
  if (stage === "steps") return [["grid moved by ", `${seconds(shift, framesPerSecond)} s`], ...colors];
  if (stage === "noise" || stage === "latent") return colors;
  if (stage === "mel")
    return [
      ["bands ", "64"],
      ["colors ", "−100 to 17 dB"],
    ];
  return [["peak ", peak > 0 ? `${(20 * Math.log10(peak)).toFixed(1).replace("-", "−")} dB` : "silence"]];
}

/** @param {Scene} scene */
export function runFacts({ prompt, method, seed, seconds: length }) {
  const short = prompt.length > 80 ? `${prompt.slice(0, 79)}…` : prompt;
  return `${short} · ${method} · seed ${seed} · ${length.toFixed(1)} s. Click a stage to open it.`;
}
