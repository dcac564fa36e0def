// Short-time Fourier transforms of real sound, in float64, in the framing of `spotnb.sound.mel`: windows under a Hann
// window, one for every hop, centered on it. The ends of the sound are mirrored.

export class Fourier {
  #cosine;
  #sine;
  #reversed;
  #real;
  #imaginary;

  /**
   * @param {number} window length of a window in samples, a power of two
   * @param {number} hop
   */
  constructor(window, hop) {
    this.window = window;
    this.hop = hop;
    this.bins = window / 2 + 1;
    this.margin = (window - hop) / 2;
    const turn = (2 * Math.PI) / window;
    this.hann = Float64Array.from({ length: window }, (_, k) => 0.5 - 0.5 * Math.cos(turn * k));
    this.#cosine = Float64Array.from({ length: window / 2 }, (_, k) => Math.cos(turn * k));
    this.#sine = Float64Array.from({ length: window / 2 }, (_, k) => Math.sin(turn * k));
    const bits = Math.log2(window);
    this.#reversed = Uint16Array.from({ length: window }, (_, k) => reversed(k, bits));
    this.#real = new Float64Array(window);
    this.#imaginary = new Float64Array(window);
  }

  /**
   * The overlap-add of spectra, divided by that of the squared windows. The imaginary parts at 0 Hz and at half the
   * sample rate do not count.
   * @param {Spectrum} spectrum
   * @returns {Float64Array} `frames * hop` samples
   */
  sound({ real, imaginary, frames }) {
    const { window, hop, margin } = this;
    const sum = new Float64Array((frames - 1) * hop + window);
    const weight = new Float64Array(sum.length);
    for (let frame = 0; frame < frames; frame += 2) {
      const paired = frame + 1 < frames;
      this.#fill(real, imaginary, frame, paired);
      this.#transform(1);
      this.#overlap(sum, weight, frame * hop, this.#real);
      if (paired) this.#overlap(sum, weight, (frame + 1) * hop, this.#imaginary);
    }
    return Float64Array.from({ length: frames * hop }, (_, k) => sum[k + margin] / Math.max(weight[k + margin], 1e-3));
  }

  /**
   * The spectra of a sound of more than `margin` samples.
   * @param {Float64Array} sound
   * @returns {Spectrum}
   */
  spectrum(sound) {
    const { window, hop, bins, margin, hann } = this;
    const frames = Math.floor(sound.length / hop);
    const last = sound.length - 1;
    const [real, imaginary] = [new Float64Array(frames * bins), new Float64Array(frames * bins)];
    const at = (/** @type {number} */ k) => sound[last - Math.abs(last - Math.abs(k))];
    for (let frame = 0; frame < frames; frame += 2) {
      const start = frame * hop - margin;
      const paired = frame + 1 < frames;
      for (let k = 0; k < window; k += 1) {
        this.#real[this.#reversed[k]] = at(start + k) * hann[k];
        this.#imaginary[this.#reversed[k]] = paired ? at(start + hop + k) * hann[k] : 0;
      }
      this.#transform(-1);
      this.#part(real, imaginary, frame, paired);
    }
    return { real, imaginary, frames };
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

  /**
   * Parts the transform of two real frames into their spectra.
   * @param {Float64Array} real @param {Float64Array} imaginary @param {number} frame @param {boolean} paired
   */
  #part(real, imaginary, frame, paired) {
    const { window, bins } = this;
    for (let k = 0; k < bins; k += 1) {
      const mirrored = (window - k) % window;
      const place = frame * bins + k;
      real[place] = (this.#real[k] + this.#real[mirrored]) / 2;
      imaginary[place] = (this.#imaginary[k] - this.#imaginary[mirrored]) / 2;
      if (!paired) continue;
      real[place + bins] = (this.#imaginary[k] + this.#imaginary[mirrored]) / 2;
      imaginary[place + bins] = (this.#real[mirrored] - this.#real[k]) / 2;
    }
  }

  /**
   * @param {Float64Array} sum @param {Float64Array} weight @param {number} start @param {Float64Array} frame
   */
  #overlap(sum, weight, start, frame) {
    const { window, hann } = this;
    for (let k = 0; k < window; k += 1) {
      sum[start + k] += (frame[k] / window) * hann[k];
      weight[start + k] += hann[k] ** 2;
    }
  }

  /**
   * The fast Fourier transform of the buffers, whose numbers are in bit-reversed order (Cooley & Tukey 1965).
   * @param {1 | -1} sign of the exponent
   */
  #transform(sign) {
    const { window } = this;
    const [real, imaginary] = [this.#real, this.#imaginary];
    for (let size = 2; size <= window; size *= 2) {
      const half = size / 2;
      const stride = window / size;
      for (let start = 0; start < window; start += size) {
        for (let k = 0; k < half; k += 1) {
          const [low, high] = [start + k, start + k + half];
          const [cosine, sine] = [this.#cosine[k * stride], sign * this.#sine[k * stride]];
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
