// TileShiftDebugger: the tiles of one step over the latent, and the seams of all steps below.
import { field, h, range, selectOf } from "./shared/dom.js";
import { bindKeys, guardControls } from "./shared/keys.js";
import { inLanes, laneCount, moves, networkFrames, owners, plan, reach, seams, segmentPieces, usedShift } from "./shared/layout.js";
import { createPlot, drawTimeAxis, hatch, line, rowLabel, seconds, secondTicks, FRAMES_PER_SECOND } from "./shared/plot.js";
import { drawBand, numberBand } from "./shared/bands.js";
import { diverging, imageOf } from "./shared/colours.js";
import { createSteps } from "./shared/steps.js";
import { bytesOf, clamp, openView } from "./shared/view.js";

const METHODS = ["spot", "tiles", "multidiffusion", "full"];
const EDGES = ["reflect", "anchor", "merge", "circular", "reflect_noisy"];
const CLICK = 3; // px that a pointer may wander and still click
const LANE = 17;
const LATENT = 84;
const HISTOGRAM = 64;
const AXIS = 22;
const RANGES_TOLD = 8;

function render({ model, el }) {
  const view = openView({ model, el }, "tile-shift", "Where the tiles fall");
  const scene = model.get("_scene");
  const { frames, width, drawn, names } = scene;
  const last = drawn.length - 1;
  const get = {
    step: () => clamp(model.get("step"), 0, last),
    shift: () => clamp(model.get("shift"), 0, width),
    frame: () => (model.get("selected_frame") === null ? null : clamp(model.get("selected_frame"), 0, frames - 1)),
    method: () => model.get("method"),
    edge: () => model.get("edge"),
  };
  const optionsOf = () => ({ ...scene, method: get.method(), edge: get.edge() });
  let run = null; // layouts of all steps, and what follows from them

  // What depends on method and edge alone; everything else moves at each frame.
  function planRun() {
    const options = optionsOf();
    const layouts = drawn.map((shift) => plan(options, shift));
    // The picture's ends: as far as any shift could reach, so that nothing jumps while one is dragged.
    const ends = [0, frames];
    for (let shift = 0; shift <= (moves(options) ? width : 0); shift += Math.max(1, width >> 7)) {
      const [first, end] = reach(plan(options, shift).tiles);
      ends[0] = Math.min(ends[0], first);
      ends[1] = Math.max(ends[1], end);
    }
    let lanes = [1, 1];
    for (const layout of [...layouts, plan(options, width >> 1)]) {
      const seen = laneCount(inLanes(layout.tiles.map(({ window }, k) => [k, ...window])));
      lanes = [Math.max(lanes[0], seen), Math.max(lanes[1], laneCount(inLanes(segmentPieces(layout))))];
    }
    const cuts = layouts.map(seams);
    const counts = new Uint16Array(frames);
    for (const step of cuts) for (const seam of step) counts[seam] += 1;
    const grid = seams(plan({ ...options, method: "tiles", multiple: 1 }, 0));
    const cost = layouts.reduce((sum, layout) => sum + networkFrames(layout), 0);
    run = { options, layouts, cuts, counts, grid, ends, lanes, cost, map: null };
  }

  // ---- controls
  const method = selectOf(METHODS);
  const edge = selectOf(EDGES);
  const shift = range(0, width, 0);
  const shiftValue = h("span", { class: "spotnb-value" });
  const undo = h("button", { type: "button", class: "spotnb-button" }, "As drawn");
  undo.title = "Back to the shift that the run draws at this step";
  const shiftField = field("Shift", shift, shiftValue);
  shiftField.classList.add("spotnb-grow");
  const shifting = h("div", { class: "spotnb-row spotnb-line spotnb-grow" }, shiftField, undo);
  view.root.append(h("div", { class: "spotnb-row" }, field("Method", method), field("Edge", edge), shifting));
  guardControls(view, method, edge, shift, undo);

  const steps = createSteps(view, {
    count: drawn.length,
    get: get.step,
    go: (step) => view.set({ step, shift: usedShift(optionsOf(), drawn[step]) }),
    name: (step) => String(names[step]),
  });
  const setShift = (value) => {
    if (!moves(optionsOf())) return;
    const wanted = usedShift(optionsOf(), clamp(Math.round(value), 0, width));
    if (wanted !== get.shift()) view.set({ shift: wanted });
  };
  const asDrawn = () => setShift(drawn[get.step()]);
  const moveShift = (by) => {
    const grain = get.edge() === "merge" ? scene.multiple : 1;
    setShift(get.shift() + by * grain);
  };
  const choose = (changes) => {
    const options = { ...optionsOf(), ...changes };
    view.set({ ...changes, shift: usedShift(options, drawn[get.step()]) });
  };
  view.listen(method, "change", () => choose({ method: method.value }));
  view.listen(edge, "change", () => choose({ edge: edge.value }));
  view.listen(shift, "input", () => setShift(Number(shift.value)));
  view.listen(undo, "click", asDrawn);

  // ---- pictures
  const rows = () => {
    const [seen, owned] = run.lanes;
    const latent = seen * LANE + 8;
    return { seen: 0, latent, owned: latent + LATENT + 8, axis: latent + LATENT + 8 + owned * LANE + 6 };
  };
  const tiles = createPlot(view, {
    label: "Tiles of one step. Drag, or plus and minus, to move the grid; arrow keys for the steps.",
    interactive: true,
    height: () => rows().axis + AXIS + 14,
    paint: paintTiles,
  });
  const rowHeight = () => clamp(Math.floor(190 / drawn.length), 1, 14);
  const mapHeight = () => clamp(rowHeight() * drawn.length, 40, 240);
  const map = createPlot(view, {
    label: "Seams of all steps. Click, or arrow keys, to follow a frame; up and down for the steps.",
    interactive: true,
    height: () => mapHeight() + 14 + HISTOGRAM + AXIS + 18,
    paint: paintMap,
  });
  const facts = h("div", { class: "spotnb-facts" });
  const followed = h("p", { class: "spotnb-note" });
  const keys = h(
    "details",
    { class: "spotnb-keys" },
    h("summary", {}, "Keys"),
    h("p", {}, "In the upper picture: left and right for the steps, Home and End, space to play, + and − to move the grid (with shift by 8), Escape for the shift as drawn. In the lower one: left and right for the frame (with shift by a second), up and down for the steps, Escape to let it go. The wheel scrubs where a picture is in focus."),
  );
  guardControls(view, keys.firstChild);
  view.root.append(tiles.element, steps.element, map.element, facts, followed, keys);

  const selectFrame = (frame) => {
    const wanted = clamp(Math.round(frame), 0, frames - 1);
    if (wanted !== get.frame()) view.set({ selected_frame: wanted });
  };
  const letGo = () => view.set({ selected_frame: null });
  bindKeys(view, tiles.canvas, {
    ...steps.keys,
    "+": (_, factor) => moveShift(factor),
    "-": (_, factor) => moveShift(-factor),
    Escape: asDrawn,
  });
  const moveFrame = (by) => selectFrame(get.frame() === null ? 0 : get.frame() + by);
  bindKeys(
    view,
    map.canvas,
    {
      ArrowLeft: (_, factor) => moveFrame(-factor),
      ArrowRight: (_, factor) => moveFrame(factor),
      ArrowUp: () => steps.move(-1),
      ArrowDown: () => steps.move(1),
      Home: () => selectFrame(0),
      End: () => selectFrame(frames - 1),
      " ": () => steps.toggle(),
      "+": (_, factor) => moveShift(factor),
      "-": (_, factor) => moveShift(-factor),
      Escape: letGo,
    },
    FRAMES_PER_SECOND,
  );
  steps.scrubWith(tiles.canvas);
  steps.scrubWith(map.canvas);

  // ---- pointers
  let drag = null;
  view.listen(tiles.canvas, "pointerdown", (event) => {
    tiles.canvas.focus({ preventScroll: true });
    tiles.canvas.setPointerCapture(event.pointerId);
    drag = { from: tiles.at(event).x, shift: get.shift(), moved: false };
  });
  view.listen(tiles.canvas, "pointermove", (event) => {
    tiles.canvas.style.cursor = moves(optionsOf()) ? (drag ? "grabbing" : "grab") : "pointer";
    if (!drag) return;
    const dx = tiles.at(event).x - drag.from;
    drag.moved ||= Math.abs(dx) > CLICK;
    if (drag.moved) setShift(drag.shift + tiles.frameAt(tiles.left + dx) - tiles.frameAt(tiles.left));
  });
  view.listen(tiles.canvas, "pointerup pointercancel", (event) => {
    if (drag && !drag.moved && event.type === "pointerup") selectAt(tiles, event);
    drag = null;
  });
  let pressed = false;
  const selectAt = (plot, event) => selectFrame(clamp(Math.floor(plot.frameAt(plot.at(event).x)), 0, frames - 1));
  map.canvas.style.cursor = "pointer";
  view.listen(map.canvas, "pointerdown", (event) => {
    map.canvas.focus({ preventScroll: true });
    map.canvas.setPointerCapture(event.pointerId);
    pressed = true;
    selectAt(map, event);
    const row = Math.floor(((map.at(event).y - map.top) / mapHeight()) * drawn.length);
    if (row >= 0 && row <= last) steps.go(row);
  });
  view.listen(map.canvas, "pointermove", (event) => {
    if (pressed) selectAt(map, event);
  });
  view.listen(map.canvas, "pointerup pointercancel", () => {
    pressed = false;
  });

  // ---- the latent behind the tiles
  const pixels = bytesOf(model.get("_backdrop"));
  const picture = document.createElement("canvas");
  let pictured = -1;
  function pictureOf(step) {
    const { steps: kept, columns, bins } = scene.backdrop;
    let index = 0;
    while (index + 1 < kept.length && kept[index + 1] <= step) index += 1;
    if (index !== pictured) {
      const size = columns * bins;
      imageOf(pixels.subarray(index * size, (index + 1) * size), columns, bins, diverging, picture);
      pictured = index;
    }
    return picture;
  }

  // Draws frames 0 to T; whoever mirrors or moves them has set the context so.
  function drawLatent(ctx, y, step) {
    const [left, right] = [tiles.x(0), tiles.x(frames)];
    if (scene.backdrop) {
      ctx.imageSmoothingEnabled = false;
      ctx.drawImage(pictureOf(step), left, y, right - left, LATENT);
      return;
    }
    // A skyline of no meaning, so that a mirror image can be told from what it mirrors.
    ctx.fillStyle = view.colours.panel;
    ctx.fillRect(left, y, right - left, LATENT);
    ctx.fillStyle = view.colours.line;
    ctx.beginPath();
    ctx.moveTo(left, y + LATENT - 14);
    for (let x = left; x <= right; x += 2) ctx.lineTo(x, y + LATENT - 14 - skyline(tiles.frameAt(x)) * (LATENT - 38));
    ctx.lineTo(right, y + LATENT - 14);
    ctx.fill();
    ctx.strokeStyle = view.colours.ghost;
    ctx.fillStyle = view.colours.muted;
    ctx.textAlign = "left";
    ctx.textBaseline = "alphabetic";
    for (const frame of secondTicks(tiles, 1, frames - 1, 40)) {
      const x = tiles.x(frame);
      line(ctx, x, y + LATENT - 10, x, y + LATENT);
      ctx.fillText(seconds(frame), x + 3, y + LATENT - 3);
    }
  }

  function paintTiles(ctx, plot) {
    const colours = view.colours;
    const step = get.step();
    const layout = plan(run.options, get.shift());
    plot.range = run.ends;
    const at = rows();
    const top = plot.top;
    const [y, x0, x1] = [top + at.latent, plot.x(0), plot.x(frames)];
    const ring = layout.edge === "circular";
    const [first, end] = reach(layout.tiles);

    // latent, and what windows see past its ends
    drawLatent(ctx, y, step);
    for (const [from, to, axis, turn] of [[Math.min(first, 0), 0, 0.5, -frames], [frames, Math.max(end, frames), frames - 0.5, frames]]) {
      if (to <= from) continue;
      ctx.save();
      ctx.beginPath();
      ctx.rect(plot.x(from), y, plot.x(to) - plot.x(from), LATENT);
      ctx.clip();
      ctx.globalAlpha = 0.6;
      if (ring) {
        ctx.translate(plot.x(turn) - x0, 0);
      } else {
        ctx.translate(2 * plot.x(axis), 0);
        ctx.scale(-1, 1);
      }
      drawLatent(ctx, y, step);
      ctx.restore();
      hatch(ctx, plot.x(from), y, plot.x(to) - plot.x(from), LATENT, colours.ghost, 8);
      if (!ring) {
        ctx.strokeStyle = colours.ink;
        ctx.lineWidth = 1.5;
        ctx.setLineDash([3, 3]);
        line(ctx, plot.x(axis), y - 5, plot.x(axis), y + LATENT + 5);
        ctx.setLineDash([]);
      }
      const room = plot.x(to) - plot.x(from);
      const word = ring ? "other end" : "mirrored";
      if (room > ctx.measureText(word).width + 12) label(ctx, colours, word, (plot.x(from) + plot.x(to)) / 2, y + 10);
    }

    // windows above, segments below
    const seen = inLanes(layout.tiles.map(({ window }, k) => [k, ...window]));
    for (const [k, start, stop, lane] of seen) {
      const row = top + at.seen + lane * LANE;
      const [begin, finish] = layout.tiles[k].segment;
      drawBand(ctx, plot, colours, k, start, stop, row, LANE - 3, { pale: true });
      drawBand(ctx, plot, colours, k, begin, finish, row, LANE - 3);
      if (start < 0) hatch(ctx, plot.x(start), row, x0 - plot.x(start), LANE - 3, colours.ink, 5);
      if (stop > frames) hatch(ctx, x1, row, plot.x(stop) - x1 - 1, LANE - 3, colours.ink, 5);
      numberBand(ctx, plot, colours, k, begin, finish, row, LANE - 3);
    }
    for (const [k, start, stop, lane] of inLanes(segmentPieces(layout))) {
      const row = top + at.owned + lane * LANE;
      drawBand(ctx, plot, colours, k, start, stop, row, LANE - 3);
      numberBand(ctx, plot, colours, k, start, stop, row, LANE - 3);
    }

    // where the last step cut, and where this one does
    if (step > 0) {
      ctx.strokeStyle = colours.ghost;
      ctx.lineWidth = 1.5;
      ctx.setLineDash([2, 4]);
      for (const seam of run.cuts[step - 1]) line(ctx, plot.x(seam), y, plot.x(seam), y + LATENT);
      ctx.setLineDash([]);
    }
    for (const seam of seams(layout)) {
      ctx.strokeStyle = colours.halo;
      ctx.lineWidth = 4;
      line(ctx, plot.x(seam), y, plot.x(seam), y + LATENT);
      ctx.strokeStyle = colours.seam;
      ctx.lineWidth = 2;
      line(ctx, plot.x(seam), y - 4, plot.x(seam), y + LATENT + 4);
    }
    markFrame(ctx, plot, top, top + at.axis);
    rowLabel(ctx, plot, colours, "seen", top + at.seen + (run.lanes[0] * LANE) / 2 - 1);
    rowLabel(ctx, plot, colours, plot.narrow || !scene.backdrop ? "latent" : "clean\nlatent", y + LATENT / 2);
    rowLabel(ctx, plot, colours, "owned", top + at.owned + (run.lanes[1] * LANE) / 2 - 1);
    drawTimeAxis(ctx, plot, colours, top + at.axis, 0, frames);
  }

  function label(ctx, colours, text, x, y) {
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.lineWidth = 4;
    ctx.lineJoin = "round";
    ctx.strokeStyle = colours.surface;
    ctx.strokeText(text, x, y);
    ctx.fillStyle = colours.ink;
    ctx.fillText(text, x, y);
  }

  function markFrame(ctx, plot, top, bottom) {
    const frame = get.frame();
    if (frame === null) return;
    const x = plot.x(frame + 0.5);
    for (const [colour, thickness] of [[view.colours.halo, 3.5], [view.colours.mark, 1.5]]) {
      ctx.strokeStyle = colour;
      ctx.lineWidth = thickness;
      line(ctx, x, top, x, bottom);
    }
    ctx.fillStyle = view.colours.mark;
    ctx.beginPath();
    ctx.moveTo(x - 5, top - 5);
    ctx.lineTo(x + 5, top - 5);
    ctx.lineTo(x, top + 3);
    ctx.fill();
  }

  // All steps at once, kept as a picture until method, edge, theme or size change.
  function mapPicture(plot, height) {
    const key = `${plot.width} ${plot.ratio} ${view.colours.ink} ${view.colours.tileDark}`;
    if (run.map?.key === key) return run.map.canvas;
    const canvas = run.map?.canvas ?? document.createElement("canvas");
    canvas.width = Math.round(plot.width * plot.ratio);
    canvas.height = Math.round(height * plot.ratio);
    const ctx = canvas.getContext("2d");
    ctx.setTransform(plot.ratio, 0, 0, plot.ratio, 0, 0);
    const row = height / drawn.length;
    const gap = row >= 5 ? 1 : 0;
    const { colours } = view;
    run.layouts.forEach((layout, step) => {
      const y = step * row;
      const placed = inLanes(segmentPieces(layout));
      const lane = (row - gap) / laneCount(placed);
      for (const [k, start, stop, n] of placed) {
        ctx.fillStyle = k % 2 ? colours.tileLight : colours.tileDark;
        ctx.fillRect(plot.x(start), y + n * lane, plot.x(stop) - plot.x(start), lane);
      }
      if (layout.edge !== "circular") {
        const [first, end] = reach(layout.tiles);
        ctx.fillStyle = colours.line;
        ctx.fillRect(plot.x(first), y, plot.x(0) - plot.x(first), row - gap);
        ctx.fillRect(plot.x(frames), y, plot.x(end) - plot.x(frames), row - gap);
      }
      const thick = Math.min(2.5, Math.max(1, (plot.x(width) - plot.x(0)) / 12));
      for (const seam of run.cuts[step]) {
        ctx.fillStyle = colours.halo;
        ctx.fillRect(plot.x(seam) - thick / 2 - 0.75, y, thick + 1.5, row - gap);
        ctx.fillStyle = colours.seam;
        ctx.fillRect(plot.x(seam) - thick / 2, y, thick, row - gap);
      }
    });
    run.map = { key, canvas };
    return canvas;
  }

  function paintMap(ctx, plot) {
    const { colours } = view;
    plot.range = run.ends;
    const height = mapHeight();
    const row = height / drawn.length;
    const step = get.step();
    const [top, left, right] = [plot.top, plot.x(0), plot.x(frames)];
    ctx.drawImage(mapPicture(plot, height), 0, top, plot.width, height);

    // this step
    const y = top + step * row;
    ctx.strokeStyle = colours.halo;
    ctx.lineWidth = 4;
    ctx.strokeRect(plot.left - 1, y - 1, plot.right - plot.left + 2, Math.max(row, 2) + 1);
    ctx.strokeStyle = colours.mark;
    ctx.lineWidth = 2;
    ctx.strokeRect(plot.left - 1, y - 1, plot.right - plot.left + 2, Math.max(row, 2) + 1);
    ctx.fillStyle = colours.muted;
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    const every = Math.max(1, Math.ceil(14 / row));
    for (let k = 0; k <= last; k += niceStep(every)) {
      const at = top + (k + 0.5) * row;
      if (Math.abs(k - step) * row >= 12) ctx.fillText(String(names[k]), plot.left - 8, at);
    }
    ctx.fillStyle = colours.ink;
    ctx.fillText(plot.narrow ? String(names[step]) : `step ${names[step]}`, plot.left - 8, clamp(y + row / 2, top + 5, top + height));

    // how often each place was a seam
    const base = top + height + 14 + HISTOGRAM;
    const size = binSize(plot);
    const high = drawn.length * 1.02;
    ctx.fillStyle = colours.tileDark;
    let tallest = 0;
    for (let from = -size / 2; from < frames; from += size) {
      let count = 0;
      for (let frame = Math.max(0, Math.ceil(from)); frame < Math.min(frames, from + size); frame += 1) count += run.counts[frame];
      tallest = Math.max(tallest, count);
      const [a, b] = [Math.max(left, plot.x(from)), Math.min(right, plot.x(from + size))];
      const bar = Math.min(1, count / high) * HISTOGRAM;
      ctx.fillRect(a, base - bar, Math.max(0.75, b - a - (b - a > 3 ? 1 : 0)), bar);
    }
    ctx.strokeStyle = colours.seam;
    ctx.fillStyle = colours.seam;
    ctx.lineWidth = 1;
    ctx.setLineDash([3, 3]);
    const crowded = run.grid.length * 12 > right - left;
    for (const seam of run.grid) {
      const x = plot.x(seam);
      line(ctx, x, base, x, base - HISTOGRAM / 1.02);
      if (!crowded) circle(ctx, x, base - HISTOGRAM / 1.02, 3);
    }
    ctx.setLineDash([]);
    rowLabel(ctx, plot, colours, plot.narrow ? "seams" : `seams in\n${seconds(size)} s`, base - HISTOGRAM / 2);
    drawTimeAxis(ctx, plot, colours, base, 0, frames);

    // the followed frame: a line, and a mark in each step
    markFrame(ctx, plot, top, base);
    const frame = get.frame();
    if (frame === null || row < 4) return;
    const x = plot.x(frame + 0.5);
    run.layouts.forEach((layout, k) => {
      const cut = touches(k, frame);
      ctx.fillStyle = cut ? colours.seam : colours.halo;
      ctx.strokeStyle = colours.mark;
      ctx.lineWidth = 1.25;
      const size = Math.min(3.5, row / 2 - 0.5);
      if (cut) {
        ctx.beginPath();
        ctx.moveTo(x, top + (k + 0.5) * row - size - 1.5);
        ctx.lineTo(x + size + 1.5, top + (k + 0.5) * row);
        ctx.lineTo(x, top + (k + 0.5) * row + size + 1.5);
        ctx.lineTo(x - size - 1.5, top + (k + 0.5) * row);
        ctx.closePath();
        ctx.fill();
        ctx.stroke();
      } else {
        circle(ctx, x, top + (k + 0.5) * row, size);
        ctx.stroke();
      }
      if (row >= 9) {
        ctx.textAlign = "left";
        ctx.textBaseline = "middle";
        label(ctx, colours, owners(layout, frame).join(" "), x + 14, top + (k + 0.5) * row);
      }
    });
  }

  function binSize(plot) {
    const pixels = plot.x(1) - plot.x(0);
    let size = Math.max(1, width / 16);
    while (size * pixels < 3) size *= 2;
    return Math.round(size);
  }

  // Whether a frame is one of the two at a seam of a step.
  function touches(step, frame) {
    const after = run.options.edge === "circular" ? (frame + 1) % frames : frame + 1;
    return run.cuts[step].some((seam) => seam === frame || seam === after);
  }

  // ---- words
  function describe() {
    const layout = plan(run.options, get.shift());
    const cost = networkFrames(layout);
    const widths = [...new Set(layout.tiles.map(({ window: [a, b] }) => b - a))].sort((a, b) => a - b);
    const longs = widths.length === 1 ? `${widths[0]}` : `${widths[0]} to ${widths.at(-1)}`;
    const byHand = moves(run.options) && layout.shift !== usedShift(run.options, drawn[get.step()]);
    fill(facts, [
      ["", `${layout.tiles.length}`, layout.tiles.length === 1 ? " tile" : " tiles"],
      ["windows of ", longs, " frames"],
      ["network runs over ", `${cost}`, ` frames for ${frames} (${(cost / frames).toFixed(2)}×)`],
      ["all steps ", `${(run.cost / frames / drawn.length).toFixed(2)}×`, ""],
    ]);
    const frame = get.frame();
    followed.textContent = frame === null ? "" : story(frame);
    shiftValue.textContent = moves(run.options) ? `${layout.shift}${byHand ? " by hand" : ""}` : "stays";
    shift.value = layout.shift;
    shift.disabled = !moves(run.options);
    shift.setAttribute("aria-valuetext", `${layout.shift} frames${byHand ? ", set by hand" : ""}`);
    undo.disabled = !byHand;
    method.value = get.method();
    edge.value = get.edge();
    steps.show();
    const past = layout.fallback ? " The latent fits one tile." : "";
    const text = `Step ${names[get.step()]}, ${layout.method}, edge ${layout.edge}, shift ${layout.shift}${byHand ? " by hand" : ""}: ${layout.tiles.length} tiles, seams at ${list(seams(layout).map((seam) => seconds(seam)))} seconds; network frames ${cost} for ${frames}.${past}`;
    view.say(frame === null ? text : `${text} ${followed.textContent}`);
  }

  // Which tile owned a frame, in as few words as can be.
  function story(frame) {
    const byTile = new Map();
    const cut = [];
    run.layouts.forEach((layout, k) => {
      const who = owners(layout, frame).join(" and ");
      byTile.set(who, [...(byTile.get(who) ?? []), k]);
      if (touches(k, frame)) cut.push(k);
    });
    const parts = [...byTile].map(([who, when]) => `${who.includes("and") ? "tiles" : "tile"} ${who} in ${spans(when)}`);
    const at = cut.length ? `at a seam in ${spans(cut)}` : "never at a seam";
    return `Frame ${frame} (${seconds(frame, 2)} s) was owned by ${parts.join("; ")}; ${at}.`;
  }

  function spans(when) {
    const all = when.length === drawn.length;
    if (all) return drawn.length === 1 ? "the one step" : "every step";
    const found = [];
    for (const k of when) {
      const open = found.at(-1);
      if (open && open[1] === k - 1) open[1] = k;
      else found.push([k, k]);
    }
    if (found.length > RANGES_TOLD) return `${when.length} of ${drawn.length} steps`;
    const told = found.map(([a, b]) => (a === b ? `${names[a]}` : `${names[a]}–${names[b]}`));
    return `${when.length === 1 ? "step" : "steps"} ${told.join(", ")}`;
  }

  view.watch(["method", "edge"], () => {
    planRun();
    view.repaint();
  });
  view.watch(["step", "shift", "selected_frame"], () => view.repaint());
  view.onPaint(describe);
  planRun();
  view.repaint();
  return view.end;
}

function fill(element, facts) {
  element.replaceChildren(...facts.map(([before, value, after]) => h("span", {}, before, h("b", {}, value), after)));
}

function list(words, most = 12) {
  if (!words.length) return "no";
  return words.length > most ? `${words.slice(0, most).join(", ")} and ${words.length - most} more` : words.join(", ");
}

// Between 0 and 1; its waves are some tenths of a second to some seconds long.
function skyline(frame) {
  const wave = (period, phase) => Math.sin((2 * Math.PI * (frame + phase)) / period);
  return 0.5 + 0.24 * wave(190, 20) + 0.16 * wave(61, 5) + 0.1 * wave(23, 3);
}

function niceStep(least) {
  return [1, 2, 5, 10, 20, 25, 50, 100, 200, 500].find((step) => step >= least) ?? 1000;
}

function circle(ctx, x, y, radius) {
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fill();
}

export default { render };
