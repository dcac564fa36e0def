// A canvas whose horizontal axis is in latent frames, labeled in seconds. It is sharp on any screen and fills its
// width.
import { contextOf } from "./colors.js";
import { h } from "./dom.js";
import { line } from "./strokes.js";
import { seconds, ticksBetween } from "./time.js";

/** @import { View } from "./view.js" */
/** @import { Colors } from "./theme.js" */
/** @import { Context } from "./strokes.js" */

const NARROW = 520;

/** @typedef {{ left: number, right: number, top: number, bottom: number }} Margin */

/**
 * `range` is the part of time that is shown, in latent frames, of which `perSecond` are a second. `x` and `frameAt` convert between frames and CSS pixels.
 * `at` gives the place of a pointer event in CSS pixels of the canvas.
 * @typedef {object} Plot
 * @property {HTMLCanvasElement} canvas
 * @property {HTMLDivElement} element
 * @property {[number, number]} range
 * @property {number} perSecond
 * @property {number} width
 * @property {number} height
 * @property {number} ratio
 * @property {number} left
 * @property {number} top
 * @property {number} right
 * @property {number} bottom
 * @property {boolean} narrow
 * @property {(frame: number) => number} x
 * @property {(x: number) => number} frameAt
 * @property {(event: MouseEvent) => { x: number, y: number }} at
 */

/**
 * @typedef {object} PlotOptions
 * @property {string} label for screen readers
 * @property {number} perSecond latent frames in a second
 * @property {(plot: Plot) => number} height in CSS pixels
 * @property {(plot: Plot) => Partial<Margin>} [margin]
 * @property {(ctx: Context, plot: Plot) => void} paint
 */

/**
 * @param {View} view
 * @param {PlotOptions} options
 */
export function createPlot(view, options) {
  const canvas = h("canvas", { class: "spotnb-canvas", role: "application", "aria-label": options.label });
  const element = h("div", { class: "spotnb-plot" }, canvas);
  const ctx = contextOf(canvas);
  const plot = emptyPlot(canvas, element, options.perSecond);

  view.onPaint(() => {
    if (!element.clientWidth && !plot.width) return; // hidden: it is painted when it is shown
    measure(plot, options);
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

/**
 * @param {HTMLCanvasElement} canvas
 * @param {HTMLDivElement} element
 * @param {number} perSecond
 * @returns {Plot}
 */
function emptyPlot(canvas, element, perSecond) {
  /** @type {Plot} */
  const plot = {
    canvas,
    element,
    range: [0, 1],
    perSecond,
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
    at: (event) => {
      const box = canvas.getBoundingClientRect();
      return { x: event.clientX - box.left, y: event.clientY - box.top };
    },
  };
  return plot;
}

/**
 * @param {Plot} plot
 * @param {PlotOptions} options
 */
function measure(plot, options) {
  const { canvas, element } = plot;
  plot.ratio = window.devicePixelRatio || 1;
  // While it is hidden for a moment (a theme is loading, for example), it keeps its size: no observer would report it.
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
}

/**
 * Prepares a separate canvas for what seldom changes: `height` CSS pixels high, as wide and as sharp as the plot.
 * @param {Plot} plot
 * @param {HTMLCanvasElement} canvas
 * @param {number} [height]
 */
export function layerOf(plot, canvas, height = plot.height) {
  canvas.width = Math.round(plot.width * plot.ratio);
  canvas.height = Math.round(height * plot.ratio);
  const ctx = contextOf(canvas);
  ctx.setTransform(plot.ratio, 0, 0, plot.ratio, 0, 0);
  return ctx;
}

/**
 * @param {number} size
 * @param {string} [weight]
 */
export function font(size, weight = "") {
  return `${weight} ${size}px system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif`.trim();
}

/**
 * The frames that get a tick between `first` and `last`, at least `apart` pixels from each other.
 * @param {Plot} plot
 * @param {number} first
 * @param {number} last
 * @param {number} apart
 */
export function secondTicks(plot, first, last, apart) {
  const pixels = (plot.x(1) - plot.x(0)) * plot.perSecond; // of a second
  return ticksBetween(first, last, apart / pixels, plot.perSecond);
}

/**
 * Draws the time axis below `y`, from frame `first` to frame `last`.
 * @param {Context} ctx
 * @param {Plot} plot
 * @param {Colors} colors
 * @param {number} y
 * @param {number} first
 * @param {number} last
 */
export function drawTimeAxis(ctx, plot, colors, y, first, last) {
  ctx.strokeStyle = colors.line;
  ctx.fillStyle = colors.muted;
  ctx.lineWidth = 1;
  ctx.textAlign = "center";
  ctx.textBaseline = "top";
  line(ctx, plot.x(first), y + 0.5, plot.x(last), y + 0.5);
  const ticks = secondTicks(plot, first, last, plot.narrow ? 44 : 64);
  ticks.forEach((frame, index) => {
    const x = Math.round(plot.x(frame)) + 0.5;
    line(ctx, x, y, x, y + 4);
    const words = seconds(frame, plot.perSecond);
    ctx.fillText(index === ticks.length - 1 ? `${words} s` : words, x, y + 6);
  });
}

/**
 * Writes a label in the left margin, centered at height `y`. `\n` breaks the line.
 * @param {Context} ctx
 * @param {Pick<Plot, "left">} plot
 * @param {string} color
 * @param {string} text
 * @param {number} y
 */
export function rowLabel(ctx, plot, color, text, y) {
  const lines = text.split("\n");
  ctx.fillStyle = color;
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  lines.forEach((part, k) => {
    ctx.fillText(part, plot.left - 8, y + (k - (lines.length - 1) / 2) * 12);
  });
}
