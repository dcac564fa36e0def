// Tiles as numbered bands: dark and light by turns, pale where a tile sees what it does not own, hatched where it sees
// what is not there.
import { hatch } from "./plot.js";

const NUMBERED = 15; // a band narrower than this many pixels has no room for its number
const PALE = 0.35;

// One band from `start` to `stop` (frames) at height `y`; `style` may have pale, outlined.
export function drawBand(ctx, plot, colours, number, start, stop, y, height, style = {}) {
  const [left, right] = [plot.x(start), plot.x(stop)];
  const dark = number % 2 === 0;
  ctx.globalAlpha = style.pale ? PALE : 1;
  ctx.fillStyle = dark ? colours.tileDark : colours.tileLight;
  ctx.fillRect(left, y, Math.max(0.5, right - left - (right - left > 4 ? 1 : 0)), height);
  ctx.globalAlpha = 1;
  if (style.hatched) hatch(ctx, left, y, right - left - 1, height, colours.ink, 5);
}

export function numberBand(ctx, plot, colours, number, start, stop, y, height) {
  const [left, right] = [Math.max(plot.x(start), plot.left), Math.min(plot.x(stop), plot.right)];
  if (right - left < NUMBERED) return;
  ctx.fillStyle = number % 2 === 0 ? colours.onDark : colours.onLight;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillText(String(number), (left + right) / 2, y + height / 2 + 0.5);
}
