// LatentInspector: the latents of a run, one step after the other.
import { field, h, icon, selectOf } from "./shared/dom.js";
import { diverging } from "./shared/colours.js";
import { bindKeys, guardControls } from "./shared/keys.js";
import { seams } from "./shared/layout.js";
import { createPlayer } from "./shared/player.js";
import { createPlot, seconds, FRAMES_PER_SECOND } from "./shared/plot.js";
import { createSteps } from "./shared/steps.js";
import { bytesOf, clamp, openView } from "./shared/view.js";
import { createStore } from "./inspector_data.js";
import { arrange, drawCell, drawCursor, drawFrame, drawPicture, drawScale, drawTiles, lanesOf, markBad } from "./inspector_paint.js";

const NAMES = { x: "Noisy latent", x0: "Clean estimate", noise: "Noise", difference: "Noisy less clean" };
const CLICK = 3; // px that a pointer may wander and still click
const CLOSEST = 10; // frames across at most zoom
const ASK_AFTER = 150; // ms of rest before detail is asked for

function render({ model, el }) {
  const view = openView({ model, el }, "inspector", "Inside the run");
  const scene = model.get("_scene");
  const { channels, frames, bins } = scene;
  const begun = model.get("_begun");
  const store = createStore(scene, begun, bytesOf(begun.data));
  const offline = Boolean(model.get("offline"));
  const last = () => Math.max(0, store.parts.length - 1);
  const get = {
    step: () => clamp(model.get("step"), 0, last()),
    quantity: () => model.get("quantity"),
    channel: () => model.get("channel"),
    shown: () => (model.get("channel") === null ? Array.from({ length: channels }, (_, k) => k) : [clamp(model.get("channel"), 0, channels - 1)]),
    frame: () => model.get("selected_frame"),
    bin: () => clamp(model.get("selected_bin"), 0, bins - 1),
    whole: () => model.get("colour_range") === "run",
  };
  const nameOf = (index) => String(store.parts[index]?.facts.step ?? index);
  const layoutOf = (index) => {
    const { tiles } = store.parts[index].facts;
    return { frames, edge: scene.edge, tiles: tiles.map(([a, b, c, d]) => ({ window: [a, b], segment: [c, d] })) };
  };

  // ---- controls
  const quantity = selectOf(Object.keys(NAMES), NAMES);
  const channel = selectOf(["all", ...Array.from({ length: channels }, (_, k) => String(k))], { all: "All" });
  const colours = selectOf(["run", "step"], { run: "Whole run", step: "This step" });
  const tiles = h("input", { type: "checkbox" });
  const zoomOut = h("button", { type: "button", class: "spotnb-button", "aria-label": "Zoom out" }, "−");
  const zoomIn = h("button", { type: "button", class: "spotnb-button", "aria-label": "Zoom in" }, "+");
  const zoomAll = h("button", { type: "button", class: "spotnb-button" }, "Whole");
  zoomAll.title = "Show the whole length";
  const zooms = h("div", { class: "spotnb-segmented", role: "group", "aria-label": "Zoom" }, zoomOut, zoomIn, zoomAll);
  view.root.append(
    h("div", { class: "spotnb-row" }, field("Show", quantity), field("Channel", channel), field("Colours", colours), field("Tiles", tiles), zooms),
  );
  const steps = createSteps(view, {
    get count() {
      return store.parts.length;
    },
    get: get.step,
    go: (step) => view.set({ step }),
    name: nameOf,
  });
  const hear = h("button", { type: "button", class: "spotnb-button spotnb-labelled" });
  const heard = h("span", { class: "spotnb-muted" });
  const facts = h("div", { class: "spotnb-facts" });
  const readout = h("p", { class: "spotnb-note" });
  const note = h("p", { class: "spotnb-note spotnb-muted" });
  const keys = h(
    "details",
    { class: "spotnb-keys" },
    h("summary", {}, "Keys"),
    h("p", {}, "In the picture: left and right for the steps (with shift by 8), Home and End, space to play them, up and down for the channel, P to hear the clean estimate, comma and full stop for the frame that is read (with shift by a second), Page Up and Page Down for its bin, + and − to zoom, Escape for the whole length and no frame. A click reads a frame, a drag moves a zoomed picture, a double click opens a channel. The wheel scrubs where the picture is in focus."),
  );
  guardControls(view, quantity, channel, colours, tiles, zoomOut, zoomIn, zoomAll, hear, keys.firstChild);

  const setChannel = (value) => view.set({ channel: value });
  const moveChannel = (by) => {
    const place = (get.channel() ?? -1) + by; // all, then one after the other
    setChannel(place < 0 ? null : Math.min(place, channels - 1));
  };
  view.listen(quantity, "change", () => view.set({ quantity: quantity.value }));
  view.listen(channel, "change", () => setChannel(channel.value === "all" ? null : Number(channel.value)));
  view.listen(colours, "change", () => view.set({ colour_range: colours.value }));
  view.listen(tiles, "change", () => view.set({ tiles: tiles.checked }));

  // ---- picture
  let range = [0, frames];
  let hover = null;
  let drawn = { key: "", base: null, fine: null };
  const surfaces = { base: surface(), fine: surface() };
  const lanes = () => (model.get("tiles") && store.parts.length ? lanesOf(layoutOf(get.step())) : 0);
  const place = () => arrange(get.shown().length, lanes(), plot.narrow);
  const plot = createPlot(view, {
    label: "A latent: time across, its bins upwards. Arrow keys for the steps and channels, comma and full stop for a frame.",
    interactive: true,
    height: () => place().total + 12,
    paint,
  });
  view.root.append(plot.element, steps.element, h("div", { class: "spotnb-row" }, hear, heard), facts, readout, note, keys);

  function pictures(index, limit) {
    const detail = store.details.get(index);
    const key = [store.edition, index, get.quantity(), get.channel(), limit, detail ? `${detail.start} ${detail.factor}` : "", store.parts.length > index].join(" ");
    if (drawn.key === key) return drawn;
    const near = store.near(index);
    const make = (part, before, into) => store.picture(part, before, get.quantity(), get.shown(), limit, diverging, into);
    drawn = { key, base: make(store.parts[near], store.parts[near - 1], surfaces.base), fine: detail ? make(detail, null, surfaces.fine) : null, near };
    return drawn;
  }

  function paint(ctx) {
    const at = place();
    plot.range = range;
    const shown = get.shown();
    const index = get.step();
    const known = store.has(index, get.quantity());
    if (known) {
      const limit = store.limit(index, get.quantity(), get.channel(), get.whole());
      const { base, fine } = pictures(index, limit);
      if (base) drawPicture(ctx, plot, at, base, bins, shown.length);
      if (fine) drawPicture(ctx, plot, at, fine, bins, shown.length);
      drawScale(ctx, plot, view.colours, at, limit);
    }
    drawFrame(ctx, plot, view.colours, at, shown);
    if (lanes()) drawTiles(ctx, plot, view.colours, at, layoutOf(index));
    if (known) for (const picture of [drawn.base, drawn.fine]) if (picture?.marks.length) markBad(ctx, plot, view.colours, at, picture, bins);
    const reading = hover ?? selected();
    if (get.frame() !== null) drawCursor(ctx, plot, view.colours, at, get.frame() + 0.5, "read");
    if (reading) drawCell(ctx, plot, view.colours, at, shown.indexOf(reading.channel), reading.frame, reading.bin, bins);
    if (soundOf() || player.playing) drawCursor(ctx, plot, view.colours, at, player.place * FRAMES_PER_SECOND, "heard");
    ask(index);
  }

  const selected = () => (get.frame() === null ? null : { frame: clamp(get.frame(), 0, frames - 1), bin: get.bin(), channel: get.shown()[0] });

  // What did not travel is asked for where it is looked at.
  let asked = "";
  let timer = 0;
  view.onEnd(() => clearTimeout(timer));
  function ask(index) {
    const missing = store.parts.length && !store.parts[index].facts.planes.length;
    const [start, stop] = [Math.max(0, Math.floor(range[0])), Math.min(frames, Math.ceil(range[1]))];
    const finer = Math.ceil((stop - start) / 2048) < scene.factor;
    if (offline || (!missing && !finer)) return;
    const key = [store.edition, index, start, stop].join(" ");
    if (key === asked) return;
    asked = key;
    clearTimeout(timer);
    timer = setTimeout(() => model.send({ type: "detail", step: index, start, stop }), ASK_AFTER);
  }

  // ---- pointers and keys
  const zoom = (factor, around = (range[0] + range[1]) / 2) => {
    const length = clamp((range[1] - range[0]) * factor, Math.min(CLOSEST, frames), frames);
    const start = clamp(around - ((around - range[0]) / (range[1] - range[0])) * length, 0, frames - length);
    range = [start, start + length];
    view.repaint();
  };
  const showAll = () => {
    range = [0, frames];
    view.repaint();
  };
  const select = (frame) => {
    const wanted = clamp(Math.round(frame), 0, frames - 1);
    view.set({ selected_frame: wanted });
    if (wanted < range[0] || wanted >= range[1]) {
      const length = range[1] - range[0];
      const start = clamp(wanted - length / 2, 0, frames - length);
      range = [start, start + length];
    }
  };
  const moveFrame = (by) => select(get.frame() === null ? range[0] : get.frame() + by);
  view.listen(zoomIn, "click", () => zoom(0.5, get.frame() ?? undefined));
  view.listen(zoomOut, "click", () => zoom(2, get.frame() ?? undefined));
  view.listen(zoomAll, "click", showAll);
  bindKeys(
    view,
    plot.canvas,
    {
      ...steps.keys,
      ArrowUp: () => moveChannel(-1),
      ArrowDown: () => moveChannel(1),
      ",": () => moveFrame(-1),
      ".": () => moveFrame(1),
      "<": () => moveFrame(-FRAMES_PER_SECOND),
      ">": () => moveFrame(FRAMES_PER_SECOND),
      ";": () => moveFrame(-FRAMES_PER_SECOND),
      ":": () => moveFrame(FRAMES_PER_SECOND),
      PageUp: () => view.set({ selected_bin: Math.min(bins - 1, get.bin() + 1) }),
      PageDown: () => view.set({ selected_bin: Math.max(0, get.bin() - 1) }),
      "+": () => zoom(0.5, get.frame() ?? undefined),
      "-": () => zoom(2, get.frame() ?? undefined),
      p: () => listen(),
      P: () => listen(),
      Escape: () => {
        view.set({ selected_frame: null });
        showAll();
      },
    },
    8,
  );
  steps.scrubWith(plot.canvas);

  const cellAt = (event) => {
    const { x, y } = plot.at(event);
    const at = place();
    const row = Math.floor((y - plot.top - at.first) / at.pitch);
    const inside = (y - plot.top - at.first - row * at.pitch) / at.height;
    const frame = Math.floor(plot.frameAt(x));
    if (row < 0 || row >= get.shown().length || inside >= 1 || x < plot.left || x > plot.right || frame < 0 || frame >= frames) return null;
    return { frame, bin: clamp(Math.floor((1 - inside) * bins), 0, bins - 1), channel: get.shown()[row] };
  };
  let drag = null;
  view.listen(plot.canvas, "pointerdown", (event) => {
    plot.canvas.focus({ preventScroll: true });
    plot.canvas.setPointerCapture(event.pointerId);
    drag = { x: plot.at(event).x, range, moved: false };
  });
  view.listen(plot.canvas, "pointermove", (event) => {
    hover = cellAt(event);
    plot.canvas.style.cursor = drag?.moved ? "grabbing" : hover ? "crosshair" : "";
    if (drag) {
      const dx = plot.at(event).x - drag.x;
      drag.moved ||= Math.abs(dx) > CLICK;
      const length = drag.range[1] - drag.range[0];
      const start = clamp(drag.range[0] - (dx / (plot.right - plot.left)) * length, 0, frames - length);
      if (drag.moved) range = [start, start + length];
    }
    view.repaint();
  });
  view.listen(plot.canvas, "pointerleave", () => {
    hover = null;
    view.repaint();
  });
  view.listen(plot.canvas, "pointerup pointercancel", (event) => {
    const cell = cellAt(event);
    if (drag && !drag.moved && event.type === "pointerup" && cell) {
      view.set({ selected_frame: cell.frame, selected_bin: cell.bin });
      if (soundOf()) player.seek(cell.frame / FRAMES_PER_SECOND);
    }
    drag = null;
  });
  view.listen(plot.canvas, "dblclick", (event) => {
    const cell = cellAt(event);
    if (cell) setChannel(get.channel() === null ? cell.channel : null);
  });

  // ---- sound
  let waiting = null; // the step whose sound was asked for here
  let loaded = null; // and the one that is loaded
  let trouble = "";
  const player = createPlayer(view, { onPlace: () => view.repaint() });
  const soundOf = () => loaded !== null && loaded.step === get.step() && loaded.edition === store.edition;

  async function takeSound(play) {
    const sound = model.get("_sound");
    if (sound.step === undefined || (sound.edition !== store.edition && !offline)) return;
    if (waiting === sound.step) waiting = null;
    if (sound.error) {
      trouble = sound.error;
      view.repaint();
      return;
    }
    const bytes = bytesOf(sound.data);
    await player.load([bytes.slice().buffer]);
    loaded = { step: sound.step, edition: store.edition };
    trouble = "";
    if (play && soundOf()) await player.play();
    view.repaint();
  }
  function listen() {
    if (hear.disabled) return;
    if (soundOf()) {
      player.toggle();
    } else {
      player.pause();
      waiting = get.step();
      trouble = "";
      model.send({ type: "decode", step: waiting });
    }
    view.repaint();
  }
  view.listen(hear, "click", listen);
  view.watch(["_sound"], () => takeSound(waiting === model.get("_sound").step));

  function showSound() {
    const index = get.step();
    const ready = soundOf();
    const silent = scene.silent ?? (offline && !ready ? "A saved page plays what was decoded before" : null);
    hear.disabled = Boolean(silent) || waiting !== null || !store.has(index, "x0");
    const word = ready ? (player.playing ? "Pause" : "Play the clean estimate") : waiting !== null ? "Decoding …" : "Hear the clean estimate";
    if (hear.dataset.word !== word) {
      hear.dataset.word = word;
      hear.replaceChildren(icon(player.playing ? "pause" : "play"), ` ${word}`);
    }
    const where = loaded === null ? "" : `step ${nameOf(loaded.step)}: ${player.place.toFixed(1)} of ${player.duration.toFixed(1)} s`;
    heard.textContent = trouble || silent || where;
  }

  // ---- words
  function describe() {
    const index = get.step();
    quantity.value = get.quantity();
    channel.value = get.channel() === null ? "all" : String(get.channel());
    colours.value = model.get("colour_range");
    tiles.checked = model.get("tiles");
    zoomAll.disabled = zoomOut.disabled = range[1] - range[0] >= frames;
    steps.show();
    showSound();
    const record = store.parts[index];
    if (!record) {
      note.textContent = "Nothing is recorded yet: the first step will appear here.";
      facts.replaceChildren();
      readout.textContent = "";
      view.say(note.textContent);
      return;
    }
    const what = NAMES[get.quantity()];
    if (!store.has(index, get.quantity())) {
      note.textContent = `${what} was not recorded at step ${nameOf(index)}.`;
      facts.replaceChildren();
      readout.textContent = "";
      view.say(note.textContent);
      return;
    }
    const { mean, std, min, max, bad } = store.statistics(index, get.quantity(), get.channel());
    const told = [["mean", mean], ["std", std], ["min", min], ["max", max]].map(([name, value]) => [name, number(value)]);
    told.push(["t =", String(record.facts.timestep)], ["shift", String(record.facts.shift)]);
    if (bad) told.push([bad === 1 ? "NaN or infinite value:" : "NaN or infinite values:", String(bad)]);
    facts.replaceChildren(...told.map(([name, value]) => h("span", {}, `${name} `, h("b", {}, value))));
    readout.textContent = reading(hover ?? selected());
    note.textContent = remarks(index);
    const which = get.channel() === null ? "all channels" : `channel ${get.channel()}`;
    const cuts = model.get("tiles") ? ` ${record.facts.tiles.length} tiles, ${seams(layoutOf(index)).length} seams.` : "";
    const heardAt = player.playing ? "" : ` ${readout.textContent}`;
    view.say(`${what} at step ${nameOf(index)}, ${which}: ${told.map((pair) => pair.join(" ")).join(", ")}.${cuts}${heardAt}`);
  }

  function reading(cell) {
    if (!cell) return "\u00a0";
    const index = get.step();
    const found = store.value(index, get.quantity(), cell.channel, cell.frame, cell.bin);
    const where = `Step ${nameOf(index)}, ${seconds(cell.frame, 2)} s (frame ${cell.frame}), bin ${cell.bin}, channel ${cell.channel}`;
    if (!found) return `${where}: its value has not travelled`;
    const { value, error, derived, factor, step } = found;
    const bound = Number.isFinite(value) && error > 0 ? ` ± ${Number(error.toPrecision(1))}` : "";
    const asides = [derived && "derived", factor > 1 && `every ${factor}th frame`, step !== store.parts[index].facts.step && `of step ${step}`].filter(Boolean);
    return `${where}: ${number(value)}${bound}${asides.length ? ` (${asides.join(", ")})` : ""}`;
  }

  function remarks(index) {
    const told = [];
    const near = store.near(index);
    const detail = store.details.get(index);
    const picture = (detail && drawn.fine) || drawn.base;
    if (picture?.derived) told.push(get.quantity() === "noise" ? "The noise is derived: from the latent, the clean estimate and the noise level." : "The difference is derived: the latent less the clean estimate.");
    if (near !== index && !detail) told.push(`The planes of step ${nameOf(near)} stand in for those of step ${nameOf(index)}, which have not travelled.`);
    if (picture && picture.factor > 1) told.push(`Every ${picture.factor}th frame is drawn${offline ? "" : "; zoom in for all"}.`);
    return told.join(" ");
  }

  // ---- what the kernel sends
  const fetchMissing = () => {
    if (offline) return;
    const stale = store.edition !== model.get("_edition");
    if (stale || store.parts.length < model.get("_count")) model.send({ type: "records", from: stale ? 0 : store.parts.length });
  };
  const receive = (message, buffers) => {
    const bytes = buffers?.[0] ? bytesOf(buffers[0]) : new Uint8Array(0);
    if (message.type === "records" && !store.accept(message, bytes)) model.send({ type: "records", from: 0 });
    if (message.type === "detail") store.acceptDetail(message, bytes);
    if (message.type === "trouble") {
      waiting = null;
      trouble = message.text;
    }
    drawn.key = "";
    view.repaint();
  };
  model.on("msg:custom", receive);
  view.onEnd(() => model.off("msg:custom", receive));
  view.watch(["step", "quantity", "channel", "colour_range", "selected_frame", "selected_bin", "tiles"], () => view.repaint());
  view.watch(["step"], () => {
    if (player.playing && !soundOf()) player.pause();
  });
  view.onPaint(describe);
  fetchMissing();
  takeSound(false);
  view.repaint();
  return view.end;
}

function surface() {
  return { canvas: document.createElement("canvas") };
}

function number(value) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "infinity" : "−infinity";
  const size = Math.abs(value);
  const text = size >= 1e4 || (size > 0 && size < 1e-3) ? value.toExponential(2) : value.toFixed(size >= 100 ? 1 : 3);
  return text.replace("-", "−");
}

export default { render };
