// A canvas for making images, with its pixels as an array of words.
import { contextOf } from "../shared/colors.js";

export class Surface {
  canvas = document.createElement("canvas");
  words = new Uint32Array(0);
  /** @type {ImageData | null} */
  #image = null;

  /** @param {number} width @param {number} height */
  resize(width, height) {
    const { canvas } = this;
    if (canvas.width === width && canvas.height === height && this.#image) return;
    canvas.width = width;
    canvas.height = height;
    this.#image = contextOf(canvas).createImageData(width, height);
    this.words = new Uint32Array(this.#image.data.buffer);
  }

  show() {
    if (this.#image) contextOf(this.canvas).putImageData(this.#image, 0, 0);
  }
}
