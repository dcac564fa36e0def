// A sound as a WAV file: 16 bits, one channel.

const HEADER = 44;

/**
 * @param {Float32Array} waveform -1 to 1
 * @param {number} rate in Hz
 */
export function waveFile(waveform, rate) {
  const size = 2 * waveform.length;
  const view = new DataView(new ArrayBuffer(HEADER + size));
  const text = (/** @type {number} */ at, /** @type {string} */ word) => {
    for (let k = 0; k < word.length; k += 1) view.setUint8(at + k, word.charCodeAt(k));
  };
  text(0, "RIFF");
  view.setUint32(4, HEADER - 8 + size, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true); // bytes of the format
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, 1, true); // channels
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true); // bytes per second
  view.setUint16(32, 2, true); // bytes per frame
  view.setUint16(34, 16, true); // bits
  text(36, "data");
  view.setUint32(40, size, true);
  for (const [k, value] of waveform.entries()) {
    const scaled = Math.round(value * 32767);
    view.setInt16(HEADER + 2 * k, Math.min(32767, Math.max(-32768, scaled)), true);
  }
  return view.buffer;
}
