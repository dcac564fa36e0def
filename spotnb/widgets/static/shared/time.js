// Latent frames and seconds. `perSecond` are the latent frames in a second: 25 for AudioLDM.
const TICKS = [0.04, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];

/**
 * A frame in seconds, with at most two decimals, or with exactly `digits`.
 * @param {number} frame
 * @param {number} perSecond
 * @param {number} [digits]
 */
export function seconds(frame, perSecond, digits) {
  const value = frame / perSecond;
  return digits === undefined ? `${Number(value.toFixed(2))}` : value.toFixed(digits);
}

/**
 * Frames between `first` and `last` at round numbers of seconds, at least `apart` seconds from each other.
 * @param {number} first
 * @param {number} last
 * @param {number} apart
 * @param {number} perSecond
 */
export function ticksBetween(first, last, apart, perSecond) {
  const step = TICKS.find((each) => each >= apart) ?? TICKS[TICKS.length - 1];
  const start = Math.ceil(first / perSecond / step - 1e-9);
  const stop = Math.floor(last / perSecond / step + 1e-9);
  const count = Math.max(0, stop - start + 1);
  return Array.from({ length: count }, (_, k) => (start + k) * step * perSecond);
}
