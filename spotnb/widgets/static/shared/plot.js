// A canvas with latent frames across, labelled in seconds: sharp on any screen, as wide as it is given.
import { h } from "./dom.js";

export const FRAMES_PER_SECOND = 25; // a latent frame is 40 ms
const NARROW = 520;
const TICKS = [0.04, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];

// options: label (for screen readers), interactive, height(plot) in CSS pixels, margin(plot) with left/right/top/bottom,
// paint(ctx, plot). Set `plot.range = [start, stop]` in latent frames; `plot.x(frame)` and `plot.frameAt(x)` convert.
export function createPlot(view, options) {
  const role = options.interactive ? "application" : "img";
  const canvas = h("canvas", { class: "spotnb-canvas", role, "aria-label": options.label });
  const element = h("div", { class: "spotnb-plot" }, canvas);
  const ctx = canvas.getContext("2d");
  const plot = {
    canvas,
    element,
    range: [0, 1],
    width: 0,
    height: 0,
    ratio: 1,
    left: 0,
    top: 0,
    right: 0,
    bottom: 0,
    narrow: false,
    x: (frame) => plot.left + ((frame - plot.range[0]) / (plot.range[1] - plot.range[0])) * (plot.right - plot.left),
    frameAt: (x) => plot.range[0] + ((x - plot.left) / (plot.right - plot.left)) * (plot.range[1] - plot.range[0]),
    // A pointer event's place, in CSS pixels of the canvas.
    at: (event) => {
      const box = canvas.getBoundingClientRect();
      return { x: event.clientX - box.left, y: event.clientY - box.top };
    },
  };

  const measure = () => {
    plot.ratio = window.devicePixelRatio || 1;
    // Hidden for a moment, as while a theme is loaded, it keeps its size: no observer hears of such a moment.
    if (element.clientWidth) plot.width = Math.max(240, Math.floor(element.clientWidth));
    plot.narrow = plot.width < NARROW;
    plot.height = Math.round(options.height(plot));
    const margin = { left: plot.narrow ? 46 : 64, right: 14, top: 10, bottom: 6, ...options.margin?.(plot) };
    plot.left = margin.left;
    plot.top = margin.top;
    plot.right = plot.width - margin.right;
    plot.bottom = plot.height - margin.bottom;
    const [width, height] = [Math.round(plot.width * plot.ratio), Math.round(plot.height * plot.ratio)];
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
      canvas.style.height = `${plot.height}px`;
    }
  };

  view.onPaint(() => {
    if (!element.clientWidth && !plot.width) return; // hidden: it is painted when it is shown
    measure();
    ctx.setTransform(plot.ratio, 0, 0, plot.ratio, 0, 0);
    ctx.clearRect(0, 0, plot.width, plot.height);
    ctx.font = font(plot.narrow ? 10 : 11);
    options.paint(ctx, plot);
  });
  const observer = new ResizeObserver(() => view.repaint());
  observer.observe(element);
  view.onEnd(() => observer.disconnect());
  view.onEnd(() => {
    canvas.width = 0; // gives the pixels back at once
  });
  return plot;
}

export function font(size, weight = "") {
  return `${weight} ${size}px system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif`.trim();
}

// Frames of the ticks between `first` and `last`, at least `apart` pixels from each other.
export function secondTicks(plot, first, last, apart = 64) {
  const pixels = (plot.x(1) - plot.x(0)) * FRAMES_PER_SECOND; // of a second
  const step = TICKS.find((seconds) => seconds * pixels >= apart) ?? TICKS.at(-1);
  const start = Math.ceil(first / FRAMES_PER_SECOND / step - 1e-9);
  const stop = Math.floor(last / FRAMES_PER_SECOND / step + 1e-9);
  return Array.from({ length: Math.max(0, stop - start + 1) }, (_, k) => (start + k) * step * FRAMES_PER_SECOND);
}

export function seconds(frame, digits) {
  const value = frame / FRAMES_PER_SECOND;
  return digits === undefined ? `${Number(value.toFixed(2))}` : value.toFixed(digits);
}

// The axis below `y`, from frame `first` to `last`.
export function drawTimeAxis(ctx, plot, colours, y, first, last) {
  ctx.strokeStyle = colours.line;
  ctx.fillStyle = colours.muted;
  ctx.lineWidth = 1;
  ctx.textAlign = "center";
  ctx.textBaseline = "top";
  line(ctx, plot.x(first), y + 0.5, plot.x(last), y + 0.5);
  const ticks = secondTicks(plot, first, last, plot.narrow ? 44 : 64);
  ticks.forEach((frame, index) => {
    const x = Math.round(plot.x(frame)) + 0.5;
    line(ctx, x, y, x, y + 4);
    ctx.fillText(index === ticks.length - 1 ? `${seconds(frame)} s` : seconds(frame), x, y + 6);
  });
}

export function line(ctx, x0, y0, x1, y1) {
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
}

// A word in the margin left of the picture, centred at height `y`; `\n` breaks it.
export function rowLabel(ctx, plot, colours, text, y) {
  const lines = text.split("\n");
  ctx.fillStyle = colours.muted;
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  lines.forEach((part, k) => ctx.fillText(part, plot.left - 8, y + (k - (lines.length - 1) / 2) * 12));
}

// Diagonal lines over a rectangle: what is hatched is not colour alone.
export function hatch(ctx, x, y, width, height, colour, apart = 6) {
  if (width <= 0 || height <= 0) return;
  ctx.save();
  ctx.beginPath();
  ctx.rect(x, y, width, height);
  ctx.clip();
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1;
  ctx.beginPath();
  const first = Math.floor((x - height) / apart) * apart; // fixed to the canvas: neighbours' lines meet
  for (let at = first; at < x + width; at += apart) {
    ctx.moveTo(at, y + height);
    ctx.lineTo(at + height, y);
  }
  ctx.stroke();
  ctx.restore();
}
