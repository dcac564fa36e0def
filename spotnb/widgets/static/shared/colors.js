// Color scales as tables of 256 RGBA words, for images: magnitude in viridis, signed values in a diverging map whose
// middle is zero. Both keep their order for color-blind readers.
const VIRIDIS =
  "440154,48186a,472d7b,424086,3b528b,33638d,2c728e,26828e,21918c,1fa088,28ae80,3fbc73,5ec962,84d44b,addc30,d8e219,fde725";
const MAGMA =
  "000004,0a0822,1d1147,36106b,51127c,6a1c81,832681,9c2e7f,b73779,d0416f,e75263,f56b5c,fc8961,fea772,fec488,fde2a3,fcfdbf";
const DIVERGING =
  "053061,175290,2a71b2,3f8ec0,6bacd1,9bc9e0,c2ddec,e0ecf3,f7f6f6,fbe5d8,fbccb4,f5aa89,e48066,d05548,ba2832,930e26,67001f";

export const viridis = table(VIRIDIS);
export const magma = table(MAGMA); // as spotnb.plots has spectrograms
export const diverging = table(DIVERGING);

/** @param {string} anchors */
function table(anchors) {
  const stops = anchors.split(",").map((hex) => [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)));
  const words = new Uint32Array(256);
  for (let k = 0; k < 256; k += 1) {
    const place = (k / 255) * (stops.length - 1);
    const left = Math.min(Math.floor(place), stops.length - 2);
    const [r, g, b] = stops[left].map((value, c) => Math.round(value + (stops[left + 1][c] - value) * (place - left)));
    words[k] = (255 << 24) | (b << 16) | (g << 8) | r; // little-endian RGBA, as everywhere a browser runs
  }
  return words;
}

/**
 * Black or white, whichever is easier to read on a color of 0 to 255: the contrast is 4.58 at least (WCAG 2.2).
 * @param {number} red
 * @param {number} green
 * @param {number} blue
 */
export function readableOn(red, green, blue) {
  const [r, g, b] = [red, green, blue].map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return (luminance + 0.05) ** 2 > 0.05 * 1.05 ? "#000000" : "#ffffff";
}

/**
 * The 2D context of a canvas, which every current browser provides.
 * @param {HTMLCanvasElement} canvas
 */
export function contextOf(canvas) {
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
}

/**
 * An off-screen canvas, one pixel a value: `values` are bytes [columns, rows], drawn with row 0 at the bottom.
 * @param {Uint8Array} values
 * @param {number} columns
 * @param {number} rows
 * @param {Uint32Array} colors
 * @param {HTMLCanvasElement} [canvas]
 */
export function imageOf(values, columns, rows, colors, canvas = document.createElement("canvas")) {
  canvas.width = columns;
  canvas.height = rows;
  const ctx = contextOf(canvas);
  const image = ctx.createImageData(columns, rows);
  const words = new Uint32Array(image.data.buffer);
  for (let column = 0; column < columns; column += 1) {
    const from = column * rows;
    for (let row = 0; row < rows; row += 1) words[(rows - 1 - row) * columns + column] = colors[values[from + row]];
  }
  ctx.putImageData(image, 0, 0);
  return canvas;
}
