// RunComparison: runs under each other on one time axis, switched at the same instant of the sound.
import { h, icon, svg } from "./shared/dom.js";
import { bindKeys, guardControls } from "./shared/keys.js";
import { FRAMES_PER_SECOND, createPlot, drawTimeAxis, line } from "./shared/plot.js";
import { clamp, openView } from "./shared/view.js";
import { createBlindTest } from "./comparison_abx.js";
import { GAP, MEL, WAVE, bandAt, drawPlayhead, drawRow, hzOf, prepareRow } from "./comparison_rows.js";
import { createTransport } from "./comparison_transport.js";

const STEP = 0.5; // s, of an arrow key
const BEFORE = 1; // s that a seam is approached by
const CLOSEST = 1; // s across, at most magnification
const AXIS = 24; // px
const KEYS =
  "In a picture: space to play, left and right to move by 0.5 s (with shift 5 s), Home and End, 1 to 4 or up and down for the run that is heard, ] and [ for a place just before a seam, + and − to magnify, m to match levels. Click or drag to move.";
const DB = 20 / Math.LN10; // of a natural logarithm

function render({ model, el }) {
  const view = openView({ model, el }, "comparison", "Runs compared");
  const scene = model.get("_scene");
  const rows = scene.rows.map((row) => prepareRow(row, scene));
  const whole = [0, scene.duration * FRAMES_PER_SECOND];
  let range = whole;
  let hover = null; // { row, x, y }
  const selected = () => clamp(model.get("selected"), 0, rows.length - 1);
  const factor = (k) => (model.get("matched") ? 10 ** (rows[k].gain / 20) : 1);
  const blind = () => test.running;
  const limit = () => niceAbove(Math.max(...rows.map((row, k) => row.peak * factor(k))));

  // ---- transport
  const note = h("p", { class: "spotnb-note", role: "status" });
  const transport = createTransport(view, scene, factor, (text) => {
    note.textContent = text;
  });
  const press = (label, content, act, kind = "") => {
    const made = h("button", { type: "button", class: `spotnb-button ${kind}`, "aria-label": label, title: label }, content);
    guardControls(view, made);
    view.listen(made, "click", act);
    return made;
  };
  const play = press("Play", icon("play"), transport.toggle, "spotnb-round");
  const clock = h("span", { class: "spotnb-clock" });
  const matched = press("Match levels", "Match levels", () => view.set({ matched: !model.get("matched") }));
  const zooms = [press("Show more time", "−", () => zoom(0.5)), press("Magnify time", "+", () => zoom(2))];
  const seam = press("To just before the next seam", "Next seam", () => toSeam(1));
  const trial = press("Blind test", "Blind test", () => test.open());
  const zoomed = h("span", { class: "spotnb-segmented" }, ...zooms);
  view.root.append(h("div", { class: "spotnb-row" }, play, clock, seam, zoomed, h("span", { class: "spotnb-spacer" }), matched, trial), note);

  // ---- rows
  const place = () => transport.place * FRAMES_PER_SECOND;
  const stills = rows.map(() => ({ key: "", canvas: document.createElement("canvas") }));
  const plots = rows.map((row, k) =>
    createPlot(view, {
      label: `${k + 1}, ${row.name}: waveform above log-mel spectrogram. Space to play, arrows to move, 1 to ${rows.length} for the run that is heard.`,
      interactive: true,
      height: () => 10 + WAVE + GAP + MEL + (k === rows.length - 1 ? AXIS + 4 : 4),
      margin: ({ narrow }) => ({ left: narrow ? 42 : 66, right: 14 }),
      paint: (ctx, plot) => paintRow(ctx, plot, k),
    }),
  );
  const heads = rows.map((row, k) => {
    const speaker = svg("svg", { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true" });
    speaker.append(svg("path", { d: "M2 6v4h3l4 3.5v-11L5 6zm9-1.5v1.6a2.2 2.2 0 0 1 0 3.8v1.6a3.9 3.9 0 0 0 0-7z", fill: "currentColor" }));
    const made = press(`Listen to ${k + 1}, ${row.name}`, h("span", {}, `${k + 1}  ${row.name}`), () => view.set({ selected: k }), "spotnb-name");
    made.append(speaker);
    return made;
  });
  const levels = rows.map(() => h("span", {}));
  const elements = rows.map((row, k) => {
    const facts = h("p", { class: "spotnb-facts" }, seamsOf(row), scoreOf(row), levels[k]);
    return h("div", { class: "spotnb-run" }, h("header", {}, heads[k], facts), plots[k].element);
  });
  const readout = h("p", { class: "spotnb-readout" });
  const legend = h("p", { class: "spotnb-keys" }, legendText());
  const sighted = h("div", {}, ...elements, readout, legend);

  // In the blind test, a bare time line stands for all of them.
  const bare = createPlot(view, {
    label: "Time line. Space to play, arrows to move; a, b and x to listen.",
    interactive: true,
    height: () => 30 + AXIS,
    margin: () => ({ left: 14, right: 14 }),
    paint: paintBare,
  });
  const test = createBlindTest(view, {
    rows,
    loudness: () => rows.map((row, k) => (row.levels.lufs ?? row.levels.rms_db) + 20 * Math.log10(factor(k))),
    hear: (k) => transport.hear(k, true),
    begin: () => follow(),
    end: (found) => {
      transport.hear(selected(), true);
      if (found) view.set({ abx_runs: found.runs, abx_trials: found.trials, abx_correct: found.correct, abx_p: found.p });
    },
    changed: follow,
  });
  const keys = h("details", { class: "spotnb-keys" }, h("summary", {}, "Keys"), h("p", {}, KEYS));
  guardControls(view, keys.firstChild);
  view.root.append(...test.elements, sighted, bare.element, keys);

  // ---- keys and pointer
  const common = {
    " ": transport.toggle,
    ArrowLeft: (_, by) => transport.seekBy(-STEP * by),
    ArrowRight: (_, by) => transport.seekBy(STEP * by),
    Home: () => transport.seek(0),
    End: () => transport.seek(scene.duration),
    m: () => view.set({ matched: !model.get("matched") }),
  };
  const choose = (k) => {
    const wanted = clamp(k, 0, rows.length - 1);
    const focused = plots.some(({ canvas }) => canvas === document.activeElement);
    view.set({ selected: wanted });
    if (focused) plots[wanted].canvas.focus({ preventScroll: true });
  };
  plots.forEach((plot, k) => {
    bindKeys(
      view,
      plot.canvas,
      {
        ...common,
        ...Object.fromEntries(rows.map((_, to) => [String(to + 1), () => choose(to)])),
        ArrowUp: () => choose(selected() - 1),
        ArrowDown: () => choose(selected() + 1),
        "+": () => zoom(2),
        "-": () => zoom(0.5),
        "]": () => toSeam(1),
        "[": () => toSeam(-1),
      },
      10,
    );
    scrub(plot);
    view.listen(plot.canvas, "pointermove", (event) => {
      hover = { row: k, ...plot.at(event) };
      view.repaint();
    });
    view.listen(plot.canvas, "pointerleave", () => {
      hover = null;
      view.repaint();
    });
    view.listen(
      plot.canvas,
      "wheel",
      (event) => {
        if (document.activeElement !== plot.canvas || event.ctrlKey || !event.deltaY) return; // else the notebook scrolls
        event.preventDefault();
        zoom(event.deltaY < 0 ? 1.25 : 0.8, plot.frameAt(plot.at(event).x));
      },
      { passive: false },
    );
  });
  const listenTo = (k) => () => test.listenTo(k);
  bindKeys(view, bare.canvas, { ...common, a: listenTo(0), b: listenTo(1), x: listenTo(2), 1: listenTo(0), 2: listenTo(1), 3: listenTo(2) }, 10);
  scrub(bare);

  function scrub(plot) {
    let held = false;
    const go = (event) => transport.seek(plot.frameAt(clamp(plot.at(event).x, plot.left, plot.right)) / FRAMES_PER_SECOND);
    view.listen(plot.canvas, "pointerdown", (event) => {
      if (event.button !== 0) return;
      plot.canvas.focus({ preventScroll: true });
      plot.canvas.setPointerCapture(event.pointerId);
      held = true;
      go(event);
    });
    view.listen(plot.canvas, "pointermove", (event) => held && go(event));
    view.listen(plot.canvas, "pointerup pointercancel", () => {
      held = false;
    });
  }

  function zoom(by, around = place()) {
    const span = clamp((range[1] - range[0]) / by, Math.min(CLOSEST * FRAMES_PER_SECOND, whole[1]), whole[1]);
    const share = clamp((around - range[0]) / (range[1] - range[0]), 0, 1);
    const start = clamp(around - share * span, 0, whole[1] - span);
    range = [start, start + span];
    follow();
  }

  function toSeam(direction) {
    const { seams } = rows[selected()];
    const spots = (seams.length ? seams : scene.grid).map((frame) => Math.max(0, frame / FRAMES_PER_SECOND - BEFORE));
    const now = transport.place;
    const found = direction > 0 ? spots.find((at) => at > now + 0.02) : spots.findLast((at) => at < now - 0.02);
    if (found !== undefined) transport.seek(found);
  }

  // Magnified, the picture turns a page when the sound leaves it.
  function page() {
    const span = range[1] - range[0];
    if (span >= whole[1] || (place() >= range[0] && place() <= range[1])) return;
    const start = clamp(place() - 0.1 * span, 0, whole[1] - span);
    range = [start, start + span];
  }

  // ---- painting
  function paintRow(ctx, plot, k) {
    if (k === 0) page();
    plot.range = range;
    const { colours, root } = view;
    const still = stills[k];
    const key = [plot.width, plot.height, plot.ratio, root.dataset.theme, ...range, factor(k), limit()].join();
    if (still.key !== key) {
      still.key = key;
      still.canvas.width = plot.canvas.width;
      still.canvas.height = plot.canvas.height;
      const into = still.canvas.getContext("2d");
      into.setTransform(plot.ratio, 0, 0, plot.ratio, 0, 0);
      into.font = ctx.font;
      const wave = root.dataset.theme === "dark" ? colours.tileLight : colours.tileDark;
      drawRow(into, plot, { ...colours, wave }, rows[k], { factor: factor(k), limit: limit(), grid: scene.grid, axis: k === rows.length - 1 });
    }
    ctx.drawImage(still.canvas, 0, 0, plot.width, plot.height);
    const bottom = plot.top + WAVE + GAP + MEL;
    if (hover && hover.x >= plot.left && hover.x <= plot.right) {
      ctx.strokeStyle = colours.ghost;
      ctx.lineWidth = 1;
      ctx.setLineDash([1, 3]);
      line(ctx, hover.x, plot.top, hover.x, bottom);
      ctx.setLineDash([]);
    }
    drawPlayhead(ctx, plot, colours, place(), k === selected(), plot.top, bottom);
  }

  function paintBare(ctx, plot) {
    plot.range = whole;
    const { colours } = view;
    ctx.fillStyle = colours.panel;
    ctx.fillRect(plot.left, plot.top, plot.right - plot.left, 16);
    drawTimeAxis(ctx, plot, colours, plot.top + 20, ...whole);
    drawPlayhead(ctx, plot, colours, place(), true, plot.top, plot.top + 16);
  }

  // ---- words
  function seamsOf(row) {
    if (!row.seamsKnown) return null;
    const count = row.seams.length;
    return h("span", {}, h("b", {}, String(count)), count === 1 ? " seam" : " seams");
  }

  function scoreOf(row) {
    if (!row.score) return null;
    const [score, p] = row.score;
    return h("span", {}, "seam score ", h("b", {}, score.toFixed(2)), ` (p ${p < 0.001 ? "< 0.001" : `= ${p.toPrecision(2)}`})`);
  }

  function legendText() {
    const seams = rows.some((row) => row.seams.length) ? "▼ a seam of this run. " : "";
    if (!rows.some((row) => row.score)) return seams || "No seams were given, so nothing is scored.";
    return `${seams}○ where all are scored: 1 means that nothing more changes there than elsewhere.`;
  }

  function read() {
    if (!hover) return `At ${transport.place.toFixed(2)} s: ${levelsAt(place())}`;
    const [row, plot] = [rows[hover.row], plots[hover.row]];
    const frame = clamp(plot.frameAt(clamp(hover.x, plot.left, plot.right)), 0, row.end);
    const where = `${hover.row + 1} at ${(frame / FRAMES_PER_SECOND).toFixed(2)} s`;
    const melTop = plot.top + WAVE + GAP;
    if (hover.y < melTop - GAP / 2) {
      const ends = row.between(frame, frame + (range[1] - range[0]) / (plot.right - plot.left));
      if (!ends) return where;
      const shown = ends.map((end) => (end * factor(hover.row)).toFixed(2).replace("-", "−"));
      return `${where}: amplitude ${shown[0]} to ${shown[1]}`;
    }
    const bin = clamp(Math.round(bandAt(melTop, hover.y)), 0, 63);
    const hz = hzOf(bin);
    return `${where}: ${hz < 1000 ? `${Math.round(hz)} Hz` : `${(hz / 1000).toFixed(1)} kHz`} (band ${bin}), ${decibels(DB * row.melAt(frame, bin))}`;
  }

  function levelsAt(frame) {
    const half = 1.25; // latent frames: 50 ms on each side
    return rows
      .map((row, k) => {
        const ends = row.between(frame - half, frame + half);
        const peak = ends ? Math.max(-ends[0], ends[1]) * factor(k) : 0;
        return `${k + 1} peak ${peak > 0 ? decibels(20 * Math.log10(peak)) : "silent"}`;
      })
      .join(" · ");
  }

  function follow() {
    const [playing, match, running] = [model.get("playing"), model.get("matched"), blind()];
    const label = playing ? "Pause" : "Play";
    if (play.getAttribute("aria-label") !== label) {
      play.setAttribute("aria-label", label);
      play.title = label;
      play.replaceChildren(icon(playing ? "pause" : "play"));
    }
    matched.setAttribute("aria-pressed", String(match));
    matched.title = match ? `All as loud as the softest, by ${scene.measure}` : "Not normalised: each as loud as it is";
    trial.setAttribute("aria-expanded", String(test.elements.some((panel) => !panel.hidden)));
    sighted.hidden = running;
    bare.element.hidden = !running;
    for (const each of [seam, zoomed, trial, keys]) each.hidden = running;
    seam.disabled = !rows[selected()].seams.length && !scene.grid.length;
    const span = range[1] - range[0];
    zooms[0].disabled = span >= whole[1];
    zooms[1].disabled = span <= CLOSEST * FRAMES_PER_SECOND;
    rows.forEach((row, k) => {
      const heard = k === selected();
      heads[k].setAttribute("aria-pressed", String(heard));
      elements[k].dataset.heard = String(heard);
      plots[k].canvas.tabIndex = heard ? 0 : -1;
      const loud = row.levels.lufs === null ? row.levels.rms_db : row.levels.lufs;
      const unit = row.levels.lufs === null ? "dBFS RMS" : "LUFS";
      const shift = match && Math.abs(row.gain) >= 0.05 ? `, played ${decibels(row.gain)}` : "";
      levels[k].textContent = loud === null ? "silence" : `${loud.toFixed(1).replace("-", "−")} ${unit}${shift}`;
    });
    view.repaint();
  }

  function tell() {
    if (blind()) return;
    const state = model.get("playing") ? "playing" : `paused at ${transport.place.toFixed(1)} of ${scene.duration.toFixed(1)} s`;
    view.say(`${selected() + 1}, ${rows[selected()].name}, ${state}${model.get("matched") ? ", levels matched" : ""}.`);
  }

  view.watch(["selected"], () => {
    if (!blind()) transport.hear(selected());
    follow();
  });
  view.watch(["matched"], () => {
    transport.balance();
    test.describe();
    follow();
  });
  view.watch(["playing"], follow);
  view.watch(["selected", "matched", "playing"], tell);
  view.watch(["position"], () => model.get("playing") || tell());
  view.onPaint(() => {
    clock.textContent = `${transport.place.toFixed(2)} / ${scene.duration.toFixed(2)} s`;
    if (!blind()) readout.textContent = read();
  });
  view.onEnd(() => {
    for (const { canvas } of stills) canvas.width = 0;
    for (const { image } of rows) image.width = 0;
  });
  transport.hear(selected());
  follow();
  tell();
  return view.end;
}

// The full scale of the waves: quiet sound is seen too.
function niceAbove(peak) {
  return [0.05, 0.1, 0.2, 0.3, 0.5, 0.7].find((limit) => peak <= limit) ?? 1;
}

function decibels(value) {
  return `${value.toFixed(1).replace("-", "−")} dB`;
}

export default { render };
