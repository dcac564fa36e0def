// The sound of short-time spectra, in float64, in the framing of `spotnb.sound.mel`: one frame for every hop, centered on
// it. See `SinusoidalVocoder.overlapped`.

export class Fourier {
  #cosine;
  #sine;
  #reversed;
  #real;
  #imaginary;

  /**
   * @param {number} window length of a transform in samples, a power of two
   * @param {number} fade samples of a frame that are heard
   * @param {number} hop
   */
  constructor(window, fade, hop) {
    this.window = window;
    this.fade = fade;
    this.hop = hop;
    this.bins = window / 2 + 1;
    const turn = (2 * Math.PI) / window;
    const first = (window - fade) / 2;
    const hann = (/** @type {number} */ k, /** @type {number} */ length) =>
      0.5 - 0.5 * Math.cos((2 * Math.PI * k) / length);
    this.gain = Float64Array.from({ length: fade }, (_, k) => {
      return ((2 * hop) / fade) * (hann(k, fade) / hann(first + k, window));
    });
    this.#cosine = Float64Array.from({ length: window / 2 }, (_, k) => Math.cos(turn * k));
    this.#sine = Float64Array.from({ length: window / 2 }, (_, k) => Math.sin(turn * k));
    const bits = Math.log2(window);
    this.#reversed = Uint16Array.from({ length: window }, (_, k) => reversed(k, bits));
    this.#real = new Float64Array(window);
    this.#imaginary = new Float64Array(window);
  }

  /**
   * The overlap-add of spectra. The imaginary parts at 0 Hz and at half the sample rate do not count.
   * @param {Spectrum} spectrum
   * @returns {Float64Array} `frames * hop` samples
   */
  sound({ real, imaginary, frames }) {
    const { fade, hop } = this;
    const margin = (fade - hop) / 2;
    const sum = new Float64Array((frames - 1) * hop + fade);
    for (let frame = 0; frame < frames; frame += 2) {
      const paired = frame + 1 < frames;
      this.#fill(real, imaginary, frame, paired);
      this.#transform();
      this.#overlap(sum, frame * hop, this.#real);
      if (paired) this.#overlap(sum, (frame + 1) * hop, this.#imaginary);
    }
    return sum.slice(margin, margin + frames * hop);
  }

  /**
   * Fills the buffers with the spectra of two frames, of which one becomes the real part of the sound and the other the
   * imaginary part.
   * @param {ArrayLike<number>} real @param {ArrayLike<number>} imaginary @param {number} frame @param {boolean} paired
   */
  #fill(real, imaginary, frame, paired) {
    const { window, bins } = this;
    const half = window / 2;
    const first = frame * bins;
    for (let k = 0; k <= half; k += 1) {
      const inner = k > 0 && k < half ? 1 : 0;
      const [re, im] = [real[first + k], inner * imaginary[first + k]];
      const other = paired ? real[first + bins + k] : 0;
      const otherImaginary = paired ? inner * imaginary[first + bins + k] : 0;
      const place = this.#reversed[k];
      this.#real[place] = re - otherImaginary;
      this.#imaginary[place] = im + other;
      const mirrored = this.#reversed[(window - k) % window];
      this.#real[mirrored] = re + otherImaginary;
      this.#imaginary[mirrored] = other - im;
    }
  }

  /** @param {Float64Array} sum @param {number} start @param {Float64Array} frame */
  #overlap(sum, start, frame) {
    const { window, fade, gain } = this;
    const first = (window - fade) / 2;
    for (let k = 0; k < fade; k += 1) sum[start + k] += (frame[first + k] / window) * gain[k];
  }

  /**
   * The inverse fast Fourier transform of the buffers, whose numbers are in bit-reversed order (Cooley & Tukey 1965).
   */
  #transform() {
    const { window } = this;
    const [real, imaginary] = [this.#real, this.#imaginary];
    for (let size = 2; size <= window; size *= 2) {
      const half = size / 2;
      const stride = window / size;
      for (let start = 0; start < window; start += size) {
        for (let k = 0; k < half; k += 1) {
          const [low, high] = [start + k, start + k + half];
          const [cosine, sine] = [this.#cosine[k * stride], this.#sine[k * stride]];
          const turnedReal = real[high] * cosine - imaginary[high] * sine;
          const turnedImaginary = real[high] * sine + imaginary[high] * cosine;
          real[high] = real[low] - turnedReal;
          imaginary[high] = imaginary[low] - turnedImaginary;
          real[low] += turnedReal;
          imaginary[low] += turnedImaginary;
        }
      }
    }
  }
}

/** @typedef {{ real: NumberArray, imaginary: NumberArray, frames: number }} Spectrum rows of bins, one for each frame */

/** @typedef {Float32Array | Float64Array} NumberArray */

/** @param {number} number @param {number} bits */
function reversed(number, bits) {
  let mirrored = 0;
  for (let bit = 0; bit < bits; bit += 1) if (number & (1 << bit)) mirrored |= 1 << (bits - 1 - bit);
  return mirrored;
}
