// Slaney's mel scale, as in `spotnb.sound.mel.mel_bin`: from frequencies to bands, and back.
export const BANDS = 64;
const TOP = 1000; // Hz, up to which the scale is linear

/** @param {number} hz */
const melOf = (hz) => (hz < TOP ? (hz * 3) / 200 : 15 + (27 * Math.log(hz / TOP)) / Math.log(6.4));

/** @param {number} hz */
export function binOf(hz) {
  return (melOf(hz) / melOf(8000)) * (BANDS + 1) - 1;
}

/** @param {number} bin */
export function hzOf(bin) {
  const mel = ((bin + 1) / (BANDS + 1)) * melOf(8000);
  return mel < 15 ? (mel * 200) / 3 : TOP * 6.4 ** ((mel - 15) / 27);
}
