// A latent or a window of one: numbers [channels, frames, bins] in one array, as a tensor holds them.

/** @typedef {{ channels: number, bins: number }} Size of every frame */

export class Latent {
  /**
   * @param {Size} size
   * @param {number} frames
   * @param {Float32Array} [data] zeros by default
   */
  constructor({ channels, bins }, frames, data = new Float32Array(channels * frames * bins)) {
    this.channels = channels;
    this.frames = frames;
    this.bins = bins;
    this.data = data;
  }

  /**
   * A new latent, number by number.
   * @param {(index: number) => number} value
   */
  map(value) {
    const mapped = new Float32Array(this.data.length);
    for (let k = 0; k < mapped.length; k += 1) mapped[k] = value(k);
    return new Latent(this, this.frames, mapped);
  }

  /**
   * Copies frames of another latent over those from `to` on.
   * @param {number} to
   * @param {Latent} other
   * @param {number} from
   * @param {number} count
   */
  paste(to, other, from, count) {
    const { bins } = this;
    for (let channel = 0; channel < this.channels; channel += 1) {
      const start = (channel * other.frames + from) * bins;
      this.data.set(other.data.subarray(start, start + count * bins), (channel * this.frames + to) * bins);
    }
  }

  /**
   * Adds frames of another latent to those from `to` on.
   * @param {number} to
   * @param {Latent} other
   * @param {number} from
   * @param {number} count
   */
  add(to, other, from, count) {
    const { bins } = this;
    for (let channel = 0; channel < this.channels; channel += 1) {
      const source = (channel * other.frames + from) * bins;
      const target = (channel * this.frames + to) * bins;
      for (let k = 0; k < count * bins; k += 1) this.data[target + k] += other.data[source + k];
    }
  }

  /**
   * The frames of a list, in its order.
   * @param {number[]} places
   */
  pick(places) {
    const picked = new Latent(this, places.length);
    for (const [k, place] of places.entries()) picked.paste(k, this, place, 1);
    return picked;
  }

  /** @param {number} start @param {number} stop */
  slice(start, stop) {
    const part = new Latent(this, stop - start);
    part.paste(0, this, start, stop - start);
    return part;
  }
}
