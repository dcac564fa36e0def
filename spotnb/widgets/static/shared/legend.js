// A legend: a sign and its words for everything that a picture shows at the moment, and for nothing else.
import { diverging } from "./colors.js";
import { drawing, h } from "./dom.js";

/** @import { Attribute } from "./dom.js" */

/** @typedef {readonly [sign: keyof typeof SIGNS, words: string]} Key */

const WIDTH = 24;
const HEIGHT = 12;
const SHADES = 12; // of a color bar

/** @param {string} d @param {string} color @param {Record<string, Attribute>} [more] */
const area = (d, color, more = {}) => ({ d, fill: `var(--spotnb-${color})`, ...more });
/** @param {string} d @param {string} color @param {number} [width] @param {string} [dashes] */
const stroke = (d, color, width = 1.5, dashes) => ({
  d,
  fill: "none",
  stroke: `var(--spotnb-${color})`,
  "stroke-width": width,
  "stroke-dasharray": dashes,
});

/** The signs, drawn as `marks.js`, `bands.js` and the painters draw what they stand for. */
const SIGNS = {
  tiles: [area("M0 1h12v10h-12z", "tile-dark"), area("M12 1h12v10h-12z", "tile-light")],
  seen: [area("M0 1h24v10h-24z", "tile-dark", { "fill-opacity": 0.35 })],
  padding: [stroke("M1 11l10 -10M6 11l10 -10M11 11l10 -10M16 11l7 -7M1 6l5 -5", "ghost", 1)],
  fade: [area("M0 1h10l14 10h-24z", "tile-dark"), area("M10 1h14v10z", "tile-light")],
  seam: [area("M7.5 0h9l-4.5 6z", "seam"), stroke("M12 3v9", "seam", 2)],
  row: [area("M0 2h24v8h-24z", "tile-light"), area("M10.5 2h3v8h-3z", "seam")],
  before: [stroke("M12 0v12", "ghost", 2, "2 2")],
  end: [stroke("M12 0v12", "ink", 1.5)],
  chosen: [stroke("M1 2h22v8h-22z", "mark", 2)],
  bars: [area("M4 5h4v7h-4zM9 2h4v10h-4zM14 7h4v5h-4z", "tile-dark")],
  pin: [stroke("M12 4v8", "seam", 1.2, "3 2"), area("M12 0a3 3 0 1 1 0 6a3 3 0 1 1 0 -6z", "seam")],
  even: [stroke("M0 6h24", "ink", 1.2, "2 3")],
  followed: [area("M7 0h10l-5 7z", "mark"), stroke("M12 3v9", "mark", 1.5)],
  inside: [area("M12 2.5a3.5 3.5 0 1 1 0 7a3.5 3.5 0 1 1 0 -7z", "halo", { stroke: "var(--spotnb-mark)" })],
  cut: [area("M12 1l5 5l-5 5l-5 -5z", "seam", { stroke: "var(--spotnb-mark)" })],
  sketch: [area("M0 12v-5q3 -6 6 -2t6 -1t6 1t6 -3v10z", "line")],
  colors: Array.from({ length: SHADES }, (_, k) => {
    const shade = diverging[1 + Math.round((254 * k) / (SHADES - 1))];
    const rgb = [0, 8, 16].map((bits) => (shade >> bits) & 255).join(" ");
    return { d: `M${(k * WIDTH) / SHADES} 1h${WIDTH / SHADES}v10h-${WIDTH / SHADES}z`, fill: `rgb(${rgb})` };
  }),
};

/** @param {string} label for screen readers */
export function createLegend(label) {
  const element = h("ul", { class: "spotnb-signs", "aria-label": label });
  let shown = "";
  return {
    element,
    show(/** @type {Key[]} */ keys) {
      const now = String(keys);
      if (now === shown) return;
      shown = now;
      const size = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT };
      element.replaceChildren(...keys.map(([sign, words]) => h("li", {}, drawing(size, SIGNS[sign]), words)));
    },
  };
}
