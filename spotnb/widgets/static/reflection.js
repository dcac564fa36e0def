// ReflectionExplorer: what padding, rolling and cropping do to a sound, one row a stage.
import { field, h, range, selectOf } from "./shared/dom.js";
import { bindKeys, guardControls } from "./shared/keys.js";
import { createPlot, font, hatch, line, rowLabel, seconds } from "./shared/plot.js";
import { diverging, imageOf, viridis } from "./shared/colours.js";
import { createSteps } from "./shared/steps.js";
import { bytesOf, clamp, openView } from "./shared/view.js";
import { ORDERS, isExact, lost, stagesOf, twice } from "./reflection_stages.js";

const MOVE = 650; // ms from one stage to the next
const GAP = 16; // px between rows
const MARKS = 20; // px below the original, for what became of its frames
const CLICK = 3;
const ORDER_NAMES = { naive: "naive: crop, then roll back", right: "right: roll back, then crop" };

function render({ model, el }) {
  const view = openView({ model, el }, "reflection", "Pad, roll, crop: what is lost");
  const { frames, bins, numbers } = model.get("_scene");
  const get = {
    order: () => (model.get("order") === "right" ? "right" : "naive"),
    pad: () => clamp(model.get("pad"), 0, frames - 1),
    shift: () => clamp(model.get("shift"), 0, frames),
    stage: () => Math.max(0, ORDERS[get.order()].indexOf(model.get("stage"))),
  };
  const picture = numbers ? null : imageOf(bytesOf(model.get("_pixels")), frames, bins, diverging);
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  let found = null;
  let moving = null; // { since }, while the cells of the current stage come down from the one before

  // ---- controls
  const order = selectOf(Object.keys(ORDERS), ORDER_NAMES);
  const pad = range(0, frames - 1, get.pad());
  const padValue = h("span", { class: "spotnb-value spotnb-short" });
  const shift = range(0, frames, get.shift());
  const shiftValue = h("span", { class: "spotnb-value spotnb-short" });
  const fields = [field("Padding", pad, padValue), field("Shift", shift, shiftValue)];
  for (const each of fields) each.classList.add("spotnb-grow");
  view.root.append(h("div", { class: "spotnb-row" }, field("Order", order), ...fields));
  guardControls(view, order, pad, shift);
  const steps = createSteps(view, {
    label: "Stage",
    count: ORDERS.naive.length,
    rate: 0.9,
    get: get.stage,
    go: (index) => view.set({ stage: ORDERS[get.order()][index] }),
    name: (index) => ORDERS[get.order()][index],
    value: (index) => ORDERS[get.order()][index],
  });
  const setShift = (value) => {
    const wanted = clamp(Math.round(value), 0, frames);
    if (wanted !== get.shift()) view.set({ shift: wanted });
  };
  const setPad = (value) => {
    const wanted = clamp(Math.round(value), 0, frames - 1);
    if (wanted !== get.pad()) view.set({ pad: wanted });
  };
  view.listen(order, "change", () => view.set({ order: order.value }));
  view.listen(pad, "input", () => setPad(Number(pad.value)));
  view.listen(shift, "input", () => setShift(Number(shift.value)));

  // ---- picture
  const rowHeight = () => (numbers ? 30 : clamp(bins * 2, 26, 40));
  const rowTop = (index) => index * (rowHeight() + GAP) + (index > 0 ? MARKS : 0);
  const plot = createPlot(view, {
    label: "The stages, one below the other. Left and right for the stage, plus and minus for the shift, up and down for the padding.",
    interactive: true,
    height: () => rowTop(6) - GAP + 18,
    margin: ({ narrow }) => ({ left: narrow ? 54 : 76 }),
    paint,
  });
  const words = h("p", { class: "spotnb-note" });
  const keys = h(
    "details",
    { class: "spotnb-keys" },
    h("summary", {}, "Keys"),
    h("p", {}, "In the picture: left and right, Home and End for the stage, space to play, + and − for the shift, up and down for the padding. Drag to shift; click a row for its stage."),
  );
  guardControls(view, keys.firstChild);
  view.root.append(plot.element, steps.element, words, keys);
  const coarse = numbers ? 2 : Math.max(2, Math.round(frames / 32));
  bindKeys(
    view,
    plot.canvas,
    {
      ...steps.keys,
      ArrowLeft: () => steps.move(-1),
      ArrowRight: () => steps.move(1),
      "+": (_, factor) => setShift(get.shift() + factor),
      "-": (_, factor) => setShift(get.shift() - factor),
      ArrowUp: (_, factor) => setPad(get.pad() + factor),
      ArrowDown: (_, factor) => setPad(get.pad() - factor),
    },
    coarse,
  );
  steps.scrubWith(plot.canvas);

  let drag = null;
  view.listen(plot.canvas, "pointerdown", (event) => {
    plot.canvas.focus({ preventScroll: true });
    plot.canvas.setPointerCapture(event.pointerId);
    drag = { from: plot.at(event).x, shift: get.shift(), moved: false };
  });
  plot.canvas.style.cursor = "grab";
  view.listen(plot.canvas, "pointermove", (event) => {
    if (!drag) return;
    const dx = plot.at(event).x - drag.from;
    drag.moved ||= Math.abs(dx) > CLICK;
    if (drag.moved) setShift(drag.shift + plot.frameAt(plot.left + dx) - plot.frameAt(plot.left));
  });
  view.listen(plot.canvas, "pointerup pointercancel", (event) => {
    if (drag && !drag.moved && event.type === "pointerup") {
      const y = plot.at(event).y - plot.top;
      let row = 0;
      while (row < 5 && y >= rowTop(row + 1) - GAP / 2) row += 1;
      steps.go(row);
    }
    drag = null;
  });

  function colourOf(source) {
    return viridis[Math.round(255 * (0.25 + (0.6 * source) / Math.max(1, frames - 1)))];
  }

  // Cells that stay together: neighbours in the original, before and now. Numbers each go by themselves.
  function pieces(cells, first) {
    const grouped = [];
    cells.forEach((cell, k) => {
      const to = first + k;
      const last = grouped.at(-1);
      const step = last ? cell.source - last.sources.at(-1) : 0;
      const together =
        !numbers && last && last.copied === cell.copied && Math.abs(step) === 1 && (last.sources.length < 2 || step === last.step) && Math.abs(cell.from - to - (last.from - last.to)) < 1e-9;
      if (together) {
        last.sources.push(cell.source);
        last.step = step;
      } else {
        grouped.push({ sources: [cell.source], step: 1, copied: cell.copied, from: cell.from, to });
      }
    });
    return grouped;
  }

  function drawPiece(ctx, piece, at, y, height, faded) {
    const count = piece.sources.length;
    const [left, width] = [plot.x(at), plot.x(at + count) - plot.x(at)];
    const colours = view.colours;
    ctx.globalAlpha = faded;
    if (numbers) {
      const word = colourOf(piece.sources[0]);
      const [r, g, b] = [word & 255, (word >> 8) & 255, (word >> 16) & 255];
      ctx.fillStyle = `rgb(${r},${g},${b})`;
      ctx.fillRect(left + 1, y, width - 2, height);
      const dark = 0.3 * r + 0.59 * g + 0.11 * b < 120;
      if (piece.copied) hatch(ctx, left + 1, y, width - 2, height, dark ? "#ffffffa0" : "#00000090", 7);
      const text = numbers[piece.sources[0]];
      ctx.font = font(width > 30 ? 14 : 11, "600");
      if (ctx.measureText(text).width < width) {
        ctx.textAlign = "center";
        ctx.textBaseline = "middle";
        if (piece.copied && faded === 1) {
          ctx.lineWidth = 5;
          ctx.lineJoin = "round";
          ctx.strokeStyle = ctx.fillStyle;
          ctx.strokeText(text, left + width / 2, y + height / 2 + 1);
        }
        ctx.fillStyle = dark ? "#ffffff" : "#0b141c";
        ctx.fillText(text, left + width / 2, y + height / 2 + 1);
      }
      ctx.font = font(11);
    } else {
      const backwards = count > 1 && piece.step < 0;
      const source = backwards ? piece.sources.at(-1) : piece.sources[0];
      ctx.save();
      ctx.imageSmoothingEnabled = false;
      ctx.translate(backwards ? left + width : left, y);
      if (backwards) ctx.scale(-1, 1);
      ctx.drawImage(picture, source, 0, count, bins, 0, 0, width, height);
      ctx.restore();
      if (piece.copied) hatch(ctx, left, y, width, height, "#000000a0", 6);
    }
    ctx.globalAlpha = 1;
  }

  function paint(ctx) {
    const { colours } = view;
    const names = ORDERS[get.order()];
    const [current, height, margin] = [get.stage(), rowHeight(), get.pad()];
    plot.range = [-margin - 0.15, frames + margin + 0.15];
    const progress = moving ? ease(clamp((performance.now() - moving.since) / MOVE, 0, 1)) : 1;

    // the place of the sound
    ctx.strokeStyle = colours.ghost;
    ctx.lineWidth = 1;
    ctx.setLineDash([3, 3]);
    for (const border of [0, frames]) {
      const x = Math.round(plot.x(border)) + 0.5;
      line(ctx, x, plot.top - 4, x, plot.top + rowTop(5) + height + 4);
    }
    ctx.setLineDash([]);

    names.forEach((name, index) => {
      const y = plot.top + rowTop(index);
      const stage = found[name];
      if (index > current) {
        ctx.strokeStyle = colours.line;
        const [a, b] = [plot.x(stage.first), plot.x(stage.first + stage.cells.length)];
        ctx.strokeRect(a + 0.5, y + 0.5, b - a - 1, height - 1);
      } else {
        const comes = index === current && progress < 1;
        const from = comes ? plot.top + rowTop(names.indexOf(stage.before)) : y;
        const at = comes ? progress : 1;
        for (const piece of pieces(stage.cut ?? [], 0)) {
          const fade = comes ? 1 - 0.8 * progress : 0.2;
          drawPiece(ctx, piece, piece.from, from + (y - from) * at, height, fade);
        }
        for (const piece of pieces(stage.cells, stage.first)) {
          drawPiece(ctx, piece, piece.from + (piece.to - piece.from) * at, from + (y - from) * at, height, 1);
        }
        if (stage.cut?.length) {
          ctx.strokeStyle = colours.seam;
          ctx.lineWidth = 2;
          for (const x of [plot.x(0), plot.x(frames)]) line(ctx, x, y - 5, x, y + height + 5);
        }
      }
      ctx.font = font(plot.narrow ? 10 : 11, index === current ? "700" : "");
      rowLabel(ctx, plot, { muted: index === current ? colours.ink : colours.muted }, name, y + height / 2);
      ctx.font = font(plot.narrow ? 10 : 11);
    });
    markFates(ctx, plot.top + height + 3, found[names[current]]);
    if (moving) {
      if (progress < 1) view.repaint();
      else moving = null;
    }
  }

  // Below the original: a cross for what the current stage lacks, 2x for what it has more than once.
  function markFates(ctx, y, stage) {
    const { colours } = view;
    ctx.font = font(numbers ? 12 : 11, "700");
    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    const kinds = [
      [lost(stage, frames), colours.seam, numbers ? "×" : "lost", 0],
      [twice(stage, frames), colours.ink, numbers ? "2×" : "twice", 9],
    ];
    for (const [which, colour, sign, lower] of kinds) {
      ctx.fillStyle = colour;
      if (numbers) {
        for (const k of which) ctx.fillText(sign, plot.x(k + 0.5), y + 2 + (lost(stage, frames).includes(k) ? lower : 0));
        continue;
      }
      for (const [start, stop] of runs(which)) {
        const [a, b] = [plot.x(start), plot.x(stop)];
        ctx.fillRect(a, y, Math.max(1, b - a - 1), 2.5);
        ctx.fillText(sign, clamp((a + b) / 2, plot.left + 12, plot.right - 14), y + 5);
      }
    }
    ctx.font = font(11);
  }

  // ---- words
  function naming(kinds) {
    if (numbers) return kinds.map((k) => numbers[k]).join(", ");
    return runs(kinds).map(([a, b]) => `${a} to ${b - 1} (${seconds(a)} to ${seconds(b)} s)`).join(", ");
  }

  function story() {
    const name = ORDERS[get.order()][get.stage()];
    const [stage, by, margin] = [found[name], get.shift(), get.pad()];
    const [gone, more] = [lost(stage, frames), twice(stage, frames)];
    const fate = isExact(stage, frames)
      ? "Every frame is there once, in its place: exact."
      : [gone.length ? `Lost: ${naming(gone)}.` : "", more.length ? `There twice: ${naming(more)}.` : ""].filter(Boolean).join(" ");
    const [end, start] = numbers ? [numbers.at(-1), numbers[0]] : ["the end", "the beginning"];
    switch (name) {
      case "original":
        return `The sound: ${numbers ? `${frames} frames` : `${frames} frames, ${seconds(frames)} s`}. Two ways to move the cuts: roll it as it is, or pad it first.`;
      case "circular":
        return by % frames ? `Rolled by ${by}: nothing is lost, but ${end} and ${start} are neighbours now, and a tile would smooth them into each other.` : "Rolled by nothing, or by a whole turn: all is where it was.";
      case "padded":
        return margin ? `Extended by its own mirror image, ${margin} ${margin === 1 ? "frame" : "frames"} at each end. The border frame is not repeated.` : "Not padded at all.";
      case "shifted":
        return `The padded sound, rolled by ${by}. The tiles lie somewhere else now, and all of it is still there.`;
      case "cropped":
        return get.order() === "naive" ? `Cropped to ${frames} frames while it is still rolled. ${fate}` : `Cropped last, when the padding is back at the ends. ${fate}`;
      default:
        return get.order() === "naive" ? `Rolled back after the crop. ${fate}${gone.length ? " Nothing brings those back." : ""}` : `Rolled back while the padding is still there: only the padding is too much.`;
    }
  }

  function describe() {
    steps.show();
    order.value = get.order();
    pad.value = get.pad();
    padValue.textContent = String(get.pad());
    shift.value = get.shift();
    shiftValue.textContent = String(get.shift());
    for (const each of [pad, shift]) each.setAttribute("aria-valuetext", `${each.value} frames`);
    words.textContent = story();
    view.say(`${ORDERS[get.order()][get.stage()]}: ${words.textContent}`);
  }

  const compute = () => {
    found = stagesOf(frames, get.pad(), get.shift(), get.order());
  };
  let shown = get.stage();
  view.watch(["stage"], () => {
    const next = get.stage();
    moving = next === shown + 1 && !calm.matches ? { since: performance.now() } : null;
    shown = next;
    view.repaint();
  });
  view.watch(["order"], () => {
    compute();
    shown = get.stage();
    moving = null;
    view.repaint();
  });
  view.watch(["pad", "shift"], () => {
    compute();
    view.repaint();
  });
  view.onPaint(describe);
  compute();
  view.repaint();
  return view.end;
}

// [start, stop) of numbers that follow each other.
function runs(numbers) {
  const found = [];
  for (const k of numbers) {
    const open = found.at(-1);
    if (open && open[1] === k) open[1] = k + 1;
    else found.push([k, k + 1]);
  }
  return found;
}

function ease(t) {
  return t < 0.5 ? 4 * t ** 3 : 1 - (2 - 2 * t) ** 3 / 2;
}

export default { render };
